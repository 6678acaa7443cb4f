//! What CloudTrail tells of the estate's changes.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::aws::estate::Estate;
use crate::aws::route::Call;

/// The most events of one answer.
const PAGE: usize = 50;

impl Estate {
    /// As it is after the policies of these functions were opened to anybody, which happens now.
    pub fn with_open_policies(self, functions: &[usize]) -> Self {
        Self { opened: functions.to_vec(), opened_at: now(), ..self }
    }

    pub(crate) fn is_opened(&self, number: usize) -> bool {
        self.opened.contains(&number)
    }

    /// The events with the name that is asked for, since the start that is given, page after page.
    pub(crate) fn events(&self, call: &Call) -> Answer {
        let attribute = call.parameters.get("LookupAttributes").and_then(|attributes| attributes.get(0));
        let wanted = attribute.and_then(|attribute| attribute.get("AttributeValue")).and_then(Value::as_str);
        let start = call.parameters.get("StartTime").and_then(Value::as_u64).unwrap_or(0);
        let opened = self.opened.iter().map(|number| ("AddPermission20150331v2", *number, self.opened_at));
        let changed = (0..self.functions).filter(|number| self.is_changed(*number));
        let changed = changed.map(|number| ("UpdateFunctionCode20150331v2", number, now()));
        let found: Vec<Value> = opened
            .chain(changed)
            .filter(|(name, _, at)| wanted.is_none_or(|wanted| wanted == *name) && *at >= start)
            .map(|(name, number, at)| self.event(call, name, number, at))
            .collect();
        let from: usize = call.text("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let rest = &found[from.min(found.len())..];
        let mut answer = json!({"Events": rest[..rest.len().min(PAGE)]});
        if rest.len() > PAGE {
            answer["NextToken"] = json!((from + PAGE).to_string());
        }
        Answer::json(&answer)
    }

    fn event(&self, call: &Call, name: &str, number: usize, at: u64) -> Value {
        let function = crate::aws::estate::name_of(number);
        let record = json!({
            "eventSource": "lambda.amazonaws.com", "eventName": name, "awsRegion": call.region,
            "requestParameters": {"functionName": function},
        });
        json!({
            "EventId": format!("{name}-{number}"), "EventName": name, "EventTime": at, "ReadOnly": "false",
            "EventSource": "lambda.amazonaws.com", "Username": "deployer",
            "Resources": [{"ResourceType": "AWS::Lambda::Function", "ResourceName": function}],
            "CloudTrailEvent": record.to_string(),
        })
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
