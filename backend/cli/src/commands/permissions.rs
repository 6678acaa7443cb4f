//! `permissions`: the role that a scan needs, from what the collectors declare.

use std::process::ExitCode;

use nephoscope_collect::{Tier, aws, azure, gcp};
use nephoscope_report::{
    aws_cloudformation, aws_policy, aws_terraform, azure_bicep, azure_definition, azure_terraform,
    gcp_gcloud, gcp_role, gcp_terraform,
};

use crate::args::{PermissionFormat as Format, PermissionTier, Permissions, ScannedProvider as Provider};
use crate::failure::{Failure, Outcome};
use crate::print::print;

/// Prints it.
pub fn permissions(asked: &Permissions) -> Outcome {
    let tier = match asked.tier {
        PermissionTier::Metadata => Tier::Metadata,
        PermissionTier::Events => Tier::Events,
        PermissionTier::Code => Tier::Code,
    };
    let text = match (asked.provider, asked.format) {
        (Provider::Aws, Format::Json) => aws_policy(&aws::permissions(tier)),
        (Provider::Aws, Format::Cloudformation) => aws_cloudformation(&aws::permissions(tier)),
        (Provider::Aws, Format::Terraform) => aws_terraform(&aws::permissions(tier)),
        (Provider::Azure, Format::Json) => azure_definition(&azure::permissions(tier)),
        (Provider::Azure, Format::Bicep) => azure_bicep(&azure::permissions(tier)),
        (Provider::Azure, Format::Terraform) => azure_terraform(&azure::permissions(tier)),
        (Provider::Gcp, Format::Json) => gcp_role(&gcp::permissions(tier)),
        (Provider::Gcp, Format::Gcloud) => gcp_gcloud(&gcp::permissions(tier)),
        (Provider::Gcp, Format::Terraform) => gcp_terraform(&gcp::permissions(tier)),
        (Provider::Aws, Format::Bicep | Format::Gcloud) => return Err(other("cloudformation")),
        (Provider::Azure, Format::Cloudformation | Format::Gcloud) => return Err(other("bicep")),
        (Provider::Gcp, Format::Cloudformation | Format::Bicep) => return Err(other("gcloud")),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn other(own: &str) -> Failure {
    Failure::usage("the provider has no such format", format!("give json, {own} or terraform"))
}
