//! Points 24 to 28, claims 14 and 19: a run goes on where the last one stopped, waits and asks again, reads
//! everything there is, and says what became of it.

use std::collections::BTreeSet;

use apply::{End, Engine, Event, Journal, OpResult, Outcome, Step};
use bifrost::{Answer, Call, Kind};
use inventory::{Inventory, Opened, Vault};
use litellm::fetch::{Fetch, Wanted};
use litellm::{Input, Kind as Source};
use model::Moment;
use plan::{Action, Choices, Plan};
use sandbox::{Gateway, Release, Request};
use serde_json::{Value, json};
use support::fleet::Size;
use support::fleet_proxy::{self, FleetProxy};
use support::practice::Practice;
use support::{company, fleet};

use super::{SHOP, TARGET, bodies, key, plan_for, team};

fn shop(rows: &[(&str, Value)]) -> (Inventory, Vault<Opened>) {
    fleet::made_up(SHOP, rows)
}

fn gateway() -> Gateway {
    let names = ["K1=one-0123456789abcdef", "K2=two-0123456789abcdef"].map(str::to_owned);
    Gateway::new(Release::V2_0_0_PRERELEASE3, 3).with_environment(names)
}

/// An apply with something in the way of its calls.
struct Run<'r> {
    plan: &'r Plan,
    vault: &'r Vault<Opened>,
    gateway: &'r mut Gateway,
    /// How long each call takes, in milliseconds.
    each: i64,
    /// After how many writes the process is killed.
    killed_after: usize,
}

impl Run<'_> {
    /// Goes on from a journal. An answer may be put in the place of the gateway's; the new keys come with the end.
    fn from(
        self,
        journal: Journal,
        mut instead: impl FnMut(&Call) -> Option<Answer>,
    ) -> (Option<Outcome>, Journal, Vec<String>) {
        let mut engine = Engine::new(self.plan, journal, "practice", 3).expect("an applyable plan");
        let (mut now, mut writes) = (company::now().millis(), 0);
        loop {
            let at = Moment::from_millis(now);
            let event = match engine.step(at) {
                Step::Record(_) => Event::Recorded,
                Step::Call(id, call) => {
                    now += self.each;
                    let write = call.endpoint.method() != bifrost::Method::Get;
                    if write && writes == self.killed_after {
                        return (None, engine.journal().clone(), Vec::new());
                    }
                    writes += usize::from(write);
                    let answer = instead(&call);
                    Event::Answer(
                        id,
                        answer.unwrap_or_else(|| support::gateway::send(self.gateway, &call, self.vault, at)),
                    )
                }
                Step::Sleep(millis) => {
                    now += i64::try_from(millis).expect("a short wait");
                    Event::Slept
                }
                Step::Done(outcome) => {
                    let issued = engine.issued().into_iter().map(|(op, old, _)| format!("{op} for {old}")).collect();
                    return (Some(outcome), engine.journal().clone(), issued);
                }
            };
            engine.on(event, Moment::from_millis(now));
        }
    }
}

/// A plan for the gateway as it is when nobody has used it.
fn planned(inventory: &Inventory, vault: &Vault<Opened>) -> Plan {
    Practice::of(gateway()).plan(inventory, vault, &Choices::default())
}

fn json_answer(status: u16, body: &Value) -> Answer {
    Answer { status, content_type: "application/json".to_owned(), body: body.to_string() }
}

/// What is on a gateway, without ids and times.
fn names(gateway: &mut Gateway) -> Vec<String> {
    let observed = support::gateway::observe(gateway, company::now());
    let of = |kind: &str, list: &[Value]| list.iter().map(|row| format!("{kind} {}", row["name"])).collect::<Vec<_>>();
    let mut all = of("key", &observed.virtual_keys);
    all.extend(of("team", &observed.teams));
    all.extend(of("customer", &observed.customers));
    all.sort();
    all
}

