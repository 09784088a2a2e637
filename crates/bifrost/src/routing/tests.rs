use serde_json::json;

use super::*;

/// The gateway of topic 23: three providers, a rule of each kind that was recorded.
fn gateway() -> Router {
    let rule = |name: &str, expression: &str, targets: Value, rest: Value| {
        let mut body = json!({"name": name, "cel_expression": expression, "targets": targets});
        for (field, value) in rest.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        (Kind::RoutingRule, name.to_owned(), body)
    };
    let key = |name: &str, provider: &str, models: Value, weight: Value| {
        (Kind::ProviderKey, name.to_owned(), json!({"provider": provider, "models": models, "weight": weight}))
    };
    let bodies = [
        (Kind::Provider, "openai".to_owned(), json!({})),
        (Kind::Provider, "my-llm".to_owned(), json!({})),
        key("oa-1", "openai", json!(["gpt-4o", "fail-500"]), json!(1)),
        key("oa-2", "openai", json!(["model-b", "gpt-4o"]), json!(3)),
        key("oa-0", "openai", json!(["gpt-4o", "only-w0"]), json!(0)),
        key("my-1", "my-llm", json!(["up-model", "gpt-4o"]), json!(1)),
        rule(
            "group",
            r#"model == "group-a""#,
            json!([{"provider": "openai", "model": "model-b", "weight": 1}]),
            json!({"priority": 1}),
        ),
        rule(
            "fallback",
            r#"model == "group-f""#,
            json!([{"provider": "openai", "model": "fail-500", "weight": 1}]),
            json!({"priority": 2, "fallbacks": ["my-llm/up-model", "nobody/x", "openai/only-w0"]}),
        ),
        rule(
            "shadow",
            r#"model == "gpt-4o" && provider == "openai""#,
            json!([{"provider": "my-llm", "model": "up-model", "weight": 1}]),
            json!({"priority": 5}),
        ),
        rule(
            "chain",
            r#"model == "alias-x""#,
            json!([{"model": "group-a", "weight": 1}]),
            json!({"priority": 6, "chain_rule": true}),
        ),
        rule(
            "split",
            r#"model == "both""#,
            json!([{"provider": "openai", "model": "model-b", "weight": 0.25}, {"provider": "my-llm", "model": "up-model", "weight": 0.75}]),
            json!({"priority": 7}),
        ),
        rule(
            "slash",
            r#"model == "corp/best""#,
            json!([{"provider": "openai", "model": "model-b", "weight": 1}]),
            json!({"priority": 8}),
        ),
        rule(
            "own",
            r#"model == "group-a""#,
            json!([{"provider": "my-llm", "model": "up-model", "weight": 1}]),
            json!({"priority": 9, "scope": "team", "scope_id": "red"}),
        ),
    ];
    Router::read(bodies.iter().map(|(kind, name, body)| (*kind, name.as_str(), body)), &name_of)
}

fn name_of(_: Kind, id: &Value) -> String {
    id.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn check(body: &Value, name: &str, expected: &str) {
    let route = gateway().route(&Caller::read("vk", &body.clone().into(), &name_of, &mut Lists::default()), name);
    let first = route.first.iter().map(|(way, share)| format!("{} {} {}", way.key, way.upstream, share / 10_000));
    let next: Vec<&str> = route.next.iter().map(|way| &*way.key).collect();
    assert_eq!(format!("{}; {}", first.collect::<Vec<_>>().join(", "), next.join(", ")), expected, "{name}");
}

/// What was recorded, and the shares the rules state.
#[test]
fn names_go_where_they_were_seen_to_go() {
    let open = json!({"provider_configs": [
        {"provider": "openai", "weight": 1, "allowed_models": ["*"], "key_ids": ["*"]},
        {"provider": "my-llm", "weight": 3, "allowed_models": ["up-model", "gpt-4o"], "key_ids": ["my-1"]},
    ]});
    check(&open, "group-a", "oa-2 model-b 100; ");
    check(&open, "alias-x", "oa-2 model-b 100; ");
    check(&open, "corp/best", "oa-2 model-b 100; ");
    check(&open, "openai/gpt-4o", "my-1 up-model 100; ");
    check(&open, "gpt-4o", "my-1 gpt-4o 75, oa-1 gpt-4o 6, oa-2 gpt-4o 18; ");
    check(&open, "group-f", "oa-1 fail-500 100; my-1, oa-0");
    check(&open, "both", "my-1 up-model 75, oa-2 model-b 25; ");
    check(&open, "openai/only-w0", "oa-0 only-w0 100; ");
    check(&open, "groq/gpt-4o", "; ");
    let mut red = open.clone();
    red["team_id"] = json!("red");
    check(&red, "group-a", "my-1 up-model 100; ");
    let few = json!({"provider_configs": [{"provider": "openai", "allowed_models": ["fail-500"], "key_ids": ["*"]}]});
    check(&few, "group-a", "; ");
    check(&few, "group-f", "oa-1 fail-500 100; ");
    check(&few, "both", "; ");
}

#[test]
fn an_expression_nobody_can_read_is_told() {
    let body = json!({"cel_expression": "headers[\"x\"] == \"y\"", "targets": [{"model": "z", "weight": 1}]});
    let router = Router::read([(Kind::RoutingRule, "odd", &body)], &name_of);
    assert!(router.route(&Caller::default(), "a").unsure);
    let holds = |text: &str, model: &str, provider: Option<&str>| Condition::read(text).holds(model, provider);
    assert_eq!(holds("", "a", None), Some(true));
    assert_eq!(holds(r#"model.startsWith("gpt-")"#, "gpt-4", None), Some(true));
    assert_eq!(holds(r#"model == "a && b" && provider == """#, "a && b", None), Some(true));
    assert_eq!(holds(r#"model != "a" && tokens_used > 5"#, "a", None), Some(false));
    assert_eq!(holds("tokens_used > 5", "a", None), None);
}
