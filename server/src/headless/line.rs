//! The line to the gateway: one call under way at a time, from a thread that does nothing else. A call may be handed over
//! to go out as soon as the one before it was answered with success, while the answer is still being taken in here; if it
//! was answered otherwise, that call stays unsent until it is asked for again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use apply::{CallId, Event};
use bifrost::Answer;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::drive::lost;
use crate::target::{Prepared, Target};
use crate::upstream::Loss;

/// Our end of the line.
#[derive(Debug)]
pub(super) struct Line {
    asks: UnboundedSender<Ask>,
    backs: Receiver<(CallId, Back)>,
    /// What was handed over and not asked for since, in its order; what could not be made ready was not.
    early: VecDeque<(CallId, bool)>,
    /// What came back of that.
    kept: VecDeque<(CallId, Back)>,
    thread: JoinHandle<()>,
}

/// A call for the line.
#[derive(Debug)]
struct Ask {
    id: CallId,
    /// It goes out only if this one was the last and was answered with success.
    after: Option<CallId>,
    call: Prepared,
}

/// What came of a call.
#[derive(Debug)]
enum Back {
    Said(Result<Answer, Loss>),
    Unsent(Ask),
}

impl Line {
    /// A line to that gateway, which ends with this end of it.
    pub(super) fn to(target: Arc<Target>) -> std::io::Result<Self> {
        // The connection lives on that thread too, so that no answer waits for another one to wake up.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (asks, asked) = unbounded_channel();
        let (answers, backs) = channel();
        let thread = std::thread::Builder::new()
            .name("line".to_owned())
            .spawn(move || runtime.block_on(serve(target, asked, answers)))?;
        Ok(Self { asks, backs, early: VecDeque::new(), kept: VecDeque::new(), thread })
    }

    /// Whether the call was handed over ahead. If it stayed unsent, it goes out now, and what comes after it.
    pub(super) fn has(&mut self, id: CallId) -> bool {
        let Some((_, ready)) = self.early.pop_front_if(|(first, _)| *first == id) else { return false };
        self.kept.extend(self.backs.try_iter());
        if matches!(self.kept.front(), Some((first, Back::Unsent(_))) if *first == id) {
            for (came, back) in std::mem::take(&mut self.kept) {
                match back {
                    Back::Unsent(ask) if came == id => self.send(id, ask.call),
                    Back::Unsent(ask) => self.ask(ask),
                    said @ Back::Said(_) => self.kept.push_back((came, said)),
                }
            }
        }
        ready
    }

    /// Sends a call.
    pub(super) fn send(&self, id: CallId, call: Prepared) {
        self.ask(Ask { id, after: None, call });
    }

    /// Hands over the call that comes after all others, of which that one is under way. If it could not be made ready,
    /// those that come after it wait until it was asked for.
    pub(super) fn send_after(&mut self, under_way: CallId, id: CallId, call: Option<Prepared>) {
        let before = self.early.back().map_or(under_way, |(last, _)| *last);
        self.early.push_back((id, call.is_some()));
        if let Some(call) = call {
            self.ask(Ask { id, after: Some(before), call });
        }
    }

    /// Ends the line: a call under way is waited for, and what was handed over stays unsent.
    pub(super) fn hang_up(self) {
        drop(self.asks);
        // A panic over there was told of already.
        drop(self.thread.join());
    }

    /// What came of a call that was sent or handed over; one that stayed unsent goes out now.
    pub(super) fn answer(&mut self, id: CallId) -> Event {
        loop {
            let kept = self.kept.iter().position(|(kept, _)| *kept == id).and_then(|at| self.kept.remove(at));
            match kept.or_else(|| self.backs.recv().ok()) {
                Some((came, Back::Said(said))) if came == id => {
                    return said.map_or_else(|loss| Event::Lost(id, lost(&loss)), |answer| Event::Answer(id, answer));
                }
                Some((came, Back::Unsent(ask))) if came == id => self.send(id, ask.call),
                Some(other) => self.kept.push_back(other),
                None => return Event::Lost(id, apply::Loss::Unknown),
            }
        }
    }

