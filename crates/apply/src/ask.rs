//! Trying keys on the gateway's inference route: what to ask, and whether the answers are as planned.
//! Source: `reference/bifrost-api.md` 4.7, 7 and 13.1.

use std::collections::BTreeSet;

use bifrost::Answer;
use bifrost::access::{Asked, Gateway, VirtualKey};
use model::Moment;
use serde_json::Value;

use crate::reply::words;

/// Something to ask with a virtual key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name of the virtual key.
    pub key: String,
    /// The model to call; none asks for the list of models.
    pub model: Option<String>,
    /// Whether it has to be served.
    pub served: bool,
}

/// Whether an answer is as planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is.
    AsPlanned,
    /// The key may do what it should not.
    Wider(String),
    /// The key may not do what it should.
    Narrower(String),
    /// The answer does not tell.
    Unclear(String),
}

/// Names that no key may call.
const PROBES: [&str; 3] = ["gangway-probe", "openai/gangway-probe", "gangway/probe"];

/// How many names that a key may not call are tried with it.
const REFUSED: usize = 10;

/// What to ask with the keys of these names. Dry: each for its list of models, which calls no model. Live: each
/// for every name it may call and some that it may not, which the upstreams may charge for.
pub fn questions(gateway: &Gateway, keys: &BTreeSet<String>, now: Moment, live: bool) -> Vec<Question> {
    let (asked, names) = (gateway.asked(), names(gateway));
    let wanted = gateway.virtual_keys.iter().filter(|key| keys.contains(&key.name));
    let mut questions = Vec::new();
    for key in wanted {
        let question =
            |model: Option<&str>, served| Question { key: key.name.clone(), model: model.map(str::to_owned), served };
        questions.push(question(None, !is_shut(key, now)));
        if live {
            let (served, refused): (Vec<&str>, Vec<&str>) =
                names.iter().map(String::as_str).partition(|name| asked.call(key, name, now).is_ok());
            let probes = PROBES.into_iter().filter(|name| asked.call(key, name, now).is_err());
            questions.extend(served.into_iter().map(|name| question(Some(name), true)));
            questions.extend(refused.into_iter().take(REFUSED).chain(probes).map(|name| question(Some(name), false)));
        }
    }
    questions
}

/// The names that some key may ask for, or some rule waits for.
fn names(gateway: &Gateway) -> BTreeSet<String> {
    let configs = gateway.virtual_keys.iter().flat_map(|key| key.configs.iter());
    let allowed = configs.flat_map(|config| &config.allowed_models).filter(|name| *name != "*").cloned();
    allowed.chain(gateway.rules.iter().filter_map(|rule| rule.model.clone())).collect()
}

fn is_shut(key: &VirtualKey, now: Moment) -> bool {
    key.inactive || key.expires.is_some_and(|expires| expires <= now)
}

/// What an answer to a question says.
pub fn judge(gateway: &Gateway, question: &Question, answer: &Answer, now: Moment) -> Tried {
    let json = answer.json();
    let said = words(answer);
    match (question.served, answer.status) {
        (_, 200..=299) if json.is_none() => Tried::Unclear(said),
        (true, 200..=299) => match question.model {
            Some(_) => Tried::AsPlanned,
            None => listed(&gateway.asked(), gateway, question, &json.unwrap_or_default(), now),
        },
        (false, 200..=299) => Tried::Wider("it is served".to_owned()),
        // Let in, and a limit or the upstream stopped it; or refused, as it should be.
        (true, 402 | 429 | 500..) | (false, 400 | 401 | 403 | 404) => Tried::AsPlanned,
        (true, 400 | 401 | 403 | 404) => Tried::Narrower(said),
        _ => Tried::Unclear(said),
    }
}

