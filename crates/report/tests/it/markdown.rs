use report::markdown;

use crate::{OPEN, sample};

#[test]
fn a_plan_as_markdown() {
    insta::assert_snapshot!("plan.md", markdown(&sample::plan(), None, OPEN));
}

#[test]
fn a_report_as_markdown() {
    insta::assert_snapshot!("report.md", markdown(&sample::plan(), Some(&sample::journal()), OPEN));
}

#[test]
fn text_of_others_is_no_markup() {
    let check = |name: &str, expected: &str| {
        let mut plan = sample::plan();
        plan.ops.truncate(1);
        plan.ops[0].name = name.to_owned();
        let text = markdown(&plan, None, OPEN);
        let line = text.lines().find(|line| line.starts_with("- `=` same **")).unwrap();
        let shown = line.trim_start_matches("- `=` same **").split("**: It is").next().unwrap();
        assert_eq!(shown, expected, "for {name:?}");
    };
    check("a|b", "a\\|b");
    check("[x](javascript:y)", "\\[x\\](javascript:y)");
    check("<img src=x>", "&lt;img src=x>");
    check("snake_case _em_", "snake_case \\_em\\_");
    check("# no heading", "\\# no heading");
    check("@dana and a@b", "&#64;dana and a@b");
    check("a\n\n# b", "a  # b");
    check("`code` *b* ~s~", "\\`code\\` \\*b\\* \\~s\\~");
    check("a\u{202e}b", "a\\\\u{202e}b");
}
