//! Rows that are a section of settings: `LiteLLM_Config`, and the tables of one row that came later.

use model::{Code, Finding, Origin};
use serde_json::{Map, Value};

use super::{Beside, Row};
use crate::dump::cell::unwrap_json;
use crate::fields::{Builder, Keeping};
use crate::sensitive::is_sensitive;
use crate::tables::Table;
use crate::{Kind, SourceKind};

/// Sections of `LiteLLM_Config` that are plain but for secrets in clear (`reference/litellm.md` 2.6); others, such
/// as the settings of cost exporters, keep their secrets sealed.
const PLAIN: &[&str] = &["general_settings", "router_settings", "litellm_settings", "ui_settings"];

impl Beside {
    /// A section of settings. Pass-through endpoints are objects of their own.
    pub(super) fn settings(&mut self, table: &'static Table, row_id: &str, row: Row<'_>) {
        let (id, column) = match table.name {
            "LiteLLM_SSOConfig" => ("sso_settings", "sso_settings"),
            "LiteLLM_CacheConfig" => ("cache_settings", "cache_settings"),
            "LiteLLM_UISettings" => ("ui_settings", "ui_settings"),
            "LiteLLM_ConfigOverrides" => (row_id, "config_value"),
            _ => (row_id, "param_value"),
        };
        let whole = Origin::row(table.name, row_id, column);
        let Some(map) = self.map(row.get(column).unwrap_or(&Value::Null), &whole) else { return };
        let at = |name: &str| Origin::row(table.name, row_id, format!("{column}.{name}"));
        let sealed = id == "environment_variables" || column != "param_value" && column != "ui_settings";
        let mut builder =
            Builder::new(&mut self.kept, Kind::Settings, id, SourceKind::Database, Origin::row(table.name, row_id, ""));
        for (name, value) in map.iter().filter(|(name, _)| *name != "pass_through_endpoints") {
            let secret = !PLAIN.contains(&id) && is_sensitive(name);
            let keeping = if sealed || secret { Keeping::Sealed } else { Keeping::Plain };
            builder.put(name.as_str(), value.clone(), keeping, at(name));
        }
        let section = builder.finish();
        if !section.fields.is_empty() {
            self.objects.push(section);
        }
        let endpoints = map.get("pass_through_endpoints").and_then(Value::as_array);
        for (index, item) in endpoints.into_iter().flatten().enumerate() {
            self.pass_through(index, item, &at(&format!("pass_through_endpoints.{index}")));
        }
    }

    fn pass_through(&mut self, index: usize, item: &Value, origin: &Origin) {
        let Some(map) = item.as_object() else { return };
        let path = map.get("path").and_then(Value::as_str).map_or_else(|| format!("{}", index + 1), str::to_owned);
        let mut builder = Builder::new(&mut self.kept, Kind::PassThrough, path, SourceKind::Database, origin.clone());
        builder.put_all("", map, Keeping::Plain, |_| origin.clone());
        self.objects.push(builder.finish());
    }

    /// The settings of a section: a map, a text with JSON, or a text with YAML (`reference/litellm.md` 2.5).
    fn map(&mut self, value: &Value, at: &Origin) -> Option<Map<String, Value>> {
        match unwrap_json(value.clone()) {
            Value::Null => None,
            Value::Object(map) => Some(map),
            Value::String(text) => match pyyaml::load("param_value", text.as_bytes()).root.map(|root| root.to_json()) {
                Some(Value::Object(map)) => Some(map),
                _ => self.no_section(at),
            },
            // A flag or a list: kept under the section's own name.
            other => Some(Map::from_iter([("value".to_owned(), other)])),
        }
    }

    fn no_section(&mut self, at: &Origin) -> Option<Map<String, Value>> {
        self.notes.add(
            Finding::error(
                Code::new("rows.no_settings"),
                "settings",
                "this text is neither JSON nor YAML with settings; what it was meant to set is unknown",
            )
            .at(at.clone())
            .hint("LiteLLM cannot read it either: set these settings again in LiteLLM, or on the gateway"),
        );
        None
    }
}
