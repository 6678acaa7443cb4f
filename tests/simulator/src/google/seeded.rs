//! An estate of any size, made from a seed: functions and what they run as and on, and topics for the remainder.

use serde_json::{Value, json};

use super::GoogleEstate;

const PLACE: &str = "europe-west1";

impl GoogleEstate {
    /// So many projects, so many functions over all of them, and topics until there are as many assets as asked for. To
    /// ten functions there is one service account; at fixed shares something is wrong.
    pub fn seeded(seed: u64, projects: usize, functions: usize, assets: usize) -> Self {
        let mut estate = Self::default();
        let mut wrong = Vec::new();
        let names: Vec<String> = (0..projects).map(|number| format!("shop-{seed}-{number}")).collect();
        for (number, name) in names.iter().enumerate() {
            estate.plant_project(&Value::from(name.as_str()), number, &mut wrong);
            let billing = json!({"name": format!("projects/{name}/billingInfo"), "projectId": name,
                "billingAccountName": "billingAccounts/000000-000000-000000", "billingEnabled": true});
            let path = format!("/v1/projects/{name}/billingInfo");
            estate.plant("cloudbilling.googleapis.com", &path, &billing, &mut wrong);
        }
        let of = |number: usize| names[number % projects.max(1)].as_str();
        let mut planted = projects;
        for number in 0..functions {
            planted += estate.plant_function(of(number), number, &mut wrong);
        }
        for number in 0..assets.saturating_sub(planted) {
            let name = format!("projects/{}/topics/topic-{number:06}", of(number));
            let body = json!({"name": name, "labels": {"team": format!("team-{}", number % 7)}});
            estate.plant("pubsub.googleapis.com", &format!("/v1/{name}"), &body, &mut wrong);
        }
        assert!(wrong.is_empty(), "what is made here is made after the discovery documents: {wrong:?}");
        estate.indexed()
    }

    /// The function, and how many assets it brought.
    fn plant_function(&mut self, project: &str, number: usize, wrong: &mut Vec<String>) -> usize {
        let name = format!("projects/{project}/locations/{PLACE}/functions/function-{number:05}");
        let service = format!("projects/{project}/locations/{PLACE}/services/function-{number:05}");
        let email = format!("runner-{}@{project}.iam.gserviceaccount.com", number / 10);
        let open = number % 10 == 3;
        let runtime = if number % 20 == 7 { "nodejs14" } else { "nodejs22" };
        let function = json!({
            "name": name, "environment": "GEN_2", "state": "ACTIVE", "updateTime": "2026-05-01T10:00:00Z",
            "url": format!("https://function-{number:05}.example.test"),
            "buildConfig": {"runtime": runtime, "entryPoint": "handle"},
            "serviceConfig": {
                "service": service, "uri": format!("https://function-{number:05}.example.test"),
                "serviceAccountEmail": email, "timeoutSeconds": 60, "maxInstanceCount": 10,
                "ingressSettings": if open { "ALLOW_ALL" } else { "ALLOW_INTERNAL_ONLY" },
                "environmentVariables": {"LOG_LEVEL": "info",
                    "DB_PASSWORD": if number % 25 == 7 { format!("CANARY-{number}") } else { "-".to_owned() }},
            },
        });
        self.plant("cloudfunctions.googleapis.com", &format!("/v2/{name}"), &function, wrong);
        let run = json!({
            "name": service, "uid": format!("00000000-0000-4000-8000-{number:012x}"),
            "ingress": if open { "INGRESS_TRAFFIC_ALL" } else { "INGRESS_TRAFFIC_INTERNAL_ONLY" },
            "template": {"serviceAccount": email, "timeout": "60s",
                "containers": [{"image": format!("{PLACE}-docker.pkg.dev/{project}/gcf/function-{number:05}")}]},
        });
        self.plant("run.googleapis.com", &format!("/v2/{service}"), &run, wrong);
        if open {
            let policy = json!({"version": 1, "etag": "ACAB",
                "bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]});
            self.plant("run.googleapis.com", &format!("/v2/{service}:getIamPolicy"), &policy, wrong);
        }
        let path = format!("projects/{project}/serviceAccounts/{email}");
        if self.bodies.contains_key(&format!("iam.googleapis.com/v1/{path}")) {
            return 2;
        }
        let account = json!({"name": path, "projectId": project, "email": email,
            "uniqueId": format!("1{number:020}"), "displayName": "runner"});
        self.plant("iam.googleapis.com", &format!("/v1/{path}"), &account, wrong);
        3
    }
}