/// Whether a list of models shows only what the key may call.
fn listed(asked: &Asked<'_>, gateway: &Gateway, question: &Question, json: &Value, now: Moment) -> Tried {
    let Some(key) = gateway.virtual_keys.iter().find(|key| key.name == question.key) else {
        return Tried::Unclear("the plan does not speak of this key".to_owned());
    };
    let shown = json.get("data").and_then(Value::as_array).into_iter().flatten();
    let names = shown.filter_map(|model| model.get("id").and_then(Value::as_str));
    let more: Vec<&str> = names.filter(|name| asked.call(key, name, now).is_err()).collect();
    match more.as_slice() {
        [] => Tried::AsPlanned,
        [first, rest @ ..] => {
            Tried::Wider(format!("it is shown {first} and {} more that it should not see", rest.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use bifrost::access::{ProviderConfig, ProviderKey};
    use serde_json::json;

    use super::*;

    fn gateway() -> Gateway {
        let entry = |models: &[&str]| ProviderConfig {
            provider: "openai".to_owned(),
            allowed_models: models.iter().map(|name| (*name).to_owned()).collect(),
            blacklisted: Vec::new(),
            keys: vec!["*".to_owned()],
        };
        let key = |name: &str, models: &[&str], inactive| VirtualKey {
            name: name.to_owned(),
            inactive,
            configs: vec![entry(models)].into(),
            ..VirtualKey::default()
        };
        let serves = ProviderKey {
            name: "main".to_owned(),
            provider: "openai".to_owned(),
            models: vec!["*".to_owned()],
            ..ProviderKey::default()
        };
        Gateway {
            keys: vec![serves],
            providers: BTreeSet::from(["openai".to_owned()]),
            virtual_keys: vec![key("a", &["gpt-4o"], false), key("b", &["o1"], false), key("shut", &["o1"], true)],
            enforced: true,
            ..Gateway::default()
        }
    }

    #[test]
    fn each_key_is_asked_for_what_it_may_and_may_not_call() {
        let keys = ["a", "shut"].map(str::to_owned).into();
        let told = |live| -> Vec<String> {
            let word = |question: &Question| {
                let model = question.model.as_deref().unwrap_or("list");
                format!("{} {model} {}", question.key, if question.served { "yes" } else { "no" })
            };
            questions(&gateway(), &keys, Moment::from_millis(0), live).iter().map(word).collect()
        };
        assert_eq!(told(false), ["a list yes", "shut list no"]);
        insta::assert_snapshot!(told(true).join("\n"), @r"
        a list yes
        a gpt-4o yes
        a o1 no
        a gangway-probe no
        a openai/gangway-probe no
        a gangway/probe no
        shut list no
        shut gpt-4o no
        shut o1 no
        shut gangway-probe no
        shut openai/gangway-probe no
        shut gangway/probe no
        ");
    }

    #[track_caller]
    fn check(model: Option<&str>, served: bool, status: u16, body: &Value, expected: &str) {
        let question = Question { key: "a".to_owned(), model: model.map(str::to_owned), served };
        let html = body.is_null();
        let content_type = if html { "text/html" } else { "application/json" }.to_owned();
        let answer = Answer { status, content_type, body: body.to_string() };
        let tried = judge(&gateway(), &question, &answer, Moment::from_millis(0));
        assert_eq!(format!("{tried:?}"), expected);
    }

    #[test]
    fn answers_are_held_against_the_plan() {
        let (done, error) = (json!({"choices": []}), json!({"error": {"message": "no"}}));
        check(Some("gpt-4o"), true, 200, &done, "AsPlanned");
        check(Some("gpt-4o"), true, 403, &error, "Narrower(\"403: no\")");
        check(Some("gpt-4o"), true, 402, &error, "AsPlanned");
        check(Some("gpt-4o"), true, 200, &Value::Null, "Unclear(\"answered 200 (text/html)\")");
        check(Some("o1"), false, 403, &error, "AsPlanned");
        check(Some("o1"), false, 200, &done, "Wider(\"it is served\")");
        check(Some("o1"), false, 429, &error, "Unclear(\"429: no\")");
        let list = |names: &[&str]| json!({"data": names.iter().map(|name| json!({"id": name})).collect::<Value>()});
        check(None, true, 200, &list(&["openai/gpt-4o"]), "AsPlanned");
        check(
            None,
            true,
            200,
            &list(&["openai/gpt-4o", "openai/o1"]),
            "Wider(\"it is shown openai/o1 and 0 more that it should not see\")",
        );
        check(None, true, 401, &error, "Narrower(\"401: no\")");
    }
}
