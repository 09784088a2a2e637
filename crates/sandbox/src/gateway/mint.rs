//! The source of everything the gateway makes up: ids, values, row numbers. The same seed gives the same ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Makes ids from a seed and a counter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Mint {
    seed: u64,
    made: u64,
    rows: BTreeMap<String, u64>,
}

impl Mint {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, made: 0, rows: BTreeMap::new() }
    }

    /// A UUID of version 4.
    pub(super) fn uuid(&mut self) -> String {
        self.made += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.made.to_be_bytes());
        let digest = hash.finalize();
        let mut text = String::with_capacity(36);
        for (index, byte) in digest.iter().take(16).enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let byte = match index {
                6 => (byte & 0x0f) | 0x40,
                8 => (byte & 0x3f) | 0x80,
                _ => *byte,
            };
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The value of a virtual key.
    pub(super) fn virtual_key(&mut self) -> String {
        format!("sk-bf-{}", self.uuid())
    }

    /// The next row number of a table, from 1.
    pub(super) fn row(&mut self, table: &str) -> u64 {
        let row = self.rows.entry(table.to_owned()).or_default();
        *row += 1;
        *row
    }
}
