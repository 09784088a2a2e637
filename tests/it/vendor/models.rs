//! Points 7 to 19 and claims 6 and 7: models keep their names, their secrets and their paths.

use bifrost::Kind;
use plan::Fate;
use serde_json::{Value, json};

use super::{SHOP, bodies, body, granted, key, planned, told};

/// Public names lead where they led, also of a group of several deployments.
#[test]
fn points_7_and_9_public_names_and_groups_survive() {
    let config = format!(
        "{SHOP}- {{model_name: a, litellm_params: {{model: azure/four, api_base: https://x.openai.azure.com, api_key: os.environ/K3}}}}\n"
    );
    let plan = planned(&config, &[key("k", &json!({"models": ["a", "c"]}))]);
    assert_eq!((plan.routes.equal, plan.routes.differing.len()), (plan.routes.asked, 0), "{:?}", plan.routes);
    assert!(plan.routes.asked >= 2);
}

/// A wildcard beside single names hides none of them, and two secrets are two keys.
#[test]
fn points_8_and_12_a_wildcard_hides_no_name_and_no_secret_is_taken_for_another() {
    let config =
        format!("{SHOP}- {{model_name: openai/*, litellm_params: {{model: openai/*, api_key: os.environ/K9}}}}\n");
    let plan = planned(&config, &[key("k", &json!({"models": ["a"]}))]);
    assert_eq!(granted(&plan, "k"), [("openai".to_owned(), json!(["a"]))]);
    let values: Vec<&Value> = bodies(&plan, Kind::ProviderKey).into_iter().map(|body| &body["value"]).collect();
    assert_eq!(values, [&json!("env.K1"), &json!("env.K2"), &json!("env.K9")]);
}

