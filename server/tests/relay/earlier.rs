//! What the relay tells of earlier applies, so that the page plans as the command does.

use std::io::Write as _;

use plan::delta::Earlier;
use plan::{Plan, SourceKind};
use wire::{EarlierApplies, GetEarlier, Lock, Nothing, Refusal, RotateJournal, UnlockJournal, code};

use super::kept::{Scene, plans};
use crate::running::Relay;

/// As the relay calls its practice gateway.
const TARGET: &str = "Practice Bifrost v2.0.0-prerelease3";

impl Scene {
    fn earlier(&self) -> Result<EarlierApplies, (u16, Refusal)> {
        self.relay.call::<GetEarlier>(&Nothing {})
    }

    /// An apply of that plan, begun and put aside.
    fn past(&self, plan: &Plan, target: &str) {
        self.lock("a");
        assert_eq!(self.keep("a", &serde_json::to_string(plan).expect("JSON")), None);
        self.begin("a", plan, target);
        self.relay.call::<UnlockJournal>(&Lock { holder: "a".to_owned() }).expect("held");
        self.relay.call::<RotateJournal>(&Nothing {}).expect("free");
    }
}

#[test]
fn what_was_applied_to_this_gateway_is_told() {
    let scene = Scene::new("earlier");
    let [mut plan, other] = plans();
    assert_eq!(scene.earlier().expect("nothing yet").notes, Vec::<String>::new());
    let ids: Vec<String> =
        plan.ops.iter_mut().map(|op| op.target_id.insert(format!("id of {}", op.id)).clone()).collect();
    scene.past(&plan, TARGET);
    scene.past(&other, "http://another");
    scene.past(&plan, TARGET);
    std::fs::remove_file(scene.path("journal.jsonl.3.plan.json")).expect("a kept plan");
    let EarlierApplies { text, notes } = scene.earlier().expect("what was before");
    let told: Earlier = serde_json::from_str(&text).expect("what was before");
    assert!(told.objects.iter().all(|moved| ids.contains(&moved.id) && !moved.created), "{text}");
    let moved = plan.ops.iter().filter(|op| op.action != plan::Action::Skip).count();
    assert_eq!((told.objects.len(), told.read.contains(&SourceKind::Database)), (moved, true));
    assert!(notes.len() == 2 && notes[0].contains("of another gateway (http://another)"), "{notes:?}");
    assert!(notes[1].contains("journal.jsonl.3.plan.json is not there"), "{notes:?}");
}

#[test]
fn what_cannot_be_told_is_refused_and_named() {
    let scene = Scene::new("earlier-broken");
    let [plan, _] = plans();
    scene.past(&plan, TARGET);
    let refused = |about: &str| {
        let (status, Refusal { code, message, hints }) = scene.earlier().expect_err(about);
        assert!(message.contains(about) && !hints.is_empty(), "{message} {hints:?}");
        (status, code)
    };
    let aside = scene.path("journal.jsonl.1.plan.json");
    let file = std::fs::OpenOptions::new().write(true).open(&aside).expect("kept");
    let whole = file.metadata().expect("kept").len();
    file.set_len((128 << 20) + 1).expect("a large file");
    assert_eq!(refused("larger than 128 MiB"), (409, code::TOO_LARGE.to_owned()));
    file.set_len(whole / 2).expect("half a file");
    assert_eq!(refused("journal.jsonl.1.plan.json"), (409, code::JOURNAL.to_owned()));
    let journal = std::fs::OpenOptions::new().write(true).open(scene.path("journal.jsonl.1")).expect("put aside");
    let length = journal.metadata().expect("put aside").len();
    journal.set_len(length - 8).expect("a torn file");
    assert!(scene.earlier().expect("a torn line says nothing").notes.is_empty());
    journal.set_len(0).expect("an empty file");
    (&journal).write_all(b"{}\n").expect("a line");
    assert_eq!(refused("not a record"), (409, code::JOURNAL.to_owned()));
}

#[test]
fn without_a_gateway_there_is_nothing_to_tell() {
    let relay = Relay::start("earlier-none", &[("LITELLM_URL", "http://127.0.0.1:9")]);
    let (status, refusal) = relay.call::<GetEarlier>(&Nothing {}).expect_err("no gateway");
    assert_eq!((status, refusal.code.as_str()), (404, code::NOT_CONFIGURED));
}
