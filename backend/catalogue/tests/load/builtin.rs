//! The files inside the binary.

use nephoscope_catalogue::Catalogue;

use crate::{Folder, GOOD};

#[test]
fn the_files_inside_the_binary_are_without_fault() {
    let catalogue = Catalogue::load(&[]).unwrap_or_else(|errors| panic!("{errors}"));
    let controls = |id: &str| {
        let framework = catalogue.frameworks().iter().find(|framework| framework.id == id).unwrap();
        framework.controls.len()
    };
    assert_eq!(controls("owasp-serverless-top10"), 10);
    assert_eq!(controls("csa-serverless-12"), 12);
    assert_eq!(controls("cis-aws-compute-1.0.0"), 13);
    assert_eq!(controls("aws-fsbp"), 86);
    assert_eq!(Catalogue::builtin().unwrap().digest(), catalogue.digest());
}

#[test]
fn a_folder_is_added_to_them() {
    let text = GOOD.replace("id: aws-lambda-url-auth-none", "id: acme-url");
    let folder = Folder::of(&[("acme/url.yaml", &text)]);
    std::fs::remove_dir_all(folder.path().join("frameworks")).unwrap();
    let builtin = Catalogue::load(&[]).unwrap_or_else(|errors| panic!("{errors}"));
    let catalogue = Catalogue::load(&[folder.path()]).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(catalogue.checks().len(), builtin.checks().len() + 1);
    assert!(catalogue.find("acme-url").is_some());
    assert_ne!(catalogue.digest(), builtin.digest());
}
