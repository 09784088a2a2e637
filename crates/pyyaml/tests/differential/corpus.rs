//! Small documents from a fixed seed: every resolver rule, every collection style, and soup of indicators.

use crate::mutation;
use crate::words::{ESCAPES, KEYS, NUMERIC, TAGS, TAME, TIMES, WORDS};

/// A linear congruential generator (Knuth's constants): the same corpus on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % count as u64).expect("below a usize")
    }

    pub(crate) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    pub(crate) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

/// The `index`th document.
pub(crate) fn document(dice: &mut Dice, index: usize) -> Vec<u8> {
    let mut text = match index % 10 {
        0 => joined(dice, NUMERIC, 6),
        1 => joined(dice, TIMES, 9),
        2 => format!("k: {}", scalar(dice)),
        3 => format!("{} {}", dice.one(TAGS), if dice.chance(2) { scalar(dice) } else { flow(dice, 2) }),
        4 => flow(dice, 3),
        5 => block(dice, 0, 3),
        6 => merges(dice),
        7 => soup(dice),
        8 if dice.chance(2) => mutation::config(dice),
        8 => mutation::nasty(dice),
        _ => deep(dice),
    };
    if dice.chance(6) {
        text = format!("# comment\n{text}");
    }
    if dice.chance(10) {
        text = format!("---\n{text}");
    }
    if dice.chance(20) {
        text.push_str("\n...\n");
    }
    if dice.chance(40) {
        text =
            format!("{text}\n{}\n{}", dice.one(&["---", "--- ", "...", "--- |", "%YAML 1.1\n---"]), block(dice, 0, 1));
    }
    if dice.chance(3) {
        text.push('\n');
    }
    if dice.chance(15) {
        text = text.replace('\n', dice.one(&["\r\n", "\r", "\u{85}"]));
    }
    if index % 10 == 8 || dice.chance(6) {
        text = mutation::mutated(dice, &text);
    }
    mutation::encoded(dice, &text)
}

/// Collections in collections, up to the depth that is read.
fn deep(dice: &mut Dice) -> String {
    let levels = if dice.chance(3) { 60 + dice.below(5) } else { dice.below(12) };
    let inner = scalar(dice);
    if dice.chance(2) {
        let open: Vec<&str> = (0..levels).map(|_| dice.one(&["[", "{a: ", "[a: ", "{", "{? "])).collect();
        let close: String = open.iter().rev().map(|open| if open.starts_with('[') { "]" } else { "}" }).collect();
        let levels = open.len();
        // `[a: ` opens two.
        let open: String = open.iter().map(|open| if levels > 32 && *open == "[a: " { "[" } else { open }).collect();
        return format!("{open}{inner}{close}");
    }
    let mut text = String::new();
    for level in 0..levels {
        text.extend([" ".repeat(level).as_str(), dice.one(&["a:\n", "-\n", "? \n", "b: # c\n", "- \n", "a: &x\n"])]);
        if dice.chance(12) {
            text.extend([" ".repeat(level).as_str(), dice.one(&["c: d\n", "- e\n", "f\n"])]);
        }
    }
    format!("{text}{}{inner}", " ".repeat(levels))
}

fn joined(dice: &mut Dice, pieces: &[&str], most: usize) -> String {
    (0..=dice.below(most)).map(|_| dice.one(pieces)).collect()
}

pub(crate) fn scalar(dice: &mut Dice) -> String {
    match dice.below(12) {
        0 => joined(dice, NUMERIC, 4),
        1 => joined(dice, TIMES, 6),
        2 => format!("'{}'", dice.one(WORDS).replace('\'', "''")),
        3 => format!("\"{}\"", dice.one(WORDS).replace('"', "\\\"")),
        4 => format!("\"{}\"", joined(dice, ESCAPES, 4)),
        5 => dice.one(WORDS).to_owned(),
        _ => dice.one(TAME).to_owned(),
    }
}

fn property(dice: &mut Dice) -> String {
    match dice.below(40) {
        0 => format!("{} ", dice.one(TAGS)),
        1..=3 => format!("&{} ", ANCHORS[dice.below(ANCHORS.len())]),
        4 => format!("&{} {} ", dice.one(ANCHORS), dice.one(TAGS)),
        5 => format!("!!str &{} ", dice.one(ANCHORS)),
        _ => String::new(),
    }
}

const ANCHORS: &[&str] = &["a", "b", "c-d", "e_f", "g1", "h"];

fn key(dice: &mut Dice) -> &'static str {
    if dice.chance(3) { KEYS[dice.below(KEYS.len())] } else { TAME_KEYS[dice.below(TAME_KEYS.len())] }
}

const TAME_KEYS: &[&str] = &["a", "b", "c", "d", "model_name", "litellm_params", "api key", "1", "\"e\"", "'f'"];

