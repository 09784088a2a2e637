//! Finding one object again: by its id, or by its name in a list.

use bifrost::observer::{listed, listing, page};
use bifrost::{Answer, Call, Kind, identity, kept};
use serde_json::Value;

use crate::body;
use crate::reply;

/// A read that goes on until the object is found or known not to be there.
#[derive(Clone, Debug)]
pub(crate) struct LookUp {
    kind: Kind,
    name: String,
    provider: Option<String>,
    /// The scope and its id, of kinds that have one.
    scope: Option<(String, String)>,
    /// Read directly, where the kind can be.
    id: Option<String>,
    /// In a list, only the object of this id is meant.
    wanted: Option<String>,
    /// The lists that can be searched are searched first; what is not found so is looked for in the whole list.
    search: bool,
    offset: usize,
}

/// What a read showed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// The object and its id.
    Object(String, Value),
    /// It is not there.
    Nothing,
    /// Not on this page.
    More,
    /// The answer says nothing.
    Unclear(String),
    /// The credentials are no longer good.
    Locked,
}

impl LookUp {
    /// By name; `planned` says the scope.
    pub(crate) fn by_name(kind: Kind, name: &str, provider: Option<&str>, planned: &Value) -> Self {
        let scoped = matches!(kind, Kind::ModelConfig | Kind::RoutingRule);
        Self {
            kind,
            name: name.to_owned(),
            provider: provider.map(str::to_owned),
            scope: scoped.then(|| scope(planned)),
            id: None,
            wanted: None,
            search: matches!(kind, Kind::VirtualKey | Kind::Customer | Kind::Team),
            offset: 0,
        }
    }

    /// By id, or by name where the kind cannot be read by id.
    pub(crate) fn by_id(kind: Kind, name: &str, provider: Option<&str>, planned: &Value, id: Option<&str>) -> Self {
        let readable = id.filter(|id| body::get(kind, provider, id).is_some());
        Self { id: readable.map(str::to_owned), ..Self::by_name(kind, name, provider, planned) }
    }

    /// By id alone, whatever its name is by now: directly where the kind can be read so, else in its list.
    pub(crate) fn exactly(kind: Kind, provider: Option<&str>, id: &str) -> Self {
        let direct = body::get(kind, provider, id).is_some();
        Self {
            kind,
            name: String::new(),
            provider: provider.map(str::to_owned),
            scope: None,
            id: direct.then(|| id.to_owned()),
            wanted: Some(id.to_owned()),
            search: false,
            offset: 0,
        }
    }

    /// The call to make.
    pub(crate) fn call(&self) -> Option<Call> {
        if let Some(id) = &self.id {
            return body::get(self.kind, self.provider.as_deref(), id);
        }
        if self.kind == Kind::ClientConfig {
            return body::get(self.kind, None, "");
        }
        let (endpoint, _, pages) = listing(self.kind)?;
        let mut call = Call::new(endpoint);
        if self.kind == Kind::ProviderKey {
            call = call.param("provider", self.provider.as_deref()?);
        }
        if pages {
            call = page(call, self.offset);
        }
        Some(if self.search { call.query("search", &self.name) } else { call })
    }

    /// Takes the answer to [`call`](Self::call).
    pub(crate) fn on(&mut self, answer: &Answer) -> Seen {
        let unclear = || Seen::Unclear(reply::words(answer));
        match answer.status {
            401 => return Seen::Locked,
            // The object, or the provider whose keys were asked for.
            404 if answer.json().is_some() && (self.id.is_some() || self.kind == Kind::ProviderKey) => {
                return Seen::Nothing;
            }
            _ => {}
        }
        if self.id.is_some() || self.kind == Kind::ClientConfig {
            let json = answer.is_success().then(|| answer.json()).flatten();
            return json.and_then(|json| self.shown(body::object(self.kind, &json))).unwrap_or_else(unclear);
        }
        let Some((objects, total)) = listing(self.kind).and_then(|(_, key, _)| listed(answer, key)) else {
            return unclear();
        };
        let inner = |object: &Value| object.get("config").filter(|_| self.kind == Kind::McpClient).cloned();
        if let Some(seen) =
            objects.iter().find_map(|object| self.named(&inner(object).unwrap_or_else(|| object.clone())))
        {
            return seen;
        }
        self.offset += objects.len();
        let pages = listing(self.kind).is_some_and(|(_, _, pages)| pages);
        if pages && !objects.is_empty() && (self.offset as u64) < total.unwrap_or(0) {
            return Seen::More;
        }
        if self.search {
            (self.search, self.offset) = (false, 0);
            return Seen::More;
        }
        Seen::Nothing
    }

    fn named(&self, object: &Value) -> Option<Seen> {
        let found = identity(self.kind, object)?;
        if let Some(id) = &self.wanted {
            return (found.id == *id).then(|| Seen::Object(found.id, kept(self.kind, object)));
        }
        let here = self.scope.as_ref().is_none_or(|wanted| *wanted == scope(object));
        (found.name == self.name && here).then(|| Seen::Object(found.id, kept(self.kind, object)))
    }

