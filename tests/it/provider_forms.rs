//! Forms of providers that are not a plain key: organizations, time-outs of streams, workspaces, routes of their own.

use bifrost::{Kind, Observed};
use plan::{Choices, Plan};
use sandbox::{Gateway, Release};
use serde_json::{Value, json};
use support::company;
use support::practice::Practice;

const TARGET: &str = "2.0.0-prerelease3";

fn planned(config: &str, target: &str) -> Plan {
    let (inventory, vault) = support::fleet::made_up(config, &[]);
    plan::plan(&inventory, &vault, &Observed::fresh(target), &Choices::default(), company::now())
}

/// The bodies of a kind.
fn bodies(plan: &Plan, kind: Kind) -> Vec<&Value> {
    plan.ops.iter().filter(|op| op.kind == kind).filter_map(|op| op.after.as_deref()).collect()
}

fn models(lines: &[&str]) -> String {
    let entries = lines.iter().enumerate();
    let entries: Vec<String> =
        entries.map(|(n, line)| format!("- {{model_name: m{n}, litellm_params: {{{line}}}}}\n")).collect();
    format!("model_list:\n{}", entries.concat())
}

/// What is said of a field of the model.
#[track_caller]
fn told(plan: &Plan, model: &str, field: &str) -> String {
    let object = plan.objects.iter().find(|object| object.name == model).expect("the model");
    let lines = plan.ops.iter().flat_map(|op| &op.fields).chain(&object.fields);
    let found = lines.filter(|line| line.object == object.id && *line.source == *format!("litellm_params.{field}"));
    found.map(|line| format!("{} {}", line.fidelity.word(), line.note)).collect::<Vec<_>>().join("; ")
}

/// It is made as planned on every gateway to practise on, and nothing is left to do.
#[track_caller]
fn settles(config: &str) {
    for release in [Release::V1_5_2, Release::V1_5_16, Release::V2_0_0_PRERELEASE3] {
        let (inventory, vault) = support::fleet::made_up(config, &[]);
        let gateway = Gateway::new(release, 5).with_environment(["K=value-of-k-0123456789".to_owned()]);
        let plan = Practice::of(gateway).settles(&inventory, &vault, &Choices::default());
        assert!(plan.writes().count() > 2, "{release:?}");
    }
}

/// An organization is a header, where all models of the provider name the same one.
#[test]
fn organizations_are_headers() {
    let openai = "model: openai/gpt-4o, api_key: os.environ/K";
    let same = models(&[&format!("{openai}, organization: org-1"), &format!("{openai}, organization: org-1, rpm: 9")]);
    let plan = planned(&same, TARGET);
    let network = &bodies(&plan, Kind::Provider)[0]["network_config"];
    assert_eq!(network["extra_headers"], json!({"OpenAI-Organization": "org-1"}));
    assert_eq!(told(&plan, "m0", "organization"), "exact ");
    settles(&same);
    for other in ["organization: org-2", "timeout: 3", "organization: os.environ/ORG"] {
        let plan =
            planned(&models(&[&format!("{openai}, organization: org-1"), &format!("{openai}, {other}")]), TARGET);
        assert!(bodies(&plan, Kind::Provider)[0].pointer("/network_config/extra_headers").is_none(), "{other}");
        assert!(told(&plan, "m0", "organization").starts_with("manual "), "{other}");
    }
    let plan = planned(&models(&["model: groq/llama, api_key: os.environ/K, organization: org-1"]), TARGET);
    assert!(told(&plan, "m0", "organization").starts_with("manual "), "only OpenAI's API has organizations");
}

/// A time-out of streams is the gateway's time-out between two parts of an answer, within what it takes.
#[test]
fn time_outs_of_streams_are_kept() {
    let idle = |config: &str| {
        bodies(&planned(config, TARGET), Kind::Provider)[0]["network_config"]["stream_idle_timeout_in_seconds"].clone()
    };
    let one =
        |seconds: u32| models(&[&format!("model: openai/gpt-4o, api_key: os.environ/K, stream_timeout: {seconds}")]);
    assert_eq!([1, 60, 9000].map(|seconds| idle(&one(seconds))), [json!(5), json!(60), json!(3600)]);
    let plain = models(&["model: openai/gpt-4o, api_key: os.environ/K"]);
    assert_eq!(idle(&format!("{plain}router_settings: {{stream_timeout: 45}}\n")), json!(45));
    assert_eq!(idle(&plain), Value::Null);
    settles(&one(60));
}

