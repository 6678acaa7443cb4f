//! What changed, under a filter: what the filter keeps is not crowded out by what it drops.

use std::collections::BTreeSet;

use nephoscope_model::query::Filter;
use nephoscope_model::{CheckId, Region, ServiceName};
use nephoscope_store::{Store, View};

use crate::estate::{ROLE_CHECK, URL_CHECK};

/// Night 2: three of four changes are in eu-west-1, the worst among them, and all are of one check.
pub async fn a_filter_comes_before_the_limit(store: &dyn Store, before: &View, view: &View) {
    let east = Filter { regions: vec![Region::from("us-east-1")], ..Filter::default() };
    let found = store.verdict_change_list(before, view, &east, None, 1).await.unwrap();
    assert_eq!(found.iter().map(|change| change.row.name.as_str()).collect::<Vec<_>>(), ["mail"]);
    for (check, count) in [(URL_CHECK, 4), (ROLE_CHECK, 0), ("never-judged-anything", 0)] {
        let checks = BTreeSet::from([CheckId::from(check)]);
        let found = store.verdict_change_list(before, view, &Filter::default(), Some(&checks), 10).await;
        assert_eq!(found.unwrap().len(), count, "{check}");
    }
}

/// Night 7: everything goes. By uid, roles and the other region's functions come first.
pub async fn resources_are_filtered_before_the_limit(store: &dyn Store, before: &View, view: &View) {
    let (regions, services) = (vec![Region::from("us-east-1")], vec![ServiceName::from("lambda")]);
    let east = Filter { regions, services, ..Filter::default() };
    let found = store.resource_change_list(before, view, &east, 1).await.unwrap();
    assert_eq!(found.iter().map(|change| change.region.as_str()).collect::<Vec<_>>(), ["us-east-1"]);
    let roles = Filter { services: vec![ServiceName::from("iam")], ..Filter::default() };
    let found = store.resource_change_list(before, view, &roles, 10).await.unwrap();
    assert!(!found.is_empty() && found.iter().all(|change| change.kind.as_str() == "aws.iam.role"));
}
