//! Whether the practice gateway answers as the real ones did: every recorded exchange is replayed, in the order
//! taken, and compared by status, content type and body. What cannot be replayed, or is answered differently, is
//! listed with its reason in `skips.rs`; the list has to be exact.

mod compare;
mod recording;
mod setup;
mod skips;

use std::collections::BTreeMap;

use compare::Names;
use model::Moment;
use recording::Exchange;
use sandbox::{Gateway, Release, Request};
use serde_json::Value;

/// Replays a topic on the gateway it needs, and checks that exactly the listed exchanges differ.
#[track_caller]
fn check(release: Release, topic: &str) {
    let mut replay = Replay::new(release, topic);
    for earlier in setup::earlier_topics(topic) {
        replay.play(earlier);
    }
    let differing = replay.play(topic);
    let expected: Vec<&str> = skips::SKIPPED
        .iter()
        .filter(|skip| skip.topic == topic && skip.releases.contains(&release))
        .flat_map(|skip| skip.ids)
        .copied()
        .collect();
    let mut report = Vec::new();
    for (id, differences) in &differing {
        if !expected.contains(&id.as_str()) {
            report.push(format!("{id} differs:\n    {}", differences.join("\n    ")));
        }
    }
    for id in expected.iter().filter(|id| !differing.iter().any(|(differing, _)| differing == *id)) {
        report.push(format!("{id} is skipped, but is answered as recorded"));
    }
    assert!(report.is_empty(), "{release}, topic {topic}:\n{}", report.join("\n"));
}

/// A gateway on which recordings are replayed.
#[derive(Debug)]
pub(crate) struct Replay {
    gateway: Gateway,
    names: Names,
    now: i64,
}

impl Replay {
    fn new(release: Release, topic: &str) -> Self {
        Self { gateway: setup::gateway(release, topic), names: Names::default(), now: 1_795_487_100_000 }
    }

    /// Sends a request that was not recorded; its answer has to be a success.
    #[track_caller]
    pub(crate) fn send(&mut self, method: &str, target: &str, body: &Value) -> Value {
        let now = self.tick();
        let response = self.gateway.handle(&Request::new(method, target).json(body), now);
        assert!(response.status < 300, "{method} {target}: {} {}", response.status, response.body);
        response.value()
    }

    /// The one of three, by the release that is played.
    pub(crate) fn by_release<T>(&self, [older, first, second]: [T; 3]) -> T {
        match self.gateway.release() {
            Release::V1_4_19 => panic!("what differs by release is not played of it"),
            Release::V1_5_2 => older,
            Release::V1_5_16 => first,
            Release::V2_0_0_PRERELEASE3 => second,
            Release::V2_2_6 => panic!("it was not recorded"),
        }
    }

    /// The release that is played.
    pub(crate) fn release(&self) -> Release {
        self.gateway.release()
    }

