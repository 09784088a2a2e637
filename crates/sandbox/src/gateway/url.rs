//! The addresses a gateway dials, and those it refuses (`reference/bifrost-api.md` 2.2).

use std::net::Ipv4Addr;

/// Refuses what is no web address, link-local addresses, and private ones unless they are allowed.
pub(super) fn check(address: &str, allow_private: bool) -> Result<(), String> {
    let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
    if !matches!(scheme, "http" | "https") {
        return Err(format!("only https and http schemes are allowed, got: {scheme}"));
    }
    match host(address).parse::<Ipv4Addr>() {
        Ok(ip) if ip.is_link_local() => Err("link-local IP addresses are not allowed".to_owned()),
        Ok(ip) if ip.is_private() && !allow_private => Err("private IP addresses are not allowed".to_owned()),
        _ => Ok(()),
    }
}

/// Whether the address is on the gateway's own host. Nothing else was reachable when the gateways were recorded.
pub(super) fn is_loopback(address: &str) -> bool {
    let host = host(address);
    host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether the host is an IP address rather than a name to be looked up.
pub(super) fn is_address(address: &str) -> bool {
    host(address).parse::<Ipv4Addr>().is_ok()
}

fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}
