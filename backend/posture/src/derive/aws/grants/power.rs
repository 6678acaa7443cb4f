//! How much a statement gives: everything, or everything of one service.

use super::glob;
use super::statement::Statement;

/// The services whose full access is worth a finding: data, keys, secrets, code and identity.
pub(super) const SENSITIVE: [&str; 10] =
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

/// Services whose resources have a kind before their name, in whose ARN everything of the kind is `kind` and a star.
const KINDS: [(&str, &str); 10] = [
    ("cloudformation", "stack/"),
    ("cloudtrail", "trail/"),
    ("codebuild", "project/"),
    ("dynamodb", "table/"),
    ("iam", "role/"),
    ("kms", "key/"),
    ("lambda", "function:"),
    ("secretsmanager", "secret:"),
    ("ssm", "parameter"),
    ("states", "stateMachine:"),
];

/// True where the statement is about everything that `action` can be done to, in one region at least.
pub(super) fn reaches_everything(statement: &Statement, action: &str) -> bool {
    let service = action.split(':').next().unwrap_or(action);
    // Roles are assumed through another service than the one that they belong to.
    let service = if service == "sts" { "iam" } else { service };
    let kind = KINDS.iter().find(|(named, _)| *named == service).map(|(_, kind)| *kind);
    let is_star = |rest: &str| rest.contains('*') && rest.chars().all(|c| matches!(c, '*' | '/' | ':'));
    is_everywhere(statement)
        || statement.resources.iter().any(|resource| {
            let fields: Vec<&str> = resource.splitn(6, ':').collect();
            match fields[..] {
                [_, _, named, _, _, rest] => {
                    let rest = kind.and_then(|kind| rest.strip_prefix(kind)).unwrap_or(rest);
                    glob::matches(named, service) && is_star(rest)
                }
                _ => false,
            }
        })
}

/// True where `deny` takes every action of the service on everything.
pub(super) fn takes_service(deny: &Statement, service: &str) -> bool {
    let whole = format!("{service}:*");
    deny.not_actions.is_empty()
        && deny.not_resources.is_empty()
        && deny.actions.iter().any(|action| glob::matches(action, &whole))
        && (deny.resources.iter().any(|resource| resource == "*") || is_everywhere_of(deny, service))
}

/// True where both statements may be about one action on one resource.
pub(super) fn overlap(one: &Statement, other: &Statement) -> bool {
    let some = |ones: &[String], others: &[String], inverted: bool| {
        inverted || ones.iter().any(|one| others.iter().any(|other| glob::overlap(one, other)))
    };
    let inverted = |left: &[String], right: &[String]| !left.is_empty() || !right.is_empty();
    some(&one.actions, &other.actions, inverted(&one.not_actions, &other.not_actions))
        && some(&one.resources, &other.resources, inverted(&one.not_resources, &other.not_resources))
}
