//! Short names for states: equal fingerprints mean the same plan, the same line.

mod sorted;

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::Arc;

use plan::Plan;
use sha2::{Digest, Sha256};

/// 16 hex digits over the canonical JSON of a plan. A journal belongs to the plan whose fingerprint it carries.
pub fn fingerprint(plan: &Plan) -> String {
    let mut text = serde_json::to_vec(plan).unwrap_or_default();
    sorted::sort(&mut text);
    hash(&text)
}

/// A plan with its fingerprint: worked out once, for it takes about as long as writing the plan down.
#[derive(Clone, Debug)]
pub struct Printed {
    plan: Arc<Plan>,
    print: String,
}

impl Printed {
    /// Works it out.
    pub fn new(plan: impl Into<Arc<Plan>>) -> Self {
        let plan = plan.into();
        let print = fingerprint(&plan);
        Self { plan, print }
    }

    /// The fingerprint.
    pub fn print(&self) -> &str {
        &self.print
    }
}

impl Deref for Printed {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.plan
    }
}

impl Borrow<Plan> for Printed {
    fn borrow(&self) -> &Plan {
        &self.plan
    }
}

/// The first 16 hex digits of the SHA-256 of a text.
pub(crate) fn hash(text: impl AsRef<[u8]>) -> String {
    let digest = Sha256::digest(text);
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    digest.iter().take(8).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_beginning_of_the_sha256() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea");
        assert_eq!(hash(""), "e3b0c44298fc1c14");
    }
}
