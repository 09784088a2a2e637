//! LiteLLM's durations (`reference/litellm.md` 6.3).

use litellm::window::parse;

/// The window in words, or the error.
#[track_caller]
fn check(text: &str, expected: &str) {
    let shown = parse(text).map_or_else(|error| error.to_string(), |window| window.to_string());
    assert_eq!(shown, expected, "for {text:?}");
}

#[test]
fn reads_the_grammar() {
    check("30s", "30 seconds");
    check("10m", "10 minutes");
    check("1h", "1 hour");
    check("24h", "24 hours");
    check("7d", "7 days");
    check("2w", "2 weeks");
    check("1mo", "1 month");
    check("12mo", "12 months");
    check("007d", "7 days");
    check("hourly", "1 hour");
    check("daily", "24 hours");
    check("weekly", "7 days");
    check("monthly", "30 days");
    check(" Monthly\n", "30 days");
    // Only the start has to match.
    check("30days", "30 days");
    check("1month", "1 month");
    check("5min", "5 minutes");
    check("1d 2h", "1 day");
    check("4294967295s", "4294967295 seconds");
}

#[test]
fn errors_name_the_text() {
    for text in ["1y", "1M", "1.5h", "10", "1 d", "-1d", "", "d", " 1d", "forever", "30D", "yearly", "١d"] {
        check(text, &format!("{text:?} is not a duration of LiteLLM's; those look like 30s, 10m, 1h, 7d, 2w, 1mo"));
    }
    check("0d", "\"0d\" is a duration of no length");
    check("4294967296s", "\"4294967296s\" is too long a duration");
    check("99999999999999999999999d", "\"99999999999999999999999d\" is too long a duration");
}
