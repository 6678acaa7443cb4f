//! Where rules, schedules and pipes send their events: the edge that each target makes.

use nephoscope_model::{RelationName, Resource};

use super::place::{log_group_arn, relate, unqualified_function};

/// Services whose resources keep what they are sent; those of the others are started by it.
const STORES: &[&str] =
    &["dynamodb", "events", "firehose", "kafka", "kinesis", "redshift", "s3", "sns", "sqs", "timestream"];

/// Adds the edge to a target, where it is one resource. A call of any API, as Scheduler makes them, has no account in
/// its ARN, and an address on the internet has no ARN at all.
pub(super) fn aim(resource: &mut Resource, target: Option<&str>) {
    let Some(arn) = target.filter(|target| target.starts_with("arn:")) else { return };
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, _, account, _] = fields[..] else { return };
    match service {
        "lambda" => relate(resource, RelationName::Invokes, unqualified_function(arn)),
        "states" if !account.is_empty() => {
            relate(resource, RelationName::Invokes, Some(unqualified_machine(arn)))
        }
        "logs" => relate(resource, RelationName::WritesTo, log_group_arn(arn)),
        "s3" => relate(resource, RelationName::WritesTo, Some(arn)),
        _ if account.is_empty() && service != "apigateway" => {}
        service if STORES.contains(&service) => relate(resource, RelationName::WritesTo, Some(arn)),
        _ => relate(resource, RelationName::Invokes, Some(arn)),
    }
}

/// A state machine's ARN without its version or alias.
pub(super) fn unqualified_machine(arn: &str) -> &str {
    arn.match_indices(':').nth(6).map_or(arn, |(end, _)| &arn[..end])
}

#[cfg(test)]
mod tests {
    use super::super::place::Place;
    use super::*;

    #[test]
    fn targets_are_started_or_written_to() {
        let of = |target: &str| {
            let mut resource = Place::example("events").resource("aws.events.rule", "u", "n");
            aim(&mut resource, Some(target));
            resource.relations.pop().map(|relation| (relation.name, relation.to.as_str().to_owned()))
        };
        let own = |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-1:123456789012:{rest}");
        for (target, name, to) in [
            (own("lambda", "function:shop:live"), RelationName::Invokes, own("lambda", "function:shop")),
            (own("states", "stateMachine:pay:3"), RelationName::Invokes, own("states", "stateMachine:pay")),
            (own("sqs", "orders"), RelationName::WritesTo, own("sqs", "orders")),
            (own("logs", "log-group:/x:*"), RelationName::WritesTo, own("logs", "log-group:/x")),
            (own("codebuild", "project/x"), RelationName::Invokes, own("codebuild", "project/x")),
        ] {
            assert_eq!(of(&target), Some((name, to)));
        }
        for target in ["arn:aws:scheduler:::aws-sdk:lambda:invoke", "https://shop.example/", "arn:aws"] {
            assert_eq!(of(target), None, "{target}");
        }
    }
}
