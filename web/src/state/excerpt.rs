//! The place a value was read at, shown masked: lines of a file, or the row or answer as the reader took it apart.

use inventory::{Gathered, Inventory, Opened, Vault};
use litellm::{Field, Held as Value, Object};
use model::{Origin, SecretId, SourceId};

use crate::state::Held;
use crate::state::mask::{Slot, mask};

/// How many lines are shown on each side of the one that is meant.
const AROUND: usize = 4;
/// How much of a long line is shown on each side of the column that is meant.
const BESIDE: usize = 120;

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Excerpt {
    /// Lines of a file.
    Lines(Vec<Line>),
    /// A row of a table or an object of an answer, field by field.
    Fields(Vec<Shown>),
    /// It cannot be shown; why not.
    Gone(&'static str),
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// Its masked text.
    pub(crate) text: String,
    /// Whether it is the one that is meant.
    pub(crate) here: bool,
}

/// A field of a row or of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Column, or path below the object.
    pub(crate) name: String,
    /// Its value, or none where it is a secret.
    pub(crate) value: Option<String>,
    /// Whether it is the one that is meant.
    pub(crate) here: bool,
}

/// What the page holds of the sources.
pub(crate) struct Sources<'a> {
    /// Everything that was given.
    pub(crate) held: &'a [Held],
    /// The objects as each source shows them.
    pub(crate) gathered: &'a Gathered,
    /// The joined objects: what was sealed and is no secret stands open in here.
    pub(crate) inventory: &'a Inventory,
    /// The secrets, to find them in the text and mask them.
    pub(crate) vault: &'a Vault<Opened>,
    /// Keys given by hand; they are masked too.
    pub(crate) keys: Vec<&'a str>,
}

/// Looks a place up. `of` is the object that is looked at: two rows may go by the same name.
pub(crate) fn excerpt(sources: &Sources<'_>, origin: &Origin, of: Option<&SourceId>) -> Excerpt {
    match origin {
        Origin::File { file, line, column } => lines(sources, file, *line, *column),
        Origin::Whole { .. } => Excerpt::Gone("It is about the whole source; no single place can be shown."),
        Origin::Row { .. } | Origin::Endpoint { .. } => fields(sources, origin, of),
    }
}

fn lines(sources: &Sources<'_>, file: &str, line: u32, column: u32) -> Excerpt {
    let bytes = sources.held.iter().find_map(|held| match held {
        Held::File { name, bytes, .. } if name == file => Some(bytes),
        _ => None,
    });
    let Some(bytes) = bytes else { return Excerpt::Gone("This file is not held in this tab any more.") };
    let text = String::from_utf8_lossy(bytes);
    let (mut slots, mut known) = (Vec::new(), sources.keys.clone());
    for object in sources.gathered.objects() {
        for field in object.fields.values() {
            secrets(field, &mut |slot| known.extend(sources.vault.expose(slot).map(litellm::Secret::expose)));
            if let (Value::Secret(_), Origin::File { file: at, line, column }) = (&field.held, &field.origin)
                && **at == *file
            {
                slots.push(Slot { line: *line as usize, column: *column as usize });
            }
        }
    }
    let here = (line as usize).max(1);
    let range = here.saturating_sub(AROUND).max(1)..here + AROUND + 1;
    let shown = mask(&text, range.clone(), &slots, &known).into_iter().zip(range).map(|(text, number)| Line {
        text: clip(&text, if number == here { column as usize } else { 1 }),
        here: number == here,
        number,
    });
    Excerpt::Lines(shown.collect())
}

/// A long line around a column; counted in characters.
fn clip(text: &str, column: usize) -> String {
    let from = column.saturating_sub(BESIDE);
    let mut shown: String = text.chars().skip(from).take(2 * BESIDE).collect();
    if from > 0 {
        shown.insert(0, '…');
    }
    if text.chars().nth(from + 2 * BESIDE).is_some() {
        shown.push('…');
    }
    shown
}

fn fields(sources: &Sources<'_>, origin: &Origin, of: Option<&SourceId>) -> Excerpt {
    let candidates = || sources.gathered.objects().iter().filter(|object| holds(&object.origin, origin));
    let exact =
        |object: &&Object| object.origin == *origin || object.fields.values().any(|field| field.origin == *origin);
    let meant = |object: &&Object| of.is_some_and(|id| object.source_id() == *id);
    let object = candidates()
        .find(|object| exact(object) && meant(object))
        .or_else(|| candidates().find(exact))
        .or_else(|| candidates().next());
    let Some(object) = object else {
        return Excerpt::Gone("Nothing of this place was taken over, so there is nothing to show.");
    };
    let joined = sources.inventory.entities.get(&object.source_id());
    let shown = object.fields.iter().map(|(name, field)| {
        // A sealed value that turned out to be no secret is known from the joined object.
        let opened =
            joined.and_then(|entity| entity.object.fields.get(name)).filter(|open| open.origin == field.origin);
        let value = field.plain().or_else(|| opened?.plain()).map(report::body::text);
        Shown { name: name.to_string(), value, here: field.origin == *origin }
    });
    Excerpt::Fields(shown.collect())
}

