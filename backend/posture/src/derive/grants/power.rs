//! How much a statement gives: everything, or everything of one service.

use super::glob;
use super::statement::Statement;

/// The services whose full access is worth a finding: data, keys, secrets, code and identity.
const SENSITIVE: [&str; 10] =
    ["dynamodb", "ec2", "iam", "kms", "lambda", "s3", "secretsmanager", "sqs", "ssm", "sts"];

/// True where the statement gives everything without a condition.
///
/// `NotAction` gives everything but a few actions. Unless it keeps identity management back, whoever holds it can give
/// themselves the rest.
pub(super) fn is_admin(statement: &Statement) -> bool {
    let all_actions = if statement.not_actions.is_empty() {
        statement.actions.iter().any(|action| action == "*" || action == "*:*")
    } else {
        !withholds(statement, "iam")
    };
    all_actions && is_everywhere(statement) && statement.conditions.is_empty()
}

/// The sensitive services that the statement gives whole, on every resource, sorted.
pub(super) fn service_wildcards(statement: &Statement) -> Vec<String> {
    let gives = |service: &&&str| {
        let whole = format!("{service}:*");
        let named = if statement.not_actions.is_empty() {
            statement.actions.iter().any(|action| action.eq_ignore_ascii_case(&whole))
        } else {
            !withholds(statement, service)
        };
        named && (is_everywhere(statement) || is_everywhere_of(statement, service))
    };
    SENSITIVE.iter().filter(gives).map(|service| (*service).to_owned()).collect()
}

/// True where `NotAction` keeps any action of `service` back.
fn withholds(statement: &Statement, service: &str) -> bool {
    statement.not_actions.iter().any(|action| {
        let named = action.split(':').next().unwrap_or(action);
        glob::matches(named, service)
    })
}

fn is_everywhere(statement: &Statement) -> bool {
    !statement.not_resources.is_empty() || statement.resources.iter().any(|resource| resource == "*")
}

/// True for an ARN that stands for every resource of `service`, such as `arn:aws:s3:::*`.
fn is_everywhere_of(statement: &Statement, service: &str) -> bool {
    statement.resources.iter().any(|resource| {
        let fields: Vec<&str> = resource.splitn(6, ':').collect();
        match fields[..] {
            [_, _, named, region, account, "*"] => {
                glob::matches(named, service) && [region, account].iter().all(|f| f.is_empty() || *f == "*")
            }
            _ => false,
        }
    })
}
