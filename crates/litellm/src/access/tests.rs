//! The cases of `reference/litellm.md` 6.2 and 6.7, and of the recording.

use std::collections::BTreeMap;

use model::{Moment, TeamId, UserId};

use super::{Deployment, Key, Team, User, World};

fn world() -> World {
    let deployment = |name: &str, upstream: &str| Deployment {
        id: name.into(),
        name: name.to_owned(),
        upstream: upstream.into(),
        ..Deployment::default()
    };
    let mut world = World {
        deployments: vec![
            deployment("a", "openai/gpt-4o"),
            deployment("b", "azure/b-deployment"),
            deployment("openai/*", "openai/*"),
        ],
        aliases: BTreeMap::from([("router-a".to_owned(), "a".to_owned())]),
        ..World::default()
    };
    world.deployments[1].labels.insert("label".to_owned());
    world.indexed()
}

/// The models each layer lists, in words: `key a b; team b; user c`; a layer left out is not there, `-` is empty.
#[track_caller]
fn check(layers: &str, name: &str, expected: &str) {
    let mut world = world();
    let mut key = Key::default();
    for layer in layers.split(';') {
        let mut words = layer.split_whitespace();
        let what = words.next().unwrap_or_default();
        let models: Vec<String> = words.filter(|word| *word != "-").map(str::to_owned).collect();
        match what {
            "key" => key.models = models,
            "team" => {
                let aliases = BTreeMap::from([("team-b".to_owned(), "b".to_owned())]);
                world.teams.insert(TeamId::from("t"), Team { models, aliases, ..Team::default() });
                key.team = Some(TeamId::from("t"));
            }
            "user" => {
                world.users.insert(UserId::from("u"), User { models, ..User::default() });
                key.user = Some(UserId::from("u"));
            }
            other => panic!("no layer {other}"),
        }
    }
    let shown = match world.call(&key, name, Moment::default()) {
        Ok(reach) => reach.iter().map(|reach| &*reach.upstream).collect::<Vec<_>>().join(" "),
        Err(refusal) => format!("{refusal:?}"),
    };
    assert_eq!(shown, expected, "{layers:?} asking for {name:?}");
}

#[test]
fn layers_intersect_and_an_empty_intersection_is_nobody() {
    check("key a; team b", "a", "TeamList");
    check("key a; team b", "b", "KeyList");
    check("key -; team b", "b", "azure/b-deployment");
    check("key -; team b", "a", "TeamList");
    check("key all-team-models; team -", "a", "openai/gpt-4o");
    check("key all-team-models; team b", "a", "TeamList");
    check("key all-team-models", "a", "openai/gpt-4o");
    check("key a; user no-default-models", "a", "UserList");
    check("key a; user b", "a", "UserList");
    check("key a; team a; user b", "a", "openai/gpt-4o");
    check("key no-default-models", "a", "KeyList");
    check("key nobody-carries-this", "a", "KeyList");
    check("key all-proxy-models", "b", "azure/b-deployment");
}

#[test]
fn labels_patterns_and_aliases_are_understood() {
    check("key label", "b", "azure/b-deployment");
    check("key label", "a", "KeyList");
    check("key openai/*", "openai/o3-pro", "openai/o3-pro");
    check("key openai/*", "b", "KeyList");
    check("key a", "router-a", "openai/gpt-4o");
    check("key b; team -", "team-b", "azure/b-deployment");
    check("key a; user a", "router-a", "openai/gpt-4o");
    check("key -", "no-such-model", "NoDeployment");
    check("key -", "azure/b-deployment", "azure/b-deployment");
}

#[test]
fn shut_keys_open_nothing() {
    let now: Moment = "2026-11-24T00:00:00Z".parse().unwrap();
    let call = |key: Key| world().call(&key, "a", now).is_ok();
    assert!(call(Key::default()));
    assert!(!call(Key { blocked: true, ..Key::default() }));
    assert!(!call(Key { expires: Some(now), ..Key::default() }));
    assert!(call(Key { expires: Some(Moment::from_millis(now.millis() + 1)), ..Key::default() }));
    assert!(!call(Key { key_type: Some("management".to_owned()), ..Key::default() }));
    assert!(!call(Key { routes: vec!["info_routes".to_owned()], ..Key::default() }));
    assert!(call(Key { routes: vec!["llm_api_routes".to_owned()], ..Key::default() }));
}