/// A workspace of Databricks is a provider of its own where the gateway has it, else one that speaks OpenAI's API.
#[test]
fn workspaces_of_databricks() {
    let base = "https://dbc-1.cloud.databricks.com/serving-endpoints";
    let config = models(&[&format!("model: databricks/dbrx, api_key: os.environ/K, api_base: '{base}'")]);
    let newer = planned(&config, "2.2.6");
    let key = bodies(&newer, Kind::ProviderKey)[0];
    assert_eq!((&key["provider"], &key["value"]), (&json!("databricks"), &json!("env.K")));
    assert_eq!(
        key["databricks_key_config"],
        json!({"workspace_url": "https://dbc-1.cloud.databricks.com", "api_format": "model_serving"})
    );
    assert_eq!(key["aliases"], json!({"m0": "dbrx"}));
    assert_eq!((newer.routes.asked, newer.routes.differing.len()), (newer.routes.equal, 0));
    let older = planned(&config, TARGET);
    assert_eq!(
        bodies(&older, Kind::Provider)[0]["network_config"]["base_url"],
        json!("https://dbc-1.cloud.databricks.com")
    );
    let from_environment = models(&["model: databricks/dbrx, api_base: 'https://dbc-1.cloud.databricks.com'"]);
    let key = planned(&from_environment, "2.2.6");
    assert_eq!(bodies(&key, Kind::ProviderKey)[0]["value"], json!("env.DATABRICKS_API_KEY"));
}

/// Deployments of Replicate are asked on their own route, by a key that says so.
#[test]
fn deployments_of_replicate() {
    let config = models(&[
        "model: replicate/deployments/acme/llama, api_key: os.environ/K",
        "model: replicate/meta/llama-3, api_key: os.environ/K",
    ]);
    let plan = planned(&config, TARGET);
    let keys = bodies(&plan, Kind::ProviderKey);
    assert_eq!(keys.len(), 2, "{keys:?}");
    let on = |key: &&&Value| key.pointer("/replicate_key_config/use_deployments_endpoint") == Some(&json!(true));
    let deployment = keys.iter().find(on).expect("a key for deployments");
    assert_eq!(deployment["aliases"]["m0"], json!("acme/llama"));
    assert_eq!(keys.iter().filter(on).count(), 1);
    settles(&config);
}

/// An endpoint of one's own at Hugging Face answers as OpenAI does, below `/v1`.
#[test]
fn endpoints_of_hugging_face() {
    for base in ["https://abc.endpoints.huggingface.cloud", "https://abc.endpoints.huggingface.cloud/v1/"] {
        let config = models(&[&format!("model: huggingface/tgi, api_key: os.environ/K, api_base: '{base}'")]);
        let plan = planned(&config, TARGET);
        let provider = *bodies(&plan, Kind::Provider).first().unwrap_or_else(|| panic!("{:?}", plan.findings));
        assert_eq!(provider["network_config"]["base_url"], json!("https://abc.endpoints.huggingface.cloud"), "{base}");
        assert_eq!(provider["custom_provider_config"], json!({"base_provider_type": "openai"}));
    }
    let plan =
        planned(&models(&["model: huggingface/meta-llama/Llama-3.1-8B-Instruct, api_key: os.environ/K"]), TARGET);
    assert_eq!(bodies(&plan, Kind::ProviderKey)[0]["provider"], json!("huggingface"));
}

