//! Replies as resources.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::super::failure::{Class, Failure};
use super::super::place::{Place, Read, elements, put, relate, tag, text, unqualified_function};
use super::details::{Function, documents};
use super::fetch::Common;
use super::{FUNCTIONS, loaders, triggers};
use crate::redact::Redactor;

/// What holds for all functions of a region.
pub(super) fn settings(place: &Place, read: Result<Value, Failure>) -> Resource {
    let mut settings =
        place.resource("aws.lambda.settings", &place.arn("lambda", "account-settings"), "Lambda settings");
    put(&mut settings, "settings", read.map(Some));
    settings
}

/// A function; none where its listing does not say which.
pub(super) fn function(
    place: &Place,
    redactor: &Redactor,
    mut function: Function,
    common: &Common,
) -> Option<Resource> {
    let config = &mut function.config;
    let arn = unqualified_function(text(config, "/FunctionArn")?)?.to_owned();
    let name = text(config, "/FunctionName")?.to_owned();
    config["FunctionArn"] = Value::from(arn.as_str());
    let loaders = loading(config);
    redactor.redact_map(config, "/Environment/Variables");

    let mut resource = place.resource("aws.lambda.function", &arn, &name);
    let own = common.mappings.as_ref().map(|mappings| mappings.get(&arn)).map_err(Clone::clone);
    relate_config(place, &mut resource, &function.config, &name);
    relate_rest(place, &mut resource, &function, own.as_ref().ok().copied().flatten());
    let Function { config, policy, urls, concurrency, code, tags, .. } = function;
    if let Ok(Some(tags)) = &tags {
        tag(&mut resource, tags.get("Tags"));
    }
    let widest = urls.as_ref().map(|urls| urls.as_ref().and_then(widest_url)).map_err(Clone::clone);
    put(&mut resource, "config", Ok(Some(config)));
    put(&mut resource, "loaders", loaders);
    put(&mut resource, "policy", policy);
    put(&mut resource, "url", widest);
    put(&mut resource, "urls", urls);
    put(&mut resource, "concurrency", concurrency);
    put(&mut resource, "code", code);
    put(&mut resource, "tags", tags);
    put(&mut resource, "runtime_management", function.runtime_management);
    put(&mut resource, "aliases", function.aliases);
    put(&mut resource, "alias_policies", function.alias_policies);
    put(&mut resource, "versions", function.versions);
    put(&mut resource, "provisioned", function.provisioned);
    put(&mut resource, "async", function.async_settings);
    put(&mut resource, "recursion", function.recursion);
    put(&mut resource, "code_signing", common.signing.of(&arn));
    let mappings = own.map(|own| own.map(|own| serde_json::json!({ "EventSourceMappings": own })));
    put(&mut resource, "event_sources", mappings);
    Some(resource)
}

/// Which variables load code; not known where Lambda sends an error in place of the variables.
fn loading(config: &Value) -> Read {
    match text(config, "/Environment/Error/ErrorCode") {
        None => Ok(loaders::loaders(config)),
        Some(error) => {
            Err(Failure::new(&FUNCTIONS.action, Class::Other, error, "the variables could not be decrypted"))
        }
    }
}

/// One of a function's URLs: one that anybody may call before others, then the function's own before an alias's.
fn widest_url(urls: &Value) -> Option<Value> {
    let order = |url: &&Value| {
        let arn = text(url, "/FunctionArn").unwrap_or_default().to_owned();
        let qualified = unqualified_function(&arn) != Some(&arn);
        (text(url, "/AuthType") != Some("NONE"), qualified, arn)
    };
    elements(urls, "/FunctionUrlConfigs").iter().min_by_key(order).cloned()
}

/// What the configuration refers to.
fn relate_config(place: &Place, resource: &mut Resource, config: &Value, name: &str) {
    relate(resource, RelationName::ExecutesAs, text(config, "/Role"));
    relate(resource, RelationName::EncryptedBy, text(config, "/KMSKeyArn"));
    relate(resource, RelationName::EncryptedBy, text(config, "/DurableConfig/KMSKeyArn"));
    relate(resource, RelationName::WritesTo, text(config, "/DeadLetterConfig/TargetArn"));
    for layer in elements(config, "/Layers") {
        relate(resource, RelationName::UsesLayer, text(layer, "/Arn"));
    }
    for mounted in elements(config, "/FileSystemConfigs") {
        relate(resource, RelationName::Mounts, text(mounted, "/Arn"));
    }
    let network = [("/VpcConfig/SubnetIds", "subnet"), ("/VpcConfig/SecurityGroupIds", "security-group")];
    for (pointer, kind) in network {
        for id in elements(config, pointer).iter().filter_map(Value::as_str) {
            relate(resource, RelationName::RunsIn, Some(&place.arn("ec2", &format!("{kind}/{id}"))));
        }
    }
    let provider = "/CapacityProviderConfig/LambdaManagedInstancesCapacityProviderConfig/CapacityProviderArn";
    relate(resource, RelationName::RunsIn, text(config, provider));
    let default_group = format!("/aws/lambda/{name}");
    let group = text(config, "/LoggingConfig/LogGroup").filter(|group| !group.is_empty());
    let group = format!("log-group:{}", group.unwrap_or(&default_group));
    relate(resource, RelationName::LogsTo, Some(&place.arn("logs", &group)));
}

