//! How a list of models is read, layer by layer (`reference/litellm.md` 6.2).

use super::Labels;
use crate::provider;

/// The spellings of one requested name, held against lists.
pub(crate) struct Names<'a> {
    pub(crate) spellings: &'a [&'a str],
    pub(crate) labels: &'a Labels,
}

impl Names<'_> {
    /// On a key `all-team-models` leaves the decision to the team; without a team it restricts nothing.
    pub(crate) fn on_key(&self, list: &[String]) -> bool {
        self.plain(list) || list.iter().any(|entry| entry == "all-team-models")
    }

    /// On a team `all-team-models` means all models of the proxy.
    pub(crate) fn on_team(&self, list: &[String]) -> bool {
        self.plain(list) || list.iter().any(|entry| entry == "all-team-models")
    }

    /// On a user `no-default-models` shuts every personal key.
    pub(crate) fn on_user(&self, list: &[String]) -> bool {
        !list.iter().any(|entry| entry == "no-default-models") && self.plain(list)
    }

    /// A list without words of its own: empty means all.
    pub(crate) fn plain(&self, list: &[String]) -> bool {
        list.is_empty() || list.iter().any(|entry| self.entry(entry))
    }

    fn entry(&self, entry: &str) -> bool {
        if entry == "*" || entry == "all-proxy-models" || self.spellings.contains(&entry) {
            return true;
        }
        if let Some(labelled) = self.labels.get(entry)
            && self.spellings.iter().any(|name| labelled.contains(*name))
        {
            return true;
        }
        entry.contains('*') && self.spellings.iter().any(|name| Self::pattern(entry, name))
    }

    /// A pattern is also tried against the inferred `provider/model`: `openai/*` lets a bare `gpt-4o-mini` pass.
    fn pattern(pattern: &str, name: &str) -> bool {
        if captured(pattern, name).is_some() {
            return true;
        }
        match provider::resolve(name, None, None) {
            Ok(resolved) => captured(pattern, &format!("{}/{}", resolved.provider, resolved.model)).is_some(),
            Err(_) => false,
        }
    }
}

/// The texts that the `*`s of `pattern` stand for in `name`, if it fits.
pub(crate) fn captured<'n>(pattern: &str, name: &'n str) -> Option<Vec<&'n str>> {
    let mut parts = pattern.split('*');
    let mut rest = name.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        let at = if last { rest.strip_suffix(part).map(str::len) } else { rest.find(part) };
        let at = at?;
        found.push(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    rest.is_empty().then_some(found)
}

/// The upstream model with its `*`s replaced by what the pattern captured in `name`.
pub(crate) fn substitute(pattern: &str, name: &str, upstream: &str) -> String {
    let mut captures = captured(pattern, name).unwrap_or_default().into_iter();
    let mut parts = upstream.split('*');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(captures.next().unwrap_or_default());
        text.push_str(part);
    }
    text
}
