//! Regular expressions as far as lists of models and routing rules use them: signs, `.`, `*`, `+`, `?`, escapes, the two
//! ends, and the switch of case at the start. One with anything else is taken for none.

/// A sign, and how often it may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    /// The sign; any but the end of a line without one.
    sign: Option<char>,
    may_lack: bool,
    may_repeat: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    steps: Vec<Step>,
    from_start: bool,
    to_end: bool,
    /// Whether it says itself if case counts.
    with_case: Option<bool>,
}

impl Expression {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (with_case, text) = match (text.strip_prefix("(?-i)"), text.strip_prefix("(?i)")) {
            (Some(rest), _) => (Some(true), rest),
            (None, Some(rest)) => (Some(false), rest),
            (None, None) => (None, text),
        };
        let (from_start, text) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
        let mut found = Self { steps: Vec::new(), from_start, to_end: false, with_case };
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let sign = match c {
                '$' if rest.peek().is_none() => {
                    found.to_end = true;
                    break;
                }
                '.' => None,
                '\\' => Some(rest.next().filter(|c| !c.is_alphanumeric())?),
                '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
                c => Some(c),
            };
            let often = rest.next_if(|c| matches!(c, '*' | '+' | '?'));
            found.steps.push(Step {
                sign,
                may_lack: matches!(often, Some('*' | '?')),
                may_repeat: matches!(often, Some('*' | '+')),
            });
        }
        Some(found)
    }

    /// Whether it is the whole text.
    pub(super) fn is_whole(&self, text: &str, folds: bool) -> bool {
        self.runs(&self.signs(text, folds), true, folds)
    }

    /// Whether some part of the text is it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let signs = self.signs(text, false);
        let starts = if self.from_start { 0..=0 } else { 0..=signs.len() };
        starts.into_iter().any(|start| self.runs(&signs[start..], self.to_end, false))
    }

    fn folds(&self, folds: bool) -> bool {
        self.with_case.map_or(folds, |with_case| !with_case)
    }

    fn signs(&self, text: &str, folds: bool) -> Vec<char> {
        let text = if self.folds(folds) { text.to_lowercase() } else { text.to_owned() };
        text.chars().collect()
    }

    /// Goes through the text with every step that may be next.
    fn runs(&self, text: &[char], to_end: bool, folds: bool) -> bool {
        let end = self.steps.len();
        let lower = |sign: char| if self.folds(folds) { sign.to_lowercase().next().unwrap_or(sign) } else { sign };
        let mut open = self.reach(vec![0]);
        for c in text {
            if open.contains(&end) && !to_end {
                return true;
            }
            let mut next = Vec::new();
            for at in open.into_iter().filter(|at| *at < end) {
                let step = self.steps[at];
                if step.sign.map_or(*c != '\n', |sign| lower(sign) == *c) {
                    next.push(at + 1);
                    next.extend(step.may_repeat.then_some(at));
                }
            }
            open = self.reach(next);
        }
        open.contains(&end)
    }

    /// With the steps behind those that may lack.
    fn reach(&self, mut open: Vec<usize>) -> Vec<usize> {
        let mut at = 0;
        while let Some(step) = open.get(at).copied() {
            if self.steps.get(step).is_some_and(|step| step.may_lack) && !open.contains(&(step + 1)) {
                open.push(step + 1);
            }
            at += 1;
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_take_what_they_say() {
        let check = |text: &str, name: &str, whole: bool, part: bool| {
            let expression = Expression::read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((expression.is_whole(name, true), expression.is_in(name)), (whole, part), "{text} {name}");
        };
        check("gpt-4.*", "GPT-4o", true, false);
        check("(?-i)gpt-4.*", "GPT-4o", false, false);
        check("gpt-4", "my-gpt-4o", false, true);
        check("^gpt-.*", "my-gpt-4o", false, false);
        check("a.+b?$", "axx", true, true);
        check("a.+b?", "a", false, false);
        check(r"v\.1", "v.1", true, true);
        check(r"v\.1", "vx1", false, false);
        assert_eq!(Expression::read("(a|b)"), None);
    }
}
