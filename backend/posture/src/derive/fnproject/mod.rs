//! Facts of Fn Project, one file per family.

mod addresses;
mod apps;
mod doors;
mod functions;
mod images;
mod secrets;
mod servers;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Facts, Resource};

use crate::derive::map::Map;
use crate::derive::reach::{Exposures, Reach};
use crate::derive::reading::fact;
use crate::derive::{DerivedResource, Surveyed};
use doors::Door;
use servers::Server;

/// What resources of an account say of each other.
pub(super) struct Survey<'a> {
    map: Map<'a>,
    server: Server<'a>,
    exposures: Exposures,
}

impl<'a> Survey<'a> {
    pub fn of(map: Map<'a>) -> Self {
        let server = Server::of(&map);
        let mut reaches = vec![Reach::default(); map.estate.resources.len()];
        for &position in map.kind("fn.server") {
            reaches[position] = server.reach(&map);
        }
        // Functions are reached through their triggers, and the configuration of apps through their functions.
        for &position in map.kind("fn.trigger") {
            let trigger = map.held(position).open_only(&["trigger", "probe"]);
            reaches[position] = doors::exposure(Door::Trigger, &trigger, &server).into();
        }
        for &position in map.kind("fn.function") {
            reaches[position] = functions::reach(position, &map, &server, &reaches);
        }
        for &position in map.kind("fn.app") {
            reaches[position] = apps::reach(position, &map, &reaches);
        }
        Self { map, server, exposures: Exposures { reaches } }
    }
}

impl Surveyed for Survey<'_> {
    fn derive(&self, position: usize, resource: &Resource) -> DerivedResource {
        DerivedResource { exposure: self.exposures.known(position), facts: facts(position, resource, self) }
    }
}

/// The facts that the kind of the resource has.
fn facts(position: usize, resource: &Resource, survey: &Survey<'_>) -> Facts {
    let Survey { map, server, exposures } = survey;
    let exposure = || exposures.fact(position);
    let facts: Vec<(&str, Fact)> = match resource.kind.as_str() {
        "fn.server" => vec![
            ("authenticated", fact(server.authenticated(map))),
            ("metrics_authenticated", fact(server.metrics_authenticated())),
            ("any_origin", fact(server.any_origin())),
            ("plain_addresses", fact(server.plain_addresses(map))),
            ("exposure", exposure()),
        ],
        "fn.app" => vec![
            ("secrets", fact(secrets::under(resource, "app", "config"))),
            ("annotation_secrets", fact(secrets::under(resource, "app", "annotations"))),
            ("triggered", fact(apps::functions(position, map, true))),
            ("untriggered", fact(apps::functions(position, map, false))),
            ("exposure", exposure()),
        ],
        "fn.function" => vec![
            ("secrets", fact(secrets::under(resource, "fn", "config"))),
            ("annotation_secrets", fact(secrets::under(resource, "fn", "annotations"))),
            ("image", fact(images::image(resource))),
            ("trusted_registry", fact(images::is_trusted(resource, server))),
            ("authenticated", fact(doors::authenticated(Door::Invoke, resource, server))),
            ("invoke_exposure", fact(doors::exposure(Door::Invoke, resource, server).map(Exposure::as_str))),
            ("exposure", exposure()),
        ],
        "fn.trigger" => vec![
            ("authenticated", fact(doors::authenticated(Door::Trigger, resource, server))),
            ("annotation_secrets", fact(secrets::under(resource, "trigger", "annotations"))),
            ("exposure", exposure()),
        ],
        _ => Vec::new(),
    };
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}
