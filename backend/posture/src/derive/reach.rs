//! How far something can be reached, and how that becomes an exposure.

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Unreadable};
use serde_json::Value;

use super::reading::{Reading, merged};

/// The exposure of every resource, by position.
pub(super) struct Exposures {
    pub reaches: Vec<Reach>,
}

/// How far something can be reached.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// The widest exposure that has a witness.
    pub witnessed: Exposure,
    /// Why it may be wider.
    pub doubts: Vec<Unreadable>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { witnessed: Exposure::Internal, doubts: Vec::new() }
    }
}

impl Reach {
    pub fn widen(&mut self, exposure: Exposure) {
        self.witnessed = self.witnessed.max(exposure);
    }

    /// Nothing is wider than the internet, so doubts do not matter there.
    fn is_certain(&self) -> bool {
        self.witnessed == Exposure::Internet || self.doubts.is_empty()
    }

    pub fn include(&mut self, other: &Reach) {
        self.widen(other.witnessed);
        self.doubts.extend(other.doubts.iter().cloned());
    }
}

impl From<Reading<Exposure>> for Reach {
    fn from(reading: Reading<Exposure>) -> Self {
        match reading {
            Ok(witnessed) => Self { witnessed, doubts: Vec::new() },
            Err(doubts) => Self { witnessed: Exposure::Internal, doubts },
        }
    }
}

impl Exposures {
    /// The exposure as the score counts it.
    pub fn known(&self, position: usize) -> Exposure {
        let reach = &self.reaches[position];
        if reach.is_certain() { reach.witnessed } else { reach.witnessed.max(Exposure::Unknown) }
    }

    /// The exposure as conditions read it: unknown as long as it may be wider than what has a witness.
    pub fn fact(&self, position: usize) -> Fact {
        let reach = &self.reaches[position];
        if reach.is_certain() {
            Fact::Known(Value::from(reach.witnessed.as_str()))
        } else {
            Fact::Unknown(merged(reach.doubts.iter().cloned()))
        }
    }
}
