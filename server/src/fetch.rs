//! Reading the running proxy: `litellm::fetch` decides, this sends, up to four requests at once.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use litellm::endpoint::endpoint;
use litellm::fetch::{Ask, Event, Fetch, Lost, Step};

use crate::source::Source;
use crate::upstream::Loss;

/// Drives a reading to its end. `told` hears of every answer.
pub(crate) async fn drive(source: &Source, fetch: &mut Fetch, mut told: impl FnMut(&Fetch)) {
    let mut flying = FuturesUnordered::new();
    loop {
        match fetch.step() {
            Step::Ask(ask) => flying.push(send(source, ask)),
            Step::Wait => {
                if let Some((ask, event)) = flying.next().await {
                    fetch.on(&ask, event);
                    told(fetch);
                }
            }
            Step::Done => return,
        }
    }
}

async fn send(source: &Source, ask: Ask) -> (Ask, Event) {
    if ask.wait_ms > 0 {
        tokio::time::sleep(Duration::from_millis(ask.wait_ms.into())).await;
    }
    let event = match endpoint(ask.endpoint) {
        Some(endpoint) => match source.read(endpoint, &ask.query).await {
            Ok(reply) => {
                Event::Answer { status: reply.answer.status, retry_after: reply.retry_after, body: reply.answer.body }
            }
            Err(loss) => lost(&loss),
        },
        None => lost(&Loss::NotSent("There is no such read.".to_owned())),
    };
    (ask, event)
}

fn lost(loss: &Loss) -> Event {
    let how = match loss {
        Loss::NotSent(_) => Lost::Unreachable,
        Loss::Unknown(_) => Lost::Broken,
        Loss::TooLarge(_) => Lost::TooLarge,
    };
    Event::Lost { how, words: loss.to_string() }
}
