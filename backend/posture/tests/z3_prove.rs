//! Temporary.
use nephoscope_catalogue::Catalogue;
use nephoscope_posture::evaluate::prove;
#[test]
fn z3() {
    let catalogue = Catalogue::from_folders(&["/tmp/z3_checks".into()]).unwrap_or_else(|e| panic!("{e:?}"));
    let f: Vec<String> = catalogue.checks().iter().flat_map(prove).map(|f| f.to_string()).collect();
    println!("{} checks", catalogue.checks().len());
    assert!(f.is_empty(), "{} failures:\n{}", f.len(), f.join("\n"));
}
