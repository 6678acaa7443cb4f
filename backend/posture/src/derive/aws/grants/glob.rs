//! The wildcards of policy documents: `*` for any characters, `?` for one. Actions do not mind their case.

/// True where `pattern` matches the whole of `text`, whatever the case.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// True where some text matches both patterns. That one begins or ends as the other does not is seen; what lies between
/// two stars is not compared, so that in doubt there is such a text.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    if !is_pattern(one) {
        return matches(other, one);
    }
    if !is_pattern(other) {
        return matches(one, other);
    }
    let alike = |one: &str, other: &str| {
        let pairs = one.bytes().zip(other.bytes());
        pairs.into_iter().all(|(one, other)| one == b'?' || other == b'?' || one.eq_ignore_ascii_case(&other))
    };
    let head = |text: &str| text.split('*').next().unwrap_or(text).to_owned();
    let tail = |text: &str| text.rsplit('*').next().unwrap_or(text).chars().rev().collect::<String>();
    // A pattern without a star is its own head and tail.
    alike(&head(one), &head(other)) && alike(&tail(one), &tail(other))
}

/// True where `text` holds a wildcard.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// What stands before the first wildcard.
pub(super) fn fixed_prefix(text: &str) -> &str {
    text.split(['*', '?']).next().unwrap_or(text)
}