/// What the other replies refer to.
fn relate_rest(place: &Place, resource: &mut Resource, function: &Function, mappings: Option<&Vec<Value>>) {
    for mapping in mappings.into_iter().flatten() {
        relate(resource, RelationName::TriggeredBy, text(mapping, "/EventSourceArn"));
        relate(resource, RelationName::WritesTo, text(mapping, "/DestinationConfig/OnFailure/Destination"));
    }
    for source in documents(&function.policy, &function.alias_policies).flat_map(triggers::sources) {
        relate(resource, RelationName::TriggeredBy, Some(&source));
    }
    let settings = function.async_settings.iter().flatten();
    for settings in settings.flat_map(|settings| elements(settings, "/FunctionEventInvokeConfigs")) {
        for outcome in ["OnFailure", "OnSuccess"] {
            let target = format!("/DestinationConfig/{outcome}/Destination");
            relate(resource, RelationName::WritesTo, text(settings, &target));
        }
    }
    // A version that an alias leads to may run as another role than the function does now.
    let versions = function.versions.iter().flatten();
    for version in versions.flat_map(|versions| elements(versions, "/Versions")) {
        relate(resource, RelationName::ExecutesAs, text(version, "/Role"));
    }
    for code in function.code.iter().flatten() {
        let repository = text(code, "/ImageUri").and_then(|uri| repository(&place.partition, uri));
        relate(resource, RelationName::RunsImage, repository.as_deref());
        let image = text(code, "/ResolvedImageUri").and_then(|uri| image(&place.partition, uri));
        relate(resource, RelationName::RunsImage, image.as_deref());
        relate(resource, RelationName::EncryptedBy, text(code, "/SourceKMSKeyArn"));
    }
}

/// The ARN of the repository that an image of ECR is in: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG`.
fn repository(partition: &str, uri: &str) -> Option<String> {
    let (host, path) = uri.split_once('/')?;
    let [account, "dkr", "ecr", region, ..] = host.split('.').collect::<Vec<_>>()[..] else { return None };
    let name = path.split(['@', ':']).next().filter(|name| !name.is_empty())?;
    Some(format!("arn:{partition}:ecr:{region}:{account}:repository/{name}"))
}