    fn ask(&self, ask: Ask) {
        // Where nobody listens any more, no answer comes either.
        drop(self.asks.send(ask));
    }
}

/// Sends what is asked, one call after the other.
async fn serve(target: Arc<Target>, mut asks: UnboundedReceiver<Ask>, backs: Sender<(CallId, Back)>) {
    let (mut good, mut untold) = (None, None);
    loop {
        let next = if let Ok(ask) = asks.try_recv() {
            Some(ask)
        } else {
            tell(&backs, &mut untold);
            asks.recv().await
        };
        let Some(Ask { id, after, call }) = next else { return };
        if after.is_some_and(|before| good != Some(before) || asks.is_closed()) {
            tell(&backs, &mut untold);
            tell(&backs, &mut Some((id, Back::Unsent(Ask { id, after, call }))));
            continue;
        }
        // The gateway is not kept waiting while somebody is woken to hear of the answer before.
        let telling = async {
            let (backs, mut untold) = (backs.clone(), untold.take());
            tokio::spawn(async move { tell(&backs, &mut untold) });
        };
        let (said, ()) = tokio::join!(biased; target.send(call), telling);
        good = said.as_ref().is_ok_and(is_good).then_some(id);
        untold = Some((id, Back::Said(said)));
    }
}

fn tell(backs: &Sender<(CallId, Back)>, untold: &mut Option<(CallId, Back)>) {
    // Whoever hung up does not want to know.
    if let Some(back) = untold.take() {
        drop(backs.send(back));
    }
}

/// Whether the next call may go out on the strength of an answer.
fn is_good(answer: &Answer) -> bool {
    answer.is_success() && answer.says_json()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bifrost::Endpoint;
    use serde_json::json;

    use super::*;
    use crate::practice::Practice;

    #[test]
    fn what_comes_after_a_refusal_stays_unsent_until_it_is_asked_for() {
        let practice = Arc::new(Practice::new("2.0.0-prerelease3").expect("a recorded version"));
        let target = Arc::new(Target::Practice(practice));
        let (none, id) = (BTreeMap::new(), CallId);
        let team = |body| target.prepare(Endpoint::TeamCreate, &none, &none, Some(&body)).expect("a call");
        let mut line = Line::to(Arc::clone(&target)).expect("a thread");
        let status = |line: &mut Line, number| match line.answer(id(number)) {
            Event::Answer(_, answer) => answer.status,
            event => panic!("{event:?}"),
        };
        line.send(id(1), team(json!({"name": "a"})));
        line.send_after(id(1), id(2), Some(team(json!({}))));
        line.send_after(id(1), id(3), Some(team(json!({"name": "c"}))));
        line.send_after(id(1), id(4), None);
        line.send_after(id(1), id(5), Some(team(json!({"name": "e"}))));
        assert_eq!(status(&mut line, 1), 200);
        assert!(line.has(id(2)));
        assert_eq!(status(&mut line, 2), 400);
        let made = |line: &mut Line, number| {
            line.send(id(number), target.prepare(Endpoint::TeamList, &none, &none, None).expect("a call"));
            let Event::Answer(_, answer) = line.answer(id(number)) else { panic!("no answer") };
            ["a", "c", "e"].map(|name| answer.body.contains(&format!("\"name\":\"{name}\"")))
        };
        assert_eq!(made(&mut line, 6), [true, false, false]);
        assert!(line.has(id(3)));
        assert_eq!(status(&mut line, 3), 200);
        assert!(!line.has(id(4)), "it was never made ready");
        assert_eq!(made(&mut line, 7), [true, true, false]);
        assert!(line.has(id(5)));
        assert_eq!(status(&mut line, 5), 200);
        assert_eq!(made(&mut line, 8), [true, true, true]);
        line.hang_up();
    }
}
