//! Facts of what stands round the code: the project, identities, events, secrets, keys, buckets and logs.

use nephoscope_model::{Fact, Resource};

use super::iam::Iam;
use super::usage::{self, Usage};
use super::{audit, budgets, definitions, exposure, rules, runners, watch, writers};
use crate::derive::map::Map;
use crate::derive::reading::fact;

/// What is known of identities and of what things are there for.
pub(super) struct Governance {
    pub iam: Iam,
    usage: Usage,
}

impl Governance {
    pub fn of(map: &Map<'_>) -> Self {
        let iam = Iam::of(map);
        let usage = Usage::of(map, &iam.project);
        Self { iam, usage }
    }

    /// The facts of kinds that hold no code, save their exposure.
    pub fn facts(&self, position: usize, resource: &Resource, map: &Map<'_>) -> Vec<(&'static str, Fact)> {
        let Self { iam, usage } = self;
        let public = || ("public_roles", fact(exposure::public_roles(resource)));
        match resource.kind.as_str() {
            "gcp.project" => vec![
                ("unrecorded", fact(audit::unrecorded(resource))),
                ("guardrails", fact(audit::guardrails(resource))),
                ("exporting_sinks", fact(watch::exporting(resource, map))),
                ("unwatched", fact(watch::unwatched(map))),
                ("budget_alerts", fact(budgets::alerts(resource, &iam.project))),
            ],
            "gcp.iam.serviceaccount" => iam.facts(resource, map),
            "gcp.pubsub.topic" | "gcp.tasks.queue" => vec![public()],
            "gcp.pubsub.subscription" => {
                vec![public(), ("drains_dead_letters", fact(usage.drains_dead_letters(resource)))]
            }
            "gcp.scheduler.job" => vec![("secrets", fact(usage::secrets_of_call(resource)))],
            "gcp.workflows.workflow" => vec![
                ("secrets", fact(usage::secrets_of_workflow(resource))),
                ("chosen_targets", fact(definitions::chosen_targets(resource))),
            ],
            "gcp.secretmanager.secret" => vec![public(), ("readers", fact(usage.readers(resource, map)))],
            "gcp.kms.key" => vec![public(), ("protects", fact(usage::protected(position, map)))],
            "gcp.storage.bucket" => vec![
                public(),
                ("holds_code", fact(usage.holds_code(resource, &iam.project, map))),
                ("workload_writers", fact(writers::of_bucket(resource, iam))),
                ("log_sinks", fact(watch::sinks_into(position, map))),
            ],
            "gcp.logging.sink" => vec![("drops", fact(watch::drops(resource, map)))],
            "gcp.firestore.rules" => vec![("open_rules", fact(rules::open(resource)))],
            _ => Vec::new(),
        }
    }

    /// The facts of whatever runs or calls in the name of a service account.
    pub fn identity(&self, resource: &Resource, map: &Map<'_>) -> Vec<(&'static str, Fact)> {
        if !runners::has_account(resource.kind.as_str()) {
            return Vec::new();
        }
        let mut facts = self.iam.account_facts(resource, map);
        if resource.kind.as_str() == "gcp.run.job" {
            facts.push(("override_runners", fact(writers::overriding(resource, &self.iam))));
        }
        facts
    }
}
