//! Services that the account does not use: what they answer says so.

use serde_json::json;

use crate::answer::Answer;
use crate::aws::route::Call;

/// The answer to a call about a service that is not used; none where the lists of its answer are merely empty.
pub(super) fn answer(call: &Call, account: &str) -> Option<Answer> {
    let operation = (call.service.as_str(), call.operation.as_str());
    Some(match operation {
        ("cloudfront", "ListDistributions") => Answer::xml(
            "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>\
             <Quantity>0</Quantity></DistributionList>"
                .to_owned(),
        ),
        ("cloudfront", "ListFunctions") => Answer::xml(
            "<FunctionList><MaxItems>100</MaxItems><Quantity>0</Quantity></FunctionList>".to_owned(),
        ),
        ("inspector2", "BatchGetAccountStatus") => {
            let off = json!({"status": "DISABLED", "errorCode": "ALL_OK", "errorMessage": ""});
            let resources = json!({"ec2": off, "ecr": off, "lambda": off, "lambdaCode": off});
            Answer::json(&json!({
                "accounts": [{"accountId": account, "state": off, "resourceState": resources}],
                "failedAccounts": [],
            }))
        }
        ("s3", "GetPublicAccessBlock") => Answer::refusal(
            call,
            404,
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        ),
        ("securityhub", "DescribeHub") => Answer::refusal(
            call,
            401,
            "InvalidAccessException",
            &format!("Account {account} is not subscribed to AWS Security Hub"),
        ),
        ("xray", "GetEncryptionConfig") => {
            Answer::json(&json!({"EncryptionConfig": {"Status": "ACTIVE", "Type": "NONE"}}))
        }
        _ => return None,
    })
}
