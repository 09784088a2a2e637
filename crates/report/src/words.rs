//! The words of the product: console, terminal and report say the same thing the same way.

use apply::{End, OpResult};
use bifrost::Kind;
use model::Severity;
use plan::{
    Action, ExpiryChoice, Fate, Fidelity, FieldLine, Plan, Road, SourceKind, UserChoice, Verdict, WildcardChoice,
};

use crate::view;

/// A notion that has a title for badges and headings, and a sentence that explains it.
pub trait Words: Copy {
    /// One or two words, capitalized.
    fn title(self) -> &'static str;
    /// A whole sentence for the person who reads it the first time.
    fn sentence(self) -> &'static str;
}

macro_rules! words {
    ($($type:ty { $($variant:ident => $title:literal, $sentence:literal;)+ })+) => {$(
        impl Words for $type {
            fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }
        }
    )+};
}

words! {
    Action {
        Create => "Create", "It does not exist on the gateway yet.";
        Change => "Change", "It exists on the gateway and differs.";
        Same => "Same", "It exists on the gateway as it should be.";
        Skip => "Skip", "It is left out on purpose.";
    }
    Fidelity {
        Exact => "Exact", "It means the same afterwards.";
        Approximate => "Approximate", "It arrives different in a way that is named.";
        Manual => "Manual", "A person has to do it.";
        Unsupported => "Unsupported", "The gateway cannot hold it.";
    }
    Fate {
        Moved => "Moved", "It has objects of its own on the gateway.";
        Folded => "Folded in", "Its content is part of other objects.";
        Skipped => "Skipped", "It is left out on purpose.";
        Manual => "Manual", "A person has to move it.";
        Unsupported => "Unsupported", "The gateway has no such thing.";
    }
    Verdict {
        Equal => "Equal", "It may call exactly the same names as before.";
        Narrower => "Narrower", "It loses some names.";
        Wider => "Wider", "It would gain names, so the plan is refused.";
    }
    OpResult {
        Created => "Created", "It was made.";
        Changed => "Changed", "It was changed.";
        Same => "Same", "It was already as it should be.";
        Conflict => "Conflict", "An object of that name is there and differs; it was left alone.";
        Failed => "Failed", "The gateway refused it.";
        Blocked => "Blocked", "Something it needs was not done.";
    }
    End {
        Finished => "Finished", "Everything was done and read back as planned.";
        Partial => "Partly done", "Some of it failed, conflicted, was blocked or did not read back as planned.";
        Stopped => "Stopped", "It was stopped before the end. What was done stays, and applying again goes on from there.";
        Failed => "Broken off", "The journal or the gateway became unusable. Applying again goes on from there.";
    }
    Severity {
        Info => "Note", "Worth knowing; nothing to do.";
        Warning => "Warning", "Something is different or left behind.";
        Error => "Error", "Something could not be used, or the plan must not be applied as it is.";
    }
    SourceKind {
        ConfigFile => "Config file", "The config.yaml of LiteLLM.";
        Api => "LiteLLM API", "Answers of the LiteLLM API.";
        Database => "LiteLLM database", "Rows of the LiteLLM database, or a dump of it.";
        Target => "Bifrost gateway", "The gateway as it was.";
    }
    UserChoice {
        Customers => "As customers", "A user whose own keys carry a budget or limit becomes a customer that owns those keys.";
        Manual => "Manual", "All users are left to a person.";
    }
    WildcardChoice {
        Best => "Best form", "The whole provider, a pattern or a rule where the gateway has one, else the names that are known.";
        Names => "Names", "The names that are known are written out, for whole providers too; every other name is refused.";
        Manual => "Manual", "Models whose name is a pattern are left to a person.";
    }
    ExpiryChoice {
        Inactive => "Inactive", "Keys with an expiry are created, but not active.";
        LeaveOut => "Left out", "Keys with an expiry are not created.";
        Open => "Open", "Keys with an expiry are created open; the hand-over names the day to close each.";
    }
}

/// What became of an op that was undone.
pub(crate) const fn undone(result: apply::UndoResult) -> &'static str {
    use apply::UndoResult::{Failed, Gone, Left, Removed, Restored};
    match result {
        Removed => "Undone: it was removed again.",
        Restored => "Undone: it is as it was before.",
        Gone => "Undone: it was gone already.",
        Left => "Not undone: it was left as it is.",
        Failed => "Not undone: the gateway refused.",
    }
}

