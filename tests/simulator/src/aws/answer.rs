//! An answer as the protocol of its service writes it.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::aws::route::Call;
use crate::misbehaviour::Fault;

/// Services that answer in XML.
const XML: &[&str] = &["iam", "sts", "sns", "ec2", "s3", "cloudfront", "cloudformation", "autoscaling"];

/// The names under which APIs pass on the token of the next page.
const TOKENS: &[&str] = &["NextToken", "nextToken", "NextMarker", "Marker", "position"];

/// The list that a reply of these operations always has, so that an empty one is a list and not a lack of one.
const EMPTY_LISTS: &[(&str, &str)] = &[
    ("DescribeAccessPoints", "AccessPoints"),
    ("DescribeAlarms", "MetricAlarms"),
    ("DescribeBudgetNotificationsForAccount", "BudgetNotificationsForAccount"),
    ("DescribeBudgets", "Budgets"),
    ("DescribeClusters", "Clusters"),
    ("DescribeFileSystems", "FileSystems"),
    ("DescribeImages", "imageDetails"),
    ("DescribeLogGroups", "logGroups"),
    ("DescribeMetricFilters", "metricFilters"),
    ("DescribeParameters", "Parameters"),
    ("DescribeRepositories", "repositories"),
    ("DescribeResourcePolicies", "resourcePolicies"),
    ("DescribeScalableTargets", "ScalableTargets"),
    ("DescribeStacks", "Stacks"),
    ("DescribeTrails", "trailList"),
    ("GetAccountAuthorizationDetails", "RoleDetailList"),
    ("GetAnomalyMonitors", "AnomalyMonitors"),
    ("GetAnomalySubscriptions", "AnomalySubscriptions"),
    ("GetApiMappings", "items"),
    ("GetGroups", "Groups"),
    ("GetResources", "ResourceTagMappingList"),
    ("ListAgents", "agentSummaries"),
    ("ListAliases", "Aliases"),
    ("ListApiDestinations", "ApiDestinations"),
    ("ListApiKeys", "apiKeys"),
    ("ListApis", "apis"),
    ("ListApplications", "applications"),
    ("ListApps", "apps"),
    ("ListArchives", "Archives"),
    ("ListBackups", "BackupSummaries"),
    ("ListBranches", "branches"),
    ("ListBuckets", "Buckets"),
    ("ListCapacityProviders", "CapacityProviders"),
    ("ListCodeSigningConfigs", "CodeSigningConfigs"),
    ("ListConnections", "Connections"),
    ("ListDataSources", "dataSources"),
    ("ListDeliveryStreams", "DeliveryStreamNames"),
    ("ListDetectors", "detectorIds"),
    ("ListDistributions", "Items"),
    ("ListDomains", "domains"),
    ("ListEndpoints", "Endpoints"),
    ("ListEventBuses", "EventBuses"),
    ("ListEventDataStores", "EventDataStores"),
    ("ListEventSourceMappings", "EventSourceMappings"),
    ("ListFunctionEventInvokeConfigs", "FunctionEventInvokeConfigs"),
    ("ListFunctionUrlConfigs", "FunctionUrlConfigs"),
    ("ListFunctions", "Functions"),
    ("ListFunctionsByCodeSigningConfig", "FunctionArns"),
    ("ListGraphqlApis", "graphqlApis"),
    ("ListIdentityPools", "IdentityPools"),
    ("ListLayers", "Layers"),
    ("ListLoggingConfigurations", "LoggingConfigurations"),
    ("ListMicrovmImages", "items"),
    ("ListMicrovms", "items"),
    ("ListPackages", "packages"),
    ("ListPipes", "Pipes"),
    ("ListProjects", "projects"),
    ("ListProvisionedConcurrencyConfigs", "ProvisionedConcurrencyConfigs"),
    ("ListQueues", "QueueUrls"),
    ("ListRegions", "Regions"),
    ("ListRegistries", "Registries"),
    ("ListRepositories", "repositories"),
    ("ListRuleGroups", "RuleGroups"),
    ("ListRules", "Rules"),
    ("ListScheduleGroups", "ScheduleGroups"),
    ("ListSchedules", "Schedules"),
    ("ListSecrets", "SecretList"),
    ("ListServices", "ServiceSummaryList"),
    ("ListStateMachines", "stateMachines"),
    ("ListStreams", "StreamNames"),
    ("ListSubscriptions", "Subscriptions"),
    ("ListSubscriptionsByTopic", "Subscriptions"),
    ("ListTables", "TableNames"),
    ("ListTargetsByRule", "Targets"),
    ("ListTopics", "Topics"),
    ("ListUserPoolClients", "UserPoolClients"),
    ("ListUserPools", "UserPools"),
    ("ListWebACLs", "WebACLs"),
    ("ListWebFunctionEndpoints", "endpoints"),
    ("ListWebFunctions", "functions"),
];

