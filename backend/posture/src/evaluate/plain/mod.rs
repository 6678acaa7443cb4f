//! Plain conditions: most of what checks ask, decided on the provider's JSON as it is.
//!
//! CEL makes a value of its own of everything that a condition touches. Most conditions only compare texts, numbers and
//! flags, ask whether a key is there, and ask the same of the elements of lists; that takes no values at all. Whatever is
//! not as simple is left to CEL: conditions with anything else in them, and resources in which something is missing,
//! unreadable or of another kind than the condition expects. So errors, and the reasons that come of them, are CEL's alone.

mod reader;

use std::cmp::Ordering;

use cel::common::ast::IdedExpr;
use regex::Regex;
use serde_json::{Map, Value};

use super::subject::{Rooted, Subject, walk};
use reader::Reader;

/// A plain condition.
#[derive(Debug)]
pub(super) enum Plain {
    Always(bool),
    Flag(Place),
    Not(Box<Plain>),
    And(Box<[Plain; 2]>),
    Or(Box<[Plain; 2]>),
    /// One or the other, as the first says.
    Choice(Box<[Plain; 3]>),
    Has(Place, String),
    Equal(Term, Term),
    /// An element or a key of the other.
    In(Term, Term),
    Order(Term, Order, Term),
    Text(Place, Words),
    /// Whether all elements of a list, or at least one, are so.
    Elements(Place, Quantifier, Box<Plain>),
}

/// What is compared.
#[derive(Debug)]
pub(super) enum Term {
    Place(Place),
    /// How many elements or keys it has.
    Size(Place),
    Written(Value),
}

/// Where a value stands.
#[derive(Debug)]
pub(super) struct Place {
    start: Start,
    keys: Vec<String>,
}

#[derive(Debug)]
enum Start {
    /// A facet, `facts` or `resource`.
    Root(String),
    /// The element of the quantifier that stands so many further out.
    Element(usize),
}

/// How numbers stand to each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// What a text is asked for.
#[derive(Debug)]
pub(super) enum Words {
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Matches(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    All,
    Exists,
}

impl Plain {
    /// `condition`, where it is plain.
    pub fn of(condition: &IdedExpr) -> Option<Self> {
        Reader::default().test(condition)
    }

    /// What the condition says of `subject`; nothing where CEL has to be asked.
    pub fn decide(&self, subject: &Subject<'_>) -> Option<bool> {
        self.holds(&Scope { subject, element: None })
    }