/// What stands in for an op of the plan that no journal line speaks of.
pub const NOT_REACHED: &str = "Not reached";

/// How an apply without an end is told: the journal just stops.
pub const NO_END: &str =
    "The journal has no end: the apply still runs or was interrupted. Applying again goes on from there.";

/// The heading of a kind of gateway object, in Bifrost's words.
pub const fn kind_plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Provider => "Model providers",
        Kind::ProviderKey => "Provider keys",
        Kind::PricingOverride => "Pricing overrides",
        Kind::Customer => "Customers",
        Kind::Team => "Teams",
        Kind::User => "Users",
        Kind::TeamMember => "Team members",
        Kind::McpClient => "MCP clients",
        Kind::VirtualKey => "Virtual keys",
        Kind::ModelConfig => "Model limits",
        Kind::RoutingRule => "Routing rules",
        Kind::ClientConfig => "Gateway settings",
    }
}

/// A kind of gateway object within a sentence: "virtual key", "MCP client".
pub fn kind_noun(kind: Kind) -> String {
    let title = kind.title();
    match title.split_at_checked(1) {
        Some((first, rest)) if rest.starts_with(|c: char| c.is_lowercase()) => first.to_lowercase() + rest,
        _ => title.to_owned(),
    }
}

/// A kind of source object for people: `virtual_key` is "virtual key".
pub fn source_kind(kind: &str) -> String {
    match kind {
        "mcp_server" => "MCP server".to_owned(),
        "mcp_oauth_client" => "MCP OAuth client".to_owned(),
        "mcp_toolset" => "MCP toolset".to_owned(),
        "jwt_key_mapping" => "JWT key mapping".to_owned(),
        "pass_through" => "pass-through route".to_owned(),
        other => other.replace('_', " "),
    }
}

/// A number of things: "1 virtual key", "1,000 virtual keys".
pub fn counted(count: usize, singular: &str) -> String {
    format!("{} {}", number(count), plural(count, singular))
}

/// The singular or plural of a noun.
pub fn plural(count: usize, singular: &str) -> String {
    if count == 1 || singular.ends_with('s') {
        return singular.to_owned();
    }
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{singular}s"),
    }
}

/// A number with its thousands apart: `10,000`.
pub fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The word for what LiteLLM only keeps for itself, which is counted apart from what is lost.
pub const HISTORY: &str = "history";

/// What that word means.
pub const HISTORY_SENTENCE: &str = "When and by whom LiteLLM had it made or changed. The gateway has no place for it; nothing works differently without it.";

/// The word for how a field arrives.
pub fn arrives(line: &FieldLine) -> &'static str {
    if line.is_history() { HISTORY } else { line.fidelity.word() }
}

/// The counts of a plan in one line, readable without colour.
pub fn summary_line(plan: &Plan) -> String {
    let summary = &plan.summary;
    let part = |count: usize, word: &str| format!("{} {word}", number(count));
    let ops = [
        part(summary.create, "to create"),
        part(summary.change, "to change"),
        part(summary.same, "same"),
        part(summary.skip, "skipped"),
    ];
    let fields = [
        part(summary.exact, Fidelity::Exact.word()),
        part(summary.approximate, Fidelity::Approximate.word()),
        part(summary.manual, Fidelity::Manual.word()),
        part(summary.unsupported - summary.history, Fidelity::Unsupported.word()),
        part(summary.history, HISTORY),
    ];
    format!("{}. Fields: {}.", ops.join(", "), fields.join(", "))
}

/// The plan in plain words: what it does to access, what will be done, what is left; or why it is refused.
pub fn verdict_sentence(plan: &Plan) -> String {
    if !plan.applyable {
        return refused(plan);
    }
    let mut sentences = Vec::new();
    sentences.extend(access_sentence(plan));
    match plan.gone.iter().filter(|gone| gone.open).count() {
        0 => {}
        1 => sentences.push("1 virtual key still lets callers in that LiteLLM no longer has.".to_owned()),
        count => {
            sentences.push(format!("{} virtual keys still let callers in that LiteLLM no longer has.", number(count)));
        }
    }
    sentences.push(work_sentence(plan));
    match view::todo(plan).len() {
        0 => {}
        1 => sentences.push("1 thing is left to you.".to_owned()),
        count => sentences.push(format!("{} things are left to you.", number(count))),
    }
    if !plan.complete {
        sentences.push("Not everything could be read: see the findings.".to_owned());
    }
    sentences.extend(road_sentence(plan));
    sentences.join(" ")
}

