//! Recognises secrets: by what the value looks like, and by what its key is called.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use self::patterns::PATTERNS;

mod patterns;

#[cfg(test)]
mod corpus;

static COMPILED: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let compile = |&(name, pattern): &(&'static str, &str)| {
        (name, Regex::new(pattern).expect("every pattern is compiled by the test `patterns_compile`"))
    };
    PATTERNS.iter().map(compile).collect()
});

/// All patterns at once: nearly every text matches none, and is let through in one pass.
static ANY: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = PATTERNS.iter().map(|(_, pattern)| pattern);
    RegexSet::new(patterns).expect("every pattern is compiled by the test `patterns_compile`")
});

/// The detector that recognises `value` under the key `name`, if one does.
pub(crate) fn detect(name: &str, value: &str) -> Option<&'static str> {
    by_value(value).or_else(|| by_name(name, value))
}

/// `text` with everything recognisable cut out, for messages and for facets that are not expected to hold secrets.
pub(crate) fn scrub(text: &str) -> Cow<'_, str> {
    let mut scrubbed = Cow::Borrowed(text);
    if !ANY.is_match(text) {
        return scrubbed;
    }
    for (name, regex) in COMPILED.iter() {
        let replaced = regex.replace_all(&scrubbed, |captures: &regex::Captures<'_>| {
            let whole = captures.get(0).map_or("", |found| found.as_str());
            match captures.name("secret") {
                Some(secret) if is_placeholder(secret.as_str()) => whole.to_owned(),
                Some(secret) => whole.replacen(secret.as_str(), &format!("[{name}]"), 1),
                None => format!("[{name}]"),
            }
        });
        if let Cow::Owned(changed) = replaced {
            scrubbed = Cow::Owned(changed);
        }
    }
    scrubbed
}

fn by_value(value: &str) -> Option<&'static str> {
    if !ANY.is_match(value) {
        return None;
    }
    let fires = |(name, regex): &(&'static str, Regex)| {
        let real = |captures: regex::Captures<'_>| {
            captures.name("secret").is_none_or(|secret| !is_placeholder(secret.as_str()))
        };
        regex.captures_iter(value).any(real).then_some(*name)
    };
    COMPILED.iter().find_map(fires)
}

fn by_name(name: &str, value: &str) -> Option<&'static str> {
    let words = words(name);
    if words.last().is_some_and(|last| REFERENCE_WORDS.contains(&last.as_str())) || is_reference(value) {
        return None;
    }
    let has = |sought: &[&str]| sought.iter().all(|word| words.iter().any(|w| w == word));
    let glued = words.concat();
    let length = value.chars().count();
    let entropy = entropy(value);
    let is_aws_key = length == 40
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+' | b'='))
        && (has(&["secret", "key"]) || has(&["aws", "key"]) || has(&["aws", "secret"]))
        && entropy > 3.5;
    if is_aws_key {
        return Some("aws-secret-key");
    }
    // People choose passwords, so they may be short and plain; machines make tokens, which are neither.
    let chosen = PASSWORD_WORDS.iter().any(|word| glued.contains(word));
    if chosen && length >= 4 && entropy >= 1.5 {
        return Some("password");
    }
    let made = KEY_WORDS.iter().any(|pair| has(pair));
    (made && length >= 12 && entropy >= 3.0).then_some("secret-by-name")
}

const PASSWORD_WORDS: &[&str] = &["password", "passwd", "passphrase", "pwd"];

/// Words that name a secret when all of a row occur in a key.
const KEY_WORDS: &[&[&str]] = &[
    &["secret"],
    &["token"],
    &["apikey"],
    &["api", "key"],
    &["access", "key"],
    &["auth", "key"],
    &["private", "key"],
    &["signing", "key"],
    &["encryption", "key"],
    &["master", "key"],
    &["account", "key"],
    &["credential"],
    &["credentials"],
    &["auth"],
    &["salt"],
];

/// A key that ends so says where the secret is, how long it lives or what it is called, not what it is.
const REFERENCE_WORDS: &[&str] = &[
    "alias",
    "arn",
    "domain",
    "name",
    "id",
    "path",
    "url",
    "uri",
    "endpoint",
    "host",
    "file",
    "ttl",
    "expiry",
    "expiration",
    "days",
    "seconds",
    "minutes",
    "length",
    "policy",
    "parameter",
    "param",
    "region",
    "bucket",
    "table",
    "topic",
    "queue",
    "enabled",
    "disabled",
    "required",
    "version",
    "ref",
    "reference",
    "header",
    "type",
    "mode",
    "method",
    "prefix",
    "scope",
    "issuer",
    "audience",
    "algorithm",
];

/// `dbPassword`, `DB_PASSWORD` and `db.password` are all `[db, password]`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            words.push(String::new());
            previous_lower = false;
            continue;
        }
        if character.is_uppercase() && previous_lower {
            words.push(String::new());
        }
        previous_lower = !character.is_uppercase();
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A value that points to a secret elsewhere, or cannot be one.
fn is_reference(value: &str) -> bool {
    let value = value.trim();
    value.starts_with("arn:")
        || value.starts_with('/')
        || REFERENCE_PREFIXES.iter().any(|prefix| value.starts_with(prefix))
        // A URL that holds a password was recognised by its value before.
        || value.contains("://")
        || is_constant_name(value)
        || matches!(
            value.to_ascii_lowercase().as_str(),
            // `AzureWebJobsStorage__credential` says so where no secret is used.
            "true" | "false" | "none" | "null" | "enabled" | "disabled" | "managedidentity"
        )
        || is_placeholder(value)
}