/// Killed after any write and run again, the end is the same, and nothing is there twice.
#[test]
fn point_24_a_run_goes_on_where_it_was_killed_and_doubles_nothing() {
    let rows = [
        team("t", &json!({"organization_id": "o"})),
        ("OrganizationTable", json!({"organization_id": "o", "organization_alias": "o", "models": []})),
        key("k1", &json!({"team_id": "t", "models": ["a"]})),
        key("k2", &json!({"models": ["c"]})),
    ];
    let (inventory, vault) = shop(&rows);
    let plan = planned(&inventory, &vault);
    let mut whole = gateway();
    support::gateway::apply(&plan, &vault, &mut whole, company::now());
    let expected = names(&mut whole);
    assert_eq!(expected.len(), 4, "{expected:?}");
    for killed_after in 0..plan.writes().count() {
        let mut there = gateway();
        let run = Run { plan: &plan, vault: &vault, gateway: &mut there, each: 1, killed_after };
        let (end, journal, _) = run.from(Journal::default(), |_| None);
        assert!(end.is_none(), "it was not killed after {killed_after} writes");
        let run = Run { plan: &plan, vault: &vault, gateway: &mut there, each: 1, killed_after: usize::MAX };
        let (end, _, _) = run.from(journal, |_| None);
        assert_eq!(end.map(|outcome| outcome.end), Some(End::Finished), "killed after {killed_after}");
        assert_eq!(names(&mut there), expected, "killed after {killed_after}");
    }
}

/// A change in LiteLLM is shown by the second plan and made by the second apply; the rest is left as it is.
#[test]
fn point_24_a_second_run_shows_and_makes_what_changed() {
    let mut practice = Practice::of(gateway());
    let (inventory, vault) = shop(&[key("k", &json!({"max_budget": 50})), key("other", &json!({}))]);
    let first = practice.settles(&inventory, &vault, &Choices::default());
    assert!(first.writes().count() > 4);
    let (changed, vault) = shop(&[key("k", &json!({"max_budget": 11, "blocked": true})), key("other", &json!({}))]);
    let plan = practice.plan(&changed, &vault, &Choices::default());
    let writes: Vec<(&str, Action)> = plan.writes().map(|op| (op.id.as_str(), op.action)).collect();
    assert_eq!(writes, [("virtual_key/k", Action::Change)]);
    let journal = practice.apply(&plan, &vault);
    assert!(journal.outcomes().values().any(|(result, ..)| *result == OpResult::Changed), "{:?}", journal.outcomes());
    let there = practice.observe().virtual_keys.into_iter().find(|key| key["name"] == json!("k")).expect("the key");
    assert_eq!((&there["is_active"], &there["budgets"][0]["max_limit"]), (&json!(false), &json!(11)), "{there}");
}

/// The list of old keys and new ones.
#[test]
fn point_24_claim_19_old_keys_are_listed_with_the_new_ones() {
    let (inventory, vault) = shop(&[key("k1", &json!({})), key("k2", &json!({}))]);
    let plan = planned(&inventory, &vault);
    let mut there = gateway();
    let run = Run { plan: &plan, vault: &vault, gateway: &mut there, each: 1, killed_after: usize::MAX };
    let (_, _, issued) = run.from(Journal::default(), |_| None);
    assert_eq!(issued, ["virtual_key/k1 for k1", "virtual_key/k2 for k2"]);
    let rows = [("k1".to_owned(), "k1".to_owned(), "sk-bf-1".to_owned())];
    assert_eq!(report::handover::tokens_csv(&rows), "virtual_key,litellm_key,new_value\r\nk1,k1,sk-bf-1\r\n");
}

