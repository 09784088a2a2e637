//! `gangway admin`: makes the first administrator of a gateway that has none, and only when told to.

use apply::{ADMIN_PASSWORD, SETUP_TOKEN};
use bifrost::{Answer, Call, Endpoint};
use litellm::Secret;
use serde_json::Value;

use super::events::Events;
use super::{DONE, HeadlessError, PARTIAL, refuse, run, write};
use crate::cli::AdminArgs;
use crate::drive::Driver;
use crate::log::say;
use crate::settings::{self, Environment, TargetSettings};
use crate::target::Target;
use crate::upstream::Loss;

/// `gangway admin`; the exit code.
pub(crate) async fn admin(args: AdminArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.connections, env)?;
    let settings = connections.target.ok_or(HeadlessError::NoTarget)?;
    let Some((user, password)) = settings.login.clone() else { return Err(HeadlessError::NoLogin) };
    let token = settings.setup_token.clone();
    let driver = Driver::new(Target::gateway(without_login(&settings), connections.network.clone()));
    let later = Driver::new(Target::gateway(settings, connections.network));
    let gateway = driver.target_name();
    if is_enabled(&driver).await? {
        let why = format!("{gateway} has an administrator already");
        return Ok(refused(why, "who knows that login changes it in the gateway's dashboard"));
    }
    let observed = run::observe(&driver).await?;
    if observed.has_users {
        let why = format!("{gateway} is the Enterprise edition, which has users of its own");
        return Ok(refused(why, "make them in its dashboard"));
    }
    let call = apply::first_admin(&observed.config, &user, token.is_some());
    write::print(&format!("{user} would be the administrator of {gateway}; its other settings stay as they are\n"));
    write::print("from then on, nothing is changed there without that name and password\n");
    if !args.yes {
        say("dry run: nothing was changed; the same command with --yes does it");
        return Ok(DONE);
    }
    make(&driver, &call, &password, token.as_ref()).await?;
    read_back(&later, &call, &user).await
}

fn refused(why: String, hint: &str) -> u8 {
    refuse(&HeadlessError::Refused { why, hints: vec![hint.to_owned()] }, &Events::of("admin", false))
}

/// The gateway before there is an administrator: what stands for one already might be refused.
fn without_login(settings: &TargetSettings) -> TargetSettings {
    TargetSettings { authorization: None, ..settings.clone() }
}

async fn is_enabled(driver: &Driver) -> Result<bool, HeadlessError> {
    let answer = driver.read(&Call::new(Endpoint::SessionState)).await.map_err(|loss| unreached(&loss))?;
    let state = answer.is_success().then(|| answer.json()).flatten().unwrap_or_default();
    Ok(state.get("is_auth_enabled") == Some(&Value::Bool(true)))
}

async fn make(driver: &Driver, call: &Call, password: &Secret, token: Option<&Secret>) -> Result<(), HeadlessError> {
    let secret = |slot: &model::SecretId| match slot.as_str() {
        ADMIN_PASSWORD => Some(password.expose().to_owned()),
        SETUP_TOKEN => token.map(|token| token.expose().to_owned()),
        _ => None,
    };
    let answer: Answer = driver.fill_and_send(call, secret).await.map_err(|loss| unreached(&loss))?;
    match answer.status {
        _ if answer.is_success() => Ok(()),
        403 => Err(HeadlessError::NoSetupToken(apply::refusal(&answer))),
        _ => Err(HeadlessError::NoAdmin(apply::refusal(&answer))),
    }
}

/// What the gateway says afterwards, to the new administrator.
async fn read_back(driver: &Driver, call: &Call, user: &str) -> Result<u8, HeadlessError> {
    let observed = run::observe(driver).await?;
    if !observed.has_admin() {
        return Err(HeadlessError::NoAdmin("it answered with success, and has none".to_owned()));
    }
    say(&format!("{user} is the administrator now; BIFROST_USER and BIFROST_PASSWORD are needed from here on"));
    let changed = apply::changed_beside(call, &observed.config);
    for difference in &changed {
        say(&format!("changed as well: {} is {}, was {}", difference.path, difference.observed, difference.intended));
    }
    Ok(if changed.is_empty() { DONE } else { PARTIAL })
}

fn unreached(loss: &Loss) -> HeadlessError {
    let hints = vec!["check BIFROST_URL, and that the gateway runs".to_owned()];
    HeadlessError::Observe { why: loss.to_string(), hints }
}
