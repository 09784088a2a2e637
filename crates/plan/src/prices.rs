//! Prices of one's own: what a deployment states becomes a pricing override of its provider key.
//! Facts: `reference/litellm.md` 4.3; `reference/bifrost-api.md` 2.11.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use bifrost::{Capability, Kind, hole};
use inventory::Entity;
use std::sync::Arc;

use litellm::Kind as Source;
use model::{Code, Finding};
use serde_json::{Map, Value, json};

use crate::draft::Planner;
use crate::limits::number_text;
use crate::providers::{Catalogue, KeyDraft};
use crate::types::Fidelity;

/// Prices the gateway's overrides know, by LiteLLM's own names for them.
const KNOWN: &[&str] = &[
    "cache_creation_input_audio_token_cost",
    "cache_creation_input_token_cost",
    "cache_creation_input_token_cost_above_200k_tokens",
    "cache_read_input_image_token_cost",
    "cache_read_input_token_cost",
    "cache_read_input_token_cost_above_200k_tokens",
    "cache_read_input_token_cost_priority",
    "input_cost_per_audio_per_second",
    "input_cost_per_audio_token",
    "input_cost_per_character",
    "input_cost_per_image",
    "input_cost_per_image_token",
    "input_cost_per_pixel",
    "input_cost_per_second",
    "input_cost_per_token",
    "input_cost_per_token_above_128k_tokens",
    "input_cost_per_token_above_200k_tokens",
    "input_cost_per_token_batches",
    "input_cost_per_token_priority",
    "input_cost_per_video_per_second",
    "output_cost_per_audio_token",
    "output_cost_per_image",
    "output_cost_per_image_token",
    "output_cost_per_pixel",
    "output_cost_per_second",
    "output_cost_per_token",
    "output_cost_per_token_above_128k_tokens",
    "output_cost_per_token_above_200k_tokens",
    "output_cost_per_token_batches",
    "output_cost_per_token_priority",
    "output_cost_per_video_per_second",
];

/// What a mode of LiteLLM's is called among the gateway's request types; a deployment that states none may be called
/// in every way that is priced by token.
const MODES: &[(&str, &[&str])] = &[
    ("", &["chat_completion", "embedding", "responses", "text_completion"]),
    ("chat", &["chat_completion", "responses", "text_completion"]),
    ("responses", &["chat_completion", "responses"]),
    ("completion", &["text_completion"]),
    ("embedding", &["embedding"]),
    ("rerank", &["rerank"]),
    ("audio_speech", &["speech"]),
    ("audio_transcription", &["transcription"]),
    ("image_generation", &["image_generation"]),
];

/// A price in dollars, exactly as written: prices are far below a micro-dollar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Price {
    /// Significant digits, none for zero.
    digits: String,
    /// The power of ten of the last digit.
    exponent: i32,
}

/// The text is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NotAPrice;

impl FromStr for Price {
    type Err = NotAPrice;

    fn from_str(text: &str) -> Result<Self, NotAPrice> {
        let (mantissa, exponent) = match text.trim().split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| NotAPrice)?),
            None => (text.trim(), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || digits.len() > 40 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NotAPrice);
        }
        let kept = digits.trim_end_matches('0');
        let scale = i32::try_from(digits.len() - kept.len()).map_err(|_| NotAPrice)?;
        let places = i32::try_from(fraction.len()).map_err(|_| NotAPrice)?;
        let digits = kept.trim_start_matches('0').to_owned();
        let exponent = if digits.is_empty() { 0 } else { exponent.saturating_sub(places).saturating_add(scale) };
        if exponent.abs() > 60 {
            return Err(NotAPrice);
        }
        Ok(Self { digits, exponent })
    }
}

