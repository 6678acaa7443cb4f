//! What a service file declares of an AWS API: where it is, which protocol it speaks, and its actions.
//!
//! The SDK's own machinery signs and sends (`wire.rs`), without the SDK's typed crates: a facet is the
//! provider's reply as it was sent, so that types would only cost fields, minutes of building and megabytes.

use crate::budget::Family;
use crate::failure::Asked;
pub use crate::purpose::Tier;

/// One AWS API.
#[derive(Debug)]
pub(super) struct Api {
    /// The SDK's id of the service, by which endpoints are configured: `AWS_ENDPOINT_URL_API_GATEWAY`.
    pub id: &'static str,
    /// The first part of its host name.
    pub host: &'static str,
    /// The name that requests are signed for.
    pub signs_as: &'static str,
    pub protocol: Protocol,
    pub home: Home,
    /// False where AWS offers the service in some regions only: elsewhere its name does not even resolve.
    pub everywhere: bool,
    pub family: &'static Family,
}

/// How requests and replies are written.
/// <https://smithy.io/2.0/aws/protocols/index.html>
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// Operations in a header, JSON both ways.
    Json { version: &'static str, target: &'static str },
    /// Operations as paths, JSON both ways.
    RestJson,
    /// Operations as a form, XML back.
    Query { version: &'static str },
    /// Operations as paths, XML back.
    RestXml,
}

/// Where an API is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In each region.
    Regional,
    /// At one address for the whole partition.
    Global,
    /// At the address of the partition's first region: `us-east-1` in the commercial one.
    FirstRegion,
}

/// One API action: how it is counted, which permission allows it and whose quota it uses.
#[derive(Debug)]
pub(super) struct Action {
    pub service: &'static Api,
    /// `lambda:GetPolicy`: the name under which it is counted; what follows the colon is the operation's.
    pub api: &'static str,
    pub permission: &'static str,
    pub family: &'static Family,
    pub tier: Tier,
    /// The answer is a text of the caller's own, which becomes `Body`.
    pub is_text: bool,
    pub xml: Xml,
}

/// What an XML reply does not say by itself: which elements are lists even if there is one, and which are numbers.
/// `member` and `item` are known everywhere; texts `true` and `false` become booleans.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Xml {
    /// Elements that may be repeated side by side. The JSON has one list under their name.
    pub repeated: &'static [&'static str],
    /// Elements whose children are entries, whatever these are called. An empty one is an empty list.
    pub lists: &'static [&'static str],
    /// Elements that are numbers.
    pub numbers: &'static [&'static str],
    /// Elements whose text stays text, although it may read `true`.
    pub texts: &'static [&'static str],
}

/// A listing: where its items stand, and how it turns its pages.
#[derive(Debug)]
pub(super) struct List {
    pub action: Action,
    /// The field with the items; `Outer/Inner` where it is nested.
    pub items: &'static str,
    pub pages: Pages,
    /// True where an empty listing may leave the items out.
    pub may_lack_items: bool,
}

/// How a listing turns its pages: the field of the reply that names the next page, and where to send that back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pages {
    pub reply: &'static str,
    pub request: &'static str,
}

impl Api {
    const fn new(id: &'static str, host: &'static str, protocol: Protocol, family: &'static Family) -> Self {
        Self { id, host, signs_as: host, protocol, home: Home::Regional, everywhere: true, family }
    }

    /// Paths and JSON.
    pub(super) const fn rest_json(id: &'static str, host: &'static str, family: &'static Family) -> Self {
        Self::new(id, host, Protocol::RestJson, family)
    }

    /// JSON of `version` 1.0 or 1.1; `target` stands before the operation in `X-Amz-Target`.
    pub(super) const fn json(
        id: &'static str,
        host: &'static str,
        version: &'static str,
        target: &'static str,
        family: &'static Family,
    ) -> Self {
        Self::new(id, host, Protocol::Json { version, target }, family)
    }

    /// A form of `version`, and XML.
    pub(super) const fn query(
        id: &'static str,
        host: &'static str,
        version: &'static str,
        family: &'static Family,
    ) -> Self {
        Self::new(id, host, Protocol::Query { version }, family)
    }

    /// Paths and XML.
    pub(super) const fn rest_xml(id: &'static str, host: &'static str, family: &'static Family) -> Self {
        Self::new(id, host, Protocol::RestXml, family)
    }

