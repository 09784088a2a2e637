//! Trying the new keys on the gateway: what each may call and what not.

use std::collections::{BTreeMap, BTreeSet};

use apply::{Journal, Tried, judge, questions};
use bifrost::Observed;
use litellm::Secret;
use plan::Plan;
use serde_json::json;
use zeroize::Zeroizing;

use super::events::Events;
use super::{HeadlessError, material, tokens};
use crate::cli::VerifyArgs;
use crate::clock;
use crate::drive::Driver;
use crate::log::say;

/// What trying came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Result {
    asked: usize,
    wider: usize,
    narrower: usize,
    unclear: usize,
}

impl Result {
    /// Whether every answer was as planned.
    pub(super) const fn is_good(self) -> bool {
        self.wider + self.narrower + self.unclear == 0
    }
}

/// Tries every key whose value is known, and says what is not as planned.
pub(super) async fn ask(
    driver: &Driver,
    args: &VerifyArgs,
    (plan, journal, observed): (&Plan, &Journal, &Observed),
    events: &Events,
) -> std::result::Result<Result, HeadlessError> {
    let (values, missing) = values(driver, args, plan, journal).await?;
    let gateway = plan::as_planned(plan, observed);
    let now = clock::now();
    let mut result = Result { unclear: missing.len(), ..Result::default() };
    for name in &missing {
        say(&format!("virtual key {name} could not be tried: its value is not known"));
    }
    let mut questions = questions(&gateway, &values.keys().cloned().collect(), now, args.ask_live);
    // What is refused uses up no limit; what is served may use one up, and then nothing more can be told.
    questions.sort_by_key(|question| question.served);
    say(&format!("{} questions with {} keys", questions.len(), values.len()));
    for question in &questions {
        let Some(value) = values.get(&question.key) else { continue };
        let tried = match driver.ask(value, question.model.as_deref()).await {
            Ok(answer) => judge(&gateway, question, &answer, now),
            Err(loss) => Tried::Unclear(loss.to_string()),
        };
        result.asked += 1;
        let (word, why) = match tried {
            Tried::AsPlanned => continue,
            Tried::Wider(why) => {
                result.wider += 1;
                ("may do more than planned", why)
            }
            Tried::Narrower(why) => {
                result.narrower += 1;
                ("may do less than planned", why)
            }
            Tried::Unclear(why) => {
                result.unclear += 1;
                ("could not be tried", why)
            }
        };
        let asked = question.model.as_deref().unwrap_or("its list of models");
        say(&format!("virtual key {}, asked for {asked}: {word}: {why}", question.key));
        events.tell(
            "asked",
            || json!({"virtual_key": question.key, "model": question.model, "answer": word, "why": why}),
        );
    }
    let Result { asked, wider, narrower, unclear } = result;
    say(&format!("{asked} asked: {wider} wider, {narrower} narrower, {unclear} unclear"));
    events.tell("tried", || json!({"asked": asked, "wider": wider, "narrower": narrower, "unclear": unclear}));
    Ok(result)
}

/// The values by name, from the hand-over file or from the gateway; and the names of the keys that have none.
async fn values(
    driver: &Driver,
    args: &VerifyArgs,
    plan: &Plan,
    journal: &Journal,
) -> std::result::Result<(BTreeMap<String, Secret>, BTreeSet<String>), HeadlessError> {
    let made = tokens::made(plan, journal);
    let mut values: BTreeMap<String, Secret> = if let Some(path) = &args.keys {
        let text = Zeroizing::new(material::text(path)?);
        report::handover::read_tokens(&text).into_iter().map(|(name, _, value)| (name, Secret::new(value))).collect()
    } else {
        let issued = tokens::issued(driver, plan, journal).await?;
        issued.into_iter().filter_map(|token| Some((token.name, token.value?))).collect()
    };
    let names: BTreeSet<String> = made.into_iter().map(|(op, _)| op.name.clone()).collect();
    let given = values.len();
    values.retain(|name, _| names.contains(name));
    if values.len() < given {
        // Not by name: in a file of another kind anything could stand there.
        say(&format!("{} of the keys in the file are not of this plan and are not tried", given - values.len()));
    }
    let missing = names.into_iter().filter(|name| !values.contains_key(name)).collect();
    Ok((values, missing))
}
