//! Weeks later: LiteLLM or the gateway has changed, and a new plan does only the difference.
//!
//! Each script in `delta/` is steps and, behind `> `, what came of them on every practice release. Where releases
//! differ, each answer says whose it is: `> [1.5.2, 1.5.16] ...`. `GANGWAY_SCRIPTS=write` writes what comes of them now,
//! to be read before it is kept. The steps are told in [`Scene::step`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use apply::{Engine, Event, Journal, Step, Undo, UndoEngine, UndoOptions};
use bifrost::{Kind, Observed};
use inventory::{Opened, Vault};
use model::{Moment, OpId, SourceId};
use plan::delta::Earlier;
use plan::{Action, Choices, Plan};
use sandbox::{Gateway, Release, Request};
use serde_json::{Value, json};
use support::{company, gateway};

/// What every script begins with by `company`.
const COMPANY: &str = include_str!("delta/company.txt");

/// What a plan says about the difference, beside its ops.
const TOLD: [&str; 6] =
    ["plan.gone", "plan.gone_unknown", "plan.left_standing", "plan.taken", "plan.take_over", "plan.unseen_secret"];

/// A LiteLLM, a gateway, and what was applied so far.
struct Scene {
    models: BTreeMap<String, Value>,
    rows: BTreeMap<(&'static str, String), Value>,
    without_database: bool,
    choices: Choices,
    gateway: Gateway,
    now: i64,
    history: Vec<(Plan, Journal)>,
    /// The values that were handed out, by the name the key had then.
    values: BTreeMap<String, String>,
}

/// How long a process lives, in calls that write.
struct Life(usize);

impl Life {
    /// Whether the call is made before the process dies.
    fn allows(&mut self, call: &bifrost::Call) -> bool {
        let writes = call.endpoint.method() != bifrost::Method::Get;
        let dies = writes && self.0 == 0;
        self.0 -= usize::from(writes && !dies);
        !dies
    }
}

impl Scene {
    fn new(release: Release) -> Self {
        let environment = ["K", "K2", "A"].map(str::to_owned);
        Self {
            models: BTreeMap::new(),
            rows: BTreeMap::new(),
            without_database: false,
            choices: Choices::default(),
            gateway: gateway::empty(release, 11).with_environment(environment),
            now: company::now().millis(),
            history: Vec::new(),
            values: BTreeMap::new(),
        }
    }

    /// Does a step; what came of it.
    ///
    /// * `company`: the steps of `company.txt`; `company applied`: and a first apply
    /// * `model JSON`, `team ID JSON`, `key ID JSON`, ...: is in LiteLLM, with these fields changed if it was before
    /// * `drop KIND ID`: is no longer in LiteLLM
    /// * `plan`, `plan delete-gone`: what would be done
    /// * `apply`, `apply delete-gone`: does it; `... cut-after N` dies before the write after N writes
    /// * `undo`, `drift`: of the last apply
    /// * `forget`: the journals are lost
    /// * `database off`, `database on`: whether plans are made with it
    /// * `choose leave-out|take-over ID`, `choose nothing`
    /// * `gateway METHOD PATH JSON`: somebody does that; `<kind/name>` stands for an id
    /// * `call NAME MODEL`: with the value that was handed out under that name
    /// * `later DAYS`
    fn step(&mut self, line: &str) -> String {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "company" => {
                COMPANY.lines().filter(|line| !line.starts_with('#')).for_each(|line| drop(self.step(line)));
                if rest == "applied" {
                    let said = self.apply("");
                    assert!(said.starts_with("finished"), "{said}");
                }
            }
            "model" => {
                let model: Value = serde_json::from_str(rest).expect("JSON");
                self.models.insert(model["model_name"].as_str().expect("a name").to_owned(), model);
            }
            "drop" => self.lose(rest),
            "plan" => return self.say_plan(rest == "delete-gone"),
            "apply" => return self.apply(rest),
            "undo" => return self.undo(),
            "drift" => return self.drift(),
            "forget" => self.history.clear(),
            "database" => self.without_database = rest == "off",
            "choose" => self.choose(rest),
            "gateway" => return self.meddle(rest),
            "call" => return self.call(rest),
            "later" => self.now += rest.parse::<i64>().expect("days") * 86_400_000,
            kind => {
                let (id, fields) = rest.split_once(' ').expect("an id and fields");
                let (table, column) = table(kind);
                let row = self.rows.entry((table, id.to_owned())).or_insert_with(|| json!({ (column): id }));
                let fields: Value = serde_json::from_str(fields).expect("JSON");
                row.as_object_mut().expect("a row").extend(fields.as_object().expect("fields").clone());
            }
        }
        String::new()
    }

