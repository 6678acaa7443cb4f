//! Folders of checks, good and broken, through the public interface. Messages are part of the product: they are asserted whole.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod broken;
mod broken_conditions;
mod broken_examples;
mod builtin;
mod good;

use std::fs;
use std::path::PathBuf;

use nephoscope_catalogue::{Catalogue, CatalogueErrors};
use tempfile::TempDir;

/// A check without fault; broken ones differ from it in one place.
const GOOD: &str = r#"id: aws-lambda-url-auth-none
title: Function URL requires authentication
severity: critical
resource: aws.lambda.function
concerns: [api-security, access-control]
frameworks: [owasp-serverless-top10/SAS-2]
applies: url != null
passes: url.AuthType != "NONE"
evidence: [url.AuthType, url.FunctionUrl]
description: The authentication type of the function's URL.
risk: Anybody who knows the address can invoke the function.
remediation:
  text: Set the authentication type to AWS_IAM.
  cli: aws lambda update-function-url-config --function-name NAME --auth-type AWS_IAM
examples:
  - {name: signed, expect: pass, url: {AuthType: AWS_IAM}}
  - {name: open, expect: fail, url: {AuthType: NONE}}
  - {name: no url, expect: not_applicable, url: null}
  - {name: unread, expect: unknown, url: !unreadable AccessDenied}
"#;

const GOOD_PATH: &str = "aws/lambda/url-auth-none.yaml";

const FRAMEWORK: &str = "id: owasp-serverless-top10
title: Serverless Top 10
version: '2018'
description: Ten risks.
source: https://example.com/top10
controls:
  - {id: SAS-2, title: Callers are authenticated}
  - {id: SAS-1, title: Event data is checked, manual: Read the code.}
";

/// A folder with these files, and with the framework that the good check names.
struct Folder(TempDir);

impl Folder {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("frameworks/owasp-serverless-top10.yaml", FRAMEWORK);
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn load(&self) -> Result<Catalogue, CatalogueErrors> {
        Catalogue::from_folders(&[self.path()])
    }

    /// What is wrong with the folder, without the place where the test happens to put it.
    fn faults(&self) -> String {
        let errors = self.load().unwrap_err();
        errors
            .to_string()
            .replace(&format!("{}/", self.path().display()), "")
            .replace(&self.path().display().to_string(), "FOLDER")
    }
}

/// What is wrong with the good check once `old` is `new`; without the excerpt where it is not what matters.
fn faults_with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "the good check does not say `{old}`");
    Folder::of(&[(GOOD_PATH, &GOOD.replacen(old, new, 1))]).faults()
}

/// The same, as line, column and cause of each fault.
fn causes_with(old: &str, new: &str) -> Vec<String> {
    let faults = faults_with(old, new);
    let causes = faults.lines().filter_map(|line| line.strip_prefix(GOOD_PATH)?.strip_prefix(':'));
    causes.map(str::to_owned).collect()
}
