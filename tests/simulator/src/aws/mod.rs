//! AWS: its protocols, an estate that is made from a seed, and its published quotas.

mod answer;
mod estate;
mod events;
mod organization;
mod quota;
mod route;
mod unused;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::answer::Answer;
use crate::http::Request;
use crate::misbehaviour::Fault;
use crate::provider::{Asked, Provider};
use crate::quota::{Admission, Limit};

pub use estate::{ACCOUNT, Estate, REGION};
pub use route::Call;

impl Asked for Call {
    fn name(&self) -> String {
        Call::name(self)
    }

    fn line(&self) -> Option<String> {
        None
    }

    fn mentions(&self, word: &str) -> bool {
        self.path.iter().any(|segment| segment == word)
            || self.parameters.values().any(|value| value.as_str() == Some(word))
    }

    fn identity(&self) -> String {
        format!("{}{:?}{:?}{}", Call::name(self), self.path, self.parameters, self.region)
    }

    fn drawn(&self, attempt: u64) -> f64 {
        let mut hasher = DefaultHasher::new();
        (Call::name(self), &self.region, &self.path, format!("{:?}", self.parameters), attempt)
            .hash(&mut hasher);
        crate::misbehaviour::unit(hasher.finish())
    }
}

impl Provider for Estate {
    type Call = Call;

    fn call(request: &Request) -> Call {
        Call::of(request)
    }

    fn limit(call: &Call) -> Option<Limit> {
        quota::limit(call)
    }

    fn answer(&self, call: &Call) -> Option<Answer> {
        Estate::answer(self, call)
    }

    fn unknown(call: &Call) -> Answer {
        Answer::empty(call)
    }

    fn fault(&self, call: &Call, fault: &Fault) -> Answer {
        Answer::fault(call, fault)
    }

    fn bent(_: &Call, answer: Answer, fault: &Fault) -> Answer {
        match fault {
            Fault::RepeatedToken => answer.with_repeated_token(),
            _ => answer,
        }
    }

    fn dressed(_: &Call, answer: Answer, _: Option<Admission>) -> Answer {
        answer
    }
}
