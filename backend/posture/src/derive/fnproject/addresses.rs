//! Where an address leads: to the machine itself, into a private network, or anywhere.

use std::net::{IpAddr, Ipv4Addr};

/// The parts of an address that say where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub scheme: &'a str,
    /// Host and port, as written.
    pub authority: &'a str,
    pub host: &'a str,
}

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To the machine itself. A forwarded port looks the same, so that nobody knows who else gets there.
    Loopback,
    /// Into a network that is not routed on the internet.
    Private,
    /// Anywhere else.
    Public,
}

impl<'a> Address<'a> {
    /// The parts of `text`; none where it is no address with a host.
    pub fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?.0,
            None => authority.split_once(':').map_or(authority, |(host, _)| host),
        };
        (!host.is_empty()).then_some(Self { scheme, authority, host })
    }

    /// Where it leads, as far as the name of the host shows.
    pub fn place(&self) -> Place {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        if let Ok(address) = host.parse::<IpAddr>() {
            return numeric(address.to_canonical());
        }
        let below = |domain: &&str| host.strip_suffix(*domain).is_some_and(|name| name.ends_with('.'));
        if host == "localhost" || host == "host.docker.internal" || below(&"localhost") {
            return Place::Loopback;
        }
        let is_private = !host.contains('.') || PRIVATE.iter().any(below);
        if is_private { Place::Private } else { Place::Public }
    }
}

/// Domains that the internet's name servers do not know: reserved ones, and those that clusters and offices use.
const PRIVATE: &[&str] = &["local", "internal", "lan", "home.arpa", "intranet", "corp", "private", "svc"];

fn numeric(address: IpAddr) -> Place {
    let is_private = match address {
        IpAddr::V4(four) => four.is_private() || four.is_link_local() || is_shared(four),
        IpAddr::V6(six) => six.is_unique_local() || six.is_unicast_link_local(),
    };
    match () {
        () if address.is_loopback() || address.is_unspecified() => Place::Loopback,
        () if is_private => Place::Private,
        () => Place::Public,
    }
}

/// 100.64.0.0/10, which carriers and overlay networks use among themselves.
fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && (64..128).contains(&second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Option<Place> {
        Address::of(text).map(|address| address.place())
    }

    #[test]
    fn parts_and_places() {
        for (text, expected) in [
            ("http://localhost:8080", Place::Loopback),
            ("http://127.0.0.1:8080/t/shop/pay", Place::Loopback),
            ("http://[::1]:8080", Place::Loopback),
            ("http://[::ffff:127.0.0.1]", Place::Loopback),
            ("http://0.0.0.0:8080", Place::Loopback),
            ("http://fn.localhost", Place::Loopback),
            ("http://host.docker.internal:8080", Place::Loopback),
            ("http://10.1.2.3", Place::Private),
            ("http://172.31.0.1", Place::Private),
            ("http://169.254.1.1", Place::Private),
            ("http://100.100.1.1", Place::Private),
            ("http://[fd00::1]:8080", Place::Private),
            ("http://fn-api.fn.svc.cluster.local", Place::Private),
            ("http://fn-api.fn.svc", Place::Private),
            ("http://fn-api:8080", Place::Private),
            ("https://fn.example.com", Place::Public),
            ("https://FN.Example.COM.", Place::Public),
            ("https://notlocal", Place::Private),
            ("https://fn.thelocal", Place::Public),
            ("https://user@8.8.8.8:443?x", Place::Public),
            ("http://172.32.0.1", Place::Public),
            ("http://100.128.0.1", Place::Public),
            ("http://[2001:db8::1]", Place::Public),
        ] {
            assert_eq!(place(text), Some(expected), "{text}");
        }
        for text in ["", "fn.example.com", "http://", "http://[::1", "http://:8080"] {
            assert_eq!(place(text), None, "{text}");
        }
        let address = Address::of("https://user@fn.example.com:8443/t/x").unwrap();
        assert_eq!(
            (address.scheme, address.authority, address.host),
            ("https", "fn.example.com:8443", "fn.example.com")
        );
    }
}
