//! How long to wait before trying again: longer each time, never in step with others, not for ever.

/// How often a call is made before it is given up.
pub(crate) const TRIES: u32 = 5;

/// The waits, with jitter from a seed so that equal runs wait equally long.
#[derive(Clone, Debug)]
pub(crate) struct Pace(u64);

impl Pace {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The wait in milliseconds after that many tries: 250, 500, 1000, 2000, each up to a half longer. None when
    /// it was tried often enough.
    pub(crate) fn wait(&mut self, tries: u32) -> Option<u64> {
        if tries >= TRIES {
            return None;
        }
        let base = 250_u64 << tries.saturating_sub(1);
        Some(base + self.next() % (base / 2))
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_and_then_no_more() {
        for seed in 0..50 {
            let mut pace = Pace::new(seed);
            let waits: Vec<Option<u64>> = (1..=5).map(|tries| pace.wait(tries)).collect();
            for (place, (wait, base)) in waits.iter().zip([250, 500, 1000, 2000]).enumerate() {
                assert!(wait.is_some_and(|wait| (base..base * 3 / 2).contains(&wait)), "try {place}");
            }
            assert_eq!(waits[4], None);
        }
        let take = |seed| Pace::new(seed).wait(3);
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }
}