    /// Signed for another name than the host's.
    pub(super) const fn signed_as(self, signs_as: &'static str) -> Self {
        Self { signs_as, ..self }
    }

    /// Asked elsewhere than in each region.
    pub(super) const fn at(self, home: Home) -> Self {
        Self { home, ..self }
    }

    /// Not offered in every region, as the SDKs' `endpoints.json` shows (botocore 1.44.5).
    pub(super) const fn in_some_regions(self) -> Self {
        Self { everywhere: false, ..self }
    }

    /// `name` is counted and permitted as it is written: `sqs:ListQueues`.
    pub(super) const fn action(&'static self, name: &'static str) -> Action {
        let xml = Xml { repeated: &[], lists: &[], numbers: &[], texts: &[] };
        Action {
            service: self,
            api: name,
            permission: name,
            family: self.family,
            tier: Tier::Metadata,
            is_text: false,
            xml,
        }
    }

    /// A listing whose pages follow each other by `NextToken` both ways.
    pub(super) const fn list(&'static self, name: &'static str, items: &'static str) -> List {
        let pages = Pages { reply: "NextToken", request: "NextToken" };
        List { action: self.action(name), items, pages, may_lack_items: false }
    }
}

impl Action {
    /// Another permission allows it.
    pub(super) const fn allowed_by(self, permission: &'static str) -> Self {
        Self { permission, ..self }
    }

    /// It uses another quota than its API's other actions.
    pub(super) const fn within(self, family: &'static Family) -> Self {
        Self { family, ..self }
    }

    /// Its permission lets its holder see more than how things are configured; without it a scan falls back.
    pub(super) const fn tier(self, tier: Tier) -> Self {
        Self { tier, ..self }
    }

    /// What its XML does not say.
    pub(super) const fn reads(self, xml: Xml) -> Self {
        Self { xml, ..self }
    }

    /// It answers with a text that somebody else wrote.
    pub(super) const fn answering_text(self) -> Self {
        Self { is_text: true, ..self }
    }

    /// `GetPolicy` of `lambda:GetPolicy`.
    pub(super) fn operation(&self) -> &'static str {
        self.api.split_once(':').map_or(self.api, |(_, operation)| operation)
    }
}

impl Asked for Action {
    fn api(&self) -> &'static str {
        self.api
    }

    fn permission(&self) -> &'static str {
        self.permission
    }
}

impl List {
    pub(super) const fn allowed_by(self, permission: &'static str) -> Self {
        let Self { action, items, pages, may_lack_items } = self;
        Self { action: action.allowed_by(permission), items, pages, may_lack_items }
    }

    pub(super) const fn within(self, family: &'static Family) -> Self {
        let Self { action, items, pages, may_lack_items } = self;
        Self { action: action.within(family), items, pages, may_lack_items }
    }

    pub(super) const fn tier(self, tier: Tier) -> Self {
        let Self { action, items, pages, may_lack_items } = self;
        Self { action: action.tier(tier), items, pages, may_lack_items }
    }

    pub(super) const fn reads(self, xml: Xml) -> Self {
        let Self { action, items, pages, may_lack_items } = self;
        Self { action: action.reads(xml), items, pages, may_lack_items }
    }

    /// The next page is named by `reply` and asked for by `request`.
    pub(super) const fn paged(self, reply: &'static str, request: &'static str) -> Self {
        let Self { action, items, pages: _, may_lack_items } = self;
        Self { action, items, pages: Pages { reply, request }, may_lack_items }
    }

    /// An empty listing may leave the items out.
    pub(super) const fn may_lack_items(self) -> Self {
        let Self { action, items, pages, may_lack_items: _ } = self;
        Self { action, items, pages, may_lack_items: true }
    }
}

/// Where requests go and which region they are signed for, when no endpoint is configured.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub url: String,
    pub signing_region: String,
}

impl Api {
    /// The public endpoint for `region` of `partition`.
    /// <https://docs.aws.amazon.com/general/latest/gr/rande.html>
    pub(super) fn address(&self, partition: &str, region: &str, fips: bool, dual_stack: bool) -> Address {
        let parts = Partition::named(partition, region);
        let domain = if dual_stack { parts.dual_stack } else { parts.domain };
        let host = if fips { format!("{}-fips", self.host) } else { self.host.to_owned() };
        match self.home {
            Home::Regional => Address {
                url: format!("https://{host}.{region}.{domain}"),
                signing_region: region.to_owned(),
            },
            Home::FirstRegion => Address {
                url: format!("https://{host}.{}.{domain}", parts.first_region),
                signing_region: parts.first_region.to_owned(),
            },
            // Only the commercial partition leaves the region out of a global address.
            Home::Global if parts.name == "aws" => Address {
                url: format!("https://{host}.{domain}"),
                signing_region: parts.first_region.to_owned(),
            },
            Home::Global => Address {
                url: format!("https://{host}.{}.{domain}", parts.first_region),
                signing_region: parts.first_region.to_owned(),
            },
        }
    }
}

