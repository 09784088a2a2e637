//! The gateway: whether it answers, lets us in, and what it can hold.

use bifrost::version::{CAPABILITIES, Nature};
use bifrost::{Capability, Kind, Observed, Version};
use report::words;

use super::check::{Check, Mark, Part};
use crate::drive::Driver;
use crate::headless::{HeadlessError, run};
use crate::settings::Connections;
use crate::target::Target;

const SUBJECT: &str = "gateway";

/// Looks at the gateway. Nothing but GET is sent.
pub(super) async fn checks(connections: &Connections) -> Vec<Check> {
    let Some(settings) = &connections.target else {
        return vec![
            Check::new(Part::Gateway, Mark::Missing, SUBJECT, "none is given, so nothing can be compared or applied")
                .next("set BIFROST_URL; a plan alone can be made with --target-version"),
        ];
    };
    let driver = Driver::new(Target::gateway(settings.clone(), connections.network.clone()));
    let name = driver.target_name();
    match run::observe(&driver).await {
        Ok(observed) => seen(&name, &observed),
        Err(HeadlessError::Observe { why, hints }) => {
            vec![Check::new(Part::Gateway, Mark::Failed, format!("{SUBJECT} {name}"), why).all(hints)]
        }
        Err(other) => vec![Check::new(Part::Gateway, Mark::Failed, format!("{SUBJECT} {name}"), other.to_string())],
    }
}

fn seen(name: &str, observed: &Observed) -> Vec<Check> {
    let subject = format!("{SUBJECT} {name}");
    let edition = if observed.has_users { "the Enterprise edition" } else { "no users, so the open-source edition" };
    let counted: Vec<String> = [Kind::Provider, Kind::VirtualKey, Kind::Team, Kind::Customer]
        .into_iter()
        .map(|kind| words::counted(observed.objects(kind).len(), &kind.title().to_lowercase()))
        .collect();
    let says = format!("Bifrost {}, {edition}; it lets us in and holds {}", observed.version, counted.join(", "));
    let mut checks = vec![Check::new(Part::Gateway, Mark::Ok, subject, says)];
    checks.push(version(&observed.version));
    checks.push(admin(observed));
    checks.push(door(observed));
    checks
}

/// What this version can hold.
fn version(text: &str) -> Check {
    let check = |mark, says: String| Check::new(Part::Gateway, mark, format!("gateway version {text}"), says);
    let Ok(version) = text.parse::<Version>() else {
        return check(Mark::Failed, "this is no version that Gangway can read, so no plan is made for it".to_owned());
    };
    if version.is_unknown() || version.is_unversioned() {
        let known = bifrost::version::NEWEST_KNOWN;
        return check(Mark::Note, format!("Gangway does not know it; plans are made as for {known}, writes read back"));
    }
    if !version.has(Capability::DenyByDefault) {
        let says = "empty lists mean everything there, so nobody's access could be kept: no plan is made for it";
        return check(Mark::Failed, says.to_owned()).next("move the gateway to 1.5.2 or newer first");
    }
    let lacks: Vec<&str> = CAPABILITIES
        .iter()
        .filter(|row| row.nature == Nature::Holds && !row.is_in(&version))
        .map(|row| row.what)
        .collect();
    if lacks.is_empty() {
        return check(Mark::Ok, "it can hold everything that Gangway moves".to_owned());
    }
    let says = format!("it cannot hold {}; the plan says where that matters", lacks.join(", "));
    check(Mark::Note, says)
}

/// Whether somebody has to log in to change the gateway.
fn admin(observed: &Observed) -> Check {
    let check = |mark, says| Check::new(Part::Gateway, mark, "gateway administrator", says);
    if observed.has_admin() {
        return check(Mark::Ok, "who changes the gateway has to log in");
    }
    check(Mark::Note, "there is none: whoever reaches the gateway can change it, where no setup token keeps them out")
        .next("gangway admin makes the first one; so does the gateway's dashboard")
}

/// Whether somebody without a key is served.
fn door(observed: &Observed) -> Check {
    let enforced =
        observed.config.pointer("/client_config/enforce_auth_on_inference").and_then(serde_json::Value::as_bool);
    let check = |mark, says| Check::new(Part::Gateway, mark, "calls without a virtual key", says);
    if enforced == Some(true) {
        return check(Mark::Ok, "the gateway refuses them (enforce_auth_on_inference is on)");
    }
    check(Mark::Note, "the gateway still serves them; the last step of a plan turns enforce_auth_on_inference on")
}
