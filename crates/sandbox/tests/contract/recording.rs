//! The recordings, embedded.

use sandbox::Release;
use serde_json::Value;

macro_rules! recordings {
    ($($release:ident in $folder:literal: $($topic:literal = $file:literal;)+)+) => {
        /// The recording of a topic, where it was taken of the release.
        pub(crate) fn text(release: Release, topic: &str) -> Option<&'static str> {
            match (release, topic) {
                $($(
                    (Release::$release, $topic) =>
                        Some(include_str!(concat!("../../../../tests/fixtures/bifrost/", $folder, "/", $file))),
                )+)+
                _ => None,
            }
        }
    };
}

recordings! {
    V1_4_19 in "1.4.19":
        "01" = "01-health-version-config.json";
        "06" = "06-users.json";
        "09b" = "09b-routing-rules-canonical.json";
        "13" = "13-config-put.json";
        "15" = "15-errors.json";
        "16" = "16-auth.json";
    V1_5_2 in "1.5.2":
        "01" = "01-health-version-config.json";
        "02" = "02-providers.json";
        "03" = "03-provider-keys.json";
        "04" = "04-virtual-keys.json";
        "05" = "05-customers-teams.json";
        "06" = "06-users.json";
        "07" = "07-budgets-rate-limits.json";
        "08" = "08-model-configs.json";
        "09" = "09-routing-rules.json";
        "09b" = "09b-routing-rules-canonical.json";
        "10" = "10-mcp-clients.json";
        "11" = "11-pricing-overrides.json";
        "13" = "13-config-put.json";
        "15" = "15-errors.json";
        "19" = "19-delete-order.json";
        "21" = "21-inference-addressing.json";
        "22" = "22-widening.json";
        "22b" = "22b-key-model-lists.json";
        "23" = "23-inference-limits-and-errors.json";
    V1_5_16 in "1.5.16":
        "01" = "01-health-version-config.json";
        "02" = "02-providers.json";
        "03" = "03-provider-keys.json";
        "04" = "04-virtual-keys.json";
        "05" = "05-customers-teams.json";
        "06" = "06-users.json";
        "07" = "07-budgets-rate-limits.json";
        "08" = "08-model-configs.json";
        "09" = "09-routing-rules.json";
        "09b" = "09b-routing-rules-canonical.json";
        "10" = "10-mcp-clients.json";
        "10b" = "10b-mcp-clients-live.json";
        "11" = "11-pricing-overrides.json";
        "13" = "13-config-put.json";
        "14" = "14-large-list.json";
        "15" = "15-errors.json";
        "16" = "16-auth.json";
        "19" = "19-delete-order.json";
        "19b" = "19b-delete-widening.json";
        "20" = "20-restart.json";
        "21" = "21-inference-addressing.json";
        "22" = "22-widening.json";
        "22b" = "22b-key-model-lists.json";
        "23" = "23-inference-limits-and-errors.json";
        "24" = "24-config-json-values.json";
        "24b" = "24b-config-json-budgets.json";
        "25" = "25-file-only.json";
    V2_0_0_PRERELEASE3 in "2.0.0-prerelease3":
        "01" = "01-health-version-config.json";
        "02" = "02-providers.json";
        "03" = "03-provider-keys.json";
        "04" = "04-virtual-keys.json";
        "05" = "05-customers-teams.json";
        "06" = "06-users.json";
        "07" = "07-budgets-rate-limits.json";
        "08" = "08-model-configs.json";
        "09" = "09-routing-rules.json";
        "09b" = "09b-routing-rules-canonical.json";
        "10" = "10-mcp-clients.json";
        "10b" = "10b-mcp-clients-live.json";
        "11" = "11-pricing-overrides.json";
        "13" = "13-config-put.json";
        "14" = "14-large-list.json";
        "15" = "15-errors.json";
        "16" = "16-auth.json";
        "19" = "19-delete-order.json";
        "19b" = "19b-delete-widening.json";
        "20" = "20-restart.json";
        "21" = "21-inference-addressing.json";
        "22" = "22-widening.json";
        "22b" = "22b-key-model-lists.json";
        "23" = "23-inference-limits-and-errors.json";
        "24" = "24-config-json-values.json";
        "24b" = "24b-config-json-budgets.json";
        "25" = "25-file-only.json";
}

/// One recorded exchange.
pub(crate) struct Exchange {
    pub(crate) id: String,
    /// Null for a summary of the recorder.
    pub(crate) request: Value,
    pub(crate) response: Value,
}

/// The `config.json` a topic was started from, with the store that the recorder left out.
pub(crate) fn config(release: Release, topic: &str) -> Value {
    let recording: Value = serde_json::from_str(text(release, topic).expect("it was recorded")).expect("it is JSON");
    let mut config = recording["exchanges"][0]["config"].clone();
    config["config_store"] =
        serde_json::json!({ "enabled": true, "type": "sqlite", "config": { "path": "config.db" } });
    config
}

/// The releases of which a topic was taken.
pub(crate) fn releases(topic: &str) -> Vec<Release> {
    Release::RECORDED.into_iter().filter(|release| text(*release, topic).is_some()).collect()
}

/// The exchanges of a topic, in the order taken; none where it was not taken.
pub(crate) fn exchanges(release: Release, topic: &str) -> Vec<Exchange> {
    let Some(text) = text(release, topic) else { return Vec::new() };
    let recording: Value = serde_json::from_str(text).expect("a recording is JSON");
    recording["exchanges"]
        .as_array()
        .expect("a recording has exchanges")
        .iter()
        .map(|exchange| Exchange {
            id: exchange["id"].as_str().expect("an exchange has an id").to_owned(),
            request: exchange["request"].clone(),
            response: exchange["response"].clone(),
        })
        .collect()
}
