//! Settings as the API shows them. Source: `reference/litellm.md` 1.11.

use std::sync::Arc;

use model::Origin;
use serde_json::{Map, Value};

use super::shape::Section;
use super::{Answer, list};
use crate::fields::{Builder, Keeping, is_empty};
use crate::sensitive::is_masked;
use crate::{Kind, SourceKind};

/// The role LiteLLM fills in for new users where nobody chose one.
const DEFAULT_ROLE: &str = "internal_user_viewer";

impl Answer<'_> {
    /// `/get/config/callbacks`: callbacks by type, their variables in clear, and the router's settings.
    pub(super) fn callbacks(&mut self, body: &Value) {
        let mut by_type: Map<String, Value> = Map::new();
        let mut variables: Map<String, Value> = Map::new();
        for item in list(body, "/callbacks") {
            let text = |key: &str| item.get(key).and_then(Value::as_str);
            let (Some(callback), Some(kind)) = (text("name"), text("type")) else { continue };
            let setting = match kind {
                "success" => "success_callback",
                "failure" => "failure_callback",
                _ => "callbacks",
            };
            if let Value::Array(names) = by_type.entry(setting).or_insert_with(|| Value::Array(Vec::new())) {
                names.push(Value::from(callback));
            }
            let Some(Value::Object(map)) = item.get("variables") else { continue };
            // To somebody who is no full administrator they are shown masked.
            let shown = map.iter().filter(|(_, value)| value.as_str().is_some_and(|text| !is_masked(text)));
            variables.extend(shown.map(|(name, value)| (name.clone(), value.clone())));
        }
        let router = body.get("router_settings").and_then(Value::as_object).cloned().unwrap_or_default();
        self.section("litellm_settings", &by_type, "/callbacks", Keeping::Plain);
        self.section("environment_variables", &variables, "/callbacks", Keeping::Secret);
        self.section("router_settings", &router, "/router_settings", Keeping::Plain);
    }

    /// `/config/list`: a field each, with a default that is as good as absent. Pass-through endpoints have a list of
    /// their own.
    pub(super) fn general_settings(&mut self, body: &Value) {
        let mut map = Map::new();
        for item in list(body, "") {
            let Some(field) = item.get("field_name").and_then(Value::as_str) else { continue };
            let (value, default) = (item.get("field_value"), item.get("field_default_value"));
            let stored = item.get("stored_in_db").is_some_and(|stored| !stored.is_null());
            if let Some(value) = value.filter(|value| stored && Some(*value) != default && !value.is_null())
                && field != "pass_through_endpoints"
            {
                map.insert(field.to_owned(), value.clone());
            }
        }
        self.section("general_settings", &map, "", Keeping::Plain);
    }

    /// Values of a section; what is not set, or only by default, is left out.
    pub(super) fn values(&mut self, section: Section, body: &Value) {
        let (id, pointer) = match section {
            Section::Router => ("router_settings", "/current_values"),
            Section::Cache => ("cache_settings", "/current_values"),
            Section::Sso => ("sso_settings", "/values"),
            Section::Ui => ("ui_settings", "/values"),
            Section::UserDefaults => ("default_internal_user_params", "/values"),
            Section::TeamDefaults => ("default_team_params", "/values"),
        };
        let Some(Value::Object(all)) = body.pointer(pointer) else { return };
        let source = body.get("provenance").or_else(|| body.get("source"));
        let by_default = |name: &str| {
            let said = source.and_then(|source| source.get(name)).and_then(Value::as_str);
            matches!(said, Some("default" | "unset"))
        };
        let off = |value: &Value| is_empty(value) || (section == Section::Ui && *value == Value::Bool(false));
        let filled_in = |name: &str, value: &Value| name == "user_role" && *value == DEFAULT_ROLE;
        let map: Map<String, Value> = all
            .iter()
            .filter(|(name, value)| !off(value) && !by_default(name) && !filled_in(name, value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if matches!(section, Section::UserDefaults | Section::TeamDefaults) && !map.is_empty() {
            let one = Map::from_iter([(id.to_owned(), Value::Object(map))]);
            self.section("litellm_settings", &one, pointer, Keeping::Plain);
        } else {
            self.section(id, &map, pointer, Keeping::Plain);
        }
    }

    fn section(&mut self, id: &str, map: &Map<String, Value>, pointer: &str, keeping: Keeping) {
        if map.is_empty() {
            return;
        }
        let name = self.name;
        let mut builder =
            Builder::new(self.kept, Kind::Settings, id, SourceKind::Api, Origin::endpoint(Arc::clone(name), pointer));
        builder.put_all("", map, keeping, |field| Origin::endpoint(Arc::clone(name), at(pointer, field)));
        self.objects.push(builder.finish());
    }
}

/// Where a field of a section stands; callbacks and lists are not keyed by name.
fn at(pointer: &str, field: &str) -> String {
    match pointer {
        "" | "/callbacks" => pointer.to_owned(),
        _ => format!("{pointer}/{field}"),
    }
}
