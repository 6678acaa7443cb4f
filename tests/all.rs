//! Whole-system tests, in one binary: the rooms against their table, and stories told through the real program
//! against a stand-in for AWS that speaks real HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where, and stops")]

mod architecture;
mod aws_story;
mod azure_story;
mod bad_input;
mod conformance;
mod coverage;
mod demo_story;
mod fn_story;
mod full_disk;
mod gcp_story;
mod generated;
mod half_permitted;
mod interruption;
mod killed;
mod misbehaving;
mod moto;
mod nights;
mod organization;
mod program;
mod recorded;
mod rehearsal;
mod second_night;
mod sessions;
mod wire;