    fn lose(&mut self, rest: &str) {
        let (kind, id) = rest.split_once(' ').expect("a kind and an id");
        let was = match kind {
            "model" => self.models.remove(id),
            _ => self.rows.remove(&(table(kind).0, id.to_owned())),
        };
        assert!(was.is_some(), "there is no {rest}");
    }

    fn choose(&mut self, rest: &str) {
        match rest.split_once(' ').unwrap_or((rest, "")) {
            ("nothing", _) => self.choices = Choices::default(),
            ("leave-out", id) => drop(self.choices.leave_out.insert(SourceId::new(id))),
            ("take-over", id) => drop(self.choices.take_over.insert(OpId::new(id))),
            (other, _) => panic!("no such choice: {other}"),
        }
    }

    fn plan(&mut self) -> (Plan, Vault<Opened>, Observed) {
        let models: Vec<&Value> = self.models.values().collect();
        let config = json!({ "model_list": models }).to_string();
        let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for ((table, _), row) in &self.rows {
            rows.entry((*table).to_owned()).or_default().push(row.clone());
        }
        let (inventory, vault) = if self.without_database {
            let file = litellm::Input::File { name: "config.yaml", bytes: config.as_bytes() };
            inventory::gather(litellm::read(&[file])).open(&[])
        } else {
            support::fleet::beside(&config, rows)
        };
        let observed = self.observe();
        let (now, earlier) = (Moment::from_millis(self.now), apply::earlier(&self.history));
        let planned = |earlier: &Earlier| plan::plan_after(&inventory, &vault, &observed, &self.choices, now, earlier);
        let plan = planned(&earlier);
        // The page is told the same as JSON. Nothing that matters is left out where an object was moved more than once.
        let told = serde_json::from_str(&serde_json::to_string(&earlier).expect("JSON")).expect("what was told");
        assert_eq!(earlier, told);
        let apart = self.history.iter().map(|one| apply::earlier(std::slice::from_ref(one)));
        let apart = apart.fold(Earlier::default(), |mut all, one| {
            all.objects.extend(one.objects);
            all.read.extend(one.read);
            all
        });
        assert!(planned(&apart) == plan, "another plan comes of each apply by itself");
        (plan, vault, observed)
    }

    fn observe(&mut self) -> Observed {
        gateway::observe(&mut self.gateway, Moment::from_millis(self.now))
    }

    fn say_plan(&mut self, delete_gone: bool) -> String {
        let (plan, _, observed) = self.plan();
        let mut text = told(&plan);
        if delete_gone {
            text += &shown(&apply::gone(&self.history, &plan, &Journal::default(), &observed));
        }
        text
    }

    /// An apply that was cut off is taken up with its own plan.
    fn apply(&mut self, how: &str) -> String {
        let mut words = how.split(' ');
        let delete_gone = words.next() == Some("delete-gone");
        let mut life =
            Life(how.split_once("cut-after ").map_or(usize::MAX, |(_, count)| count.parse().expect("a number")));
        let (fresh, vault, _) = self.plan();
        if !fresh.applyable {
            return format!("refused\n{}", told(&fresh));
        }
        let (plan, journal) = match self.history.pop() {
            Some((plan, journal)) if journal.end().is_none() => (plan, journal),
            before => {
                self.history.extend(before);
                (fresh, Journal::default())
            }
        };
        let (mut text, journal) = self.carry_out(&plan, &vault, journal, &mut life);
        if !delete_gone || journal.end().is_none() {
            self.history.push((plan, journal));
            return text;
        }
        let observed = self.observe();
        let gone = apply::gone(&self.history, &plan, &journal, &observed);
        let engine = UndoEngine::removing(gone.clone(), journal, "practice", 3);
        let (end, journal) = self.take_away(engine, &mut life);
        let _ = write!(text, "{}\nremoval {end}", shown(&gone));
        self.history.push((plan, journal));
        text
    }