    fn holds(&self, scope: &Scope<'_, '_>) -> Option<bool> {
        match self {
            Self::Always(says) => Some(*says),
            Self::Flag(place) => scope.find(place)?.as_bool(),
            Self::Not(test) => test.holds(scope).map(|says| !says),
            Self::And(tests) => Some(tests[0].holds(scope)? && tests[1].holds(scope)?),
            Self::Or(tests) => Some(tests[0].holds(scope)? || tests[1].holds(scope)?),
            Self::Choice(tests) => tests[if tests[0].holds(scope)? { 1 } else { 2 }].holds(scope),
            Self::Has(place, key) => Some(scope.find(place)?.as_object()?.contains_key(key)),
            Self::Equal(one, other) => equal(scope.look(one)?, scope.look(other)?),
            Self::In(term, container) => match scope.look(container)? {
                Look::List(elements) => contains(elements, scope.look(term)?),
                Look::Fields(fields) => match scope.look(term)? {
                    Look::Text(key) => Some(fields.contains_key(key)),
                    _ => None,
                },
                _ => None,
            },
            Self::Order(one, order, other) => match (scope.look(one)?, scope.look(other)?) {
                (Look::Whole(one), Look::Whole(other)) => Some(order.holds(one.cmp(&other))),
                _ => None,
            },
            Self::Text(place, words) => Some(words.hold(scope.find(place)?.as_str()?)),
            Self::Elements(place, quantifier, test) => {
                let decisive = *quantifier == Quantifier::Exists;
                for element in scope.find(place)?.as_array()? {
                    if test.holds(&Scope { subject: scope.subject, element: Some((element, scope)) })?
                        == decisive
                    {
                        return Some(decisive);
                    }
                }
                Some(!decisive)
            }
        }
    }
}

impl Order {
    fn holds(self, found: Ordering) -> bool {
        match self {
            Self::Less => found.is_lt(),
            Self::LessEqual => found.is_le(),
            Self::Greater => found.is_gt(),
            Self::GreaterEqual => found.is_ge(),
        }
    }
}

impl Words {
    fn hold(&self, text: &str) -> bool {
        match self {
            Self::Contains(words) => text.contains(words),
            Self::StartsWith(words) => text.starts_with(words),
            Self::EndsWith(words) => text.ends_with(words),
            Self::Matches(pattern) => pattern.is_match(text),
        }
    }
}

/// A subject, and within a quantifier the element that it is at.
struct Scope<'s, 'a> {
    subject: &'s Subject<'a>,
    /// With the scope of the quantifier itself.
    element: Option<(&'s Value, &'s Scope<'s, 'a>)>,
}

impl<'s> Scope<'s, '_> {
    fn find(&self, place: &Place) -> Option<&'s Value> {
        let (start, keys) = match &place.start {
            Start::Root(root) => match self.subject.root(root, place.keys.first().map(String::as_str))? {
                Rooted::Whole(value) => (value, &place.keys[..]),
                Rooted::Fact(value) => (value, &place.keys[1..]),
            },
            Start::Element(out) => (self.element(*out)?, &place.keys[..]),
        };
        walk(start, keys)
    }

    fn element(&self, out: usize) -> Option<&'s Value> {
        let (element, outer) = self.element?;
        if out == 0 { Some(element) } else { outer.element(out - 1) }
    }

    fn look<'t>(&self, term: &'t Term) -> Option<Look<'t>>
    where
        's: 't,
    {
        match term {
            Term::Place(place) => Look::at(self.find(place)?),
            Term::Size(place) => match self.find(place)? {
                Value::Array(elements) => Some(Look::Whole(i64::try_from(elements.len()).ok()?)),
                Value::Object(fields) => Some(Look::Whole(i64::try_from(fields.len()).ok()?)),
                _ => None,
            },
            Term::Written(value) => Look::at(value),
        }
    }
}

