//! Which addresses may be spoken to. A name is resolved once and the answer is kept, so that a name cannot
//! change its address after it was looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Why an upstream cannot be spoken to at that address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("the name {host} has no address")]
    NoAddress { host: String },
    #[error("{host} is at {address}, a link-local or metadata address; --allow-link-local allows it")]
    LinkLocal { host: String, address: IpAddr },
    #[error("{host} is at {address}, which is not an address of this machine, and http:// is for this machine only")]
    NotLoopback { host: String, address: IpAddr },
}

/// What an address has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Link-local and metadata addresses are fine.
    pub(crate) allow_link_local: bool,
    /// Only this machine will do.
    pub(crate) loopback_only: bool,
}

/// Whether a host, as a URL spells it, is this machine by its very name.
pub(crate) fn is_loopback_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| canonical(address).is_loopback())
}

/// The addresses of a host, all of them allowed.
pub(crate) async fn resolve(host: &str, port: u16, demand: Demand) -> Result<Vec<SocketAddr>, AddressError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found: Vec<SocketAddr> = match tokio::net::lookup_host((bare, port)).await {
        Ok(addresses) => addresses.collect(),
        Err(_) => Vec::new(),
    };
    if found.is_empty() {
        return Err(AddressError::NoAddress { host: host.to_owned() });
    }
    for address in &found {
        check(host, address.ip(), demand)?;
    }
    Ok(found)
}

fn check(host: &str, address: IpAddr, demand: Demand) -> Result<(), AddressError> {
    let host = || host.to_owned();
    if !demand.allow_link_local && is_off_limits(address) {
        return Err(AddressError::LinkLocal { host: host(), address });
    }
    if demand.loopback_only && !canonical(address).is_loopback() {
        return Err(AddressError::NotLoopback { host: host(), address });
    }
    Ok(())
}

/// An IPv4 address in IPv6 clothes is that IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Link-local addresses, the metadata services of the clouds, and addresses that name no single machine.
fn is_off_limits(address: IpAddr) -> bool {
    const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
    const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match canonical(address) {
        IpAddr::V4(v4) => {
            v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
                || METADATA_V4.contains(&v4)
        }
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast() || v6 == METADATA_V6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Demand = Demand { allow_link_local: false, loopback_only: false };

    #[track_caller]
    fn allowed(text: &str, expected: bool) {
        let address: IpAddr = text.parse().expect("an address");
        assert_eq!(check("upstream", address, STRICT).is_ok(), expected, "{text}");
        let everything = Demand { allow_link_local: true, loopback_only: false };
        assert!(check("upstream", address, everything).is_ok(), "{text}");
    }

    #[test]
    fn the_clouds_metadata_is_off_limits() {
        for text in [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "192.0.0.192",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            allowed(text, false);
        }
        for text in
            ["127.0.0.1", "::1", "10.0.0.7", "192.168.1.5", "172.17.0.1", "8.8.8.8", "fd12:3456::1", "2001:db8::1"]
        {
            allowed(text, true);
        }
    }

    #[test]
    fn only_these_names_are_this_machine() {
        for name in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::1", "[::ffff:127.0.0.1]"] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in ["LOCALHOST.", "localhost.evil.example", "0.0.0.0", "128.0.0.1", "[::2]", ""] {
            assert!(!is_loopback_name(name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_name_is_looked_at_where_it_leads() {
        let local = Demand { allow_link_local: false, loopback_only: true };
        assert!(resolve("127.0.0.1", 80, local).await.is_ok());
        assert!(resolve("[::1]", 80, local).await.is_ok());
        assert!(matches!(resolve("10.0.0.7", 80, local).await, Err(AddressError::NotLoopback { .. })));
        assert!(matches!(resolve("169.254.169.254", 80, STRICT).await, Err(AddressError::LinkLocal { .. })));
        assert!(matches!(resolve("", 80, STRICT).await, Err(AddressError::NoAddress { .. })));
    }
}
