//! Providers known by the address of their API.

/// The provider of an address LiteLLM knows; `-`, which is nobody's name, where it knows the address and yet names
/// no provider for it.
pub(super) fn provider(api_base: &str) -> Option<&'static str> {
    let (host, path) = split(api_base)?;
    let known = include_str!("endpoints.txt").lines().filter_map(|line| line.split_once(' '));
    known
        .filter(|(endpoint, _)| {
            let (known_host, known_path) = endpoint.split_once('/').unwrap_or((endpoint, ""));
            let rest = path.strip_prefix(known_path);
            host.eq_ignore_ascii_case(known_host)
                && rest.is_some_and(|rest| known_path.is_empty() || rest.is_empty() || rest.starts_with('/'))
        })
        .map(|(_, provider)| provider)
        .next()
}

/// The host of an address.
pub(super) fn host(api_base: &str) -> Option<&str> {
    split(api_base).map(|(host, _)| host)
}

/// Host and path, the latter without slashes around it; scheme, user, port, query and fragment left out.
fn split(address: &str) -> Option<(&str, &str)> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    (!host.is_empty()).then(|| (host, path.trim_end_matches('/')))
}