impl Price {
    /// As a JSON number with exactly these digits.
    fn json(&self) -> Value {
        let zeros = |count: usize| "0".repeat(count);
        let places = usize::try_from(self.exponent.unsigned_abs()).unwrap_or_default();
        let text = match self.exponent {
            _ if self.digits.is_empty() => "0".to_owned(),
            0.. => format!("{}{}", self.digits, zeros(places)),
            _ => {
                let padded = format!("{}{}", zeros((places + 1).saturating_sub(self.digits.len())), self.digits);
                let (whole, fraction) = padded.split_at(padded.len() - places);
                format!("{whole}.{fraction}")
            }
        };
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// What one deployment states, by the gateway's field; and the fields of its own it stands in.
type Stated = BTreeMap<&'static str, (Price, Vec<String>)>;

type Prices = BTreeMap<&'static str, Price>;

const WHOLE: &str =
    "a price of everything a provider has; make a pricing override with the same value for the models in use";

const MIXED: &str = "deployments that share a key and a model have different prices, and the gateway tells them apart \
                     by nothing else; give each a key of its own, then make pricing overrides";

impl Planner<'_> {
    /// Overrides for every key with a deployment that states prices.
    pub(crate) fn prices(&mut self, catalogue: &Catalogue) {
        let mut left: BTreeMap<&String, &'static str> = BTreeMap::new();
        let patterns: Vec<_> = catalogue.keys.iter().map(|key| (key, patterns(key))).collect();
        for (key, patterns) in &patterns {
            for (pattern, ids) in patterns {
                if let Err(note) = self.price(key, pattern, ids) {
                    left.extend(ids.iter().map(|id| (id, note)));
                }
            }
            left.extend(key.wildcard.keys().map(|id| (id, WHOLE)));
        }
        for (id, note) in left {
            self.prices_left(id, note);
        }
        for entity in self.wanted(Source::Deployment) {
            self.other_prices(entity);
        }
    }

    /// Makes the override of one name of one key; says why it cannot.
    fn price(&mut self, key: &KeyDraft, pattern: &str, ids: &BTreeSet<String>) -> Result<(), &'static str> {
        let deployments: Vec<&Entity> = ids.iter().filter_map(|id| self.entity(Source::Deployment, id)).collect();
        let stated: Vec<(&Entity, Stated)> =
            deployments.into_iter().map(|entity| (entity, self.stated(entity))).collect();
        let prices =
            |stated: &Stated| -> Prices { stated.iter().map(|(field, (price, _))| (*field, price.clone())).collect() };
        let all: BTreeSet<Prices> = stated.iter().map(|(_, stated)| prices(stated)).collect();
        let mut all = all.into_iter();
        let prices = match (all.next(), all.next()) {
            (Some(_), Some(_)) => return Err(MIXED),
            (Some(one), None) if !one.is_empty() => one,
            _ => return Ok(()),
        };
        if stated.iter().any(|(entity, _)| ways(entity).is_empty()) {
            return Err("the gateway has no word for calls of this mode; make a pricing override by hand");
        }
        let mut holds = true;
        for (entity, _) in &stated {
            holds &= self.holds(Capability::PricingOverrides, &entity.id);
        }
        if !holds {
            return Err("this gateway takes no prices of your own");
        }
        self.write_price(key, pattern, &prices, &stated);
        Ok(())
    }

    fn write_price(&mut self, key: &KeyDraft, pattern: &str, prices: &Prices, stated: &[(&Entity, Stated)]) {
        let ways: BTreeSet<&str> = stated.iter().flat_map(|(entity, _)| ways(entity)).collect();
        let name = self.unique(Kind::PricingOverride, &format!("{}: {pattern}", key.name), "");
        let patch: Map<String, Value> =
            prices.iter().map(|(field, price)| ((*field).to_owned(), price.json())).collect();
        let body = json!({
            "name": name,
            "scope_kind": "provider_key",
            "provider_key_id": hole::reference(&key.op),
            "match_type": "exact",
            "pattern": pattern,
            "request_types": ways,
            "patch": patch,
        });
        let origins = stated.iter().map(|(entity, _)| entity.object.origin.clone()).collect();
        let reason = "the prices that LiteLLM has of its own for this model";
        let op = self.draft(Kind::PricingOverride, &name, Some(body), reason, origins);
        for (entity, stated) in stated {
            let source = entity.id.clone();
            for (field, (_, paths)) in stated {
                for path in paths {
                    self.ledger.exact(&source, path, &op, &format!("patch.{field}"));
                }
            }
        }
    }

