//! The configuration of a provider: what is read of a request and what of it is shown.

use serde_json::{Map, Value, json};

use super::body::{Body, Shape, number};
use crate::Release;

/// A provider as it is sent.
pub(super) const SHAPE: &[(&str, Shape)] = &[
    ("provider", Shape::Text),
    ("network_config", Shape::Fields(NETWORK)),
    ("concurrency_and_buffer_size", Shape::Fields(&[("concurrency", Shape::Int), ("buffer_size", Shape::Int)])),
    ("proxy_config", Shape::Fields(PROXY)),
    ("send_back_raw_request", Shape::Flag),
    ("send_back_raw_response", Shape::Flag),
    ("store_raw_request_response", Shape::Flag),
    ("custom_provider_config", Shape::Fields(CUSTOM)),
    ("openai_config", Shape::Any),
    ("keys", Shape::List(&Shape::Any)),
];

const NETWORK: &[(&str, Shape)] = &[
    ("base_url", Shape::Text),
    ("extra_headers", Shape::Map(&Shape::Text)),
    ("default_request_timeout_in_seconds", Shape::Int),
    ("max_retries", Shape::Int),
    ("retry_backoff_initial", Shape::Any),
    ("retry_backoff_max", Shape::Any),
    ("insecure_skip_verify", Shape::Flag),
    ("ca_cert_pem", Shape::Any),
    ("stream_idle_timeout_in_seconds", Shape::Int),
    ("keep_alive_timeout_in_seconds", Shape::Int),
    ("max_conns_per_host", Shape::Int),
    ("enforce_http2", Shape::Flag),
    ("allow_private_network", Shape::Flag),
    ("beta_header_overrides", Shape::Map(&Shape::Flag)),
];

const PROXY: &[(&str, Shape)] = &[
    ("type", Shape::Text),
    ("url", Shape::Any),
    ("username", Shape::Any),
    ("password", Shape::Any),
    ("ca_cert_pem", Shape::Any),
];

const CUSTOM: &[(&str, Shape)] = &[
    ("is_key_less", Shape::Flag),
    ("base_provider_type", Shape::Text),
    ("allowed_requests", Shape::Map(&Shape::Flag)),
    ("request_path_overrides", Shape::Map(&Shape::Text)),
];

/// What `allowed_requests` answers for once it is given.
const REQUESTS: &[&str] = &[
    "list_models",
    "text_completion",
    "text_completion_stream",
    "chat_completion",
    "chat_completion_stream",
    "responses",
    "responses_stream",
    "count_tokens",
    "compaction",
    "embedding",
    "rerank",
    "ocr",
    "speech",
    "speech_stream",
    "transcription",
    "transcription_stream",
    "image_generation",
    "image_generation_stream",
    "image_edit",
    "image_edit_stream",
    "image_variation",
    "video_generation",
    "video_retrieve",
    "video_download",
    "video_delete",
    "video_list",
    "video_remix",
    "batch_create",
    "batch_list",
    "batch_retrieve",
    "batch_cancel",
    "batch_delete",
    "batch_results",
    "file_upload",
    "file_list",
    "file_retrieve",
    "file_delete",
    "file_content",
    "container_create",
    "container_list",
    "container_retrieve",
    "container_delete",
    "container_file_create",
    "container_file_list",
    "container_file_retrieve",
    "container_file_content",
    "container_file_delete",
    "passthrough",
    "passthrough_stream",
    "websocket_responses",
    "realtime",
    "cached_content_create",
    "cached_content_list",
    "cached_content_retrieve",
    "cached_content_update",
    "cached_content_delete",
];

/// What `allowed_requests` answers for in the second generation as well.
const REQUESTS_SECOND: &[&str] =
    &["responses_cancel", "responses_delete", "responses_input_items", "responses_retrieve", "video_edit"];

