//! Provider JSON as CEL values, read in place: nothing is converted before a condition touches it.
//!
//! Objects are views of our own. Scalars and lists become CEL's own values when they are touched, for only those compare
//! equal to what a condition writes out. An object equals a written one only where it stands on the left: `x == {}`.

use std::sync::OnceLock;

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator as CelIterator, Sizer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelNull, CelString, CelUInt, MAP_TYPE, Type};
use cel::common::value::{CowVal, Val};
use serde_json::{Map, Number, Value};

static NULL: CelNull = CelNull;
static TRUE: CelBool = CelBool::TRUE;
static FALSE: CelBool = CelBool::FALSE;
static MAP: Type = MAP_TYPE;

/// `value` for a condition.
pub(super) fn view<'b, 'a: 'w, 'w>(value: &'a Value) -> CowVal<'b, 'w> {
    match value {
        Value::Null => CowVal::Borrowed(&NULL),
        Value::Bool(true) => CowVal::Borrowed(&TRUE),
        Value::Bool(false) => CowVal::Borrowed(&FALSE),
        Value::Number(number) => CowVal::Owned(self::number(number)),
        Value::String(text) => CowVal::owned(CelString::from(text.as_str())),
        Value::Array(elements) => {
            let elements: Vec<Box<dyn Val + 'w>> =
                elements.iter().map(|element| view(element).into_owned()).collect();
            CowVal::owned(CelList::from(elements))
        }
        Value::Object(fields) => CowVal::owned(Object::of(fields)),
    }
}

/// Whole numbers are `int` wherever they fit, so that arithmetic with a written number works.
fn number<'w>(number: &Number) -> Box<dyn Val + 'w> {
    if let Some(whole) = number.as_i64() {
        Box::new(CelInt::from(whole))
    } else if let Some(large) = number.as_u64() {
        Box::new(CelUInt::from(large))
    } else {
        Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN)))
    }
}

/// A JSON object as a CEL map.
#[derive(Debug)]
pub(super) struct Object<'a> {
    fields: &'a Map<String, Value>,
    /// The keys as values, for a quantifier over them.
    keys: OnceLock<Vec<CelString<'a>>>,
}

impl<'a> Object<'a> {
    pub fn of(fields: &'a Map<String, Value>) -> Self {
        Self { fields, keys: OnceLock::new() }
    }
}

impl<'a> Val for Object<'a> {
    fn get_type(&self) -> &Type {
        &MAP
    }

    fn cel_type() -> &'static Type {
        &MAP
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_iterable<'b, 'w>(&'b self) -> Option<&'b (dyn Iterable + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        let Some((size, indexer)) = other.as_sizer().zip(other.as_indexer()) else { return false };
        // A list has a size and elements too, but no keys.
        let same_size = usize::try_from(*size.size().inner()).is_ok_and(|size| size == self.fields.len());
        other.get_type().kind() == MAP.kind()
            && same_size
            && self.fields.iter().all(|(key, value)| {
                let key = CelString::from(key.as_str());
                indexer.get(&key).is_ok_and(|found| view(value).equals(found.as_ref()))
            })
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(Object::of(self.fields))
    }
}

impl<'a> Indexer for Object<'a> {
    fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let Some(key) = key.downcast_ref::<CelString<'_>>() else { return Err(no_key(key)) };
        match self.fields.get(key.inner()) {
            Some(value) => Ok(view(value)),
            None => Err(ExecutionError::no_such_key(key.inner())),
        }
    }

    fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl Container for Object<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        match key.downcast_ref::<CelString<'_>>() {
            Some(key) => Ok(self.fields.contains_key(key.inner())),
            None => Err(no_key(key)),
        }
    }
}

/// Keys of JSON are text.
fn no_key(key: &dyn Val) -> ExecutionError {
    ExecutionError::UnexpectedType { got: key.get_type().name().to_owned(), want: "string".to_owned() }
}

impl Sizer for Object<'_> {
    fn size(&self) -> CelInt {
        CelInt::from(i64::try_from(self.fields.len()).unwrap_or(i64::MAX))
    }
}

impl<'a> Iterable for Object<'a> {
    fn iter<'b, 'w>(&'b self) -> Box<dyn CelIterator<'b, 'w> + 'b>
    where
        Self: 'w,
    {
        let keys =
            self.keys.get_or_init(|| self.fields.keys().map(|key| CelString::from(key.as_str())).collect());
        Box::new(Keys(keys.iter()))
    }
}

struct Keys<'b, 'a>(std::slice::Iter<'b, CelString<'a>>);

impl<'b, 'a: 'w, 'w> CelIterator<'b, 'w> for Keys<'b, 'a> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'w)> {
        self.0.next().map(|key| key as &'b (dyn Val + 'w))
    }
}
