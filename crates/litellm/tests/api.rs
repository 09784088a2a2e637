//! Answers of the management API as objects, by their shape.

use litellm::{Held, Input};

/// Reads one answer: `kind/id field=value …` for each object, then the codes of findings.
#[track_caller]
fn check(what: &str, body: &str, expected: &[&str]) {
    let reading = litellm::read(&[Input::Answer { endpoint: "/it", status: 200, body }]);
    let mut told: Vec<String> = reading
        .objects
        .iter()
        .map(|object| {
            let fields = object.fields.iter().map(|(name, field)| match &field.held {
                Held::Plain(value) => format!(" {name}={value}"),
                Held::Secret(_) => format!(" {name}=secret"),
            });
            format!("{}/{}{}", object.kind.word(), object.id, fields.collect::<String>())
        })
        .collect();
    told.extend(reading.version.iter().map(|version| format!("version {version}")));
    told.extend(reading.findings.iter().map(|finding| finding.code.to_string()));
    assert_eq!(told, expected, "{what}");
}

#[test]
fn what_is_masked_is_no_value() {
    let row = |params: &str| {
        format!(r#"{{"data":[{{"model_name":"m","litellm_params":{params},"model_info":{{"id":"1"}}}}]}}"#)
    };
    let plain = "deployment/1 litellm_params.model=\"openai/x\" model_info.id=\"1\" model_name=\"m\"";
    check("at the top", &row(r#"{"model":"openai/x","api_key":"sk-a****bcde"}"#), &[plain]);
    check("a short one", &row(r#"{"model":"openai/x","azure_ad_token":"***"}"#), &[plain]);
    check(
        "by a segment that only the masker knows",
        &row(r#"{"model":"openai/x","oci_tenancy":"ocid****abcd"}"#),
        &[plain],
    );
    check(
        "in a map",
        &row(r#"{"model":"openai/x","extra_headers":{"Authorization":"Bear****cdef","X-Team":"a"}}"#),
        &[
            "deployment/1 litellm_params.extra_headers={\"X-Team\":{\"$secret\":\"deployment/1/api/litellm_params.extra_headers.X-Team\"}} litellm_params.model=\"openai/x\" model_info.id=\"1\" model_name=\"m\"",
        ],
    );
    check(
        "callback variables, masked for those who are no administrators",
        r#"{"status":"success","callbacks":[{"name":"langfuse","type":"success","variables":{"LANGFUSE_SECRET_KEY":"sk****ab","LANGFUSE_HOST":"https://l.example"}}],"router_settings":{}}"#,
        &[
            "settings/litellm_settings success_callback=[\"langfuse\"]",
            "settings/environment_variables LANGFUSE_HOST=secret",
        ],
    );
}

#[test]
fn older_forms_are_understood() {
    check(
        "one model without a list",
        r#"{"data":{"model_name":"m","litellm_params":{"model":"openai/x"},"model_info":{"id":"1"}}}"#,
        &["deployment/1 litellm_params.model=\"openai/x\" model_info.id=\"1\" model_name=\"m\""],
    );
    check(
        "an alias is a row of its target",
        r#"{"data":[{"model_name":"m","litellm_params":{"model":"openai/x"},"model_info":{"id":"1"}},{"model_name":"alias","litellm_params":{"model":"openai/x"},"model_info":{"id":"1"}}]}"#,
        &["deployment/1 litellm_params.model=\"openai/x\" model_info.id=\"1\" model_name=\"m\""],
    );
    check(
        "a wildcard is rows of what it matches",
        r#"{"data":[{"model_name":"openai/a","litellm_params":{"model":"openai/a"},"model_info":{"id":"1"}},{"model_name":"openai/b","litellm_params":{"model":"openai/b"},"model_info":{"id":"1"}}]}"#,
        &["api.expanded_models"],
    );
    check(
        "a key by its hash",
        r#"{"key":"abc","info":{"key_name":"sk-...1234","key_alias":"a","models":["m"],"user_id":"u","spend":1}}"#,
        &["virtual_key/abc key_alias=\"a\" key_name=\"sk-...1234\" models=[\"m\"] spend=1 user_id=\"u\""],
    );
    check("asked with the key itself", r#"{"key":"sk-secret","info":{"key_alias":"a"}}"#, &[]);
    check(
        "the version in OpenAPI",
        r#"{"openapi":"3.1.0","info":{"title":"LiteLLM API","version":"1.72.1"}}"#,
        &["version 1.72.1"],
    );
    check(
        "a guardrail of the file",
        r#"{"guardrails":[{"guardrail_name":"pii","litellm_params":{"mode":"pre_call"}}]}"#,
        &["guardrail/pii guardrail_name=\"pii\" litellm_params.mode=\"pre_call\""],
    );
}

#[test]
fn settings_are_what_somebody_set() {
    check(
        "general settings",
        r#"[{"field_name":"a","field_value":true,"stored_in_db":false,"field_default_value":null},
            {"field_name":"b","field_value":30,"stored_in_db":true,"field_default_value":30},
            {"field_name":"c","field_value":1,"stored_in_db":null,"field_default_value":null},
            {"field_name":"pass_through_endpoints","field_value":[{"path":"/x"}],"stored_in_db":true,"field_default_value":null}]"#,
        &["settings/general_settings a=true"],
    );
    check(
        "UI settings",
        r#"{"values":{"disable_model_add_for_internal_users":true,"enable_chat_ui":false,"moyai_url":"https://m"},"field_schema":{},"source":{"moyai_url":"default"}}"#,
        &["settings/ui_settings disable_model_add_for_internal_users=true"],
    );
    check(
        "SSO settings",
        r#"{"values":{"google_client_id":"g","google_client_secret":"go****et","microsoft_client_id":null,"generic_scope":"openid"},"field_schema":{},"provenance":{"generic_scope":"default"}}"#,
        &["settings/sso_settings google_client_id=\"g\""],
    );
    check(
        "defaults for new users",
        r#"{"values":{"user_role":"internal_user_viewer","max_budget":5.0,"budget_duration":null,"models":null,"teams":null},"field_schema":{}}"#,
        &["settings/litellm_settings default_internal_user_params={\"max_budget\":5.0}"],
    );
    check(
        "defaults for new teams, none",
        r#"{"values":{"models":[],"max_budget":null,"budget_duration":null,"tpm_limit":null,"rpm_limit":null},"field_schema":{}}"#,
        &[],
    );
    check(
        "the cache",
        r#"{"fields":[],"current_values":{"type":"redis","host":"r","password":"pa****rd"},"redis_type_descriptions":{}}"#,
        &["settings/cache_settings host=\"r\" type=\"redis\""],
    );
    check(
        "policies",
        r#"{"policies":[{"policy_id":"1","policy_name":"p"}],"total_count":1}"#,
        &["policy/1 policy_id=\"1\" policy_name=\"p\""],
    );
    check("policies of the file, none", r#"{"policies":{},"total_count":0}"#, &[]);
}
