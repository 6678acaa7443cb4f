//! Holds the rows of resources and checks, text for text.

use std::collections::BTreeMap;

use nephoscope_model::api::ResourceRow;
use nephoscope_model::check::Remediation;
use nephoscope_model::{
    Check, CheckId, Concern, Exposure, Kind, Provider, Region, ServiceName, Severity, TargetName, Uid,
};
use nephoscope_report::{checks_csv, resources_csv};

#[test]
fn resources_are_rows() {
    let row = ResourceRow {
        uid: Uid::from("arn:aws:lambda:eu-west-1:447120260912:function:checkout"),
        name: "@checkout".to_owned(),
        kind: Kind::from("aws.lambda.function"),
        provider: Provider::Aws,
        account: "447120260912".into(),
        region: Region::from("eu-west-1"),
        service: ServiceName::from("lambda"),
        target: TargetName::from("web-shop"),
        tags: BTreeMap::from([("team".to_owned(), "=payments".to_owned())]),
        exposure: Exposure::Internet,
        debt: 108,
        failing: BTreeMap::from([(Severity::Critical, 1)]),
        unknown: 2,
        last_read: "2026-11-16T02:00:00Z".parse().unwrap(),
        stale: false,
    };
    let mut bytes = Vec::new();
    resources_csv(&mut bytes, &vec![row]).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        concat!(
            "uid,name,kind,provider,account,region,service,target,tags,exposure,debt,failing,unknown,last_read,stale\r\n",
            "arn:aws:lambda:eu-west-1:447120260912:function:checkout,'@checkout,aws.lambda.function,aws,447120260912,",
            "eu-west-1,lambda,web-shop,\"{\"\"team\"\":\"\"=payments\"\"}\",internet,108,\"{\"\"critical\"\":1}\",2,",
            "2026-11-16T02:00:00Z,false\r\n",
        )
    );
}

#[test]
fn checks_are_rows() {
    let check = Check {
        id: CheckId::from("aws-lambda-url-auth-none"),
        title: "Function URL requires authentication".to_owned(),
        severity: Severity::Critical,
        provider: Provider::Aws,
        service: "lambda".to_owned(),
        kind: Kind::from("aws.lambda.function"),
        concerns: vec![Concern::ApiSecurity],
        frameworks: vec!["aws-fsbp/Lambda.1".to_owned()],
        description: String::new(),
        risk: String::new(),
        remediation: Remediation::default(),
        applies: "true".to_owned(),
        passes: "true".to_owned(),
        evidence: Vec::new(),
        reads: Vec::new(),
        aliases: Vec::new(),
        deprecated: None,
    };
    let mut bytes = Vec::new();
    checks_csv(&mut bytes, [&check]).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        concat!(
            "id,title,severity,provider,service,kind,concerns,frameworks,deprecated\r\n",
            "aws-lambda-url-auth-none,Function URL requires authentication,critical,aws,lambda,aws.lambda.function,",
            "\"[\"\"api-security\"\"]\",\"[\"\"aws-fsbp/Lambda.1\"\"]\",\r\n",
        )
    );
}
