//! The variables a file refers to: what each stands for, and the one text that says their values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bifrost::Kind;
use inventory::{Opened, Vault};
use litellm::Secret;
use model::{OpId, SecretId};
use sha2::{Digest, Sha256};

use super::Files;
use crate::types::{Op, Plan};

/// What new values of virtual keys are made from: 32 random bytes that only the shell can give.
pub struct TokenSeed([u8; 32]);

impl std::fmt::Debug for TokenSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSeed(••••••••)")
    }
}

impl TokenSeed {
    /// Takes the bytes over.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A value for that key: the gateway's prefix and 122 bits, in the form of its own values.
    pub(super) fn token(&self, op: &OpId) -> Secret {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(op.as_str().as_bytes());
        let mut text = bifrost::file::VALUE_PREFIX.to_owned();
        for (index, byte) in hash.finalize().into_iter().take(16).enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let byte = match index {
                6 => (byte & 0x0f) | 0x40,
                8 => (byte & 0x3f) | 0x80,
                _ => byte,
            };
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        Secret::new(text)
    }
}

/// A variable a file refers to.
#[derive(Debug)]
pub struct Variable {
    /// Its name on the gateway's host.
    pub name: String,
    /// What it is for, in words.
    pub what: String,
    /// Where its value is.
    pub held: Held,
}

/// Where the value of a variable is.
#[derive(Debug)]
pub enum Held {
    /// On LiteLLM's host, under the same name; nobody else knows it.
    Host,
    /// In the vault.
    Vault(SecretId),
    /// The new value of a virtual key: its name and the value.
    Token(String, Secret),
}

impl Files {
    /// The names and what each is for, without a value.
    pub fn template(&self) -> String {
        let mut text = String::from(
            "# What config.json refers to. The gateway reads these from its environment when it starts.\n",
        );
        for variable in &self.variables {
            let from = if matches!(variable.held, Held::Host) { ", as it is on LiteLLM's host" } else { "" };
            text.extend(["\n# ", &variable.what, from, "\n", &variable.name, "=\n"]);
        }
        text
    }

    /// The same with the values: secrets in clear, for the one file a person asked for. What only LiteLLM's host knows
    /// is a comment, so that loading the file does not empty it.
    pub fn values(&self, vault: &Vault<Opened>) -> Secret {
        let mut text =
            String::from("# Secrets in clear: for the gateway's environment only. Delete what you do not need.\n");
        for Variable { name, what, held } in &self.variables {
            let value = match held {
                Held::Host => None,
                Held::Vault(id) => vault.expose(id),
                Held::Token(_, token) => Some(token),
            };
            match value {
                Some(value) => {
                    text.extend(["\n# ", what, "\n", name, "="]);
                    quote(value.expose(), &mut text);
                    text.push('\n');
                }
                None => text.extend(["\n# ", what, ", as it is on LiteLLM's host\n# ", name, "=\n"]),
            }
        }
        Secret::new(text)
    }

    /// The new keys beside the old ones, to be handed out: name, the old key as LiteLLM shows it, new value in clear.
    pub fn hand_over(&self, plan: &Plan) -> Vec<(String, String, String)> {
        let keys = plan.ops.iter().filter(|op| op.kind == Kind::VirtualKey);
        let described = |op: &Op| op.after.as_ref()?.get("description")?.as_str().map(str::to_owned);
        let old: BTreeMap<&str, String> = keys.filter_map(|op| Some((op.name.as_str(), described(op)?))).collect();
        let row = |(name, value): (&str, &Secret)| {
            (name.to_owned(), old.get(name).cloned().unwrap_or_default(), value.expose().to_owned())
        };
        self.tokens().map(row).collect()
    }

    /// The virtual keys that got a value beforehand: op name and value.
    pub fn tokens(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.variables.iter().filter_map(|variable| match &variable.held {
            Held::Token(name, value) => Some((name.as_str(), value)),
            Held::Host | Held::Vault(_) => None,
        })
    }
}

/// As shells, systemd and compose read it: bare where nothing can be misread, else in single quotes, which take
/// everything but themselves; those and line breaks in double quotes.
fn quote(value: &str, text: &mut String) {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=+@%,".contains(letter);
    if !value.is_empty() && value.chars().all(plain) {
        return text.push_str(value);
    }
    if !value.contains(['\'', '\n', '\r']) {
        return text.extend(["'", value, "'"]);
    }
    text.push('"');
    for letter in value.chars() {
        match letter {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '"' | '\\' | '$' | '`' => text.extend(['\\', letter]),
            other => text.push(other),
        }
    }
    text.push('"');
}

