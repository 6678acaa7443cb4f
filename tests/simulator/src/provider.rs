//! What the server must know of the provider that it plays.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use crate::answer::Answer;
use crate::http::Request;
use crate::misbehaviour::{Fault, unit};
use crate::quota::{Admission, Limit};

/// One call, as rules of misbehaviour see it.
pub trait Asked: Debug + Send + Sync {
    /// The operation, under which calls are counted.
    fn name(&self) -> String;

    /// Method and address in full, where rules may fit these as well.
    fn line(&self) -> Option<String>;

    /// True where the call names `word` in its path or parameters.
    fn mentions(&self, word: &str) -> bool;

    /// The same for every try of the same call, and different for different calls.
    fn identity(&self) -> String;

    /// A number from 0 up to 1 that is the same whenever the same try of the same call is made.
    fn drawn(&self, attempt: u64) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.identity(), attempt).hash(&mut hasher);
        unit(hasher.finish())
    }
}

/// An estate that answers as its provider would.
pub trait Provider: Debug + Send + 'static {
    /// How the provider's calls are read.
    type Call: Asked;

    fn call(request: &Request) -> Self::Call;

    /// The published quota that a call counts against.
    fn limit(call: &Self::Call) -> Option<Limit>;

    /// The answer; none where nothing here knows one.
    fn answer(&self, call: &Self::Call) -> Option<Answer>;

    /// What is said where nothing here knows an answer.
    fn unknown(call: &Self::Call) -> Answer;

    /// The answer of a fault that speaks the provider's language.
    fn fault(&self, call: &Self::Call, fault: &Fault) -> Answer;

    /// A true answer, changed as the fault says: another next page, another field.
    fn bent(call: &Self::Call, answer: Answer, fault: &Fault) -> Answer;

    /// The answer with the headers that tell of quotas.
    fn dressed(call: &Self::Call, answer: Answer, admission: Option<Admission>) -> Answer;
}
