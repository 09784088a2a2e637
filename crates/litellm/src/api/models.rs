//! Deployments as the API shows them. Source: `reference/litellm.md` 1.5.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Code, Finding, Origin};
use serde_json::{Map, Value};

use super::{Answer, list, shape};
use crate::fields::{Builder, Keeping};
use crate::{Kind, SourceKind};

impl Answer<'_> {
    /// `/v2/model/info`, or the older `/model/info`: that shows an alias as one more row of its target, and a
    /// wildcard as one row per model it matches, all with the same id.
    pub(super) fn models(&mut self, body: &Value) {
        let rows = match body.get("data") {
            // A proxy started with --model shows its one model without a list.
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => list(body, "/data"),
        };
        let single = matches!(body.get("data"), Some(Value::Object(_)));
        let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            match row.pointer("/model_info/id").and_then(Value::as_str) {
                Some(id) => by_id.entry(id).or_default().push(index),
                None => self.nameless(&format!("/data/{index}"), "model_info.id"),
            }
        }
        let mut expanded = 0;
        let mut found: Vec<(usize, &str)> = Vec::new();
        for (id, indexes) in by_id {
            let model = |index: &usize| rows[*index].pointer("/litellm_params/model");
            let Some(first) = indexes.first() else { continue };
            if indexes.iter().all(|index| model(index) == model(first)) {
                found.push((*first, id));
            } else {
                expanded += 1;
            }
        }
        // In the order of the answer.
        found.sort_unstable();
        for (index, id) in found {
            let place = if single { "/data".to_owned() } else { format!("/data/{index}") };
            if let Some(map) = rows[index].as_object() {
                self.deployment(id.to_owned(), map, &place);
            }
        }
        if expanded > 0 {
            self.expanded(expanded);
        }
    }

    fn expanded(&mut self, wildcards: usize) {
        let of = if wildcards == 1 { "a wildcard".to_owned() } else { format!("{wildcards} wildcards") };
        let message = format!("this answer lists the models that match instead of {of}; those rows are left out");
        self.findings.push(
            Finding::warning(Code::new("api.expanded_models"), &**self.name, message)
                .at(self.at("/data"))
                .hint("save the answer of /v2/model/info instead, or give config.yaml"),
        );
    }

    fn deployment(&mut self, id: String, map: &Map<String, Value>, place: &str) {
        let name = self.name;
        let at = |path: &str| Origin::endpoint(Arc::clone(name), format!("{place}/{path}"));
        let mut builder =
            Builder::new(self.kept, Kind::Deployment, id, SourceKind::Api, Origin::endpoint(Arc::clone(name), place));
        for (field, value) in map {
            match (field.as_str(), value) {
                ("litellm_params", Value::Object(inner)) => {
                    builder.put_all(field, inner, Keeping::Plain, |name| at(&format!("{field}/{name}")));
                }
                ("model_info", Value::Object(inner)) => {
                    for (key, value) in inner.iter().filter(|(key, _)| shape::is_own_model_info(key)) {
                        builder.put(
                            format!("model_info.{key}"),
                            value.clone(),
                            Keeping::Plain,
                            at(&format!("model_info/{key}")),
                        );
                    }
                }
                ("model_name", _) => builder.put(field.as_str(), value.clone(), Keeping::Plain, at(field)),
                _ => {}
            }
        }
        self.objects.push(builder.finish());
    }
}
