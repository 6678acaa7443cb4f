//! Roles and the managed policies that they have, as GetAccountAuthorizationDetails gives them.

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::{Facets, policy, relations, resource, set, tags};
use crate::entries::{Account, Policy, Role, Statement};
use crate::estate::Entries;
use crate::place::Place;

pub(super) fn identities(place: Place<'_>, account: &Account, entries: &Entries) -> Vec<Resource> {
    let roles = entries.roles.iter().map(|entry| role(place, account, entries, entry));
    let attached = entries.policies.iter().filter_map(|entry| {
        let used = entries.roles.iter().any(|role| role.managed.contains(&entry.name));
        // The provider's own policies are the same thing in every repetition.
        let repeated = place.copy > 0 && entry.provided;
        (used && !repeated).then(|| managed_policy(place, account, entry))
    });
    roles.chain(attached).collect()
}

fn role(place: Place<'_>, account: &Account, entries: &Entries, entry: &Role) -> Resource {
    let arn = place.role(&entry.path, &entry.name);
    let home = account.regions.first().map_or(place.region, String::as_str);
    let acts_in = place.of_region(entry.region.as_deref().unwrap_or(home));
    let attached = |name: &String| {
        let known = entries.policies.iter().find(|policy| policy.name == *name);
        let arn = known
            .map_or_else(|| place.arn(&format!("iam:policy/{name}")), |policy| policy_arn(place, policy));
        let own = known.is_some_and(|policy| !policy.provided);
        let name = if own { place.named(name) } else { name.clone() };
        json!({ "PolicyName": name, "PolicyArn": arn })
    };
    let managed: Vec<Value> = entry.managed.iter().map(attached).collect();
    let inline = |(name, statements): (&String, &Vec<Statement>)| json!({ "PolicyName": name, "PolicyDocument": document(acts_in, statements) });
    let mut detail = json!({
        "Path": entry.path,
        "RoleName": place.named(&entry.name),
        "RoleId": place.unique_id("AROA", &entry.name),
        "Arn": arn,
        "CreateDate": format!("{}+00:00", place.time(entry.created, &entry.name)),
        "AssumeRolePolicyDocument": trust(entry),
        "InstanceProfileList": [],
        "RolePolicyList": entry.inline.iter().map(inline).collect::<Vec<_>>(),
        "AttachedManagedPolicies": managed,
        "Tags": tags(account, entry.team.as_ref())
            .iter()
            .map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect::<Vec<_>>(),
    });
    let boundary = |name: &String| {
        json!({
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": place.arn(&format!("iam:policy/{name}")),
        })
    };
    set(&mut detail, "PermissionsBoundary", entry.boundary.as_ref().map(boundary));
    let edges = detail["AttachedManagedPolicies"].as_array().cloned().unwrap_or_default();
    let edges = edges.iter().filter_map(|policy| policy["PolicyArn"].as_str());
    let edges = relations(edges.map(|arn| (RelationName::HasPolicy, arn.to_owned())));
    let facets = Facets::default().known("role", detail);
    let mut role = resource(place, "aws.iam.role", arn, place.named(&entry.name), facets);
    role.tags = tags(account, entry.team.as_ref());
    role.relations = edges;
    role
}

fn trust(entry: &Role) -> Value {
    let service = |principal: &String| json!({ "Effect": "Allow", "Principal": { "Service": principal }, "Action": "sts:AssumeRole" });
    policy(entry.trusts.iter().map(service).chain(entry.trust_statements.iter().cloned()).collect())
}

fn managed_policy(place: Place<'_>, account: &Account, entry: &Policy) -> Resource {
    let arn = policy_arn(place, entry);
    let home = account.regions.first().map_or(place.region, String::as_str);
    let name = if entry.provided { entry.name.clone() } else { place.named(&entry.name) };
    // The provider's own policies have one identifier for everybody.
    let everywhere = Place { account: "aws", region: "global", copy: 0 };
    let owner = if entry.provided { everywhere } else { place };
    let mut detail = json!({
        "PolicyName": name,
        "PolicyId": owner.unique_id("ANPA", &entry.name),
        "Arn": arn,
        "Path": entry.path,
        "DefaultVersionId": entry.version,
        "IsAttachable": true,
        "CreateDate": format!("{}+00:00", owner.time(entry.created, &entry.name)),
        "UpdateDate": format!("{}+00:00", owner.time(entry.updated, &entry.name)),
        "Document": document(place.of_region(home), &entry.statements),
    });
    set(&mut detail, "Description", entry.about.as_ref().map(|about| json!(about)));
    resource(place, "aws.iam.policy", arn, name, Facets::default().known("policy", detail))
}

fn policy_arn(place: Place<'_>, entry: &Policy) -> String {
    if entry.provided {
        format!("arn:aws:iam::aws:policy{}{}", entry.path, entry.name)
    } else {
        place.arn(&format!("iam:policy{}{}", entry.path, place.named(&entry.name)))
    }
}

/// Statements in the form that people write: one value where there is one, a list where there are more.
fn document(place: Place<'_>, statements: &[Statement]) -> Value {
    let statement = |entry: &Statement| {
        let (effect, actions) =
            if entry.deny.is_empty() { ("Allow", &entry.allow) } else { ("Deny", &entry.deny) };
        let resources: Vec<String> = entry.on.iter().map(|on| place.arn(on)).collect();
        let mut statement =
            json!({ "Effect": effect, "Action": one_or_more(actions), "Resource": one_or_more(&resources) });
        set(&mut statement, "Condition", entry.condition.clone());
        statement
    };
    policy(statements.iter().map(statement).collect())
}

fn one_or_more(values: &[String]) -> Value {
    match values {
        [one] => json!(one),
        more => json!(more),
    }
}