/// Two models of one server, two accounts of one endpoint, two regions of one account are two keys; the prefixes of
/// LiteLLM's routes are no part of a model's name; no path has `/v1` twice.
#[test]
fn points_10_13_and_14_claim_7_keys_names_and_paths() {
    let config = "model_list:
- {model_name: v1, litellm_params: {model: hosted_vllm/org/one, api_base: https://gpu.example/v1}}
- {model_name: v2, litellm_params: {model: hosted_vllm/org/two, api_base: https://gpu.example/v1}}
- {model_name: z1, litellm_params: {model: azure/d, api_base: https://x.openai.azure.com, api_key: os.environ/Z1}}
- {model_name: z2, litellm_params: {model: azure/d, api_base: https://x.openai.azure.com, api_key: os.environ/Z2}}
- {model_name: r1, litellm_params: {model: bedrock/converse/anthropic.claude-x, aws_role_name: arn:role, aws_region_name: eu-west-1}}
- {model_name: r2, litellm_params: {model: bedrock/converse/anthropic.claude-x, aws_role_name: arn:role, aws_region_name: us-east-1}}
- {model_name: own, litellm_params: {model: openai/qwen, api_base: https://llm.example/v1, api_key: os.environ/Q}}
";
    let plan = planned(config, &[]);
    let keys: Vec<&str> =
        plan.ops.iter().filter(|op| op.kind == Kind::ProviderKey).map(|op| op.name.as_str()).collect();
    let text = serde_json::to_string(&plan.ops).expect("json");
    assert_eq!(keys.len(), 7, "{keys:?}");
    assert!(!text.contains("/v1/v1") && !text.contains("\"converse/") && !text.contains("https://gpu.example/v1"));
    assert!(text.contains("\"model_name\":\"org/one\"") && text.contains("\"model_name\":\"org/two\""), "{text}");
    assert_eq!(body(&plan, "provider/llm-example")["network_config"]["base_url"], json!("https://llm.example"));
}

/// Two accounts that differ in a secret alone, and two sessions of one role.
#[test]
fn point_11_claim_6_a_secret_tells_two_accounts_apart() {
    let of = |model: &str, rest: &str| {
        let one = |n: u8, rest: &str| format!("- {{model_name: m{n}, litellm_params: {{model: {model}, {rest}}}}}\n");
        let config = format!("model_list:\n{}{}", one(1, &rest.replace('#', "1")), one(2, &rest.replace('#', "2")));
        planned(&config, &[])
    };
    for (model, rest, field) in [
        (
            "bedrock/amazon.nova-pro-v1:0",
            "aws_access_key_id: os.environ/ID, aws_secret_access_key: os.environ/S#, aws_region_name: eu-west-1",
            "/bedrock_key_config/secret_key",
        ),
        (
            "bedrock/amazon.nova-pro-v1:0",
            "aws_access_key_id: os.environ/ID, aws_secret_access_key: os.environ/S, aws_session_token: os.environ/T#",
            "/bedrock_key_config/session_token",
        ),
        (
            "bedrock/amazon.nova-pro-v1:0",
            "aws_role_name: 'arn:aws:iam::1:role/r', aws_session_name: s#",
            "/bedrock_key_config/session_name",
        ),
        (
            "azure/four",
            "api_base: https://x.openai.azure.com, client_id: id, tenant_id: t, client_secret: os.environ/S#",
            "/azure_key_config/client_secret",
        ),
        (
            "azure/four",
            "api_base: https://x.openai.azure.com, client_id: id, client_secret: os.environ/S, tenant_id: t#",
            "/azure_key_config/tenant_id",
        ),
        (
            "vertex_ai/gemini-x",
            "vertex_project: p, vertex_credentials: os.environ/C#",
            "/vertex_key_config/auth_credentials",
        ),
    ] {
        let plan = of(model, rest);
        let values: Vec<&Value> = bodies(&plan, Kind::ProviderKey)
            .into_iter()
            .map(|body| body.pointer(field).unwrap_or_else(|| panic!("{model}: no {field} in {body}")))
            .collect();
        assert!(values.len() == 2 && values[0] != values[1], "{model} {rest}: {values:?}");
    }
}

/// A server that wants no key is served all the same.
#[test]
fn point_15_a_server_without_a_key_is_served() {
    let config = "model_list:
- {model_name: local, litellm_params: {model: openai/qwen, api_base: http://127.0.0.1:8000/v1}}
- {model_name: studio, litellm_params: {model: lm_studio/qwen, api_base: http://127.0.0.1:1234/v1}}
";
    let plan = planned(config, &[key("k", &json!({}))]);
    assert_eq!(
        granted(&plan, "k"),
        [("127-0-0-1-1234".to_owned(), json!(["studio"])), ("127-0-0-1-8000".to_owned(), json!(["local"]))]
    );
    assert_eq!(bodies(&plan, Kind::ProviderKey).len(), 2);
}

/// A Bedrock key with a plain API key keeps its region, a Vertex one its project and place; no deployment is given a
/// provider that then has no key for it.
#[test]
fn point_16_what_stands_beside_an_api_key_is_kept() {
    let config = "model_list:
- {model_name: b, litellm_params: {model: bedrock/amazon.nova-pro-v1:0, api_key: os.environ/B, aws_region_name: eu-west-1}}
- {model_name: v, litellm_params: {model: vertex_ai/gemini-x, api_key: os.environ/V, vertex_project: p, vertex_location: europe-west4}}
- {model_name: mantle, litellm_params: {model: bedrock_mantle/openai.gpt-oss-120b, api_key: os.environ/M, aws_region_name: us-east-1}}
- {model_name: d, litellm_params: {model: databricks/dbrx, api_key: os.environ/D, api_base: https://dbc-1.cloud.databricks.com/serving-endpoints}}
";
    let plan = planned(config, &[]);
    let of = |value: &str| {
        let found = bodies(&plan, Kind::ProviderKey).into_iter().find(|body| body["value"] == json!(value));
        found.unwrap_or_else(|| panic!("no key has {value}"))
    };
    assert_eq!(of("env.B")["bedrock_key_config"], json!({"region": "eu-west-1"}));
    assert_eq!(of("env.V")["vertex_key_config"], json!({"project_id": "p", "region": "europe-west4"}));
    for object in plan.objects.iter().filter(|object| object.kind == "deployment") {
        let has_key = object.ops.iter().any(|op| op.as_str().starts_with("provider_key/"));
        assert!(has_key || (object.fate != Fate::Moved && !object.note.is_empty()), "{object:?}");
    }
}

/// Named credentials carry more than a key: every field of them is in the provider key that is made of it.
#[test]
fn point_17_named_credentials_carry_every_field() {
    let config = "credential_list:
- {credential_name: z, credential_values: {api_base: https://x.openai.azure.com, client_id: id, client_secret: os.environ/S, tenant_id: t, api_version: 2024-10-21}}
- {credential_name: b, credential_values: {aws_access_key_id: os.environ/A, aws_secret_access_key: os.environ/B, aws_region_name: eu-west-1, aws_external_id: e, aws_role_name: r}}
- {credential_name: v, credential_values: {vertex_project: p, vertex_location: l, vertex_credentials: os.environ/C}}
model_list:
- {model_name: z, litellm_params: {model: azure/four, litellm_credential_name: z}}
- {model_name: b, litellm_params: {model: bedrock/amazon.nova-pro-v1:0, litellm_credential_name: b}}
- {model_name: v, litellm_params: {model: vertex_ai/gemini-x, litellm_credential_name: v}}
";
    let plan = planned(config, &[]);
    assert_eq!(
        body(&plan, "provider_key/z")["azure_key_config"],
        json!({"endpoint": "https://x.openai.azure.com", "client_id": "id", "client_secret": "env.S", "tenant_id": "t"})
    );
    assert_eq!(body(&plan, "provider_key/z")["aliases"]["z"]["api_version"], json!("2024-10-21"));
    assert_eq!(
        body(&plan, "provider_key/b")["bedrock_key_config"],
        json!({"access_key": "env.A", "secret_key": "env.B", "region": "eu-west-1", "external_id": "e", "role_arn": "r"})
    );
    assert_eq!(
        body(&plan, "provider_key/v")["vertex_key_config"],
        json!({"project_id": "p", "region": "l", "auth_credentials": "env.C"})
    );
}

/// Ways to sign in that the gateway does not have are named, with what to do; none is taken for a default parameter.
#[test]
fn point_17_other_ways_to_sign_in_are_named() {
    for (model, fields) in [
        ("azure/four", "api_base: https://x.openai.azure.com, azure_ad_token: os.environ/T"),
        ("azure/four", "api_base: https://x.openai.azure.com, azure_username: u, azure_password: os.environ/T"),
        ("bedrock/amazon.nova-pro-v1:0", "aws_profile_name: dev"),
        ("bedrock/amazon.nova-pro-v1:0", "aws_web_identity_token: os.environ/T, aws_role_name: r"),
        ("bedrock/amazon.nova-pro-v1:0", "aws_bedrock_runtime_endpoint: https://vpce.example, api_key: os.environ/K"),
        ("bedrock/amazon.nova-pro-v1:0", "aws_sts_endpoint: https://sts.example, aws_role_name: r"),
    ] {
        let config = format!("model_list: [{{model_name: m, litellm_params: {{model: {model}, {fields}}}}}]");
        let plan = planned(&config, &[]);
        let field = format!(
            "litellm_params.{}",
            fields
                .split(", ")
                .find(|field| !field.starts_with("api_base"))
                .unwrap_or("")
                .split(':')
                .next()
                .unwrap_or("")
        );
        let object = plan.objects.iter().find(|object| object.kind == "deployment").expect("the deployment");
        let word = told(&plan, object.id.as_str(), &field);
        assert!(word.starts_with("manual: ") && !word.contains("default request parameter"), "{field}: {word}");
    }
}

/// Providers without a name on the gateway, which speak `OpenAI`'s API, become custom providers.
#[test]
fn point_18_providers_without_a_name_become_custom_ones() {
    for (model, provider, base) in [
        ("together_ai/meta/llama", "together-ai", "https://api.together.ai"),
        ("sambanova/llama", "sambanova", "https://api.sambanova.ai"),
        ("nvidia_nim/llama", "nvidia-nim", "https://integrate.api.nvidia.com"),
        ("moonshot/kimi", "moonshot", "https://api.moonshot.ai"),
        ("dashscope/qwen", "dashscope", "https://dashscope.aliyuncs.com/compatible-mode"),
    ] {
        let config =
            format!("model_list: [{{model_name: m, litellm_params: {{model: {model}, api_key: os.environ/K}}}}]");
        let plan = planned(&config, &[key("k", &json!({}))]);
        let made = body(&plan, &format!("provider/{provider}"));
        assert_eq!(made["network_config"]["base_url"], json!(base), "{model}");
        assert_eq!(made["custom_provider_config"]["base_provider_type"], json!("openai"), "{model}");
        let may = granted(&plan, "k");
        assert!(
            may.len() == 1
                && may[0].0 == provider
                && may[0].1.as_array().is_some_and(|list| list.contains(&json!("m"))),
            "{may:?}"
        );
    }
}

/// What the vendor's tool loses of a deployment is carried, or said.
#[test]
fn point_19_no_setting_of_a_deployment_is_lost() {
    let config = "model_list:
- model_name: m
  litellm_params: {model: openai/gpt-4o, api_key: os.environ/K, weight: 2, timeout: 30, max_retries: 4, extra_headers: {X-Team: a}, input_cost_per_token: 0.000002, tags: [paid], rpm: 5}
  model_info: {id: one, base_model: gpt-4o, mode: chat, access_groups: [beta]}
- model_name: m
  litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/L, order: 2}
  model_info: {id: two, team_id: t, team_public_model_name: own}
";
    let plan = planned(config, &[super::team("t", &json!({})), key("k", &json!({"models": ["beta"]}))]);
    let words: Vec<String> = [
        ("one", "litellm_params.weight"),
        ("one", "litellm_params.timeout"),
        ("one", "litellm_params.max_retries"),
        ("one", "litellm_params.extra_headers"),
        ("one", "litellm_params.input_cost_per_token"),
        ("one", "litellm_params.tags"),
        ("one", "litellm_params.rpm"),
        ("one", "model_info.base_model"),
        ("one", "model_info.mode"),
        ("one", "model_info.access_groups"),
        ("two", "litellm_params.order"),
        ("two", "model_info.team_id"),
        ("two", "model_info.team_public_model_name"),
    ]
    .into_iter()
    .map(|(id, field)| format!("{id} {field}: {}", told(&plan, &format!("deployment/{id}"), field)))
    .collect();
    insta::assert_snapshot!(words.join("\n"));
    let network = &body(&plan, "provider/openai")["network_config"];
    assert_eq!(network["max_retries"], json!(4));
    assert!(
        bifrost::hole::read(&network["extra_headers"]["X-Team"]).is_some(),
        "a header is kept as a secret: {network}"
    );
    assert_eq!(network["default_request_timeout_in_seconds"], json!(30));
    let prices = bodies(&plan, Kind::PricingOverride);
    assert!(!prices.is_empty() && prices.iter().all(|body| body.to_string().contains("0.000002")), "{prices:?}");
}
