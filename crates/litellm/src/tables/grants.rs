//! The rights a role needs to read what Gangway reads, and no more.

use std::fmt::Write as _;

use super::TABLES;

/// SQL that lets `role` read LiteLLM's configuration in `schema`: SELECT on the columns that are read, nothing on
/// spend, logs, sessions and passwords. A database administrator runs it; it skips what a database does not have,
/// and running it twice changes nothing.
pub fn grant_script(role: &str, schema: &str) -> String {
    let mut sql = format!(
        "-- Lets {} read LiteLLM's configuration and nothing else. Run it as the owner of the tables.\n\
         -- If there is no such role yet: CREATE ROLE {} LOGIN PASSWORD '...';\n\
         DO $gangway$\n\
         DECLARE\n  \
           wanted record;\n  \
           columns text;\n\
         BEGIN\n  \
           EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', {}, {});\n  \
           FOR wanted IN SELECT * FROM (VALUES\n",
        one_line(role),
        one_line(&identifier(role)),
        literal(schema),
        literal(role),
    );
    for (index, table) in TABLES.iter().enumerate() {
        let columns = table.columns().collect::<Vec<_>>().join(",");
        let comma = if index + 1 == TABLES.len() { "" } else { "," };
        // Writing to a text cannot fail.
        let _ = writeln!(sql, "    ('{}', '{columns}'){comma}", table.name);
    }
    let _ = write!(
        sql,
        "  ) AS list (name, names)\n  \
           LOOP\n    \
             SELECT string_agg(quote_ident(column_name), ', ') INTO columns\n      \
               FROM information_schema.columns\n      \
               WHERE table_schema = {0} AND table_name = wanted.name\n        \
                 AND column_name = ANY (string_to_array(wanted.names, ','));\n    \
             IF columns IS NOT NULL THEN\n      \
               EXECUTE format('GRANT SELECT (%s) ON %I.%I TO %I', columns, {0}, wanted.name, {1});\n    \
             END IF;\n  \
           END LOOP;\n\
         END\n\
         $gangway$;\n",
        literal(schema),
        literal(role),
    );
    sql
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string that no dollar quote around it can end, and no backslash setting can change.
fn literal(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "''").replace('$', "\\044").replace('\n', "\\n");
    if escaped.contains('\\') { format!("E'{escaped}'") } else { format!("'{escaped}'") }
}

/// Without what would end a comment.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_quotes() {
        let check = |text: &str, expected: &str| assert_eq!(literal(text), expected, "{text}");
        check("gangway", "'gangway'");
        check("o'brien", "'o''brien'");
        check("$gangway$", "E'\\044gangway\\044'");
        check("a\\", "E'a\\\\'");
        let script = grant_script("x\nDROP TABLE y", "public");
        assert!(script.lines().all(|line| !line.starts_with("DROP")), "{script}");
    }

    #[test]
    fn only_the_columns_that_are_read_are_granted() {
        let script = grant_script("gangway", "public");
        assert!(
            script.contains("('LiteLLM_Config', 'param_name,param_value,last_run_at,reload_revision')"),
            "{script}"
        );
        for never in ["password,", "SpendLogs", "INSERT", "UPDATE", "credential_b64"] {
            assert!(!script.contains(never), "{never}");
        }
    }
}