fn flow(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.chance(3) {
        return if dice.chance(8) { format!("*{}", dice.one(&["a", "b"])) } else { scalar(dice) };
    }
    let comma = dice.one(&[", ", ",", " , ", ",\n  ", ", # c\n  "]);
    let count = dice.below(4);
    let mapping = dice.chance(2);
    let items: Vec<String> = (0..count)
        .map(|_| {
            let colon = dice.one(&[": ", ": ", ": ", ":", " : "]);
            let value = format!("{}{}", property(dice), flow(dice, depth - 1));
            if mapping || dice.chance(6) { format!("{}{colon}{value}", key(dice)) } else { value }
        })
        .collect();
    let trailing = if dice.chance(8) { "," } else { "" };
    let (open, close) = if mapping { ("{", "}") } else { ("[", "]") };
    format!("{open}{}{trailing}{close}", items.join(comma))
}

fn block(dice: &mut Dice, indent: usize, depth: usize) -> String {
    let pad = " ".repeat(indent);
    let count = 1 + dice.below(3);
    let mapping = !dice.chance(3);
    let mut text = String::new();
    for _ in 0..count {
        text.push_str(&pad);
        text.push_str(if mapping { key(dice) } else { "-" });
        text.push_str(if mapping { ":" } else { "" });
        text.push_str(&value(dice, indent, depth));
        if dice.chance(10) {
            text.push_str(dice.one(&["\n", "# comment\n", "  # comment\n", "   \n"]));
        }
    }
    text
}

fn value(dice: &mut Dice, indent: usize, depth: usize) -> String {
    let property = property(dice);
    let pad = " ".repeat(indent + 2);
    match dice.below(10) {
        0 | 1 if depth > 0 => {
            let deeper = indent + 1 + dice.below(3);
            format!(" {property}\n{}", block(dice, deeper, depth - 1))
        }
        2 if depth > 0 => format!(" {property}{}\n", flow(dice, 2)),
        3 => block_scalar(dice, &property, &pad),
        4 => {
            let second = if dice.chance(5) { WORDS } else { TAME };
            format!(" {property}{}\n{pad}{}\n", dice.one(TAME), dice.one(second))
        }
        5 if dice.chance(4) => format!(" *{}\n", dice.one(ANCHORS)),
        6 => "\n".to_owned(),
        7 => format!(" {property}{}{}\n", scalar(dice), dice.one(&["", " # comment", "  ", " #"])),
        _ => format!(" {property}{}\n", scalar(dice)),
    }
}

fn block_scalar(dice: &mut Dice, property: &str, pad: &str) -> String {
    let style = dice.one(&["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|-2", "|  # c"]);
    let mut text = format!(" {property}{style}\n");
    for _ in 0..dice.below(4) {
        let more = dice.one(&["", "", "", " ", "  "]);
        let line = dice.one(&["text", "more text", "", "", "# no comment", "- a", "k: v", "   ", "a\tb"]);
        let parts = if line.is_empty() { ["", "", "\n", ""] } else { [pad, more, line, "\n"] };
        text.extend(parts);
    }
    text
}

fn merges(dice: &mut Dice) -> String {
    let mut text = String::from("x: &x {a: 1, b: 2}\ny: &y\n  b: 3\n  c: 4\n");
    if dice.chance(3) {
        text.push_str("z: &z\n  <<: *x\n  d: 5\n");
    }
    for _ in 0..=dice.below(2) {
        let merge = dice.one(&[
            "<<: *x",
            "<<: *y",
            "<<: [*x, *y]",
            "<<: [*y, *x]",
            "<<: *z",
            "<<: {a: 7}",
            "<<: 1",
            "<<: [1]",
            "<<: ",
            "\"<<\": *x",
            "a: 9",
            "b: 9",
            "<<: []",
            "<<: [*x, {b: 8}]",
            "=: 1",
            "'=': 2",
            "!!merge k: *x",
        ]);
        let other = dice.one(&["a: 6", "b: 6", "e: 6", "<<: *y", "a: <<", "a: ="]);
        let name = dice.one(&["m", "n"]);
        let (first, second) = if dice.chance(2) { (merge, other) } else { (other, merge) };
        text.extend([name, ":\n  ", first, "\n  ", second, "\n"]);
    }
    text
}

fn soup(dice: &mut Dice) -> String {
    const SOUP: &[&str] = &[
        "a", "b", " ", " ", "\n", "\n", "\n  ", ": ", ":", "- ", "-", "? ", "?", ", ", ",", "[", "]", "{", "}", "'",
        "\"", "#", " #", "|", ">", "&a ", "*a", "!", "!!str ", "%", "@", "`", "\t", "~", "1", "\\", "\n- ", "\na: ",
        "---", "...", "\r", "\u{85}", "\u{2028}", "\u{FEFF}", "é", "\n\n", "<<", "=",
    ];
    joined(dice, SOUP, 14)
}
