//! Those about what the sources show.

use litellm::endpoint::{ENDPOINTS, Paging, endpoint};

use super::*;

const SALT: &str = "sk-salt-of-the-bites";
const OLDER: &str = "sk-master-before-the-salt";

fn model(params: &Value) -> Given {
    Given::default().row("ProxyModelTable", json!({ "model_id": "m1", "model_name": "gpt", "litellm_params": params }))
}

#[test]
fn bite_01_only_top_level_strings_of_litellm_params_are_encrypted() {
    let mut sealer = Sealer::new(SALT);
    let given = model(&json!({
        "model": sealer.seal("openai/gpt-4o"),
        "api_key": sealer.seal("sk-bite-0001"),
        "rpm": 10,
        "use_in_pass_through": true,
        "extra_headers": { "Authorization": "Bearer bite-0001-plain" },
    }));
    let (inventory, _) = given.open(&[SALT]);
    let deployment = only(&inventory, Kind::Deployment);
    assert_eq!(deployment.text("litellm_params.model"), Some("openai/gpt-4o"));
    assert_eq!(deployment.value("litellm_params.rpm"), Some(&json!(10)));
    assert_eq!(inventory.opening.sealed, 2, "numbers, booleans and maps are no ciphertexts");
    assert_eq!(secret(&given, &[SALT], Kind::Deployment, "litellm_params.api_key").as_deref(), Some("sk-bite-0001"));
    assert!(!format!("{inventory:?}").contains("bite-0001"), "a header in clear is a secret all the same");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests read fixtures")]
fn bite_02_three_encodings_in_one_database() {
    let path = company::fixtures().join("vectors/litellm-crypto.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("vectors")).expect("JSON");
    let salt = "sk-salt-7f3a9c51e2";
    let mut given = Given::default();
    for alphabet in [("xsalsa20-poly1305", "standard"), ("xsalsa20-poly1305", "urlsafe"), ("aes-256-gcm", "urlsafe")] {
        let found = vectors["vectors"].as_array().into_iter().flatten().find(|vector| {
            vector["salt_key"] == salt
                && vector["case"] == "ascii_api_key"
                && (vector["algorithm"] == alphabet.0 && vector["base64_alphabet"] == alphabet.1)
        });
        let sealed = found.unwrap_or_else(|| panic!("no vector {alphabet:?}"))["ciphertext"].clone();
        let params = json!({ "model": "openai/gpt-4o", "api_key": sealed });
        let id = format!("{}-{}", alphabet.0, alphabet.1);
        given = given.row("ProxyModelTable", json!({ "model_id": id, "model_name": "gpt", "litellm_params": params }));
    }
    let (inventory, vault) = given.open(&[salt]);
    assert_eq!(inventory.of(Kind::Deployment).count(), 3);
    for entity in inventory.of(Kind::Deployment) {
        let Some(Held::Secret(id)) = entity.object.fields.get("litellm_params.api_key").map(|field| &field.held) else {
            panic!("shown")
        };
        assert_eq!(vault.expose(id).map(Secret::expose), Some("sk-proj-AbCdEf0123456789"), "{}", entity.object.id);
    }
}

#[test]
fn bite_03_every_key_is_tried_on_every_value_an_empty_one_too() {
    let sealed = |key: &str, text: &str| Sealer::new(key).seal(text);
    let given = model(&json!({ "model": sealed(OLDER, "openai/gpt-4o"), "api_key": sealed(SALT, "sk-bite-0003") }));
    let (inventory, _) = given.open(&[SALT, OLDER]);
    let opened: Vec<(&str, usize)> = inventory.opening.opened_by.iter().map(|(key, n)| (key.as_str(), *n)).collect();
    assert_eq!(opened, [(OLDER, 1), (SALT, 1)], "and it says which key opened what");
    let given = model(&json!({ "model": sealed("", "openai/gpt-4o"), "api_key": sealed("", "sk-bite-0003") }));
    let (inventory, _) = given.open(&[""]);
    assert_eq!(inventory.opening.opened_by.get("empty key"), Some(&2), "LITELLM_SALT_KEY may exist and be empty");
}

#[test]
fn bite_04_plain_text_where_ciphertext_belongs_and_ciphertext_in_ciphertext() {
    let mut sealer = Sealer::new(SALT);
    let given = model(&json!({ "model": "openai/gpt-4o", "api_key": "sk-bite-0004-plain" }));
    assert_eq!(only(&given.open(&[SALT]).0, Kind::Deployment).text("litellm_params.model"), Some("openai/gpt-4o"));
    let plain = secret(&given, &[SALT], Kind::Deployment, "litellm_params.api_key");
    assert_eq!(plain.as_deref(), Some("sk-bite-0004-plain"));
    let inner = sealer.seal("sk-bite-0004");
    let given = model(&json!({ "model": sealer.seal("openai/gpt-4o"), "api_key": sealer.seal(&inner) }));
    let twice = secret(&given, &[SALT], Kind::Deployment, "litellm_params.api_key");
    assert_eq!(twice.as_deref(), Some("sk-bite-0004"));
    // The inner layer under a key nobody has: what comes out of the outer one is no key.
    let lost = Sealer::new("sk-lost").seal("sk-bite-0004");
    let given = model(&json!({ "model": sealer.seal("openai/gpt-4o"), "api_key": sealer.seal(&lost) }));
    assert_eq!(secret(&given, &[SALT], Kind::Deployment, "litellm_params.api_key"), None);
    assert_eq!(given.open(&[SALT]).0.opening.failed.len(), 1);
}

#[test]
fn bite_05_the_api_never_shows_a_provider_key() {
    let params = json!({ "model": "azure/gpt-4o", "azure_ad_token": "eyJ0****************9abc", "tenant_id": "t" });
    let row = json!({ "model_name": "gpt", "litellm_params": params, "model_info": { "id": "m1", "db_model": true } });
    let given = Given::default().answer("/v2/model/info", 200, &json!({ "data": [row], "total_pages": 1 }));
    let (inventory, vault) = given.open(&[SALT]);
    let deployment = only(&inventory, Kind::Deployment);
    assert!(!deployment.fields.contains_key("litellm_params.api_key"));
    if let Some(field) = deployment.fields.get("litellm_params.azure_ad_token") {
        let Held::Secret(id) = &field.held else { panic!("a masked token is no plain value") };
        assert!(vault.expose(id).is_none_or(|token| !token.expose().contains('*')), "a mask is taken for a token");
    }
}

#[test]
fn bite_06_model_info_expands_wildcards() {
    assert_eq!(endpoint("models").map(|endpoint| endpoint.path), Some("/v2/model/info"));
    let row = |name: &str| {
        let params = json!({ "model": name });
        json!({ "model_name": name, "litellm_params": params, "model_info": { "id": "w1", "db_model": true } })
    };
    let data = json!({ "data": [row("openai/gpt-4o"), row("openai/gpt-4.1"), row("openai/o3")] });
    let (inventory, _) = Given::default().answer("/model/info", 200, &data).open(&[]);
    assert_eq!(inventory.of(Kind::Deployment).count(), 0, "three names are not three deployments");
    assert!(inventory.findings.iter().any(|finding| finding.code.as_str() == "api.expanded_models"));
}

#[test]
fn bite_07_organizations_need_a_licence_since_1_102() {
    let refusal = json!({ "detail": { "error": "You must be a LiteLLM Enterprise user to use this feature." } });
    let given = Given::default().answer("/organization/list", 403, &refusal).answer(
        "/v2/team/list",
        200,
        &json!({ "teams": [{ "team_id": "t", "organization_id": "o-1" }], "total": 1 }),
    );
    let (inventory, _) = given.open(&[]);
    assert_eq!(inventory.of(Kind::Organization).count(), 0);
    assert_eq!(only(&inventory, Kind::Team).text("organization_id"), Some("o-1"), "its id is still known");
    let said = inventory.findings.iter().any(|finding| {
        format!("{} {:?}", finding.message, finding.hints).contains("database")
            && finding.code.as_str().starts_with("api.")
    });
    assert!(said, "and where the rest can be had: {:#?}", inventory.findings);
}

#[test]
fn bite_08_every_list_has_its_own_word_for_the_size_of_a_page() {
    for (id, size, most) in
        [("keys", "size", 100), ("users", "page_size", 100), ("teams", "page_size", 100), ("models", "size", 1_000_000)]
    {
        let found = endpoint(id).unwrap_or_else(|| panic!("no read {id}"));
        let Paging::Pages(pages) = found.paging else { panic!("{id} is paged") };
        assert!(pages.size == size && pages.most <= most, "{id}: {pages:?}");
    }
    assert!(endpoint("teams").is_some_and(|teams| teams.path == "/v2/team/list"), "/team/list is unpaged and slow");
}

#[test]
fn bite_09_readiness_stops_telling_the_version() {
    let quiet = Given::default().answer("/health/readiness", 200, &json!({ "status": "healthy", "db": "connected" }));
    assert_eq!(quiet.open(&[]).0.version, None);
    let details = json!({ "status": "healthy", "litellm_version": "1.101.6" });
    let told = quiet.answer("/health/readiness/details", 200, &details);
    assert_eq!(told.open(&[]).0.version.as_deref(), Some("1.101.6"));
}

#[test]
fn bite_15_file_and_database_are_merged_and_the_winner_changed() {
    let given = |version: &str| {
        Given::config("router_settings:\n  num_retries: 5\n")
            .row(
                "Config",
                json!({ "param_name": "router_settings", "param_value": { "num_retries": 3, "timeout": 9 } }),
            )
            .answer("/health/readiness", 200, &json!({ "status": "healthy", "litellm_version": version }))
    };
    for (version, wins) in [("1.102.5", 3), ("1.103.0", 5), ("1.109.1", 5)] {
        let (inventory, _) = given(version).open(&[]);
        let settings = inventory.of(Kind::Settings).find(|entity| entity.object.id == "router_settings");
        let settings = &settings.expect("settings").object;
        assert_eq!(settings.value("num_retries"), Some(&json!(wins)), "{version}");
        assert_eq!(settings.value("timeout"), Some(&json!(9)), "{version}: the other one fills gaps");
        assert_eq!(inventory.conflicts.len(), 1, "{version}: {:#?}", inventory.conflicts);
    }
}

#[test]
fn bite_20_the_master_key_is_in_no_answer_and_config_yaml_is_a_stub() {
    assert!(ENDPOINTS.iter().all(|endpoint| endpoint.path != "/config/yaml"), "it answers {{\"hello\": \"world\"}}");
    let given = Given::config("general_settings:\n  master_key: sk-bite-0020\n");
    let (inventory, _) = given.open(&[]);
    let master = only(&inventory, Kind::Settings).fields.get("master_key");
    assert!(master.is_some_and(|field| matches!(field.held, Held::Secret(_))));
    assert!(!format!("{inventory:?}").contains("sk-bite-0020"));
}
