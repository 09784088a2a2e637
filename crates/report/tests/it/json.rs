use apply::{End, Entry, OpResult};
use model::{OpId, Origin, SourceId};
use plan::{Fidelity, FieldLine};
use proptest::prelude::*;
use report::{plan_json, read_plan, read_report, report_json};

use crate::sample;

#[test]
fn the_plan_format_is_frozen() {
    insta::assert_snapshot!("plan.json", plan_json(&sample::plan()));
}

#[test]
fn the_run_of_the_report_format_is_frozen() {
    let text = report_json(&sample::plan(), &sample::journal());
    let run = text.find("\n  \"run\"").unwrap();
    insta::assert_snapshot!("run.json", &text[run..]);
}

#[test]
fn both_formats_read_back() {
    let (plan, journal) = (sample::plan(), sample::journal());
    assert_eq!(read_plan(&plan_json(&plan)).unwrap(), plan);
    let report = read_report(&report_json(&plan, &journal)).unwrap();
    assert_eq!(report.plan, plan);
    assert_eq!(report.run, report::Run::of(&plan, &journal));
    assert_eq!(report.format, "gangway.report.v1");
}

#[test]
fn a_number_keeps_its_digits() {
    let text = plan_json(&sample::plan());
    assert!(text.contains("\"max_limit\": 12345678901234567890.10"));
    assert!(text.contains("\"max_limit\": 11.50"));
    let again = plan_json(&read_plan(&text).unwrap());
    assert_eq!(text, again);
}

#[test]
fn other_files_are_refused_in_plain_words() {
    let check = |text: &str, expected: &str| {
        assert_eq!(read_plan(text).unwrap_err().to_string(), expected, "for {text:?}");
    };
    check("", "this is not JSON, or it is cut off (line 1, column 0)");
    check("{\n  \"format\"", "this is not JSON, or it is cut off (line 2, column 10)");
    check("[1]", "this file does not say what it is: a `format` field with \"gangway.plan.v1\" is missing");
    check("{}", "this file does not say what it is: a `format` field with \"gangway.plan.v1\" is missing");
    check("{\"format\": 1}", "this file does not say what it is: a `format` field with \"gangway.plan.v1\" is missing");
    check(
        "{\"format\": \"gangway.report.v1\"}",
        "this file is \"gangway.report.v1\", and \"gangway.plan.v1\" is needed",
    );
    // What the file holds stays out of the message.
    check(
        "{\"format\": \"gangway.plan.v1\",\n \"made\": \"sk-secret\"}",
        "this file says it is \"gangway.plan.v1\" and does not have its shape (line 2, column 20)",
    );
}

#[test]
fn an_apply_that_goes_on_has_no_end_yet() {
    let mut journal = sample::journal();
    let opened = journal.lines[0].entry.clone();
    let run = report::Run::of(&sample::plan(), &journal);
    assert_eq!((run.end, run.ended.is_some()), (Some(End::Stopped), true));
    let done = Entry::Outcome {
        op: OpId::new("mcp_client/zq-mcp"),
        result: OpResult::Created,
        target_id: None,
        note: String::new(),
    };
    journal.lines.extend(sample::journal_of(vec![opened, done]).lines);
    let run = report::Run::of(&sample::plan(), &journal);
    assert_eq!((run.end, run.ended, run.started), (None, None, Some(journal.lines[0].at)));
    assert_eq!((run.counts.created, run.counts.not_reached), (3, 3));
}

fn origins() -> impl Strategy<Value = Origin> {
    prop_oneof![
        (".*", any::<u32>(), any::<u32>()).prop_map(|(file, line, column)| Origin::file(file, line, column)),
        (".*", ".*", ".*").prop_map(|(table, row, column)| Origin::row(table, row, column)),
        (".*", ".*").prop_map(|(endpoint, pointer)| Origin::endpoint(endpoint, pointer)),
        ".*".prop_map(Origin::whole),
    ]
}

fn fidelities() -> impl Strategy<Value = Fidelity> {
    prop_oneof![Just(Fidelity::Exact), Just(Fidelity::Approximate), Just(Fidelity::Manual), Just(Fidelity::Unsupported)]
}

fn fields() -> impl Strategy<Value = FieldLine> {
    let target = proptest::option::of(".*");
    (".*", ".*", target, fidelities(), ".*", origins()).prop_map(|(object, source, target, fidelity, note, origin)| {
        let (source, target, note) = (source.into(), target.map(Into::into), note.into());
        FieldLine { object: SourceId::new(object), source, target, fidelity, note, origin }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any text and any number survives the round trip, and no output chokes on it.
    #[test]
    fn any_plan_reads_back(
        fields in proptest::collection::vec(fields(), 0..4),
        name in ".*",
        digits in "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,20})?",
    ) {
        let mut plan = sample::plan();
        plan.ops[0].fields = fields;
        plan.ops[0].name = name;
        plan.ops[0].after = Some(serde_json::json!({ "n": sample::number(&digits) }).into());
        prop_assert_eq!(&read_plan(&plan_json(&plan)).unwrap(), &plan);
        prop_assert!(plan_json(&plan).contains(&digits));
        for options in [crate::OPEN, crate::HIDDEN] {
            prop_assert!(report::html(&plan, None, options).ends_with("</html>\n"));
            prop_assert!(report::markdown(&plan, None, options).ends_with("secret.\n"));
            prop_assert!(report::csv(&plan, None, options).ends_with("\r\n"));
        }
    }
}
