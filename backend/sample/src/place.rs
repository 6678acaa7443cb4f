//! Where an entry lives, and the identifiers that follow from its name there.

use serde_json::{Value, json};

/// An account and region, and which repetition of the estate this is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    /// Zero for the estate itself; higher for the repetitions that benches ask for.
    pub(crate) copy: usize,
}

impl<'a> Place<'a> {
    pub(crate) fn of_region(self, region: &'a str) -> Self {
        Self { region, ..self }
    }

    /// A name of ours in this repetition.
    pub(crate) fn named(self, name: &str) -> String {
        if self.copy == 0 { name.to_owned() } else { format!("{name}-{}", self.copy) }
    }

    /// `lambda:function:x` becomes `arn:aws:lambda:REGION:ACCOUNT:function:x`; what is an ARN or `*` stays as it is.
    pub(crate) fn arn(self, short: &str) -> String {
        let (service, rest) = match short.split_once(':') {
            Some(("arn", _)) | None => return short.to_owned(),
            Some(parts) => parts,
        };
        let Self { account, region, .. } = self;
        match service {
            "s3" => format!("arn:aws:s3:::{rest}"),
            "iam" => format!("arn:aws:iam::{account}:{rest}"),
            "kms" => format!("arn:aws:kms:{region}:{account}:key/{}", self.uuid("key", rest)),
            _ => format!("arn:aws:{service}:{region}:{account}:{rest}"),
        }
    }

    pub(crate) fn function(self, name: &str) -> String {
        self.arn(&format!("lambda:function:{}", self.named(name)))
    }

    pub(crate) fn role(self, path: &str, name: &str) -> String {
        self.arn(&format!("iam:role{path}{}", self.named(name)))
    }

    /// The ARN of a log group without the `:*` that some calls append.
    pub(crate) fn log_group(self, name: &str) -> String {
        self.arn(&format!("logs:log-group:{}", self.named(name)))
    }

    /// The ten characters that API Gateway gives an API.
    pub(crate) fn api_id(self, name: &str) -> String {
        self.letters(&["api", name], 10)
    }

    pub(crate) fn rest_api(self, name: &str) -> String {
        format!("arn:aws:apigateway:{}::/restapis/{}", self.region, self.api_id(name))
    }

    pub(crate) fn http_api(self, name: &str) -> String {
        format!("arn:aws:apigateway:{}::/apis/{}", self.region, self.api_id(name))
    }

    /// Where API Gateway sends a call for a function.
    pub(crate) fn invocation_uri(self, function: &str) -> String {
        format!(
            "arn:aws:apigateway:{}:lambda:path/2015-03-31/functions/{}/invocations",
            self.region,
            self.function(function)
        )
    }

    /// An identifier of lower-case letters and digits that depends on the place and on `parts` alone.
    pub(crate) fn letters(self, parts: &[&str], length: usize) -> String {
        self.spell(parts, length, b"abcdefghijklmnopqrstuvwxyz0123456789")
    }

    /// An IAM unique id: its prefix and 17 capitals and digits.
    pub(crate) fn unique_id(self, prefix: &str, name: &str) -> String {
        format!("{prefix}{}", self.spell(&[prefix, name], 17, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    }

    /// Something that looks like the Base64 text of a SHA-256 digest: 256 bits leave four in the last letter.
    pub(crate) fn base64_digest(self, parts: &[&str]) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let head = self.spell(parts, 42, LETTERS);
        let last = self.spell(&[&head], 1, b"AEIMQUYcgkosw048");
        format!("{head}{last}=")
    }

    pub(crate) fn uuid(self, what: &str, name: &str) -> String {
        let hex = self.hash(&[what, name]).finalize().to_hex();
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
    }

    /// The tag of a redacted value. The sample's values never existed: their names stand in for them.
    pub(crate) fn tag(self, value: &str) -> String {
        self.hash(&["redacted", value]).finalize().to_hex()[..16].to_owned()
    }

    /// A number below `limit` that depends on the place and on `parts` alone.
    pub(crate) fn number(self, parts: &[&str], limit: u64) -> u64 {
        let hash = self.hash(parts).finalize();
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        u64::from_be_bytes(bytes) % limit
    }

    /// Seconds after midnight, within the hours in which people deploy.
    fn working_second(self, parts: &[&str]) -> u64 {
        8 * 3600 + self.number(parts, 9 * 3600)
    }

    /// A date as the provider writes times of day: `2026-09-30T09:41:22`, always the same for the same thing.
    pub(crate) fn time(self, date: jiff::civil::Date, thing: &str) -> String {
        let second = self.working_second(&["time", thing]);
        format!("{date}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }

    /// The same moment in seconds since 1970, as JSON protocols write timestamps.
    pub(crate) fn epoch(self, date: jiff::civil::Date, thing: &str) -> Value {
        let days = date.duration_since(jiff::civil::date(1970, 1, 1)).as_secs();
        json!(days + i64::try_from(self.working_second(&["time", thing])).unwrap_or(0))
    }

    fn spell(self, parts: &[&str], length: usize, letters: &[u8]) -> String {
        let mut bytes = vec![0; length];
        self.hash(parts).finalize_xof().fill(&mut bytes);
        bytes.iter().map(|byte| char::from(letters[usize::from(*byte) % letters.len()])).collect()
    }

    fn hash(self, parts: &[&str]) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new();
        for part in [self.account, self.region, &self.copy.to_string()].iter().chain(parts) {
            hasher.update(part.as_bytes()).update(&[0]);
        }
        hasher
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place { account: "447120260912", region: "eu-west-1", copy: 0 };

    #[test]
    fn short_names_become_arns() {
        assert_eq!(HERE.arn("sqs:orders"), "arn:aws:sqs:eu-west-1:447120260912:orders");
        assert_eq!(HERE.arn("s3:shop-uploads/*"), "arn:aws:s3:::shop-uploads/*");
        assert_eq!(HERE.arn("iam:role/reader"), "arn:aws:iam::447120260912:role/reader");
        assert_eq!(HERE.arn("arn:aws:s3:::other"), "arn:aws:s3:::other");
        assert_eq!(HERE.arn("*"), "*");
    }

    #[test]
    fn a_repetition_has_names_and_identifiers_of_its_own() {
        let there = Place { copy: 7, ..HERE };
        assert_eq!(there.function("checkout"), "arn:aws:lambda:eu-west-1:447120260912:function:checkout-7");
        assert_ne!(there.api_id("storefront"), HERE.api_id("storefront"));
        assert_eq!(HERE.api_id("storefront"), HERE.api_id("storefront"));
        assert_eq!(HERE.api_id("storefront").len(), 10);
        assert_eq!(HERE.base64_digest(&["x"]).len(), 44);
    }
}
