//! The plan that the relay keeps beside the journal.

use std::path::PathBuf;

use apply::{Engine, Event, Journal, Step};
use bifrost::Observed;
use plan::{Choices, ExpiryChoice, Plan};
use support::company;
use wire::{
    AppendJournal, AppendLine, GetPlan, KeepPlan, Lock, LockJournal, Nothing, PlanToKeep, RotateJournal, Route as _,
    UnlockJournal, code,
};

use crate::running::{Folder, Relay};

/// A relay, its journal, and what is beside it.
pub(crate) struct Scene {
    pub(crate) relay: Relay,
    folder: Folder,
}

impl Scene {
    pub(crate) fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let journal = folder.0.join("journal.jsonl").display().to_string();
        Self { relay: Relay::with(&["--journal", &journal], &[]), folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    pub(crate) fn lock(&self, holder: &str) {
        self.relay.call::<LockJournal>(&Lock { holder: holder.to_owned() }).expect("the lock");
    }

    /// Status and code of a refusal; none where it was kept.
    pub(crate) fn keep(&self, holder: &str, text: &str) -> Option<(u16, String)> {
        let plan = PlanToKeep { holder: holder.to_owned(), text: text.to_owned() };
        self.relay.call::<KeepPlan>(&plan).err().map(|(status, refusal)| (status, refusal.code))
    }

    fn kept(&self) -> Option<String> {
        self.relay.call::<GetPlan>(&Nothing {}).expect("an answer").text
    }

    /// The first record of an apply of that plan.
    pub(crate) fn begin(&self, holder: &str, plan: &Plan, target: &str) {
        let mut engine = Engine::new(plan, Journal::default(), target, 7).expect("a plan to apply");
        let Step::Record(line) = engine.step(company::now()) else { panic!("a record comes first") };
        self.relay.call::<AppendJournal>(&AppendLine { holder: holder.to_owned(), line }).expect("a record");
        engine.on(Event::Recorded, company::now());
    }
}

/// A plan, and one that decides otherwise.
pub(crate) fn plans() -> [Plan; 2] {
    let (inventory, vault) = company::recorded("1.101.6");
    [ExpiryChoice::Inactive, ExpiryChoice::LeaveOut].map(|choice| {
        let choices = Choices { expiring_keys: Some(choice), ..Choices::default() };
        plan::plan(&inventory, &vault, &Observed::fresh("1.5.16"), &choices, company::now())
    })
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn the_plan_of_an_apply_is_kept_whole_or_not_at_all() {
    let scene = Scene::new("kept");
    let [plan, other] = plans();
    let text = serde_json::to_string(&plan).expect("JSON");
    let half = &text[..text.char_indices().nth(text.chars().count() / 2).expect("a middle").0];
    assert_eq!(scene.keep("a", &text), Some(refused(409, code::LOCKED)), "nobody holds the lock");
    scene.lock("a");
    assert_eq!(scene.keep("b", &text), Some(refused(409, code::LOCKED)), "not b's");
    for bad in ["", "{}", "null", "not JSON", "[]", half, &text.replacen("gangway.plan.v1", "gangway.plan.v2", 1)] {
        assert_eq!(scene.keep("a", bad), Some(refused(400, code::JOURNAL)), "{}", &bad[..bad.len().min(40)]);
    }
    assert_eq!((scene.kept(), scene.path("journal.jsonl.plan.json").exists()), (None, false));

    // Another plan of an apply that never began is in nobody's way.
    let other_text = serde_json::to_string(&other).expect("JSON");
    assert_eq!(scene.keep("a", &other_text), None);
    assert_eq!(scene.kept(), None, "a plan without a journal is nobody's");
    assert_eq!(scene.keep("a", &text), None);
    scene.begin("a", &plan, "http://gateway");
    assert_eq!(scene.kept(), Some(report::plan_json(&plan)), "the form that the command writes");
    assert_eq!(scene.keep("a", &other_text), Some(refused(409, code::JOURNAL)), "the journal was begun with another");
    assert_eq!(scene.keep("a", &text), None, "going on keeps it again");
    assert_eq!(scene.kept(), Some(report::plan_json(&plan)));
    let names = std::fs::read_dir(&scene.folder.0).expect("a folder").count();
    assert_eq!(names, 3, "journal, lock and plan; nothing else is left");
}

#[test]
fn the_plan_is_put_aside_with_its_journal() {
    let scene = Scene::new("kept-aside");
    let [plan, other] = plans();
    for (number, plan) in [(1, &plan), (2, &other)] {
        scene.lock("a");
        assert_eq!(scene.keep("a", &serde_json::to_string(plan).expect("JSON")), None);
        scene.begin("a", plan, "http://gateway");
        scene.relay.call::<UnlockJournal>(&Lock { holder: "a".to_owned() }).expect("held");
        scene.relay.call::<RotateJournal>(&Nothing {}).expect("free");
        assert_eq!(scene.kept(), None);
        let aside = read(&scene.path(&format!("journal.jsonl.{number}.plan.json")));
        assert_eq!(aside, report::plan_json(plan));
    }
}

#[test]
fn a_plan_that_is_too_large_is_refused_with_its_limit() {
    let scene = Scene::new("kept-large");
    let [plan, _] = plans();
    scene.lock("a");
    // The length is enough to be refused.
    let request = scene.relay.request::<KeepPlan>("");
    let announced = |bytes: usize| request.replace("Content-Length: 0", &format!("Content-Length: {bytes}"));
    let answer = scene.relay.raw(&announced((128 << 20) + 1));
    assert_eq!((answer.status, answer.json()["code"].as_str()), (413, Some(code::TOO_LARGE)), "{}", answer.body);
    assert!(answer.body.contains("larger than 128 MiB"), "{}", answer.body);
    // Every other call takes no more than before.
    let other = announced((4 << 20) + 1).replace(KeepPlan::PATH, AppendJournal::PATH);
    assert_eq!(scene.relay.raw(&other).status, 413);
    // A plan that is larger than what other calls take is kept.
    let long = serde_json::to_string(&plan).expect("JSON") + &" ".repeat(5 << 20);
    assert_eq!(scene.keep("a", &long), None);
    scene.begin("a", &plan, "http://gateway");
    assert_eq!(scene.kept(), Some(report::plan_json(&plan)));

    let file = std::fs::OpenOptions::new().write(true).open(scene.path("journal.jsonl.plan.json")).expect("kept");
    file.set_len((128 << 20) + 1).expect("a large file");
    let (status, refusal) = scene.relay.call::<GetPlan>(&Nothing {}).expect_err("too large");
    assert_eq!((status, refusal.code.as_str()), (409, code::TOO_LARGE));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_plan() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new("kept-mode");
    scene.lock("a");
    assert_eq!(scene.keep("a", &serde_json::to_string(&plans()[0]).expect("JSON")), None);
    let mode = std::fs::metadata(scene.path("journal.jsonl.plan.json")).expect("kept").permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[expect(clippy::disallowed_methods, reason = "tests read files")]
fn read(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}