/// Variables under construction.
pub(super) struct Values<'a> {
    vault: &'a Vault<Opened>,
    host: BTreeSet<String>,
    /// What uses the variables of LiteLLM's host.
    used: BTreeMap<String, BTreeSet<String>>,
    made: BTreeMap<String, Variable>,
}

impl<'a> Values<'a> {
    pub(super) fn new(vault: &'a Vault<Opened>, host: BTreeSet<String>) -> Self {
        Self { vault, host, used: BTreeMap::new(), made: BTreeMap::new() }
    }

    /// The reference to a secret: the variable it comes from, else a new one.
    pub(super) fn secret(&mut self, id: &SecretId, base: &str, what: String) -> String {
        match self.vault.environment(id) {
            Some(name) => {
                self.host.insert(name.to_owned());
                self.uses(name, what);
                format!("env.{name}")
            }
            None => self.variable(base, what, Held::Vault(id.clone())),
        }
    }

    /// Notes what a variable of LiteLLM's host is for.
    pub(super) fn uses(&mut self, name: &str, what: String) {
        self.used.entry(name.to_owned()).or_default().insert(what);
    }

    /// A new variable, and the reference to it.
    pub(super) fn variable(&mut self, base: &str, what: String, held: Held) -> String {
        let stem = name(base);
        let mut name = stem.clone();
        let mut count = 1;
        while self.host.contains(&name) || self.made.contains_key(&name) {
            count += 1;
            name = format!("{stem}_{count}");
        }
        self.made.insert(name.clone(), Variable { name: name.clone(), what, held });
        format!("env.{name}")
    }

    /// All that the file refers to, in the order of the names.
    pub(super) fn finish(mut self, file: &serde_json::Value) -> Vec<Variable> {
        for name in bifrost::file::variables(file) {
            let used: Vec<String> = self.used.remove(&name).unwrap_or_default().into_iter().collect();
            self.made.entry(name.clone()).or_insert(Variable { name, what: used.join("; "), held: Held::Host });
        }
        self.made.into_values().collect()
    }
}

/// A name shells take: capitals, digits and underscores.
fn name(base: &str) -> String {
    let mut name = String::new();
    for letter in base.chars() {
        if letter.is_ascii_alphanumeric() {
            name.push(letter.to_ascii_uppercase());
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_back_as_they_are() {
        let check = |value: &str, expected: &str| {
            let mut text = String::new();
            quote(value, &mut text);
            assert_eq!(text, expected, "for {value}");
        };
        check("sk-abc_123/=+", "sk-abc_123/=+");
        check("", "''");
        check("two words", "'two words'");
        check("a$b`c\"d", "'a$b`c\"d'");
        check("it's", "\"it's\"");
        check("it's $5 \\ \"x\"", "\"it's \\$5 \\\\ \\\"x\\\"\"");
        check("-----BEGIN\nkey", "\"-----BEGIN\\nkey\"");
    }

    #[test]
    fn names_are_those_a_shell_takes_and_stand_for_one_thing() {
        let (_, vault) = inventory::gather(litellm::read(&[])).open(&[]);
        let mut values = Values::new(&vault, BTreeSet::from(["PROVIDER_KEY_A".to_owned()]));
        let mut made = |base: &str| values.variable(base, String::new(), Held::Host);
        assert_eq!(made("provider_key_a"), "env.PROVIDER_KEY_A_2", "the host has the first name for something else");
        assert_eq!(made("virtual_key_Prod key/é-1_"), "env.VIRTUAL_KEY_PROD_KEY_1");
        assert_eq!(made("virtual_key_prod.key.1"), "env.VIRTUAL_KEY_PROD_KEY_1_2");
    }

    #[test]
    fn new_values_are_the_gateway_s_form_and_differ_by_key_and_seed() {
        let token = |seed: u8, op: &str| TokenSeed::new([seed; 32]).token(&OpId::new(op)).expose().to_owned();
        let value = token(1, "virtual_key/a");
        assert!(value.starts_with("sk-bf-") && value.len() == "sk-bf-".len() + 36, "{value}");
        assert_eq!(value, token(1, "virtual_key/a"));
        assert_ne!(value, token(2, "virtual_key/a"));
        assert_ne!(value, token(1, "virtual_key/b"));
    }
}