    /// Stops the gateway and starts it again on its folder, as the recorder did.
    pub(crate) fn restart(&mut self) {
        let stored = self.gateway.to_json().to_string();
        let stored = serde_json::from_str(&stored).expect("it is JSON");
        self.gateway = Gateway::from_json(&stored).expect("a stored gateway");
        let now = self.tick();
        self.gateway.start(r#"{"config_store": {"enabled": true}}"#, now).expect("it starts");
    }

    /// Goes on with another gateway.
    pub(crate) fn start_over(&mut self, gateway: Gateway) {
        self.gateway = gateway;
    }

    /// Sets the clock.
    pub(crate) fn set_clock(&mut self, time: &str) {
        self.now = time.parse::<Moment>().expect("a time").millis();
    }

    /// Lets `value` stand for the virtual key that the header of a recorded exchange carries.
    pub(crate) fn learn_header(&mut self, topic: &str, exchange: &str, value: &str) {
        let recorded = self.recorded(topic, exchange);
        self.names.learn(recorded["headers"]["x-bf-vk"].as_str().expect("a virtual key"), value);
    }

    /// Lets `id` stand for the last part of the path of a recorded exchange.
    pub(crate) fn learn_path(&mut self, topic: &str, exchange: &str, id: &str) {
        let recorded = self.recorded(topic, exchange);
        let path = recorded["path"].as_str().and_then(|path| path.rsplit('/').next());
        self.names.learn(path.expect("a path"), id);
    }

    fn recorded(&self, topic: &str, exchange: &str) -> Value {
        let mut exchanges = recording::exchanges(self.gateway.release(), topic).into_iter();
        exchanges.find(|candidate| candidate.id == exchange).expect("a recorded exchange").request
    }

    /// Replays a topic; gives what was answered differently.
    fn play(&mut self, topic: &str) -> Vec<(String, Vec<String>)> {
        let mut differing = Vec::new();
        for exchange in recording::exchanges(self.gateway.release(), topic) {
            setup::before(self, topic, &exchange.id);
            let differences = self.replay(&exchange);
            if !differences.is_empty() {
                differing.push((exchange.id, differences));
            }
        }
        differing
    }

    fn replay(&mut self, exchange: &Exchange) -> Vec<String> {
        let Some(request) = self.request(&exchange.request) else {
            return vec!["there is no request to replay".to_owned()];
        };
        let shuffled = request.path == "/api/governance/model-configs" && request.query.is_empty();
        let now = self.tick();
        let response = self.gateway.handle(&request, now);
        compare::differences(&exchange.response, &response, shuffled, &mut self.names)
    }

    /// The recorded request with our ids; `None` where only its size was recorded.
    fn request(&self, recorded: &Value) -> Option<Request> {
        let target = self.names.translate(recorded["path"].as_str()?);
        let mut request = Request::new(recorded["method"].as_str()?, &target);
        let headers: BTreeMap<String, String> = recorded["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.to_ascii_lowercase(), self.names.translate(value.as_str().unwrap_or_default())))
            .collect();
        request.headers = headers;
        request.body = match (recorded.get("raw_body"), recorded.get("body")) {
            (Some(raw), _) => raw.as_str().filter(|raw| !raw.ends_with(" bytes)"))?.to_owned(),
            (None, Some(body)) => self.names.translate(&body.to_string()),
            (None, None) => String::new(),
        };
        Some(request)
    }

    pub(crate) fn tick(&mut self) -> Moment {
        self.now += 10;
        Moment::from_millis(self.now)
    }
}

/// A row of the table in the README: the exchanges of a topic, those replayed, and why the others are not.
fn coverage(topic: &str) -> String {
    let counts = Release::RECORDED.map(|release| recording::exchanges(release, topic).len());
    let skips: Vec<&skips::Skip> = skips::SKIPPED.iter().filter(|skip| skip.topic == topic).collect();
    let skipped = Release::RECORDED.map(|release| -> usize {
        skips.iter().filter(|skip| skip.releases.contains(&release)).map(|skip| skip.ids.len()).sum()
    });
    let mut reasons: Vec<String> = Vec::new();
    for skip in &skips {
        let recorded = recording::releases(topic);
        let only: Vec<&str> = recorded
            .iter()
            .filter(|release| skip.releases.contains(release))
            .map(|release| release.version())
            .collect();
        let only = if only.len() < recorded.len() { format!(" ({})", only.join(", ")) } else { String::new() };
        let names: Vec<String> = skip.ids.iter().map(|id| format!("`{id}`")).collect();
        reasons.push(format!("{}{only}: {}", names.join(", "), skip.reason));
    }
    let cell = |number: usize, recorded: usize| if recorded == 0 { "-".to_owned() } else { number.to_string() };
    let taken: Vec<String> = counts.iter().map(|count| cell(*count, *count)).collect();
    let replayed: Vec<String> =
        counts.iter().zip(skipped).map(|(count, skipped)| cell(count - skipped.min(*count), *count)).collect();
    format!("| {topic} | {} | {} | {} |", taken.join(" / "), replayed.join(" / "), reasons.join("; "))
}

#[test]
fn the_readme_says_what_is_covered() {
    let readme = include_str!("../../README.md");
    let missing: Vec<String> =
        TOPICS.iter().map(|topic| coverage(topic)).filter(|row| !readme.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "README.md lacks:\n{}", missing.join("\n"));
}

macro_rules! contract {
    ($($name:ident = $topic:literal;)+) => {
        /// Every topic that is replayed.
        const TOPICS: &[&str] = &[$($topic),+];
        $(#[test]
        fn $name() {
            for release in recording::releases($topic) {
                check(release, $topic);
            }
        })+
    };
}

contract! {
    t01_health_version_config = "01";
    t02_providers = "02";
    t03_provider_keys = "03";
    t04_virtual_keys = "04";
    t05_customers_teams = "05";
    t06_users = "06";
    t07_budgets_rate_limits = "07";
    t08_model_configs = "08";
    t09_routing_rules = "09";
    t09b_routing_rules_canonical = "09b";
    t10_mcp_clients = "10";
    t10b_mcp_clients_live = "10b";
    t11_pricing_overrides = "11";
    t13_config_put = "13";
    t14_large_list = "14";
    t15_errors = "15";
    t16_auth = "16";
    t19_delete_order = "19";
    t19b_delete_widening = "19b";
    t20_restart = "20";
    t21_inference_addressing = "21";
    t22_widening = "22";
    t22b_key_model_lists = "22b";
    t23_inference_limits_and_errors = "23";
    t24_config_json_values = "24";
    t24b_config_json_budgets = "24b";
}