/// Whether an object read at one place is the one another place lies in.
fn holds(object: &Origin, place: &Origin) -> bool {
    match (object, place) {
        (Origin::Row { table, row, .. }, Origin::Row { table: of, row: at, .. }) => table == of && row == at,
        (Origin::Endpoint { endpoint, pointer }, Origin::Endpoint { endpoint: of, pointer: at }) => {
            endpoint == of && at.strip_prefix(&**pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        _ => false,
    }
}

/// The slots of a field, nested ones too.
fn secrets(field: &Field, found: &mut impl FnMut(&SecretId)) {
    match &field.held {
        Value::Secret(slot) => found(slot),
        Value::Plain(value) => nested(value, found),
    }
}

fn nested(value: &serde_json::Value, found: &mut impl FnMut(&SecretId)) {
    match value {
        serde_json::Value::Object(map) => match map.get("$secret").and_then(serde_json::Value::as_str) {
            Some(slot) => found(&SecretId::new(slot)),
            None => map.values().for_each(|inner| nested(inner, found)),
        },
        serde_json::Value::Array(items) => items.iter().for_each(|inner| nested(inner, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use inventory::{Candidate, gather};
    use litellm::{Input, Secret};
    use model::Masked;

    use super::*;

    const CONFIG: &str = "\
model_list:
  - model_name: my-gpt
    litellm_params:
      model: openai/gpt-4o
      api_key: canary-one-0001
      extra_headers: {x-token: canary-two-0002, x-team: platform}
  - model_name: other
    litellm_params:
      model: vertex_ai/gemini
      vertex_credentials: |
        {\"private_key\": \"canary-three-0003\"}
environment_variables:
  PLAIN_NAME: canary-four-0004
general_settings:
  master_key: sk-canary-five-0005
";
    const KEYS: &str = r#"{"keys": [{"token": "canary-six", "key_alias": "one", "models": ["a"], "metadata": {"api_key": "canary-seven"}}, {"token": "canary-eight", "key_alias": "two", "max_budget": 3}], "total_count": 2, "current_page": 1, "total_pages": 1}"#;

    fn held() -> Vec<Held> {
        let file = |name: &str, text: &str| Held::File {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
            relayed: false,
        };
        vec![file("config.yaml", CONFIG), file("keys.json", KEYS)]
    }

    /// Every place the inventory names.
    fn every_place(inventory: &Inventory) -> Vec<(SourceId, Origin)> {
        let of = |(id, entity): (&SourceId, &inventory::Entity)| {
            let fields = entity.object.fields.values().map(|field| (id.clone(), field.origin.clone()));
            let objects = entity.origins.iter().map(|origin| (id.clone(), origin.clone()));
            fields.chain(objects).collect::<Vec<_>>()
        };
        inventory.entities.iter().flat_map(of).collect()
    }

    fn look(origin: Option<&Origin>) -> Vec<(Origin, Excerpt)> {
        let held = held();
        let inputs: Vec<Input<'_>> = held.iter().map(Held::input).collect();
        let gathered = gather(litellm::read(&inputs));
        let salt = Candidate { name: "salt key".to_owned(), secret: Secret::new("canary-salt".to_owned()) };
        let (inventory, vault) = gathered.open(&[salt]);
        let sources = Sources {
            held: &held,
            gathered: &gathered,
            inventory: &inventory,
            vault: &vault,
            keys: vec!["canary-salt"],
        };
        let all = every_place(&inventory).into_iter().filter(|(_, place)| origin.is_none_or(|origin| origin == place));
        all.map(|(id, place)| (place.clone(), excerpt(&sources, &place, Some(&id)))).collect()
    }

    #[test]
    fn no_place_shows_a_secret() {
        let all = look(None);
        assert!(all.len() > 15, "{}", all.len());
        for (place, excerpt) in all {
            assert!(!matches!(excerpt, Excerpt::Gone(_)), "{place} can be shown");
            assert!(!format!("{excerpt:?}").contains("canary"), "{place}");
        }
    }

    #[track_caller]
    fn check(origin: &Origin, expected: &str) {
        let (_, excerpt) = look(Some(origin)).pop().expect("the inventory names this place");
        let mark = |here: bool| if here { ">" } else { " " };
        let shown: Vec<String> = match excerpt {
            Excerpt::Lines(lines) => {
                lines.iter().map(|line| format!("{}{} {}", mark(line.here), line.number, line.text)).collect()
            }
            Excerpt::Fields(fields) => fields
                .iter()
                .map(|field| format!("{}{}: {}", mark(field.here), field.name, field.value.as_deref().unwrap_or("*")))
                .collect(),
            Excerpt::Gone(why) => vec![why.to_owned()],
        };
        assert_eq!(shown.join("\n").replace(&Masked.to_string(), "*").trim_start(), expected);
    }

    #[test]
    fn a_place_is_shown_with_what_stands_around_it() {
        let lines = "\
1 model_list:
 2   - model_name: my-gpt
 3     litellm_params:
>4       model: openai/gpt-4o
 5       api_key: *
 6       extra_headers: {x-token: *, x-team: *}
 7   - model_name: other
 8     litellm_params:";
        check(&Origin::file("config.yaml", 4, 14), lines);
        check(&Origin::endpoint("keys.json", "/keys/1/max_budget"), "key_alias: two\n>max_budget: 3");
    }
}