impl Answer {
    /// Status 200 with an XML body.
    pub fn xml(body: String) -> Self {
        Self { status: 200, headers: vec![("content-type", "text/xml".to_owned())], body }
    }

    /// Nothing there.
    pub(crate) fn empty(call: &Call) -> Self {
        let operation = call.operation.as_str();
        // An address that the table of paths does not know is answered with every list there is.
        let nameless = operation.contains(' ');
        let lists = EMPTY_LISTS.iter().filter(|(of, _)| *of == operation || nameless).map(|(_, list)| *list);
        if XML.contains(&call.service.as_str()) {
            let lists: String = lists.map(|list| format!("<{list}/>")).collect();
            return Self::xml(format!(
                "<{operation}Response><{operation}Result>{lists}</{operation}Result></{operation}Response>"
            ));
        }
        let fields = lists.map(|list| (list.to_owned(), json!([])));
        Self::json(&Value::Object(fields.collect()))
    }

    /// A refusal.
    pub fn refusal(call: &Call, status: u16, code: &str, message: &str) -> Self {
        if XML.contains(&call.service.as_str()) {
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            );
            return Self { status, ..Self::xml(body) };
        }
        let mut answer = Self::json(&json!({"__type": code, "message": message}));
        answer.status = status;
        answer.headers.push(("x-amzn-errortype", code.to_owned()));
        answer
    }

    /// A refusal because nothing is there.
    pub fn not_found(call: &Call, message: &str) -> Self {
        Self::refusal(call, 404, "ResourceNotFoundException", message)
    }

    pub(crate) fn fault(call: &Call, fault: &Fault) -> Self {
        let who = "arn:aws:sts::123456789012:assumed-role/nephoscope/scan";
        let denied = |why: &str| {
            let message = format!("User: {who} is not authorized to perform: {}{why}", call.name());
            Self::refusal(call, 403, "AccessDeniedException", &message)
        };
        match fault {
            Fault::Throttled(after) => {
                let mut answer = Self::refusal(call, 429, "TooManyRequestsException", "Rate exceeded");
                answer.headers.extend(after.map(|seconds| ("retry-after", seconds.to_string())));
                answer
            }
            Fault::Denied => denied(""),
            Fault::DeniedByOrganization => denied(" with an explicit deny in a service control policy"),
            Fault::RegionDisabled => {
                let message = "The security token included in the request is invalid.";
                Self::refusal(call, 403, "UnrecognizedClientException", message)
            }
            Fault::ExpiredCredentials => {
                let message = "The security token included in the request is expired";
                Self::refusal(call, 403, "ExpiredTokenException", message)
            }
            Fault::ServerError(status) => {
                Self::refusal(call, *status, "ServiceException", "An error occurred")
            }
            Fault::Malformed => {
                Self { body: "{\"Functions\": [nonsense".to_owned(), ..Self::json(&Value::Null) }
            }
            Fault::Html => Self::html(),
            Fault::ApiDisabled => {
                let message = "The AWS Access Key Id needs a subscription for the service";
                Self::refusal(call, 403, "OptInRequired", message)
            }
            Fault::Refused(status, code, message) => Self::refusal(call, *status, code, message),
            Fault::Vanished => Self::not_found(call, "Function not found: it was deleted a moment ago"),
            Fault::Late(_)
            | Fault::Silence
            | Fault::Reset
            | Fault::CutOff
            | Fault::Oversized
            | Fault::RepeatedToken
            | Fault::NextElsewhere
            | Fault::Changed(..) => unreachable!("the server plays these on the connection"),
        }
    }

    /// The same page, which names itself as the next.
    pub(crate) fn with_repeated_token(mut self) -> Self {
        if let Ok(Value::Object(mut fields)) = serde_json::from_str(&self.body) {
            for token in TOKENS {
                fields.insert((*token).to_owned(), Value::from("again"));
            }
            self.body = Value::Object(fields).to_string();
        } else {
            let more = "<IsTruncated>true</IsTruncated><Marker>again</Marker><NextToken>again</NextToken>";
            self.body = self.body.replace("<IsTruncated>false</IsTruncated>", more);
        }
        self
    }
}
