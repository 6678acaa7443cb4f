//! Which checks a pattern means: `aws-lambda-*`, `*-public`, or a plain id.

/// Whether `id` is what `pattern` says, where `*` stands for any characters, also none.
pub fn matches(pattern: &str, id: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == id };
    let Some(mut rest) = id.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = tail.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    // The leftmost place leaves most room for the parts that follow, so that no other place need be tried.
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("*", "aws-lambda-url-auth-none"));
        assert!(matches("aws-lambda-*", "aws-lambda-url-auth-none"));
        assert!(matches("*-none", "aws-lambda-url-auth-none"));
        assert!(matches("aws-*-url-*-none", "aws-lambda-url-auth-none"));
        assert!(matches("aws-lambda-url-auth-none*", "aws-lambda-url-auth-none"));
        assert!(matches("*a*a*", "banana"));
    }

    #[test]
    fn what_is_not_a_star_stands_for_itself() {
        assert!(matches("aws-sqs", "aws-sqs"));
        assert!(!matches("aws-sqs", "aws-sqs-public"));
        assert!(!matches("aws-sqs-*", "aws-sns-public"));
        assert!(!matches("*-none", "aws-lambda-url-auth-none-x"));
        assert!(!matches("ab*ba", "aba"));
        assert!(!matches("", "aws"));
    }
}
