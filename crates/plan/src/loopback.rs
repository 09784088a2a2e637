//! Addresses that mean another machine after the move: LiteLLM's own host is not the gateway's.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use bifrost::Kind;
use model::{Code, Finding};
use serde_json::Value;

use crate::draft::{Draft, Planner};

impl Planner<'_> {
    /// Names what leads to the host it is called from.
    pub(crate) fn loopback(&mut self) {
        let calls = |draft: &&Draft| matches!(draft.kind, Kind::Provider | Kind::ProviderKey | Kind::McpClient);
        let leads_home = |draft: &&Draft| draft.body.as_ref().is_some_and(|body| has_loopback(body));
        let found: BTreeSet<&str> =
            self.drafts.iter().filter(calls).filter(leads_home).map(|draft| draft.id.as_str()).collect();
        if found.is_empty() {
            return;
        }
        let found: Vec<String> = found.into_iter().map(str::to_owned).collect();
        let message = format!(
            "127.0.0.1 and localhost mean the gateway's machine from now on, and no longer LiteLLM's: {}",
            crate::check::few(&found)
        );
        self.findings.push(
            Finding::warning(Code::new("plan.loopback"), "addresses on the machine itself", message)
                .hint("where the two run on different machines or in containers, state an address in LiteLLM that the gateway reaches too, and plan again"),
        );
    }
}

fn has_loopback(value: &Value) -> bool {
    match value {
        Value::String(text) => is_loopback(text),
        Value::Array(items) => items.iter().any(has_loopback),
        Value::Object(fields) => fields.values().any(has_loopback),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a URL leads to the machine that asks.
fn is_loopback(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_home = |address: Ipv4Addr| address.is_loopback();
    host.starts_with("[::1]") || name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_the_machine_itself() {
        let check = |text: &str, expected: bool| assert_eq!(is_loopback(text), expected, "{text}");
        for home in [
            "http://127.0.0.1:9009",
            "http://127.1.2.3/v1",
            "http://localhost:11434",
            "https://LOCALHOST",
            "http://[::1]:8000/mcp",
            "http://user:word@localhost:80/x?y=http://h.example",
        ] {
            check(home, true);
        }
        for elsewhere in [
            "https://api.openai.com",
            "http://127.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "https://h.example/?to=http://localhost",
            "env.LOCAL",
            "localhost",
        ] {
            check(elsewhere, false);
        }
        assert!(has_loopback(&serde_json::json!({"a": [1, {"b": "http://localhost"}]})));
        assert!(!has_loopback(&serde_json::json!({"a": [1, null, true, {"b": "none"}]})));
    }
}