/// A value as it is compared.
#[derive(Clone, Copy)]
enum Look<'v> {
    Null,
    Flag(bool),
    Whole(i64),
    Text(&'v str),
    List(&'v [Value]),
    Fields(&'v Map<String, Value>),
}

impl<'v> Look<'v> {
    /// None for numbers that are not `int`.
    fn at(value: &'v Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(flag) => Some(Self::Flag(*flag)),
            Value::Number(number) => number.as_i64().map(Self::Whole),
            Value::String(text) => Some(Self::Text(text)),
            Value::Array(elements) => Some(Self::List(elements)),
            Value::Object(fields) => Some(Self::Fields(fields)),
        }
    }
}

/// Values of different kinds are not equal, which is no error.
fn equal(one: Look<'_>, other: Look<'_>) -> Option<bool> {
    match (one, other) {
        (Look::Null, Look::Null) => Some(true),
        (Look::Flag(one), Look::Flag(other)) => Some(one == other),
        (Look::Whole(one), Look::Whole(other)) => Some(one == other),
        (Look::Text(one), Look::Text(other)) => Some(one == other),
        (Look::List(one), Look::List(other)) => {
            let mut pairs = one.iter().zip(other);
            let same = pairs
                .try_fold(true, |same, (one, other)| Some(same && equal(Look::at(one)?, Look::at(other)?)?));
            Some(same? && one.len() == other.len())
        }
        (Look::Fields(_), Look::Fields(_)) => None,
        _ => Some(false),
    }
}

fn contains(elements: &[Value], wanted: Look<'_>) -> Option<bool> {
    for element in elements {
        if equal(Look::at(element)?, wanted)? {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use cel::{Context, Program};
    use jiff::Timestamp;
    use nephoscope_catalogue::Catalogue;
    use nephoscope_model::{Fact, Facts, Resource};
    use serde_json::json;

    use super::super::subject::{Instant, Missed};
    use super::*;

    /// What the condition says where `config` is known, `policy` absent and `url` unreadable, and `facts.role` known.
    fn decide(condition: &str) -> Option<bool> {
        let resource: Resource = serde_json::from_value(json!({
            "uid": "arn", "kind": "aws.lambda.function", "provider": "aws", "account": "447120260912",
            "region": "eu-west-1", "service": "lambda", "name": "checkout", "tags": {}, "relations": [],
            "facets": {
                "config": {"known": {
                    "Name": "checkout", "Timeout": 30, "Share": 0.5, "Traced": true, "Role": null,
                    "Layers": [{"Arn": "a:1"}, {"Arn": "a:2"}, {"Size": 3}],
                }},
                "policy": "absent",
                "url": {"unreadable": {"facet": "url", "api": "lambda:GetPolicy", "error": "AccessDenied"}},
            },
        }))
        .unwrap();
        let facts = Facts::from([("role".to_owned(), Fact::Known(json!({"admin": true})))]);
        let instant = Instant::of(Timestamp::UNIX_EPOCH, &Context::default());
        let missed = Missed::default();
        let program = Program::compile(condition).unwrap();
        let plain = Plain::of(program.expression()).expect(condition);
        plain.decide(&Subject::of(&resource, &facts, &instant, &[], &missed))
    }

    #[test]
    fn plain_conditions_are_decided() {
        for condition in [
            "config.Traced && facts.role.admin && resource.region == 'eu-west-1'",
            "config['Timeout'] <= 30 && config.Timeout in [3, 30] && !(config.Timeout > 30 || config.Timeout < 30)",
            "policy == null && config.Role == null && config.Timeout != 'thirty'",
            "has(config.Name) && !has(config.Handler) && (has(config.Role) ? config.Traced : false)",
            "'Name' in config && size(config.Layers) == 3 && config.Layers != ['a']",
            "config.Name.startsWith('check') && config.Name.endsWith('out') && config.Name.matches('^c.*t$')",
            "config.Layers.exists(layer, has(layer.Size) && layer.Size >= 3)",
            "config.Layers.all(layer, !has(layer.Arn) || config.Layers.exists(other, other.Arn == layer.Arn))",
        ] {
            assert_eq!(decide(condition), Some(true), "{condition}");
            assert_eq!(decide(&format!("!({condition})")), Some(false), "{condition}");
        }
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_left_to_cel() {
        for condition in [
            "url.AuthType == 'NONE'",
            "config.Handler == 'index'",
            "policy.Statement == null",
            "has(policy.Statement)",
            "facts.grants == null",
            "config.Share < 1",
            "config.Name",
            "config.Name > 'a'",
            "size(config.Name) == 8",
            "config.Layers.exists(layer, layer.Arn == 'a:3')",
            "config.Layers.contains('a:1')",
            "'a' in config.Name",
            "config == config",
        ] {
            assert_eq!(decide(condition), None, "{condition}");
        }
    }

    #[test]
    fn what_needs_more_is_not_plain() {
        for condition in [
            "now > timestamp(config.Modified)",
            "config.Timeout + 1 == 31",
            "type(config.Layers) == list",
            "size(config.Layers.filter(layer, has(layer.Arn))) == 2",
            "config.Layers.exists_one(layer, has(layer.Size))",
            "config.Name.matches(config.Pattern)",
            "config.Name in [config.Role, 'a']",
        ] {
            let program = Program::compile(condition).unwrap();
            assert!(Plain::of(program.expression()).is_none(), "{condition}");
        }
    }

    #[test]
    fn most_conditions_of_the_catalogue_are_plain() {
        let catalogue = Catalogue::builtin().unwrap();
        let conditions =
            catalogue.checks().iter().flat_map(|check| check.applies.iter().chain([&check.passes]));
        let (plain, other): (Vec<_>, Vec<_>) =
            conditions.partition(|program| Plain::of(program.expression()).is_some());
        assert!(plain.len() > 9 * other.len(), "{} of {}", plain.len(), plain.len() + other.len());
    }
}