/// When to apply a plan, and when to start a new gateway from its files.
pub fn roads(plan: &Plan) -> String {
    let when = "Applying makes one call after the other to the running gateway, reads every object back and hands out the \
                new keys. A start from config.json is for a new gateway with an empty store: one that is kept in Git, or \
                is to hold thousands of keys, which a file brings in seconds.";
    road_sentence(plan).map_or_else(|| when.to_owned(), |sentence| format!("{when} {sentence}"))
}

/// Which way onto the gateway is better for so many keys, and how long each takes.
fn road_sentence(plan: &Plan) -> Option<String> {
    let roads = plan.roads.as_ref()?;
    let keys = number(usize::try_from(roads.virtual_keys).unwrap_or(usize::MAX));
    let calls = about(roads.calls_seconds);
    Some(match (roads.recommended, roads.file_seconds) {
        (Road::File, Some(file)) => format!(
            "Call by call {keys} virtual keys take {calls}; a new gateway that starts from config.json has them in {}: \
             export it.",
            about(file)
        ),
        (_, Some(_)) => format!("Call by call its {keys} virtual keys take {calls}, so there is no need for a file."),
        (_, None) => format!("Call by call its {keys} virtual keys take {calls}."),
    })
}

fn about(seconds: u64) -> String {
    let counted = |count: u64, word: &str| counted(usize::try_from(count).unwrap_or(usize::MAX), word);
    if seconds < 120 {
        format!("about {}", counted(seconds, "second"))
    } else {
        format!("about {}", counted(seconds.div_ceil(60), "minute"))
    }
}

/// Why a plan must not be applied as it is; empty for one that may.
pub fn refusals(plan: &Plan) -> Vec<String> {
    if plan.applyable {
        return Vec::new();
    }
    let mut reasons: Vec<String> = Vec::new();
    let wider: Vec<&str> = of_verdict(plan, Verdict::Wider).collect();
    if !wider.is_empty() {
        let gain = if wider.len() == 1 { "would gain access" } else { "would each gain access" };
        reasons.push(format!("{} {gain}: {}", counted(wider.len(), "key"), few(&wider)));
    }
    // What is gone from LiteLLM never stands in a plan's way.
    let errors =
        plan.findings.iter().filter(|finding| finding.severity == Severity::Error && finding.code != plan::delta::GONE);
    for reason in errors.map(|finding| format!("{}: {}", finding.subject, finding.message.trim_end_matches('.'))) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if !plan.complete {
        reasons.push("not everything could be read".to_owned());
    }
    if reasons.is_empty() {
        reasons.push("a decision is missing".to_owned());
    }
    reasons
}

fn refused(plan: &Plan) -> String {
    let reasons = refusals(plan);
    let first = reasons.first().map_or("", String::as_str);
    match reasons.len() {
        0 | 1 => format!("Refused: {first}. Nothing will be written."),
        more => format!("Refused: {first}, and {}. Nothing will be written.", counted(more - 1, "more reason")),
    }
}

fn access_sentence(plan: &Plan) -> Option<String> {
    if plan.access.is_empty() {
        return None;
    }
    Some(match of_verdict(plan, Verdict::Narrower).count() {
        0 => "Nobody gains access.".to_owned(),
        1 => "Nobody gains access; 1 key loses some.".to_owned(),
        narrower => format!("Nobody gains access; {} keys lose some.", number(narrower)),
    })
}

fn work_sentence(plan: &Plan) -> String {
    let summary = &plan.summary;
    if summary.create + summary.change == 0 {
        return "Nothing to do: the gateway is as it should be.".to_owned();
    }
    let mut parts = Vec::new();
    let mut part = |count: usize, told: &str| {
        if count > 0 {
            let objects = if parts.is_empty() { counted(count, "object") } else { number(count) };
            parts.push(format!("{objects} {told}"));
        }
    };
    part(summary.create, "will be created");
    part(summary.change, "will be changed");
    part(summary.same, "already as it should be");
    part(summary.skip, "left out");
    format!("{}.", parts.join(", "))
}

fn of_verdict(plan: &Plan, verdict: Verdict) -> impl Iterator<Item = &str> {
    plan.access.iter().filter(move |access| access.verdict == verdict).map(|access| access.virtual_key.as_str())
}

/// The first three of many.
fn few(names: &[&str]) -> String {
    match names.len() {
        0..=3 => names.join(", "),
        more => format!("{} and {} more", names[..3].join(", "), number(more - 3)),
    }
}
