//! What calls are made for, and how much their permissions let their holder see.

use std::str::FromStr;

use nephoscope_model::ident::UnknownName;

/// What the calls of a collector are made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To read everything.
    #[default]
    Scan,
    /// To count what reading everything would take: listings are made, details are not.
    Plan,
    /// To see what may be read: of every listing only the first item is looked at.
    Probe,
}

/// How much a permission lets its holder see. Each tier includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// How things are configured: what every scan reads.
    Metadata,
    /// What happened, from audit logs.
    Events,
    /// The code of functions and layers.
    Code,
}

impl FromStr for Tier {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "metadata" => Ok(Self::Metadata),
            "events" => Ok(Self::Events),
            "code" => Ok(Self::Code),
            _ => Err(UnknownName::new("tier", text, &["metadata", "events", "code"])),
        }
    }
}