/// Keys are read a hundred at a time, and a slow gateway has all the time it takes.
#[test]
fn point_25_no_deadline_and_whole_pages() {
    let mut fetch = Fetch::new(Wanted::default());
    fleet_proxy::drive(&FleetProxy::new(Size { keys: 1_050, deployments: 30, teams: 20 }, 20, 0), &mut fetch);
    let fetched = fetch.fetched();
    let pages = fetched.answers.iter().filter(|answer| answer.name.starts_with("/key/list")).count();
    assert!(pages <= 11 && fetched.gaps.is_empty(), "{pages} requests for 1,050 keys, {:?}", fetched.gaps);
    let keys: Vec<_> = (0..40).map(|n| key(&format!("k{n}"), &json!({}))).collect();
    let (inventory, vault) = shop(&keys);
    let plan = planned(&inventory, &vault);
    let mut there = gateway();
    // Half a minute for each call: far over five minutes in all.
    let run = Run { plan: &plan, vault: &vault, gateway: &mut there, each: 30_000, killed_after: usize::MAX };
    let (end, journal, _) = run.from(Journal::default(), |_| None);
    assert_eq!(end.map(|outcome| outcome.end), Some(End::Finished));
    assert_eq!(names(&mut there).len(), 40, "{:?}", journal.outcomes());
}

/// A gateway that is busy is asked again, and no failure of one object ends the others.
#[test]
fn point_26_a_busy_gateway_is_asked_again() {
    let (inventory, vault) = shop(&[key("k1", &json!({})), key("k2", &json!({}))]);
    let plan = planned(&inventory, &vault);
    for status in [429, 503, 500] {
        let mut there = gateway();
        let run = Run { plan: &plan, vault: &vault, gateway: &mut there, each: 1, killed_after: usize::MAX };
        let busy = json_answer(status, &json!({"error": {"message": "slow down"}}));
        // Every write is answered so the first time.
        let mut seen = BTreeSet::new();
        let (end, journal, _) = run.from(Journal::default(), |call| {
            let write = call.endpoint.method() != bifrost::Method::Get;
            (write && seen.insert(format!("{:?} {:?}", call.params, call.body))).then(|| busy.clone())
        });
        assert_eq!(end.map(|outcome| outcome.end), Some(End::Finished), "{status}: {:?}", journal.outcomes());
        assert_eq!(names(&mut there), ["key \"k1\"", "key \"k2\""]);
    }
    let mut there = gateway();
    let run = Run { plan: &plan, vault: &vault, gateway: &mut there, each: 1, killed_after: usize::MAX };
    let refused =
        json_answer(400, &json!({"error": {"message": "bad value sk-secret-0123 with value \"sk-secret-0123\""}}));
    let (end, journal, _) = run.from(Journal::default(), |call| {
        call.body.as_ref().is_some_and(|body| body["name"] == json!("k1")).then(|| refused.clone())
    });
    assert_eq!(end.map(|outcome| outcome.end), Some(End::Partial));
    assert_eq!(names(&mut there), ["key \"k2\""]);
    assert!(!journal.text().contains("sk-secret"), "point 4: the gateway's words are kept as they are");
}

/// One odd row costs what is odd about it.
#[test]
fn point_26_one_odd_value_costs_no_list() {
    let odd = json!({"data": [
        {"model_name": "m", "litellm_params": {"model": "openai/gpt-4o", "tpm": "1000.0", "rpm": 60.0}, "model_info": {"id": "1", "max_tokens": "8192"}},
        {"model_name": "n", "litellm_params": {"model": "openai/gpt-4o-mini"}, "model_info": {"id": "2", "max_tokens": {"odd": true}}},
        "not a row",
        {"model_name": ["odd"], "litellm_params": {"model": "openai/o1"}, "model_info": {"id": "3"}},
    ]});
    let reading = litellm::read(&[Input::Answer { endpoint: "/model/info", status: 200, body: &odd.to_string() }]);
    let names: Vec<&str> = reading
        .objects
        .iter()
        .filter(|object| object.kind == Source::Deployment)
        .map(|object| object.id.as_str())
        .collect();
    assert!(["1", "2"].iter().all(|id| names.contains(id)), "{names:?} {:?}", reading.findings);
}

