//! Every check of the catalogue proves itself.

use nephoscope_catalogue::Catalogue;
use nephoscope_posture::evaluate::prove;

#[test]
fn every_builtin_check_proves_itself() {
    let catalogue = Catalogue::builtin().unwrap();
    let failures: Vec<String> =
        catalogue.checks().iter().flat_map(prove).map(|failure| failure.to_string()).collect();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
