//! Files for people and programs: one source file per format, from the model to bytes, and nothing else.
//!
//! The same input gives the same bytes, so that an auditor can have a report computed again and compare it.
//! No file holds the moment at which it was written, for that reason.

mod aws_role;
mod azure_role;
mod cell;
mod format;
mod gcp_role;

pub use aws_role::{aws_cloudformation, aws_policy, aws_restoring, aws_terraform};
pub use azure_role::{azure_bicep, azure_definition, azure_terraform};
pub use format::Format;
pub use gcp_role::{gcp_gcloud, gcp_role, gcp_terraform};

/// Declares the files of this crate: what each one offers, and the format that it writes.
macro_rules! formats {
    ($($file:ident offers $item:ident as $format:ident,)*) => {
        $(mod $file; pub use $file::$item;)*

        /// What can be written, by the name of its source file, and in which format.
        pub const FORMATS: &[(&str, Format)] = &[$((stringify!($file), Format::$format)),*];
    };
}

formats! {
    checks_csv offers checks_csv as Csv,
    compliance_csv offers compliance_csv as Csv,
    compliance_html offers compliance_html as Html,
    compliance_json offers compliance_json as Json,
    findings_csv offers FindingsCsv as Csv,
    findings_jsonl offers FindingsJsonl as Jsonl,
    resources_csv offers resources_csv as Csv,
}
