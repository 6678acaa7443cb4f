//! Addresses of our own pages. What restricts a view (its target, its date) goes along from page to page.

use nephoscope_model::api::Frame;
use nephoscope_model::query::{Filter, ListQuery, encode};
use nephoscope_model::{CheckId, FindingKey, ScanId, Uid};

/// What a link keeps of the page that it stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The target that the view is restricted to.
    pub target: Option<String>,
    /// The moment that the view is of, as the query says it.
    pub as_of: Option<String>,
    /// The moment that the view is compared with, as the query says it.
    pub from: Option<String>,
}

impl Scope {
    /// The scope of a page.
    pub fn of(frame: &Frame) -> Self {
        Self {
            target: frame.target.as_ref().map(ToString::to_string),
            as_of: frame.as_of.clone(),
            from: frame.from.clone(),
        }
    }

    /// The parameters that keep it.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [("target", &self.target), ("as_of", &self.as_of), ("from", &self.from)];
        pairs.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect()
    }

    /// `path` with `pairs` and the scope.
    pub fn link(&self, path: &str, pairs: &[(&str, &str)]) -> String {
        let own = pairs.iter().map(|(key, value)| (*key, (*value).to_owned()));
        join(path, own.chain(self.pairs()))
    }

    /// The page of a finding.
    pub fn finding(&self, key: &FindingKey) -> String {
        self.link(&format!("/findings/{}", encode(key.as_str())), &[])
    }

    /// The page of a resource.
    pub fn resource(&self, uid: &Uid) -> String {
        self.link("/inventory/resource", &[("uid", uid.as_str())])
    }

    /// The page of a check.
    pub fn check(&self, id: &CheckId) -> String {
        self.link(&format!("/checks/{}", encode(id.as_str())), &[])
    }

    /// The page of a framework, or of the framework in `framework/control`.
    pub fn framework(&self, reference: &str) -> String {
        let id = reference.split('/').next().unwrap_or(reference);
        self.link(&format!("/compliance/{}", encode(id)), &[])
    }
}

/// The page of a scan, which is of one moment already.
pub fn scan(id: &ScanId) -> String {
    format!("/scans/{}", encode(id.as_str()))
}

/// `path` with the query of a list.
pub fn list(path: &str, query: &ListQuery) -> String {
    let text = query.to_query_string();
    if text.is_empty() { path.to_owned() } else { format!("{path}?{text}") }
}

/// The page's own address, in which `key` has another value or none. A list starts anew.
pub fn changed(frame: &Frame, key: &str, value: Option<&str>) -> String {
    let kept = pairs_of(&frame.query).into_iter().filter(|(k, _)| k != key && k != "cursor");
    let new = value.map(|value| (key.to_owned(), value.to_owned()));
    join(&frame.path, kept.chain(new))
}

/// The page with another target. A page about one thing belongs to one target already: from there it is the list.
pub fn with_target(frame: &Frame, target: Option<&str>) -> String {
    let lists = ["/findings", "/inventory", "/checks", "/scans"];
    match lists.into_iter().find(|list| frame.path.starts_with(&format!("{list}/"))) {
        None => changed(frame, "target", target),
        Some(list) => {
            let scope = Scope { target: target.map(ToOwned::to_owned), ..Scope::of(frame) };
            scope.link(list, &[])
        }
    }
}

/// The path whose view has a date: a scan is of one moment, so from there it is the overview.
pub fn dated_path(frame: &Frame) -> &str {
    if frame.path.starts_with("/scans") { "/" } else { &frame.path }
}

/// The parameters of a query string, decoded.
pub fn pairs_of(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(k, v)| (decode(k), decode(v)))
        .collect()
}

/// One filter that is on: its parameter, its value, and the list without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveFilter {
    /// The parameter, such as `severity`.
    pub key: &'static str,
    /// The value, such as `high`.
    pub value: String,
    /// The same list without this filter.
    pub without: String,
}

/// The filters of a list that are on, apart from its target, which the bar above the page shows.
pub fn active_filters(path: &str, query: &ListQuery) -> Vec<ActiveFilter> {
    const NOT_FILTERS: [&str; 7] = ["target", "group", "sort", "cursor", "limit", "as_of", "from"];
    let pairs = query.to_pairs();
    let filters = pairs.iter().enumerate().filter(|(_, (key, _))| !NOT_FILTERS.contains(key));
    let chips = filters.map(|(index, (key, value))| {
        let kept = pairs.iter().enumerate().filter(|(i, (k, _))| *i != index && *k != "cursor");
        let without = join(path, kept.map(|(_, (k, v))| (*k, v.clone())));
        ActiveFilter { key, value: value.clone(), without }
    });
    chips.collect()
}

