//! The address bar as data: station, filters, and the row that is open. A link reproduces the view.

use std::collections::BTreeMap;

/// One of the five stations, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Station {
    /// Give the sources.
    #[default]
    Connect,
    /// See what is there.
    Inventory,
    /// See what will be done.
    Plan,
    /// Do it.
    Apply,
    /// Take it along.
    Report,
}

impl Station {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 5] = [Self::Connect, Self::Inventory, Self::Plan, Self::Apply, Self::Report];

    /// Its name.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Connect => "Connect",
            Self::Inventory => "Inventory",
            Self::Plan => "Plan",
            Self::Apply => "Apply",
            Self::Report => "Report",
        }
    }

    /// Its path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Connect => "/connect",
            Self::Inventory => "/inventory",
            Self::Plan => "/plan",
            Self::Apply => "/apply",
            Self::Report => "/report",
        }
    }

    /// The station of a path; anything unknown is the first.
    pub(crate) fn from_path(path: &str) -> Self {
        Self::ALL.into_iter().find(|station| station.path() == path.trim_end_matches('/')).unwrap_or_default()
    }
}

/// Where the page is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The station.
    pub(crate) station: Station,
    /// Filters, search and sorting.
    pub(crate) query: Query,
    /// The row that is open, decoded.
    pub(crate) fragment: String,
}

impl Place {
    /// Reads the parts of an address.
    pub(crate) fn read(path: &str, search: &str, hash: &str) -> Self {
        Self {
            station: Station::from_path(path),
            query: Query::read(search.trim_start_matches('?')),
            fragment: decode(hash.trim_start_matches('#')),
        }
    }

    /// Writes the address, without origin.
    pub(crate) fn href(&self) -> String {
        let mut href = self.station.path().to_owned();
        let query = self.query.write();
        if !query.is_empty() {
            href.push('?');
            href.push_str(&query);
        }
        if !self.fragment.is_empty() {
            href.push('#');
            encode(&self.fragment, &mut href);
        }
        href
    }
}

/// The query string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads `a=1&b=2`.
    pub(crate) fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        });
        Self(pairs.collect())
    }

    /// The value of a key; empty where there is none.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Sets a key; an empty value removes it.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        if value.is_empty() {
            self.0.remove(key);
        } else {
            self.0.insert(key.to_owned(), value.to_owned());
        }
    }

    fn write(&self) -> String {
        let mut text = String::new();
        for (key, value) in &self.0 {
            if !text.is_empty() {
                text.push('&');
            }
            encode(key, &mut text);
            text.push('=');
            encode(value, &mut text);
        }
        text
    }
}

/// Percent-encodes what has a meaning in an address; slashes stay, they are common in row ids and harmless here.
fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Undoes [`encode`]; what is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let decoded = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let plain = if bytes[at] == b'+' { b' ' } else { bytes[at] };
        out.push(decoded.unwrap_or(plain));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, search: &str, hash: &str, href: &str) {
        let place = Place::read(path, search, hash);
        assert_eq!(place.href(), href);
        let (rest, fragment) = href.split_once('#').unwrap_or((href, ""));
        let (path, search) = rest.split_once('?').unwrap_or((rest, ""));
        assert_eq!(Place::read(path, search, fragment), place, "reading the written address gives the same place");
    }

    #[test]
    fn a_link_reproduces_the_view() {
        check("/", "", "", "/connect");
        check("/plan/", "?q=gpt", "", "/plan?q=gpt");
        check(
            "/plan",
            "?q=a+b%26c&action=create",
            "#op-virtual_key/prod",
            "/plan?action=create&q=a%20b%26c#op-virtual_key/prod",
        );
        check("/nowhere", "?empty=", "#%zz", "/connect?empty=#%25zz");
        check("/plan", "", "#op-team/M%C3%BCnchen", "/plan#op-team/M%C3%BCnchen");
    }
}