/// The same ARN with the digest of the very image, by which its scan is found.
fn image(partition: &str, uri: &str) -> Option<String> {
    let (_, digest) = uri.split_once('@')?;
    Some(format!("{}@{digest}", repository(partition, uri)?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nephoscope_model::{Facet, Region};
    use serde_json::json;

    use super::super::super::api::Action;
    use super::super::fetch::Mappings;
    use super::super::signing::Signing;
    use super::super::{GET_FUNCTION, GET_POLICY, MAPPINGS, SIGNED_FUNCTIONS, SIGNING_CONFIGS};
    use super::*;

    const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:shop";

    fn place() -> Place {
        Place {
            partition: "aws".to_owned(),
            account: "123456789012".into(),
            region: Region::from("eu-west-1"),
            service: "lambda".into(),
            caller: String::new(),
        }
    }

    fn denied(action: &'static Action) -> Failure {
        Failure::new(action, Class::Denied, "AccessDeniedException", "no")
    }

    fn replies() -> (Function, Common) {
        let config = json!({"FunctionName": "shop", "FunctionArn": format!("{ARN}:$LATEST"), "Environment": {"Variables": {"A": "CANARY", "LD_PRELOAD": "CANARY"}}});
        let function = Function {
            config,
            policy: Ok(None),
            urls: Ok(None),
            concurrency: Ok(None),
            code: Ok(None),
            tags: Ok(None),
            runtime_management: Ok(None),
            aliases: Ok(None),
            alias_policies: Ok(None),
            versions: Ok(None),
            provisioned: Ok(None),
            async_settings: Ok(None),
            recursion: Ok(None),
        };
        let common = Common {
            settings: Ok(json!({"AccountLimit": {}})),
            mappings: Ok(Mappings::new()),
            signing: Signing { by_function: BTreeMap::new(), failure: None },
            listing: None,
        };
        (function, common)
    }

    fn shop((function, common): (Function, Common)) -> Resource {
        super::function(&place(), &Redactor::new([1; 32]), function, &common).unwrap()
    }

    fn targets(resource: &Resource, name: RelationName) -> Vec<&str> {
        let named = resource.relations.iter().filter(|relation| relation.name == name);
        named.map(|relation| relation.to.as_str()).collect()
    }

    #[test]
    fn what_does_not_exist_is_absent_and_what_was_not_read_is_not() {
        let shop_with_nothing = shop(replies());
        assert_eq!(shop_with_nothing.uid.as_str(), ARN);
        let known = |name: &str| ["config", "loaders"].contains(&name);
        for (name, facet) in shop_with_nothing.facets.iter().filter(|(name, _)| !known(name)) {
            assert_eq!(*facet, Facet::Absent, "{name}");
        }
        assert!(!serde_json::to_string(&shop_with_nothing).unwrap().contains("CANARY"));

        let (mut function, mut common) = replies();
        common.mappings = Err(denied(&MAPPINGS.action));
        common.signing.failure = Some(denied(&SIGNING_CONFIGS.action));
        function.policy = Err(denied(&GET_POLICY));
        function.tags = Err(denied(&GET_FUNCTION));
        let unread = shop((function, common));
        for facet in ["policy", "event_sources", "code_signing", "tags"] {
            let reason = unread.facets[facet].unreadable().unwrap();
            assert_eq!(
                (reason.facet.as_str(), reason.permission.as_deref()),
                (facet, Some(reason.api.as_str()))
            );
        }
    }

    #[test]
    fn variables_that_could_not_be_decrypted_may_load_anything() {
        let (mut function, common) = replies();
        function.config["Environment"] = json!({"Error": {"ErrorCode": "AccessDeniedException"}});
        assert!(shop((function, common)).facets["loaders"].unreadable().is_some());
    }

    #[test]
    fn a_signed_function_is_known_even_where_other_configurations_are_not() {
        let (function, mut common) = replies();
        common.signing.by_function.insert(ARN.to_owned(), json!({"CodeSigningConfigArn": "c"}));
        common.signing.failure = Some(denied(&SIGNED_FUNCTIONS.action));
        assert_eq!(
            shop((function, common)).facets["code_signing"],
            Facet::Known(json!({"CodeSigningConfigArn": "c"}))
        );
    }

    #[test]
    fn the_widest_url_stands_for_all() {
        let url = |arn: &str, auth: &str| json!({"FunctionArn": arn, "AuthType": auth});
        let widest = |urls: Vec<Value>| widest_url(&json!({ "FunctionUrlConfigs": urls }));
        let (own, alias) = (url(ARN, "AWS_IAM"), url(&format!("{ARN}:live"), "AWS_IAM"));
        let open = url(&format!("{ARN}:live"), "NONE");
        assert_eq!(widest(vec![alias, own.clone()]), Some(own.clone()));
        assert_eq!(widest(vec![own, open.clone()]), Some(open));
        assert_eq!(widest(Vec::new()), None);
    }

    #[test]
    fn everything_that_a_function_uses_is_named() {
        let (mut function, common) = replies();
        function.config["VpcConfig"] = json!({"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]});
        function.config["FileSystemConfigs"] =
            json!([{"Arn": "arn:aws:elasticfilesystem:e:1:access-point/f"}]);
        function.config["Role"] = json!("arn:aws:iam::123456789012:role/new");
        function.versions = Ok(Some(json!({"Versions": [{"Role": "arn:aws:iam::123456789012:role/old"}]})));
        function.tags = Ok(Some(json!({"Tags": {"team": "shop"}})));
        let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api:live";
        let resolved = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api@sha256:0123";
        function.code = Ok(Some(json!({ "ImageUri": image, "ResolvedImageUri": resolved })));
        let bucket =
            json!({"Effect": "Allow", "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::uploads"}}});
        let policies = json!({"Policies": [{"Qualifier": "live", "Policy": {"Statement": [bucket]}}]});
        function.alias_policies = Ok(Some(policies));
        let shop = shop((function, common));
        let ec2 = "arn:aws:ec2:eu-west-1:123456789012";
        let network = [format!("{ec2}:subnet/subnet-1"), format!("{ec2}:security-group/sg-1")];
        assert_eq!(targets(&shop, RelationName::RunsIn), network);
        assert_eq!(targets(&shop, RelationName::Mounts), ["arn:aws:elasticfilesystem:e:1:access-point/f"]);
        assert_eq!(targets(&shop, RelationName::TriggeredBy), ["arn:aws:s3:::uploads"]);
        let repository = "arn:aws:ecr:eu-west-1:123456789012:repository/shop/api";
        let image = format!("{repository}@sha256:0123");
        assert_eq!(targets(&shop, RelationName::RunsImage), [repository, image.as_str()]);
        assert_eq!(targets(&shop, RelationName::ExecutesAs).len(), 2);
        assert_eq!(shop.tags["team"], "shop");
    }
}