/// The list with no filter but its target.
pub fn cleared(path: &str, query: &ListQuery) -> String {
    let filter = Filter { targets: query.filter.targets.clone(), ..Filter::default() };
    list(path, &ListQuery { filter, cursor: None, ..query.clone() })
}

fn join<K: AsRef<str>>(path: &str, pairs: impl Iterator<Item = (K, String)>) -> String {
    let encoded = pairs.map(|(key, value)| format!("{}={}", encode(key.as_ref()), encode(&value)));
    let text = encoded.collect::<Vec<_>>().join("&");
    if text.is_empty() { path.to_owned() } else { format!("{path}?{text}") }
}

/// Undoes percent-encoding and `+` of forms; what is not valid is kept as it stands.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        let code = code.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, code) {
            (b'%', Some(code)) => {
                decoded.push(code);
                at += 3;
            }
            (b'+', _) => {
                decoded.push(b' ');
                at += 1;
            }
            (other, _) => {
                decoded.push(*other);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Severity;

    use super::*;

    #[test]
    fn a_link_keeps_target_and_date() {
        let scope = Scope {
            target: Some("prod & co".into()),
            as_of: Some("2026-11-16".into()),
            from: Some("2026-11-13".into()),
        };
        assert_eq!(
            scope.link("/findings", &[("severity", "high")]),
            "/findings?severity=high&target=prod%20%26%20co&as_of=2026-11-16&from=2026-11-13"
        );
        assert_eq!(Scope::default().link("/findings", &[]), "/findings");
        let uid = Uid::from("arn:aws:lambda:eu-west-1:1:function:a?b");
        assert!(
            Scope::default()
                .resource(&uid)
                .ends_with("uid=arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Aa%3Fb")
        );
        assert_eq!(Scope::default().framework("aws-fsbp/Lambda.1"), "/compliance/aws-fsbp");
    }

    #[test]
    fn one_parameter_changes_and_the_page_starts_anew() {
        let frame = Frame {
            path: "/findings".into(),
            query: "severity=high&query=a%20b+c&cursor=xyz&as_of=2026-11-01".into(),
            as_of: None,
            from: None,
            viewed_at: None,
            targets: vec![],
            target: None,
            startable: vec![],
            running: None,
            counts: Default::default(),
            version: String::new(),
        };
        assert_eq!(changed(&frame, "as_of", None), "/findings?severity=high&query=a%20b%20c");
        assert_eq!(
            changed(&frame, "target", Some("edge")),
            "/findings?severity=high&query=a%20b%20c&as_of=2026-11-01&target=edge"
        );
    }

    #[test]
    fn a_page_about_one_thing_leads_to_its_list_for_another_target() {
        let frame = |path: &str| Frame {
            path: path.into(),
            query: "uid=a&as_of=2026-11-01".into(),
            as_of: Some("2026-11-01".into()),
            from: Some("2026-10-01".into()),
            viewed_at: None,
            targets: vec![],
            target: None,
            startable: vec![],
            running: None,
            counts: Default::default(),
            version: String::new(),
        };
        let other = |path| with_target(&frame(path), Some("edge"));
        assert_eq!(other("/inventory/resource"), "/inventory?target=edge&as_of=2026-11-01&from=2026-10-01");
        assert_eq!(other("/compliance/x"), "/compliance/x?uid=a&as_of=2026-11-01&target=edge");
        assert_eq!(dated_path(&frame("/scans/1")), "/");
        assert_eq!(dated_path(&frame("/checks/1")), "/checks/1");
    }

    #[test]
    fn every_filter_can_be_taken_away_alone_and_all_together() {
        let pairs = [
            ("target", "prod"),
            ("severity", "high,low"),
            ("query", "pay"),
            ("sort", "name"),
            ("cursor", "x"),
            ("from", "2026-11-13T00:00:00Z"),
        ];
        let query = ListQuery::from_pairs(pairs).unwrap();
        let chips = active_filters("/findings", &query);
        let named: Vec<_> = chips.iter().map(|chip| (chip.key, chip.value.as_str())).collect();
        assert_eq!(named, [("severity", "high"), ("severity", "low"), ("query", "pay")]);
        assert_eq!(
            chips[0].without,
            "/findings?target=prod&severity=low&query=pay&sort=name&from=2026-11-13T00%3A00%3A00Z"
        );
        assert_eq!(
            cleared("/findings", &query),
            "/findings?target=prod&sort=name&from=2026-11-13T00%3A00%3A00Z"
        );
        assert_eq!(query.filter.severities, [Severity::High, Severity::Low]);
    }

    #[test]
    fn what_is_no_encoding_is_kept() {
        assert_eq!(decode("100%+%zz%41"), "100% %zzA");
    }
}
