use report::csv;
use report::handover::tokens_csv;

use crate::{OPEN, sample};

#[test]
fn a_row_for_every_field_and_every_op_and_object_without() {
    let text = csv(&sample::plan(), Some(&sample::journal()), OPEN);
    insta::assert_snapshot!("report.csv", text);
}

#[test]
fn no_cell_is_a_formula() {
    let check = |name: &str, expected: &str| {
        let mut plan = sample::plan();
        plan.ops.truncate(1);
        plan.objects.clear();
        plan.ops[0].name = name.to_owned();
        let text = csv(&plan, None, OPEN);
        let rest = text.split_once("\r\n").unwrap().1;
        assert_eq!(rest.strip_prefix("same,provider,").unwrap().split(",provider/openai").next(), Some(expected));
    };
    check("=1+1", "'=1+1");
    check("+1", "'+1");
    check("-1", "'-1");
    check("@SUM(A1)", "'@SUM(A1)");
    check("\tx", "'\tx");
    check("\rx", "\"'\rx\"");
    check("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
    check("a=1", "a=1");
    check("a\nb", "\"a\nb\"");
    check("", "");
}

#[test]
fn the_hand_over_keeps_the_values_as_they_are() {
    let row = |name: &str, old: &str, value: &str| (name.to_owned(), old.to_owned(), value.to_owned());
    let rows = [row("prod", "prod-alias", "sk-bf-1"), row("=a", "b,c", "-x\"y")];
    insta::assert_snapshot!(tokens_csv(&rows).replace("\r\n", "<\n"), @r#"
    virtual_key,litellm_key,new_value<
    prod,prod-alias,sk-bf-1<
    '=a,"b,c","-x""y"<
    "#);
}
