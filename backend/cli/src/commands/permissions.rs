//! `permissions`: the role that a scan needs, from what the collectors declare.

use std::io::Write;
use std::process::ExitCode;

use nephoscope_collect::aws::{self, Tier};
use nephoscope_report::{aws_cloudformation, aws_policy, aws_terraform};

use crate::args::{PermissionFormat, PermissionTier, Permissions, ScannedProvider};
use crate::failure::Outcome;

/// Prints it.
pub fn permissions(asked: &Permissions) -> Outcome {
    let tier = match asked.tier {
        PermissionTier::Metadata => Tier::Metadata,
        PermissionTier::Events => Tier::Events,
        PermissionTier::Code => Tier::Code,
    };
    let actions = match asked.provider {
        ScannedProvider::Aws => aws::permissions(tier),
    };
    let text = match asked.format {
        PermissionFormat::Json => aws_policy(&actions),
        PermissionFormat::Cloudformation => aws_cloudformation(&actions),
        PermissionFormat::Terraform => aws_terraform(&actions),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
