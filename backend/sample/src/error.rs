//! What can be wrong with the sample's own files.

/// The sample could not be built from its files.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A file is not what it should be.
    #[error("read the sample file {file}")]
    ReadFile {
        /// Which file.
        file: &'static str,
        /// Where and why.
        #[source]
        source: Box<serde_saphyr::Error>,
    },
    /// A recording is not what it should be.
    #[error("read the recording {file}")]
    ReadRecording {
        /// Which file.
        file: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// An entry of a file has the wrong fields, as written or after a change.
    #[error("read entry `{name}` of {file}, {place}")]
    ReadEntry {
        /// Which file.
        file: &'static str,
        /// The target and region it stands under.
        place: String,
        /// The entry's name.
        name: String,
        /// Which field, and why.
        #[source]
        source: serde_json::Error,
    },
    /// A change of `nights.yaml` names an entry that does not exist.
    #[error("apply the change `{title}`: there is no `{name}` in {file}, {place}")]
    FindEntry {
        /// The change.
        title: String,
        /// Which file it speaks about.
        file: String,
        /// The target and region.
        place: String,
        /// The name that is not there.
        name: String,
    },
    /// A failure of `nights.yaml` concerns nothing.
    #[error("apply the failure `{title}`: nothing in {place} is concerned by it")]
    FindFailing {
        /// The failure.
        title: String,
        /// The target and region.
        place: String,
    },
    /// A place is not a known target with one of its regions.
    #[error("find the place `{place}`: places are written target/region, with the regions of accounts.yaml")]
    FindPlace {
        /// What was written.
        place: String,
    },
    /// The nights fall outside of the calendar.
    #[error("count the nights back from {last}")]
    CountNights {
        /// The last night.
        last: jiff::Timestamp,
        /// Why.
        #[source]
        source: jiff::Error,
    },
}
