//! Dumps of real LiteLLM databases, in each style `pg_dump` has, against what `row_to_json` shows of the same
//! rows; and the same dumps, damaged.
//!
//! The databases are the recorded ones of 1.101.6 and 1.108.7, restored into PostgreSQL 15 and given some rows
//! that are hard to write down: every quote, separator and escape, an array with all of them, JSON in JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use litellm::dump::{Dump, normalise, read};
use proptest::prelude::*;
use serde_json::{Value, json};

const INSERTS_1_101: &str = include_str!("dump/1.101.6-inserts.sql");
const INSERTS: &str = include_str!("dump/1.108.7-inserts.sql");
const COLUMN_INSERTS: &str = include_str!("dump/1.108.7-column-inserts.sql");
const FULL_COPY: &str = include_str!("dump/1.108.7-full-copy.sql");
const ROWS_1_101: &str = include_str!("dump/1.101.6-rows.json");
const ROWS: &str = include_str!("dump/1.108.7-rows.json");

fn codes(dump: &Dump) -> Vec<&str> {
    dump.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn without_nulls(mut row: Value) -> Value {
    if let Some(cells) = row.as_object_mut() {
        cells.retain(|_, cell| !cell.is_null());
    }
    row
}

#[track_caller]
fn check_rows(dump: &Dump, rows: &str) {
    let rows: BTreeMap<String, Vec<Value>> = serde_json::from_str(rows).expect("rows are JSON");
    assert_eq!(dump.tables.keys().collect::<Vec<_>>(), rows.keys().collect::<Vec<_>>());
    for (table, rows) in rows {
        let read = &dump.tables[&table];
        for (read, row) in read.objects().zip(&rows) {
            assert_eq!(Value::Object(read), without_nulls(normalise(&table, row.clone())), "in {table}");
        }
        assert_eq!(read.len(), rows.len(), "in {table}");
    }
    assert_eq!(dump.skipped.get("LiteLLM_SpendLogs"), Some(&9));
}

#[test]
fn every_style_of_dump_gives_the_rows_of_the_database() {
    for (name, text) in [("columns", COLUMN_INSERTS), ("copy", FULL_COPY)] {
        let dump = read(name, text);
        check_rows(&dump, ROWS);
        assert_eq!(codes(&dump), [""; 0], "{name}");
    }
    for (text, rows) in [(INSERTS, ROWS), (INSERTS_1_101, ROWS_1_101)] {
        let dump = read("dump.sql", text);
        check_rows(&dump, rows);
        assert_eq!(codes(&dump), ["dump.recorded_columns"]);
    }
    let crlf = read("dump.sql", &FULL_COPY.replace('\n', "\r\n"));
    check_rows(&crlf, ROWS);
}

#[test]
fn the_schema_in_the_same_file_gives_the_columns() {
    let (schema, _) = FULL_COPY.split_once("-- Data for Name").expect("a schema");
    let schema = format!("{schema}\n-- PostgreSQL database dump complete\n");
    for text in [format!("{schema}\n{INSERTS}"), format!("{INSERTS}\n{schema}")] {
        let dump = read("dump.sql", &text);
        check_rows(&dump, ROWS);
        assert_eq!(codes(&dump), [""; 0]);
    }
    let only = read("dump.sql", &schema);
    assert_eq!((codes(&only), only.is_litellm), (vec!["dump.no_rows"], true));
}

#[test]
fn json_in_json_is_unwrapped_and_plain_strings_are_not() {
    let dump = read("dump.sql", FULL_COPY);
    let find = |table: &str, key: &str, id: &str| {
        let mut rows = dump.tables[table].objects().map(Value::Object);
        rows.find(|row| row[key] == id).unwrap_or_else(|| panic!("{id} in {table}"))
    };
    assert_eq!(find("LiteLLM_TeamTable", "team_id", "nasty-2")["metadata"], json!({"twice": ["a"]}));
    assert_eq!(find("LiteLLM_TeamTable", "team_id", "nasty-3")["metadata"], json!("just text"));
    assert_eq!(find("LiteLLM_ProxyModelTable", "model_id", "twice")["litellm_params"], json!({"model": "x", "n": 1}));
    assert_eq!(find("LiteLLM_Config", "param_name", "router_settings")["param_value"], json!("num_retries: 3\n"));
    assert_eq!(find("LiteLLM_Config", "param_name", "odd")["param_value"], json!("123"));
    assert_eq!(find("LiteLLM_Config", "param_name", "null")["param_value"], Value::Null);
    let sealed = &find("LiteLLM_MCPServerTable", "server_id", "nasty")["static_headers"];
    assert!(litellm::seal::looks_sealed(sealed.as_str().expect("text")));
    let team = find("LiteLLM_TeamTable", "team_id", "nasty;1");
    assert_eq!(team["admins"], json!(["a b", "c,d", "e\"f", "g\\h", null, "NULL", "", "{x}", "é"]));
    assert_eq!(team["max_budget"], json!("NaN"));
    assert_eq!(team["spend"].to_string(), "1.5e-07");
    assert_eq!(team["updated_at"], json!("2026-02-28T23:59:59"));
}

#[test]
fn rows_of_a_live_database_are_normalised_alike() {
    let row = json!({"metadata": "{\"a\":1}", "models": "{a,\"b c\"}", "team_alias": "{\"a\":1}", "new": "{x}"});
    let normal = json!({"metadata": {"a": 1}, "models": ["a", "b c"], "team_alias": "{\"a\":1}", "new": "{x}"});
    assert_eq!(normalise("LiteLLM_TeamTable", row.clone()), normal);
    assert_eq!(normalise("LiteLLM_SpendLogs", row.clone()), row);
    assert_eq!(normalise("LiteLLM_TeamTable", json!([1])), json!([1]));
    let twice = json!({"static_headers": "\"Y2lwaGVy\""});
    assert_eq!(normalise("LiteLLM_MCPServerTable", twice), json!({"static_headers": "Y2lwaGVy"}));
}

/// Shows what is read from a text: rows, then findings.
fn show(text: &str) -> String {
    let dump = read("d.sql", text);
    let mut shown = String::new();
    for (table, rows) in &dump.tables {
        for row in rows.objects().map(Value::Object) {
            let _ = writeln!(shown, "{table} {row}");
        }
    }
    for (table, rows) in &dump.skipped {
        let _ = writeln!(shown, "passed over: {rows} of {table}");
    }
    for finding in &dump.findings {
        let _ = writeln!(shown, "{finding}");
    }
    shown
}

#[test]
fn reads_every_way_to_write_a_value() {
    insta::assert_snapshot!(show(r#"
        /* a /* nested */ comment */
        insert into "LiteLLM_TagTable" (tag_name, description, models, model_info, spend)
            overriding system value
            values (E'a\tb\'c\\d\u00e9\x41\101', $x$it's; $y$ $x$, ARRAY['p', 'q"r']::text[], '{"a": [1]}'::jsonb, -1.5e3),
                   (U&'\0041\\b', NULL, '{}', DEFAULT, 0) -- done
            on conflict do nothing;
        INSERT INTO "LiteLLM_EndUserTable" ("user_id", "blocked", "of tomorrow", "new ""name""")
            VALUES ('u', false, 12, timestamp '2026-01-01');
        CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$ SELECT 'INSERT INTO "LiteLLM_TagTable" VALUES (1);' $_$;
        COPY "LiteLLM_SpendLogs" FROM stdin;
a	b
c	d
\.
        INSERT INTO "Other" VALUES (1, ';'), (2, '('), (3, now());
    "#), @r#"
    LiteLLM_EndUserTable {"blocked":false,"new \"name\"":"2026-01-01","of tomorrow":12,"user_id":"u"}
    LiteLLM_TagTable {"description":"it's; $y$ ","model_info":{"a":[1]},"models":["p","q\"r"],"spend":-1.5e+3,"tag_name":"a\tb'c\\déAA"}
    LiteLLM_TagTable {"models":[],"spend":0,"tag_name":"A\\b"}
    passed over: 2 of LiteLLM_SpendLogs
    passed over: 3 of Other
    error[dump.bad_value]: d.sql:6:1: LiteLLM_TagTable.model_info is no value of its type, or one to be computed.
    "#);
}

#[test]
fn damage_costs_its_own_statement() {
    let head = "INSERT INTO public.\"LiteLLM_EndUserTable\" (user_id, blocked) VALUES";
    // Cut off in the last row; a row with a value too many; a hole in the middle.
    insta::assert_snapshot!(show(&format!("{head} ('a', true), ('b', fal")), @r#"
    LiteLLM_EndUserTable {"blocked":true,"user_id":"a"}
    error[dump.cut_off]: d.sql:1:1: The dump ends in the middle of a statement. The rows before it were used.
      hint: Make the dump again; a complete one ends with "PostgreSQL database dump complete".
    "#);
    insta::assert_snapshot!(show(&format!("{head} ('a', true), ('b', true, 1);\n{head} ('c', false);\n")), @r#"
    LiteLLM_EndUserTable {"blocked":true,"user_id":"a"}
    LiteLLM_EndUserTable {"blocked":false,"user_id":"c"}
    error[dump.row_width]: d.sql:1:1: A row of LiteLLM_EndUserTable has 3 values for 2 columns.
    "#);
    insta::assert_snapshot!(show(&format!("{head} ('a', true), ('b\n{head} ('c', false);\n{head} ('d', true);\n")), @r#"
    LiteLLM_EndUserTable {"blocked":true,"user_id":"a"}
    LiteLLM_EndUserTable {"blocked":false,"user_id":"c"}
    LiteLLM_EndUserTable {"blocked":true,"user_id":"d"}
    error[dump.damaged]: d.sql:1:1: A statement is damaged. Its readable rows and all others were used.
      hint: Make the dump again and do not edit it.
    "#);
    insta::assert_snapshot!(show(&format!("{head} ('a', 'maybe');\nINSERT INTO \"LiteLLM_EndUserTable\" (user_id) SELECT 1;\n{head} ('b', true); /* open")), @r#"
    LiteLLM_EndUserTable {"blocked":"maybe","user_id":"a"}
    LiteLLM_EndUserTable {"blocked":true,"user_id":"b"}
    error[dump.bad_value]: d.sql:1:1: LiteLLM_EndUserTable.blocked is no value of its type, or one to be computed.
    error[dump.not_rows]: d.sql:2:1: A statement fills a table of LiteLLM's from a query or in a format this tool does not read.
      hint: Use pg_dump with its plain format: pg_dump --format=plain --data-only --column-inserts.
    error[dump.cut_off]: d.sql:3:1: The dump ends in the middle of a statement. The rows before it were used.
      hint: Make the dump again; a complete one ends with "PostgreSQL database dump complete".
    "#);
    let copy = "COPY public.\"LiteLLM_EndUserTable\" (user_id, blocked) FROM stdin;\n";
    insta::assert_snapshot!(show(&format!("{copy}a\tt\nb\t")), @r#"
    LiteLLM_EndUserTable {"blocked":true,"user_id":"a"}
    error[dump.cut_off]: d.sql:1:1: The dump ends in the middle of a statement. The rows before it were used.
      hint: Make the dump again; a complete one ends with "PostgreSQL database dump complete".
    "#);
    insta::assert_snapshot!(show(&format!("{copy}a\tt\n{head} ('b', false);\n{copy}c\\tc\tf\nd\n\\.\n")), @r#"
    LiteLLM_EndUserTable {"blocked":true,"user_id":"a"}
    LiteLLM_EndUserTable {"blocked":false,"user_id":"b"}
    LiteLLM_EndUserTable {"blocked":false,"user_id":"c\tc"}
    error[dump.damaged]: d.sql:3:1: A statement is damaged. Its readable rows and all others were used.
      hint: Make the dump again and do not edit it.
    error[dump.row_width]: d.sql:6:1: A row of LiteLLM_EndUserTable has 1 values for 2 columns.
    "#);
}

#[test]
fn columns_nobody_names_are_not_made_up() {
    insta::assert_snapshot!(show("INSERT INTO public.\"LiteLLM_TeamMembership\" VALUES ('u', 't', 0);"), @"
    error[dump.unknown_columns]: d.sql:1:1: Rows of LiteLLM_TeamMembership name no columns, and their 3 values fit no known order.
      hint: Dump with pg_dump --column-inserts, or give the schema in the same file.
    ");
    // The right number of values, in the order of another database.
    insta::assert_snapshot!(show(
        "INSERT INTO \"LiteLLM_TeamMembership\" VALUES ('u', 't', 0.5, NULL, 1);\n\
         INSERT INTO \"LiteLLM_TeamMembership\" VALUES ('u', 't', 'b', 0.5, 1);\n"
    ), @"
    error[dump.unknown_columns]: d.sql:2:1: Rows of LiteLLM_TeamMembership name no columns, and their 5 values fit no known order.
      hint: Dump with pg_dump --column-inserts, or give the schema in the same file.
    ");
}

#[test]
fn other_inputs_are_named_for_what_they_are() {
    insta::assert_snapshot!(show("model_list:\n  - model_name: it's\n"), @"
    error[dump.not_litellm]: d.sql: No table of LiteLLM's is in it.
      hint: Dump the database that DATABASE_URL of the proxy names: pg_dump --column-inserts DATABASE_URL > dump.sql.
    ");
    insta::assert_snapshot!(show("PGDMP\u{1}\u{e}"), @"
    error[dump.custom_format]: d.sql: This is a dump in pg_dump's custom format, which only pg_restore reads.
      hint: Turn it into text: pg_restore --file=dump.sql DUMP.
    ");
    insta::assert_snapshot!(show(""), @"
    error[dump.not_litellm]: d.sql: No table of LiteLLM's is in it.
      hint: Dump the database that DATABASE_URL of the proxy names: pg_dump --column-inserts DATABASE_URL > dump.sql.
    ");
    insta::assert_snapshot!(show(
        "INSERT INTO a.\"LiteLLM_EndUserTable\" (user_id) VALUES ('1'), ('2');\n\
         INSERT INTO b.\"LiteLLM_EndUserTable\" (user_id) VALUES ('3');\n"
    ), @r#"
    LiteLLM_EndUserTable {"user_id":"1"}
    LiteLLM_EndUserTable {"user_id":"2"}
    warning[dump.two_schemas]: d.sql: LiteLLM's tables are in several schemas; a was read, b was not.
      hint: Dump one schema at a time: pg_dump --schema=NAME.
    "#);
}

#[test]
fn time_grows_with_the_length_and_no_faster() {
    // Each of these made a careless reader start over at every line. A minute, not a moment, if it is quadratic.
    for piece in [
        "INSERT INTO \"LiteLLM_TagTable\" VALUES ('\n",
        "SELECT $a$ $b\n",
        "/* ",
        "COPY \"LiteLLM_TagTable\" (a) FROM stdin;\n",
        "INSERT INTO \"LiteLLM_TagTable\" VALUES (((\nCOPY ",
        "E'\\",
    ] {
        let dump =
            read("d.sql", &format!("CREATE TABLE \"LiteLLM_A\" (a int);{}", piece.repeat(1_000_000 / piece.len())));
        assert!(dump.is_litellm && !dump.findings.is_empty(), "{piece:?}");
    }
}

fn damaged() -> impl Strategy<Value = String> {
    let texts = prop::sample::select(vec![INSERTS_1_101, INSERTS, COLUMN_INSERTS, FULL_COPY]);
    let piece =
        prop::sample::select(vec!["", "'", "\"", "\\", "(", ")", ";", "$$", "/*", "\n", "\t", "\\.\n", "E'", "{", "é"]);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..200, piece), 1..6);
    (texts, edits).prop_map(|(text, edits)| {
        let mut text = text.to_owned();
        for (at, cut, piece) in edits {
            let start = text.floor_char_boundary(at.index(text.len()));
            let end = text.floor_char_boundary((start + cut).min(text.len()));
            text.replace_range(start..end, piece);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn a_damaged_dump_gives_few_findings_and_whole_rows(text in damaged()) {
        let dump = read("d.sql", &text);
        for rows in dump.tables.values() {
            prop_assert!(rows.rows().iter().all(|cells| cells.len() <= rows.columns().len()));
        }
        prop_assert!(dump.findings.len() <= 53);
    }

    #[test]
    fn a_dump_cut_anywhere_says_so(at in any::<prop::sample::Index>()) {
        let end = FULL_COPY.floor_char_boundary(at.index(FULL_COPY.len()));
        let dump = read("d.sql", &FULL_COPY[..end]);
        let whole = read("d.sql", FULL_COPY);
        prop_assert!(!dump.findings.is_empty() || FULL_COPY[end..].trim_matches(['-', '\n']).is_empty());
        for (table, rows) in &dump.tables {
            prop_assert!(whole.tables[table].rows().starts_with(rows.rows()), "{}", table);
        }
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        let _ = read("d.sql", &text);
        let _ = read("d.sql", &format!("INSERT INTO \"LiteLLM_TagTable\" VALUES ({text}"));
        let _ = read("d.sql", &format!("COPY \"LiteLLM_TagTable\" (tag_name, models) FROM stdin;\n{text}"));
    }
}
