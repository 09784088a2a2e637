//! A proxy with something in the way: an older release, a wrong key, an outage, a list that changes while it is read.

use serde_json::{Value, json};

use super::Proxy;
use crate::{Request, Response};

/// What is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// These paths are not there, as in an older release.
    NotThere(Vec<&'static str>),
    /// These paths answer this, each time.
    Answers(Vec<&'static str>, Response),
    /// Every path answers this, so many times; then all is well.
    First(usize, Response),
    /// This path answers this, so many times; then all is well.
    FirstAt(&'static str, usize, Response),
    /// This page of this path answers this, each time.
    Page(&'static str, &'static str, Response),
    /// Everything is below this path, and nothing elsewhere.
    RootPath(&'static str),
    /// The list of keys shows only hashes, as before 1.60.
    ShortKeys,
    /// The list of customers is paged, as from 1.109 on.
    PagedCustomers,
    /// So many keys, of which some are made and some are gone while they are read.
    Keys(Keys),
}

/// A list of keys, and how it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// How many there are at first.
    pub count: usize,
    /// One more, at the end, after each so many requests for keys; 0 for never.
    pub made_every: usize,
    /// The first one gone after each so many requests for keys; 0 for never.
    pub gone_every: usize,
    /// After so many requests for keys it does not change any more; 0 for never.
    pub calm_after: usize,
}

/// A proxy with faults. It counts what it is asked.
#[derive(Clone, Debug)]
pub struct FaultyProxy {
    proxy: Proxy,
    faults: Vec<Fault>,
    asked: usize,
    keys_asked: usize,
    at: usize,
}

impl FaultyProxy {
    /// That proxy, with those faults.
    pub fn new(proxy: Proxy, faults: Vec<Fault>) -> Self {
        Self { proxy, faults, asked: 0, keys_asked: 0, at: 0 }
    }

    /// How many requests came.
    pub fn asked(&self) -> usize {
        self.asked
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request) -> Response {
        self.asked += 1;
        let mut request = request.clone();
        let shown = request.path.clone();
        self.keys_asked += usize::from(shown == "/key/list");
        for fault in self.faults.clone() {
            if let Some(answer) = self.fault(&fault, &shown, &mut request) {
                return answer;
            }
        }
        let answer = self.recorded(&request);
        if answer.status == 200 { self.changed(&shown, &request, answer) } else { answer }
    }

    /// The recorded answer; where there are more keys than recorded, every page is made from the first.
    fn recorded(&self, request: &Request) -> Response {
        let many = self.faults.iter().any(|fault| matches!(fault, Fault::Keys(_)));
        if !many || request.path != "/key/list" {
            return self.proxy.handle(request);
        }
        let mut first = request.clone();
        first.query.insert("page".to_owned(), "1".to_owned());
        self.proxy.handle(&first)
    }

    /// The answer of a fault that stands in for the proxy's.
    fn fault(&mut self, fault: &Fault, path: &str, request: &mut Request) -> Option<Response> {
        let not_found = || Response::json(404, &json!({ "detail": "Not Found" }));
        match fault {
            Fault::NotThere(paths) => paths.contains(&path).then(not_found),
            Fault::Answers(paths, answer) => paths.contains(&path).then(|| answer.clone()),
            Fault::First(times, answer) => (self.asked <= *times).then(|| answer.clone()),
            Fault::FirstAt(at, times, answer) => {
                self.at += usize::from(path == *at);
                (path == *at && self.at <= *times).then(|| answer.clone())
            }
            Fault::Page(at, page, answer) => {
                let asked = request.query.get("page").is_some_and(|asked| asked == page);
                (path == *at && asked).then(|| answer.clone())
            }
            Fault::RootPath(root) => match path.strip_prefix(root) {
                Some(rest) => {
                    rest.clone_into(&mut request.path);
                    None
                }
                None => Some(not_found()),
            },
            Fault::ShortKeys => {
                request.query.remove("return_full_object");
                None
            }
            Fault::PagedCustomers | Fault::Keys(_) => None,
        }
    }

    /// The answer as a fault changes it.
    fn changed(&self, path: &str, request: &Request, answer: Response) -> Response {
        let mut body = answer.value();
        for fault in &self.faults {
            match fault {
                Fault::PagedCustomers if path == "/customer/list" => {
                    let number = |name: &str, default: usize| {
                        request.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default)
                    };
                    let (page, size) = (number("page", 1), number("page_size", 50));
                    let all = body.as_array().cloned().unwrap_or_default();
                    body = all.into_iter().skip((page - 1) * size).take(size).collect();
                }
                Fault::Keys(keys) if path == "/key/list" => body = self.keys(*keys, request, &body),
                _ => {}
            }
        }
        Response { body: body.to_string(), ..answer }
    }

    /// A page of many keys, each a copy of a recorded one.
    fn keys(&self, keys: Keys, request: &Request, recorded: &Value) -> Value {
        let asked = if keys.calm_after > 0 { self.keys_asked.min(keys.calm_after) } else { self.keys_asked };
        let made = asked.checked_div(keys.made_every).unwrap_or(0);
        let gone = asked.checked_div(keys.gone_every).unwrap_or(0);
        let there = gone..keys.count + made;
        let number = |name: &str| request.query.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(1);
        let (page, size) = (number("page"), number("size"));
        let shown = there.clone().skip((page - 1) * size).take(size).map(|number| {
            let mut key = recorded["keys"][number % 7].clone();
            key["token"] = json!(format!("{number:064}"));
            key["key_alias"] = json!(format!("key-{number}"));
            key
        });
        let (total, pages) = (there.len(), there.len().div_ceil(size));
        json!({ "keys": shown.collect::<Vec<_>>(), "total_count": total, "current_page": page, "total_pages": pages })
    }
}