    /// The prices a deployment states: its parameters win over its information.
    fn stated(&mut self, entity: &Entity) -> Stated {
        let mut stated = Stated::new();
        for place in ["litellm_params", "model_info"] {
            for field in KNOWN {
                let path = format!("{place}.{field}");
                let Some(value) = entity.object.value(&path) else { continue };
                match number_text(value).parse::<Price>() {
                    Ok(price) => stated.entry(field).or_insert((price, Vec::new())).1.push(path),
                    Err(NotAPrice) => self.no_price(entity, &path),
                }
            }
        }
        stated
    }

    fn no_price(&mut self, entity: &Entity, path: &str) {
        let source = entity.id.clone();
        let note = "is no number, so it is no price; look at it by hand";
        self.ledger.left(&source, path, Fidelity::Manual, note);
        let mut finding = Finding::warning(Code::new("plan.price"), source.as_str(), format!("{path} {note}"));
        if let Some(field) = entity.object.fields.get(path) {
            finding = finding.at(field.origin.clone());
        }
        self.findings.push(finding);
    }

    /// Says of every price of a deployment why it is not moved; also once for the person who reads only findings,
    /// for budgets are counted in these prices.
    fn prices_left(&mut self, id: &str, note: &str) {
        let Some(entity) = self.entity(Source::Deployment, id) else { return };
        let source = entity.id.clone();
        let paths: Vec<&Arc<str>> = entity
            .object
            .fields
            .keys()
            .filter(|path| price_name(path).is_some_and(|name| KNOWN.contains(&name)))
            .collect();
        for path in &paths {
            self.ledger.left(&source, path, Fidelity::Manual, note);
        }
        if !paths.is_empty() {
            let message = format!("its own prices are not moved: {note}");
            self.findings.push(
                Finding::warning(Code::new("plan.price"), source.as_str(), message)
                    .at(entity.object.origin.clone())
                    .hint("until then the gateway counts budgets with the prices of its catalogue"),
            );
        }
    }

    /// Prices of a kind that the gateway's overrides do not know.
    fn other_prices(&mut self, entity: &Entity) {
        let source = entity.id.clone();
        for path in entity.object.fields.keys() {
            let Some(name) = price_name(path).filter(|name| !KNOWN.contains(name)) else { continue };
            let note = format!("the gateway's overrides know no price {name}; what it adds is not counted there");
            self.ledger.left(&source, path, Fidelity::Unsupported, note);
        }
    }
}

/// The name of a price, where the field is one.
pub(crate) fn price_name(path: &str) -> Option<&str> {
    let (place, name) = path.split_once('.')?;
    let is_price = name.contains("_cost") && !name.contains('.');
    (is_price && ["litellm_params", "model_info"].contains(&place)).then_some(name)
}

/// The names a key's models are priced by, with the deployments behind each. Which of the two names of a model the
/// gateway looks for is not documented, so both are named.
fn patterns(key: &KeyDraft) -> BTreeMap<String, BTreeSet<String>> {
    let mut patterns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for served in key.served.values() {
        let names = [Some(&served.entry), served.upstream.as_ref()];
        for name in names.into_iter().flatten() {
            patterns.entry(name.clone()).or_default().extend(served.deployments.iter().cloned());
        }
    }
    patterns
}

/// The ways of calling that a deployment's prices hold for; none where the gateway has no word for its mode.
fn ways(entity: &Entity) -> BTreeSet<&'static str> {
    let mode = entity.object.text("model_info.mode").unwrap_or_default();
    MODES.iter().find(|(known, _)| *known == mode).into_iter().flat_map(|(_, ways)| ways.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = text.parse::<Price>().map_or_else(|_| "no price".to_owned(), |price| price.json().to_string());
        assert_eq!(shown, expected, "for {text:?}");
    }

    #[test]
    fn prices_keep_every_digit() {
        check("3e-06", "0.000003");
        check("0.0000025", "0.0000025");
        check("2.50E-6", "0.0000025");
        check("0", "0");
        check("0.0", "0");
        check("1200", "1200");
        check("12.5", "12.5");
        check("0.1234567890123456789", "0.1234567890123456789");
        for text in ["", "-1", "nan", "1.2.3", "1e999999999999", "1e999", "free"] {
            check(text, "no price");
        }
    }
}
