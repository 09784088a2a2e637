//! The parts of a statement: a row of values, a field of a `COPY`, the columns of a `CREATE TABLE`.

use std::collections::BTreeSet;

use super::cell::Cell;
use super::columns::{Column, Type};
use super::scan::{Scan, Torn};

/// A field of a `COPY`.
pub(super) fn field(text: &str) -> Cell<'_> {
    if text == "\\N" { Cell::Null } else { Cell::Copied(text) }
}

/// `(value, value, ...)`
pub(super) fn row<'t>(scan: &mut Scan<'t>) -> Result<Vec<Cell<'t>>, Torn> {
    scan.expect(b'(')?;
    let mut cells = vec![cell(scan, MAX_DIMENSIONS)?];
    while scan.take(b',') {
        cells.push(cell(scan, MAX_DIMENSIONS)?);
    }
    scan.expect(b')')?;
    Ok(cells)
}

/// PostgreSQL's own limit for arrays.
const MAX_DIMENSIONS: usize = 6;

fn cell<'t>(scan: &mut Scan<'t>, depth: usize) -> Result<Cell<'t>, Torn> {
    scan.skip_space();
    let value = if let Some(string) = scan.string() {
        let (quoting, body) = string?;
        Cell::Quoted(quoting, body)
    } else if let Some(body) = scan.dollar_string() {
        Cell::Verbatim(body?)
    } else {
        match scan.peek() {
            None => return Err(Torn::End),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => Cell::Bare(number(scan)),
            Some(b'[') => array(scan, depth)?,
            Some(_) => worded(scan, depth)?,
        }
    };
    scan.skip_space();
    if scan.rest().starts_with("::") {
        skip_operand(scan)?;
    }
    match scan.peek() {
        Some(b',' | b')' | b']') => Ok(value),
        Some(_) if matches!(value, Cell::Expression) => {
            skip_operand(scan)?;
            Ok(Cell::Expression)
        }
        Some(_) => Err(Torn::Unexpected),
        None => Err(Torn::End),
    }
}

fn number<'t>(scan: &mut Scan<'t>) -> &'t str {
    let rest = scan.rest();
    let end = rest.bytes().position(|byte| !(byte.is_ascii_digit() || b"+-.eE".contains(&byte)));
    let text = &rest[..end.unwrap_or(rest.len())];
    scan.at += text.len();
    text
}

/// A value that starts with a word: `NULL`, `true`, `ARRAY[...]`, `timestamp '...'`, `now()`.
fn worded<'t>(scan: &mut Scan<'t>, depth: usize) -> Result<Cell<'t>, Torn> {
    let word = scan.word();
    match word.to_ascii_lowercase().as_str() {
        "" => return Err(Torn::Unexpected),
        "null" => return Ok(Cell::Null),
        "true" | "false" => return Ok(Cell::Bare(word)),
        "array" => return array(scan, depth),
        _ => scan.skip_space(),
    }
    if let Some(string) = scan.string() {
        let (quoting, body) = string?;
        return Ok(Cell::Quoted(quoting, body));
    }
    // A call, or a word such as DEFAULT and CURRENT_TIMESTAMP.
    Ok(Cell::Expression)
}

fn array<'t>(scan: &mut Scan<'t>, depth: usize) -> Result<Cell<'t>, Torn> {
    if depth == 0 {
        return Err(Torn::Unexpected);
    }
    scan.expect(b'[')?;
    let mut cells = Vec::new();
    if scan.take(b']') {
        return Ok(Cell::Array(cells));
    }
    loop {
        cells.push(cell(scan, depth - 1)?);
        if !scan.take(b',') {
            scan.expect(b']')?;
            return Ok(Cell::Array(cells));
        }
    }
}

/// To the comma or bracket that ends an operand.
fn skip_operand(scan: &mut Scan<'_>) -> Result<(), Torn> {
    let mut depth = 0_usize;
    loop {
        scan.skip_space();
        match scan.peek() {
            None => return Err(Torn::End),
            Some(b';') => return Err(Torn::Unexpected),
            Some(b',' | b')' | b']') if depth == 0 => return Ok(()),
            Some(b'(' | b'[') => depth += 1,
            Some(b')' | b']') => depth -= 1,
            Some(_) => {}
        }
        scan.skip_token()?;
    }
}

/// The columns of a `CREATE TABLE`, from after its parenthesis; constraints left out.
pub(super) fn columns(scan: &mut Scan<'_>) -> Result<Vec<Column>, Torn> {
    let constraints = BTreeSet::from(["constraint", "primary", "unique", "check", "foreign", "exclude", "like"]);
    let mut columns = Vec::new();
    loop {
        scan.skip_space();
        let quoted = scan.peek() == Some(b'"');
        let name = scan.identifier()?;
        scan.skip_space();
        let start = scan.at;
        skip_operand(scan)?;
        if quoted || !constraints.contains(name.as_str()) {
            columns.push(Column { kind: Type::from_sql(&scan.text[start..scan.at]), name });
        }
        if !scan.take(b',') {
            scan.expect(b')')?;
            return Ok(columns);
        }
    }
}