    /// An object that was asked for by its id. An answer that shows another one says nothing.
    fn shown(&self, object: &Value) -> Option<Seen> {
        let found = identity(self.kind, object)?;
        let asked = self.id.as_ref().is_none_or(|id| *id == found.id);
        asked.then(|| Seen::Object(found.id, kept(self.kind, object)))
    }
}

/// The scope of a model config or a rule; what says nothing is global.
fn scope(object: &Value) -> (String, String) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    (text("scope").unwrap_or("global").to_owned(), text("scope_id").unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &Value) -> Answer {
        Answer { status, content_type: "application/json".to_owned(), body: body.to_string() }
    }

    /// Runs a look-up on answers in turn; the queries asked and the last thing seen.
    #[track_caller]
    fn check(mut look: LookUp, answers: &[Answer], expected: &str) {
        let mut asked = Vec::new();
        let mut seen = Seen::More;
        for answer in answers {
            assert_eq!(seen, Seen::More, "it wants to go on");
            let call = look.call().expect("a call");
            let query: Vec<String> = call.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
            asked.push(format!("{}?{}", call.endpoint.id(), query.join("&")));
            seen = look.on(answer);
        }
        let said = match seen {
            Seen::Object(id, _) => id,
            other => format!("{other:?}"),
        };
        assert_eq!(format!("{} -> {said}", asked.join(" ")), expected);
    }

    #[test]
    fn looks_until_it_knows() {
        let nothing = Value::Null;
        let key = || LookUp::by_name(Kind::VirtualKey, "app", None, &nothing);
        let list = |names: &[&str], total: usize| {
            let keys: Vec<Value> = names.iter().map(|name| json!({"id": format!("id-{name}"), "name": name})).collect();
            answer(200, &json!({"virtual_keys": keys, "total_count": total}))
        };
        let first = "virtual_key_list?limit=100&offset=0&search=app";
        check(key(), &[list(&["App", "app"], 2)], &format!("{first} -> id-app"));
        check(
            key(),
            &[list(&["my-app"], 2), list(&["app"], 2)],
            "virtual_key_list?limit=100&offset=0&search=app virtual_key_list?limit=100&offset=1&search=app -> id-app",
        );
        check(
            key(),
            &[list(&[], 0), list(&["x"], 2), list(&["app"], 2)],
            &format!("{first} virtual_key_list?limit=100&offset=0 virtual_key_list?limit=100&offset=1 -> id-app"),
        );
        check(
            key(),
            &[list(&[], 0), list(&["x"], 1)],
            &format!("{first} virtual_key_list?limit=100&offset=0 -> Nothing"),
        );
        let html = Answer { status: 200, content_type: "text/html".to_owned(), body: String::new() };
        check(key(), &[html], &format!("{first} -> Unclear(\"answered 200 (text/html)\")"));
        check(key(), &[answer(401, &json!({}))], &format!("{first} -> Locked"));
    }

    #[test]
    fn an_object_is_read_by_its_id_where_that_can_be() {
        let nothing = Value::Null;
        let team = || LookUp::by_id(Kind::Team, "a", None, &nothing, Some("t1"));
        check(team(), &[answer(200, &json!({"team": {"id": "t1", "name": "a"}}))], "team_get? -> t1");
        check(team(), &[answer(404, &json!({"error": {"message": "Team not found"}}))], "team_get? -> Nothing");
        check(
            team(),
            &[answer(200, &json!({"team": {"id": "t2", "name": "a"}}))],
            "team_get? -> Unclear(\"answered 200 (application/json)\")",
        );
        let price = LookUp::by_id(Kind::PricingOverride, "po", None, &nothing, Some("p1"));
        check(
            price,
            &[answer(200, &json!({"pricing_overrides": [{"id": "p1", "name": "po"}]}))],
            "pricing_override_list? -> p1",
        );
        let config = LookUp::by_name(Kind::ClientConfig, "client_config", None, &nothing);
        check(config, &[answer(200, &json!({"client_config": {"a": 1}}))], "config_get? -> client_config");
    }

    #[test]
    fn rules_of_one_name_are_told_apart_by_scope() {
        let rules = answer(
            200,
            &json!({"rules": [{"id": "r1", "name": "r"},
            {"id": "r2", "name": "r", "scope": "team", "scope_id": "t1"}], "total_count": 2}),
        );
        let global = LookUp::by_name(Kind::RoutingRule, "r", None, &json!({"name": "r"}));
        let scoped = LookUp::by_name(Kind::RoutingRule, "r", None, &json!({"scope": "team", "scope_id": "t1"}));
        let asked = "routing_rule_list?limit=100&offset=0";
        check(global, std::slice::from_ref(&rules), &format!("{asked} -> r1"));
        check(scoped, &[rules], &format!("{asked} -> r2"));
    }
}