/// One undecryptable value costs that value; a wrong salt key, a dead database or a bad file is said before anything
/// can be written, and planning itself only reads.
#[test]
fn point_26_claim_14_one_undecryptable_value_costs_that_value() {
    let mut lab = support::lab::Lab::new(100);
    let good = lab.read();
    let models = lab.tables.get_mut("LiteLLM_ProxyModelTable").expect("models");
    let victim = models[1]["model_id"].as_str().expect("an id").to_owned();
    let sealed = models[1]["litellm_params"]["api_key"].as_str().expect("sealed").to_owned();
    let broken = sealed.replacen(&sealed[40..44], if &sealed[40..44] == "AAAA" { "BBBB" } else { "AAAA" }, 1);
    models[1]["litellm_params"]["api_key"] = json!(broken);
    models[2]["litellm_params"]["api_key"] = json!("plain-text-key-of-nobody");
    let bad = lab.read();
    let keys = |(inventory, vault): &(Inventory, Vault<Opened>)| {
        let plan = plan_for(inventory, vault, TARGET);
        let lost: Vec<String> = plan
            .objects
            .iter()
            .filter(|object| object.kind == "deployment" && object.fate != plan::Fate::Moved)
            .map(|object| object.id.as_str().to_owned())
            .collect();
        (bodies(&plan, Kind::VirtualKey).len(), lost)
    };
    let ((all, lost_before), (still, lost)) = (keys(&good), keys(&bad));
    assert_eq!((all, lost_before), (still, Vec::new()));
    assert_eq!(lost, [format!("deployment/{victim}")], "a value in clear is taken as it stands");
}

/// A wrong salt key, and sources that could not be read.
#[test]
fn claim_14_a_plan_of_half_a_proxy_says_so() {
    let files = company::files("1.101.6");
    let (inventory, vault) = company::read(&files, Some("sk-wrong"));
    let plan = plan_for(&inventory, &vault, TARGET);
    assert!(!plan.complete && !plan.applyable, "a wrong salt key writes nothing");
    assert!(plan.findings.iter().any(|finding| finding.code.as_str() == "open.wrong_key"));
    let mut half = files.clone();
    half.insert("config.yaml".to_owned(), b"model_list: [\n  - a: }".to_vec());
    let (inventory, vault) = company::read(&half, Some(company::SALT_KEY));
    let plan = plan_for(&inventory, &vault, TARGET);
    assert!(!plan.complete, "a file that cannot be read is no empty file");
}

/// An owner is found among many whose names hold its own.
#[test]
fn point_28_an_owner_is_found_behind_the_first_page() {
    let mut there = gateway();
    for n in 0..130 {
        let name = if n == 129 { "Acme".to_owned() } else { format!("Acme {n:03}") };
        let made = there
            .handle(&Request::new("POST", "/api/governance/customers").json(&json!({"name": name})), company::now());
        assert!(made.status < 300, "{}", made.body);
    }
    let rows = [
        ("OrganizationTable", json!({"organization_id": "o", "organization_alias": "Acme", "models": []})),
        team("t", &json!({"organization_id": "o"})),
        key("k", &json!({"team_id": "t"})),
    ];
    let (inventory, vault) = shop(&rows);
    let mut practice = Practice::of(there);
    let plan = practice.plan(&inventory, &vault, &Choices::default());
    let op = plan.ops.iter().find(|op| op.id.as_str() == "customer/Acme").expect("the customer");
    assert!(op.action == Action::Same && op.target_id.is_some(), "{op:?}");
    practice.apply(&plan, &vault);
    let observed = practice.observe();
    let acme = observed.customers.iter().find(|customer| customer["name"] == json!("Acme")).expect("it");
    let team = observed.teams.iter().find(|team| team["name"] == json!("t")).expect("the team");
    assert_eq!(team["customer_id"], acme["id"]);
    assert_eq!(observed.customers.len(), 130);
}