/// How pipelines and platforms write "look it up there".
const REFERENCE_PREFIXES: &[&str] = &["@Microsoft.KeyVault(", "projects/", "secretref:", "ssm:", "vault:"];

/// `NEW_RELIC_LICENSE_KEY`: the name of a secret in place of it.
fn is_constant_name(value: &str) -> bool {
    let parts: Vec<&str> = value.split('_').collect();
    parts.len() > 1
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase()))
}

fn is_placeholder(value: &str) -> bool {
    let wrapped = |open, close| value.starts_with(open) && value.ends_with(close);
    value.contains("{{resolve:")
        || wrapped("${", "}")
        || is_variable(value)
        || wrapped("{{", "}}")
        || wrapped("{", "}")
        || wrapped("<", ">")
        || wrapped("[", "]")
        || wrapped("%", "%")
        || (!value.is_empty() && value.chars().all(|c| matches!(c, '*' | 'x' | 'X' | '.')))
}

/// `$PASSWORD`: what a shell will put there.
fn is_variable(value: &str) -> bool {
    value
        .strip_prefix('$')
        .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// Shannon entropy in bits per character.
fn entropy(value: &str) -> f64 {
    let mut counts: BTreeMap<char, f64> = BTreeMap::new();
    for character in value.chars() {
        *counts.entry(character).or_default() += 1.0;
    }
    let length: f64 = counts.values().sum();
    counts.values().map(|count| count / length).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
        assert_eq!(ANY.len(), PATTERNS.len());
    }

    #[test]
    fn recognises() {
        // Put together at run time, so that no scanner takes this file for a leak.
        let stripe = format!("sk_{}_{}", "live", "4eC39HqLyjWDarjtT1zdp7dc");
        let slack = format!("xo{}-{}", "xb", "17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy");
        let github = format!("gh{}_{}", "p", "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789");
        let google = format!("AI{}{}", "za", "SyA1234567890abcdefghijklmnopqrstuv");
        let pem =
            format!("-----BEGIN RSA {} KEY-----\nMIIEow\n-----END RSA {} KEY-----", "PRIVATE", "PRIVATE");
        let cases: &[(&str, &str, &str)] = &[
            ("ANYTHING", "AKIAIOSFODNN7EXAMPLE", "aws-access-key"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws-secret-key"),
            ("CONFIG", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws-secret-key"),
            ("CERT", &pem, "private-key"),
            ("X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "jwt"),
            ("DATABASE_URL", "postgres://shop:s3cr3t-word@db.internal:5432/shop", "connection-string"),
            ("REDIS", "redis://:hunter22@cache:6379", "connection-string"),
            ("SQL", "Server=db;Database=shop;User Id=sa;Password=Pa55w0rd;", "connection-string"),
            ("S", &slack, "slack-token"),
            ("G", &github, "github-token"),
            ("PAYMENT", &stripe, "stripe-key"),
            ("MAPS", &google, "google-api-key"),
            ("DB_PASSWORD", "hunter2", "password"),
            ("dbPassword", "changeme", "password"),
            ("PGPASSWORD", "winter2026", "password"),
            ("THIRD_PARTY_API_KEY", "9f8b7c6d5e4f3a2b1c0d", "secret-by-name"),
            ("sessionToken", "q8Zr2LkP0vXw7TnB", "secret-by-name"),
        ];
        for (name, value, detector) in cases {
            assert_eq!(detect(name, value), Some(*detector), "{name}={value}");
        }
    }

    #[test]
    fn leaves_alone() {
        let cases = [
            ("TABLE_NAME", "orders"),
            ("LOG_LEVEL", "INFO"),
            ("DB_PASSWORD_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
            ("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
            ("DB_PASSWORD", "{{resolve:secretsmanager:db:SecretString:password}}"),
            ("DB_PASSWORD", "${DB_PASSWORD}"),
            ("DB_PASSWORD", "****"),
            ("SECRET_NAME", "production/shop/database"),
            ("API_KEY_HEADER", "x-shop-partner-key"),
            ("TOKEN_URL", "https://login.example.com/oauth2/token"),
            ("DATABASE_URL", "postgres://shop@db.internal:5432/shop"),
            ("DATABASE_URL", "postgres://shop:${PASSWORD}@db.internal:5432/shop"),
            ("API_KEY_REQUIRED", "true"),
            ("AzureWebJobsStorage__credential", "managedidentity"),
            ("TOKEN_TTL", "3600000000000"),
            ("COMMIT", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("MONKEY", "aaaaaaaaaaaaaaaaaaaa"),
        ];
        for (name, value) in cases {
            assert_eq!(detect(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn scrubs_text_and_keeps_the_rest() {
        let text = "cannot connect to postgres://shop:s3cr3t@db:5432/shop as AKIAIOSFODNN7EXAMPLE";
        assert_eq!(
            scrub(text),
            "cannot connect to postgres://shop:[connection-string]@db:5432/shop as [aws-access-key]"
        );
        assert!(matches!(scrub("Rate exceeded"), Cow::Borrowed("Rate exceeded")));
    }

    #[test]
    fn splits_names() {
        assert_eq!(words("DB_PASSWORD"), ["db", "password"]);
        assert_eq!(words("dbPassword2"), ["db", "password2"]);
        assert_eq!(words("APIKey"), ["apikey"]);
        assert_eq!(words("--"), [""; 0]);
    }
}
