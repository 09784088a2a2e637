//! Real configs with small damage, and texts in other encodings: what finds most differences between two scanners.

use crate::corpus::{Dice, scalar};

const CONFIGS: [&str; 3] = [
    include_str!("config.yaml"),
    include_str!("../../../../tests/fixtures/litellm/1.101.6/config.yaml"),
    include_str!("../../../../tests/fixtures/litellm/1.108.7/config.yaml"),
];

/// Some lines of a config; seldom all.
pub(crate) fn config(dice: &mut Dice) -> String {
    let pick = dice.below(5).saturating_sub(2);
    let lines: Vec<&str> = CONFIGS[pick].lines().collect();
    let (start, count) = if dice.chance(10) { (0, lines.len()) } else { (dice.below(lines.len()), 1 + dice.below(24)) };
    let mut text = lines.iter().skip(start).take(count).copied().collect::<Vec<_>>().join("\n");
    if dice.chance(2) {
        text.push('\n');
    }
    text
}

/// The hand-written texts.
pub(crate) fn nasties() -> impl Iterator<Item = String> {
    NASTIES.lines().map(hidden)
}

/// One a line.
const NASTIES: &str = include_str!("nasties.txt");

/// Of each pair, the first character stands for the second, which no line shows.
fn hidden(line: &str) -> String {
    const SHOWN: [(char, &str); 6] =
        [('⏎', "\n"), ('⇥', "\t"), ('␍', "\r"), ('⤓', "\u{2028}"), ('⤒', "\u{2029}"), ('◌', "\u{FEFF}")];
    SHOWN.iter().fold(line.to_owned(), |line, (shown, meant)| line.replace(*shown, meant))
}

/// One of them, or two below each other.
pub(crate) fn nasty(dice: &mut Dice) -> String {
    let count = NASTIES.lines().count();
    let mut one = || hidden(NASTIES.lines().nth(dice.below(count)).unwrap_or_default());
    let first = one();
    let second = one();
    match dice.below(4) {
        0 => format!("{first}\n{second}"),
        1 => format!("- {}\n- {second}", first.replace('\n', "\n  ")),
        _ => first,
    }
}

/// A text with one to three things changed.
pub(crate) fn mutated(dice: &mut Dice, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..=dice.below(3) {
        text = if dice.chance(2) { changed_line(dice, &text) } else { changed_place(dice, &text) };
    }
    text
}

const PIECES: &[&str] = &[
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    "?",
    "#",
    " #",
    ",",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "|",
    ">",
    "&a ",
    "*a",
    "!",
    "!!str ",
    "%",
    "@",
    "`",
    "\t",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\n ",
    "\n- ",
    "\nk: ",
    "\\",
    "---",
    "\n---\n",
    "...",
    "\n...\n",
    "<<: ",
    "=",
    "~",
    "0",
    "_",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{FEFF}",
    "\u{A0}",
    "é",
    "\u{1F680}",
    "\r",
    "\0",
    "\u{7F}",
    "\u{FF11}",
];

/// Something put in, taken out, replaced or cut off at any character.
fn changed_place(dice: &mut Dice, text: &str) -> String {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let first = dice.below(places.len());
    let last = if dice.chance(2) { first } else { (first + 1 + dice.below(3)).min(places.len() - 1) };
    let (head, tail) = (&text[..places[first]], &text[places[last]..]);
    match dice.below(8) {
        0 => head.to_owned(),
        1 => format!("{head}{tail}"),
        2 => format!("{head}{}{tail}", scalar(dice)),
        _ => format!("{head}{}{tail}", dice.one(PIECES)),
    }
}

/// A line twice, missing, swapped with another, or moved to the side.
fn changed_line(dice: &mut Dice, text: &str) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let (at, other) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(7) {
        0 => lines.insert(other, lines[at].clone()),
        1 => drop(lines.remove(at)),
        2 => lines.swap(at, other),
        3 => lines[at] = lines[at].trim_start().into(),
        4 => lines[at] = lines[at].strip_prefix(' ').unwrap_or_default().into(),
        5 => lines[at].push_str(dice.one(PIECES)),
        _ => lines[at].insert_str(0, dice.one(&[" ", "  ", "    ", "\t", "- ", "# ", "? ", ": "])),
    }
    lines.join("\n")
}

/// Mostly UTF-8; else with a byte order mark, in UTF-16, or with a broken byte.
pub(crate) fn encoded(dice: &mut Dice, text: &str) -> Vec<u8> {
    let utf16 = |bytes: fn(u16) -> [u8; 2]| format!("\u{FEFF}{text}").encode_utf16().flat_map(bytes).collect();
    let mut bytes: Vec<u8> = match dice.below(60) {
        0 => utf16(u16::to_le_bytes),
        1 => utf16(u16::to_be_bytes),
        2 => format!("\u{FEFF}{text}").into_bytes(),
        _ => text.as_bytes().to_vec(),
    };
    if dice.chance(150) && !bytes.is_empty() {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    }
    bytes
}