/// The stored blocks, as they will be shown.
pub(super) fn config_of(body: &Body, release: Release) -> Map<String, Value> {
    let mut config = Map::new();
    let sizes = body.object("concurrency_and_buffer_size");
    let size = |name: &str, default: i64| sizes.as_ref().and_then(|sizes| sizes.int(name)).unwrap_or(default);
    config.insert(
        "concurrency_and_buffer_size".to_owned(),
        json!({ "concurrency": size("concurrency", 1000), "buffer_size": size("buffer_size", 5000) }),
    );
    config.insert("proxy_config".to_owned(), body.get("proxy_config").cloned().unwrap_or_default());
    for name in ["send_back_raw_request", "send_back_raw_response", "store_raw_request_response"] {
        config.insert(name.to_owned(), json!(body.flag(name) == Some(true)));
    }
    if let Some(network) = body.object("network_config") {
        config.insert("network_config".to_owned(), network_of(network, release));
    }
    if let Some(custom) = body.object("custom_provider_config") {
        config.insert("custom_provider_config".to_owned(), custom_of(&custom, release));
    }
    if let Some(openai) = body.get("openai_config") {
        config.insert("openai_config".to_owned(), openai.clone());
    }
    config
}

fn network_of(mut network: Body, release: Release) -> Value {
    if !release.checks_addresses() {
        network.0.remove("allow_private_network");
    }
    let backoffs =
        ["retry_backoff_initial", "retry_backoff_max"].map(|name| (name, network.get(name).map_or(0, millis)));
    let always = ["default_request_timeout_in_seconds", "max_retries"];
    let mut shown: Map<String, Value> = network.0;
    shown.retain(|name, value| always.contains(&name.as_str()) || !is_zero(value));
    for name in always {
        let value = shown.get(name).cloned().filter(|value| !value.is_null()).unwrap_or_else(|| json!(0));
        shown.insert(name.to_owned(), value);
    }
    for (name, value) in backoffs {
        shown.insert(name.to_owned(), json!(value));
    }
    Value::Object(shown)
}

fn custom_of(custom: &Body, release: Release) -> Value {
    let mut shown = Map::new();
    shown.insert("is_key_less".to_owned(), json!(custom.flag("is_key_less") == Some(true)));
    shown.insert("base_provider_type".to_owned(), json!(custom.text_or_empty("base_provider_type")));
    if let Some(allowed) = custom.object("allowed_requests") {
        let newer: &[&str] = if release.is_second() { REQUESTS_SECOND } else { &[] };
        let names = REQUESTS.iter().chain(newer);
        let names = names.filter(|name| release.checks_addresses() || **name != "compaction");
        let all: Map<String, Value> =
            names.map(|name| ((*name).to_owned(), json!(allowed.flag(name) == Some(true)))).collect();
        shown.insert("allowed_requests".to_owned(), Value::Object(all));
    }
    if let Some(overrides) = custom.get("request_path_overrides").filter(|value| !is_zero(value)) {
        shown.insert("request_path_overrides".to_owned(), overrides.clone());
    }
    Value::Object(shown)
}

/// What a provider without `network_config` gets from POST.
pub(super) fn default_network(release: Release) -> Value {
    let mut network = json!({
        "default_request_timeout_in_seconds": 300,
        "max_retries": 0,
        "retry_backoff_initial": 500,
        "retry_backoff_max": 5000,
        "stream_idle_timeout_in_seconds": 120,
        "max_conns_per_host": 5000,
    });
    if !release.checks_addresses() {
        network["default_request_timeout_in_seconds"] = json!(30);
        network["stream_idle_timeout_in_seconds"] = json!(60);
    }
    if release.is_second() {
        network["keep_alive_timeout_in_seconds"] = json!(30);
    }
    network
}

/// What is left of the network settings after a PUT without them.
pub(super) fn empty_network() -> Value {
    json!({
        "default_request_timeout_in_seconds": 0,
        "max_retries": 0,
        "retry_backoff_initial": 0,
        "retry_backoff_max": 0,
    })
}

/// A backoff in milliseconds: a number is milliseconds, a text a Go duration.
pub(super) fn millis(value: &Value) -> i64 {
    match value {
        Value::String(text) => match (text.strip_suffix("ms"), text.strip_suffix('s')) {
            (Some(digits), _) => digits.parse().unwrap_or_default(),
            (None, Some(digits)) => digits.parse::<i64>().unwrap_or_default().saturating_mul(1000),
            (None, None) => 0,
        },
        other => other.as_i64().unwrap_or_default(),
    }
}

/// Whether Go's encoder would leave the value out.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(_) => value.as_f64().map(number) == Some(number(0.0)),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
