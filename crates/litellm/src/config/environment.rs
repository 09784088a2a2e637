//! References: `os.environ/NAME`, and what `environment_variables` sets for the references to find.
//! Source: `reference/litellm.md` 4.1.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Code, Finding};
use pyyaml::{Entry, Node, Value as Yaml};

use super::include::Part;
use super::{place, template};

/// The start of a reference to the proxy's environment (`reference/litellm.md` 4.1).
pub const REFERENCE: &str = "os.environ/";

/// Names LiteLLM does not let a file set.
const REFUSED: &[&str] = &[
    "PATH",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "HOME",
    "USER",
    "SHELL",
    "LOGNAME",
    "NO_PROXY",
    "no_proxy",
];

/// The variables that the file itself sets.
#[derive(Debug, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

/// The name a reference asks for; the whole text has to be one, and the start may stand in it again
/// (`reference/litellm.md` 4.1).
pub fn referred(text: &str) -> Option<String> {
    text.starts_with(REFERENCE).then(|| text.replace(REFERENCE, ""))
}

impl Variables {
    /// Takes in the section of that name.
    pub(super) fn read(parts: &[Part<'_>], findings: &mut Vec<Finding>) -> Self {
        let mut variables = Self::default();
        for part in parts.iter().filter(|part| part.section == "environment_variables") {
            for entry in part.entry.value.entries() {
                variables.variable(part.file, entry, findings);
            }
        }
        variables
    }

    fn variable(&mut self, file: &Arc<str>, entry: &Entry, findings: &mut Vec<Finding>) {
        let Some(name) = entry.key.as_text() else { return };
        if REFUSED.contains(&name) {
            findings.push(
                Finding::warning(
                    Code::new("config.environment_refused"),
                    name,
                    format!("LiteLLM refuses to set {name} from its file; it has no effect"),
                )
                .at(place(file, &entry.key)),
            );
            return;
        }
        let value = match &entry.value.value {
            Yaml::Text(text) if text.starts_with(REFERENCE) || template::placeholder(text).is_some() => return,
            Yaml::Text(text) => text.clone(),
            Yaml::Bool(true) => "True".to_owned(),
            Yaml::Bool(false) => "False".to_owned(),
            Yaml::Int(digits) => digits.clone(),
            Yaml::Null | Yaml::Mapping(_) | Yaml::Sequence(_) => return,
            _ => entry.value.to_json().to_string().trim_matches('"').to_owned(),
        };
        self.0.insert(name.to_owned(), value);
    }

    /// The value of a variable, where the file sets it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value with every reference filled in that the file itself can fill: in maps, and in maps inside lists.
    pub(super) fn fill<'n>(&self, node: &'n Node) -> Cow<'n, Node> {
        if self.0.is_empty() || !self.concerns(node) {
            return Cow::Borrowed(node);
        }
        Cow::Owned(self.filled(node))
    }

    fn concerns(&self, node: &Node) -> bool {
        match &node.value {
            Yaml::Text(text) => self.find(text).is_some(),
            Yaml::Mapping(entries) => entries.iter().any(|entry| self.concerns(&entry.value)),
            Yaml::Sequence(items) => items.iter().any(|item| self.concerns(item)),
            _ => false,
        }
    }

    fn filled(&self, node: &Node) -> Node {
        let value = match &node.value {
            Yaml::Text(text) => match self.find(text) {
                Some(value) if value.eq_ignore_ascii_case("true") => Yaml::Bool(true),
                Some(value) if value.eq_ignore_ascii_case("false") => Yaml::Bool(false),
                Some(value) => Yaml::Text(value.to_owned()),
                None => node.value.clone(),
            },
            Yaml::Mapping(entries) => {
                let filled = |entry: &Entry| Entry { key: entry.key.clone(), value: self.filled(&entry.value) };
                Yaml::Mapping(entries.iter().map(filled).collect())
            }
            Yaml::Sequence(items) => {
                let filled = |item: &Node| match item.value {
                    Yaml::Mapping(_) => self.filled(item),
                    _ => item.clone(),
                };
                Yaml::Sequence(items.iter().map(filled).collect())
            }
            other => other.clone(),
        };
        Node { value, at: node.at }
    }

    fn find(&self, text: &str) -> Option<&str> {
        self.get(&referred(text)?)
    }
}

/// What there is to say of the references and placeholders below a value.
pub(super) struct Leftovers<'a> {
    file: &'a Arc<str>,
    findings: &'a mut Vec<Finding>,
    /// How many references to the environment there are.
    pub(super) references: usize,
}

impl<'a> Leftovers<'a> {
    pub(super) fn new(file: &'a Arc<str>, findings: &'a mut Vec<Finding>) -> Self {
        Self { file, findings, references: 0 }
    }

    pub(super) fn walk(&mut self, name: &str, node: &Node, in_list: bool) {
        match &node.value {
            Yaml::Text(text) => self.text(name, text, node, in_list),
            Yaml::Mapping(entries) => {
                for entry in entries {
                    self.walk(entry.key.as_text().unwrap_or(name), &entry.value, false);
                }
            }
            Yaml::Sequence(items) => items.iter().for_each(|item| self.walk(name, item, true)),
            _ => {}
        }
    }

    fn text(&mut self, name: &str, text: &str, node: &Node, in_list: bool) {
        if text.starts_with(REFERENCE) {
            self.references += 1;
            if in_list {
                self.say(
                    node,
                    "config.reference_in_list",
                    name,
                    format!("{name} is a list, and LiteLLM does not fill in {REFERENCE} inside lists: it takes the text itself"),
                    "write the value itself",
                );
            }
        } else if text.starts_with("oidc/") {
            self.say(
                node,
                "config.reference",
                name,
                format!("{name} is no secret: LiteLLM fetches a token for each call ({})", oidc(text)),
                "the gateway fetches no such token; give it a key of its own",
            );
        } else if let Some(found) = template::placeholder(text) {
            self.say(
                node,
                "config.template",
                name,
                format!("{name} still holds {found}; LiteLLM fills in no templates and takes the text as it stands"),
                "give the file as the proxy reads it, after the template was filled in",
            );
        }
    }

    fn say(&mut self, node: &Node, code: &'static str, subject: &str, message: String, hint: &str) {
        self.findings.push(Finding::warning(Code::new(code), subject, message).at(place(self.file, node)).hint(hint));
    }
}

/// The scheme of a token reference, without what follows: `oidc/google`.
fn oidc(text: &str) -> String {
    text.splitn(3, '/').take(2).collect::<Vec<_>>().join("/")
}