    fn carry_out(
        &mut self,
        plan: &Plan,
        vault: &Vault<Opened>,
        journal: Journal,
        life: &mut Life,
    ) -> (String, Journal) {
        let mut engine = Engine::new(plan, journal, "practice", 3).expect("applyable");
        let end = loop {
            let now = Moment::from_millis(self.now);
            let event = match engine.step(now) {
                Step::Record(_) => Event::Recorded,
                Step::Call(_, call) if !life.allows(&call) => break "cut off".to_owned(),
                Step::Call(id, call) => Event::Answer(id, gateway::send(&mut self.gateway, &call, vault, now)),
                Step::Sleep(millis) => {
                    self.now += i64::try_from(millis).expect("a short wait");
                    Event::Slept
                }
                Step::Done(outcome) => break format!("{:?}", outcome.end).to_lowercase(),
            };
            engine.on(event, Moment::from_millis(self.now));
        };
        for (_, name, value) in engine.issued() {
            self.values.insert(name, value.expose().to_owned());
        }
        let mut text = end;
        for op in &plan.ops {
            if let Some((result, _, note)) = engine.journal().outcomes().get(&op.id)
                && *result != apply::OpResult::Same
            {
                let _ = write!(text, "\n{} {} {note}", format!("{result:?}").to_lowercase(), op.id);
            }
        }
        (text, engine.journal().clone())
    }

    fn undo(&mut self) -> String {
        let (plan, journal) = self.history.pop().expect("something was applied");
        let observed = self.observe();
        let undo = apply::undo(&plan, &journal, "practice", &observed, UndoOptions::default()).expect("its journal");
        let text = shown(&undo);
        let (end, journal) = self.take_away(UndoEngine::new(undo, journal, "practice", 3), &mut Life(usize::MAX));
        self.history.push((plan, journal));
        format!("{}\n{end}", text.trim_start())
    }

    fn take_away(&mut self, mut engine: UndoEngine, life: &mut Life) -> (String, Journal) {
        let (_, vault) = inventory::gather(litellm::read(&[])).open(&[]);
        loop {
            let now = Moment::from_millis(self.now);
            let event = match engine.step(now) {
                Step::Record(_) => Event::Recorded,
                Step::Call(_, call) if !life.allows(&call) => return ("cut off".to_owned(), engine.journal().clone()),
                Step::Call(id, call) => Event::Answer(id, gateway::send(&mut self.gateway, &call, &vault, now)),
                Step::Sleep(_) => Event::Slept,
                Step::Done(outcome) => {
                    let end = format!("{:?}{}", outcome.end, outcome.note).to_lowercase();
                    return (end, engine.journal().clone());
                }
            };
            engine.on(event, now);
        }
    }

    fn drift(&mut self) -> String {
        let observed = self.observe();
        let (plan, journal) = self.history.last().expect("something was applied");
        let mut lines = Vec::new();
        for found in apply::drift(plan, journal, &observed) {
            let when = if found.since { "since the apply" } else { "as after the apply" };
            for difference in &found.differences {
                let (op, path) = (&found.op, &difference.path);
                lines
                    .push(format!("{op}: {path} is {}, planned {} ({when})", difference.observed, difference.intended));
            }
            if found.beyond {
                lines.push(format!("{}: something that the plan does not speak of was changed", found.op));
            }
        }
        if lines.is_empty() { "as planned".to_owned() } else { lines.join("\n") }
    }

    fn meddle(&mut self, rest: &str) -> String {
        let mut text = rest.to_owned();
        let observed = self.observe();
        for kind in Kind::ALL {
            for (found, _) in observed.objects(kind) {
                text = text.replace(&format!("<{}/{}>", kind.id(), found.name), &found.id);
            }
        }
        let mut parts = text.splitn(3, ' ');
        let (method, path) = (parts.next().expect("a method"), parts.next().expect("a path"));
        let body: Value = parts.next().map_or(Value::Null, |body| serde_json::from_str(body).expect("JSON"));
        let request = Request::new(method, path).header("X-Bifrost-Setup-Token", gateway::SETUP_TOKEN).json(&body);
        self.gateway.handle(&request, Moment::from_millis(self.now)).status.to_string()
    }

