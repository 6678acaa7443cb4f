//! The account itself.

use nephoscope_model::Resource;
use serde_json::json;

use super::{Facets, resource};
use crate::entries::Account;
use crate::place::Place;

pub(super) fn identity(place: Place<'_>, account: &Account) -> Vec<Resource> {
    if place.copy > 0 {
        return Vec::new();
    }
    let arn = format!("arn:aws:sts::{}:assumed-role/{}", place.account, account.reader);
    let facets = Facets::default().known("identity", json!({ "Account": place.account, "Arn": arn }));
    let uid = place.arn("iam:root");
    vec![resource(place, "aws.account", uid, place.account.to_owned(), facets)]
}