/// A part of AWS with its own identities and addresses.
struct Partition {
    name: &'static str,
    domain: &'static str,
    dual_stack: &'static str,
    first_region: &'static str,
}

/// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
const PARTITIONS: &[Partition] = &[
    Partition { name: "aws", domain: "amazonaws.com", dual_stack: "api.aws", first_region: "us-east-1" },
    Partition {
        name: "aws-cn",
        domain: "amazonaws.com.cn",
        dual_stack: "api.amazonwebservices.com.cn",
        first_region: "cn-north-1",
    },
    Partition {
        name: "aws-us-gov",
        domain: "amazonaws.com",
        dual_stack: "api.aws",
        first_region: "us-gov-west-1",
    },
    Partition {
        name: "aws-eusc",
        domain: "amazonaws.eu",
        dual_stack: "api.amazonwebservices.eu",
        first_region: "eusc-de-east-1",
    },
    Partition {
        name: "aws-iso",
        domain: "c2s.ic.gov",
        dual_stack: "api.aws.ic.gov",
        first_region: "us-iso-east-1",
    },
    Partition {
        name: "aws-iso-b",
        domain: "sc2s.sgov.gov",
        dual_stack: "api.aws.scloud",
        first_region: "us-isob-east-1",
    },
];

impl Partition {
    /// By name, or by the region before the first answer has told the name.
    fn named(name: &str, region: &str) -> &'static Self {
        let by_region = match region.split('-').next().unwrap_or_default() {
            "cn" => "aws-cn",
            "eusc" => "aws-eusc",
            _ if region.starts_with("us-gov-") => "aws-us-gov",
            _ if region.starts_with("us-isob-") => "aws-iso-b",
            _ if region.starts_with("us-iso-") => "aws-iso",
            _ => name,
        };
        PARTITIONS.iter().find(|partition| partition.name == by_region).unwrap_or(&PARTITIONS[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::quota;

    static LAMBDA: Api = Api::rest_json("Lambda", "lambda", &quota::LAMBDA);
    static IAM: Api = Api::query("IAM", "iam", "2010-05-08", &quota::IAM).at(Home::Global);
    static ACCOUNT: Api = Api::rest_json("Account", "account", &quota::ACCOUNT).at(Home::FirstRegion);

    fn url(api: &'static Api, partition: &str, region: &str) -> (String, String) {
        let address = api.address(partition, region, false, false);
        (address.url, address.signing_region)
    }

    #[test]
    fn addresses_follow_the_partition() {
        let of = |url: &str, region: &str| (url.to_owned(), region.to_owned());
        let lambda = of("https://lambda.eu-west-1.amazonaws.com", "eu-west-1");
        assert_eq!(url(&LAMBDA, "aws", "eu-west-1"), lambda);
        let china = of("https://lambda.cn-north-1.amazonaws.com.cn", "cn-north-1");
        assert_eq!(url(&LAMBDA, "aws", "cn-north-1"), china);
        assert_eq!(url(&IAM, "aws", "eu-west-1"), of("https://iam.amazonaws.com", "us-east-1"));
        let gov = of("https://iam.us-gov-west-1.amazonaws.com", "us-gov-west-1");
        assert_eq!(url(&IAM, "aws-us-gov", "us-gov-east-1"), gov);
        let account = of("https://account.us-east-1.amazonaws.com", "us-east-1");
        assert_eq!(url(&ACCOUNT, "aws", "eu-west-1"), account);
        let fips = LAMBDA.address("aws", "us-east-1", true, false);
        assert_eq!(fips.url, "https://lambda-fips.us-east-1.amazonaws.com");
        let dual = LAMBDA.address("aws", "us-east-1", false, true);
        assert_eq!(dual.url, "https://lambda.us-east-1.api.aws");
    }

    #[test]
    fn operations_are_named_after_the_colon() {
        assert_eq!(LAMBDA.action("lambda:GetPolicy").operation(), "GetPolicy");
    }
}