    fn call(&mut self, rest: &str) -> String {
        let (key, model) = rest.split_once(' ').expect("a key and a model");
        let value = self.values.get(key).expect("a key that was handed out").clone();
        let body = json!({"model": model, "messages": [{"role": "user", "content": "x"}]});
        let request = Request::new("POST", "/v1/chat/completions").header("x-bf-vk", &value).json(&body);
        self.gateway.handle(&request, Moment::from_millis(self.now)).status.to_string()
    }
}

fn table(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "key" => ("LiteLLM_VerificationToken", "token"),
        "team" => ("LiteLLM_TeamTable", "team_id"),
        "user" => ("LiteLLM_UserTable", "user_id"),
        "organization" => ("LiteLLM_OrganizationTable", "organization_id"),
        "budget" => ("LiteLLM_BudgetTable", "budget_id"),
        other => panic!("no table of {other}"),
    }
}

/// What a plan would do, and what it says of the difference.
fn told(plan: &Plan) -> String {
    let mut lines: Vec<String> = plan
        .ops
        .iter()
        .filter(|op| op.action != Action::Same)
        .map(|op| format!("{} {}: {}", op.action.symbol(), op.id, op.reason))
        .collect();
    if plan.writes().next().is_none() {
        lines.push("nothing to do".to_owned());
    }
    for finding in plan.findings.iter().filter(|finding| TOLD.contains(&finding.code.as_str())) {
        let severity = format!("{:?}", finding.severity).to_lowercase();
        lines.push(format!("{severity} {}: {}", finding.subject, finding.message));
        lines.extend(finding.hints.iter().map(|hint| format!("  hint: {hint}")));
    }
    lines.join("\n")
}

/// What would be removed or put back, one line each.
fn shown(undo: &Undo) -> String {
    undo.items
        .iter()
        .fold(String::new(), |text, item| format!("{text}\n{} {}: {}", item.what.symbol(), item.op, item.why))
}

/// Runs a script on every release; the script as it should read.
fn run(script: &str) -> String {
    let mut scenes: Vec<(Release, Scene)> = Release::TARGETS.map(|release| (release, Scene::new(release))).into();
    let mut text = String::new();
    for line in script.lines().filter(|line| !line.starts_with('>')) {
        let _ = writeln!(text, "{line}");
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut said: Vec<(String, Vec<&str>)> = Vec::new();
        for (release, scene) in &mut scenes {
            let answer = scene.step(line);
            let version = release.version().trim_start_matches('v');
            match said.iter_mut().find(|(other, _)| *other == answer) {
                Some((_, versions)) => versions.push(version),
                None => said.push((answer, vec![version])),
            }
        }
        let alike = said.len() == 1;
        for (answer, versions) in said {
            let whose = if alike { String::new() } else { format!("[{}] ", versions.join(", ")) };
            for answer in answer.lines() {
                let _ = writeln!(text, "> {whose}{}", answer.trim_end());
            }
        }
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scripts are files")]
fn weeks_later_only_the_difference_is_done() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("it/delta");
    let entries = std::fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let scripts: BTreeSet<_> = entries.filter(|path| !path.ends_with("company.txt")).collect();
    assert!(scripts.len() >= 15, "{} scripts", scripts.len());
    let rewrite = std::env::var("GANGWAY_SCRIPTS").is_ok_and(|word| word == "write");
    let play = |path: &std::path::PathBuf| {
        let script = std::fs::read_to_string(path).expect("a script");
        let now = run(&script);
        if rewrite {
            std::fs::write(path, &now).expect("written");
        }
        (!rewrite && now != script).then(|| format!("{}\n{now}", path.display()))
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let playing: Vec<_> = scripts.iter().map(|path| scope.spawn(|| play(path))).collect();
        playing.into_iter().filter_map(|script| script.join().expect("a script that ends")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