/// Certificates, proxies, sign-in and vector stores are told with what an operator of the gateway can do.
#[test]
fn what_an_operator_has_to_do_is_told() {
    let config = format!(
        "{}litellm_settings: {{ssl_verify: /etc/ssl/ca.pem}}
environment_variables: {{HTTPS_PROXY: 'http://proxy.example:3128'}}
vector_store_registry: [{{vector_store_name: v, litellm_params: {{vector_store_id: i, custom_llm_provider: bedrock}}}}]
",
        models(&["model: openai/gpt-4o, api_key: os.environ/K, ssl_verify: false"])
    );
    let rows = [("SSOConfig", json!({"id": "sso_config", "sso_settings": {"google_client_id": "x"}}))];
    let (inventory, vault) = support::fleet::made_up(&config, &rows);
    let plan = plan::plan(&inventory, &vault, &Observed::fresh(TARGET), &Choices::default(), company::now());
    let note = |field: &str| {
        let found = plan.lines().find(|line| *line.source == *field);
        found.unwrap_or_else(|| panic!("nothing is said of {field}")).note.clone()
    };
    assert!(note("ssl_verify").contains("ca_cert_pem") && note("litellm_params.ssl_verify").contains("ca_cert_pem"));
    assert!(note("HTTPS_PROXY").contains("proxy_config"));
    assert!(note("google_client_id").contains("single sign-on") && note("google_client_id").contains("oauth2-proxy"));
    let store = plan.objects.iter().find(|object| object.kind == "vector_store").expect("the store");
    assert!(store.note.contains("MCP"), "{}", store.note);
}

/// Every field of the recorded answers and rows is one that a table speaks for.
#[test]
fn every_field_of_the_recordings_has_a_row() {
    for version in ["1.101.6", "1.108.7"] {
        let (inventory, vault) = company::recorded(version);
        let plan = plan::plan(&inventory, &vault, &Observed::fresh(TARGET), &Choices::default(), company::now());
        let unknown: Vec<_> =
            plan.findings.iter().filter(|finding| finding.code.as_str() == "plan.unknown_field").collect();
        assert!(unknown.is_empty(), "{version}: {unknown:#?}");
        let catch_all = "look at this setting by hand; nothing of the gateway stands for it";
        let lines = plan.objects.iter().flat_map(|object| &object.fields);
        let silent: Vec<&str> = lines.filter(|line| *line.note == *catch_all).map(|line| &*line.source).collect();
        assert!(silent.is_empty(), "{version}: {silent:?}");
    }
}

/// Headers are the provider's, where all its deployments send the same: each header with the same value, which may be
/// a secret.
#[test]
fn headers_that_all_deployments_send() {
    let openai = "model: openai/gpt-4o, api_key: os.environ/K";
    let sent = |headers: [&str; 2]| {
        let lines = headers.map(|headers| format!("{openai}, extra_headers: {{{headers}}}"));
        let plan = planned(&models(&[&lines[0], &lines[1]]), TARGET);
        let network = bodies(&plan, Kind::Provider)[0]["network_config"].clone();
        (network["extra_headers"].as_object().map_or(0, serde_json::Map::len), told(&plan, "m1", "extra_headers"))
    };
    let secret = "Authorization: Bearer sk-0123456789abcdefghij";
    for (left, right, count) in [
        ("X-Team: a", "X-Team: a", 1),
        ("X-Team: a, X-Region: eu", "X-Region: eu, X-Team: a", 2),
        (secret, secret, 1),
        ("X-Tier: 5", "X-Tier: 5", 1),
        ("X-Tier: 5", "X-Tier: 6", 0),
        ("X-Team: a", "X-Team: b", 0),
        ("X-Team: a", "X-Other: a", 0),
        ("X-Team: a", "X-Team: a, X-Region: eu", 0),
        (secret, "Authorization: Bearer sk-another-0123456789ab", 0),
        (secret, "Authorization: none", 0),
    ] {
        let (there, told) = sent([left, right]);
        assert_eq!(there, count, "{left} beside {right}");
        assert!(told.starts_with(if count == 0 { "manual " } else { "exact " }), "{left} beside {right}: {told}");
    }
}

/// The gateway asks before it calls a private network, so the plan says where it is meant to.
#[test]
fn private_networks_are_allowed_where_they_are_meant() {
    let allowed = |host: &str| {
        let config = models(&[&format!("model: openai/qwen, api_key: os.environ/K, api_base: 'http://{host}/v1'")]);
        bodies(&planned(&config, TARGET), Kind::Provider)[0]["network_config"]["allow_private_network"] == json!(true)
    };
    let hosts = ["10.1.2.3:8000", "192.168.7.7", "172.16.0.1", "172.31.255.1:80"];
    assert_eq!(hosts.map(allowed), [true; 4], "of private networks");
    let hosts = ["127.0.0.1:80", "172.15.0.1", "172.32.0.1", "192.169.1.1", "11.0.0.1", "10.example.com", "1.10.0.1"];
    assert_eq!(hosts.map(allowed), [false; 7], "of no private network");
}
