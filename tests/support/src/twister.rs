//! Python's random numbers: the Mersenne Twister and the draws of its `random` module, so that a generator written in
//! Python and one written here draw the same rows from the same seed.

/// Words of the twister's state.
const WORDS: usize = 624;

/// How far ahead a word is mixed with.
const AHEAD: usize = 397;

/// Python's `random.Random`.
#[derive(Debug)]
pub struct Twister {
    state: Vec<u32>,
    at: usize,
}

impl Twister {
    /// `random.Random(seed)`, of a seed that fits 32 bits.
    pub fn new(seed: u32) -> Self {
        let mut state = vec![19_650_218_u32];
        while let (Some(last), true) = (state.last().copied(), state.len() < WORDS) {
            let place = u32::try_from(state.len()).unwrap_or(0);
            state.push((last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(place));
        }
        let mut twister = Self { state, at: WORDS };
        let at = twister.stir(1, WORDS, 1_664_525, |word, _| word.wrapping_add(seed));
        twister.stir(at, WORDS - 1, 1_566_083_941, u32::wrapping_sub);
        twister.state[0] = 0x8000_0000;
        twister
    }

    /// One round over the state; the place where it ended.
    fn stir(&mut self, from: usize, steps: usize, factor: u32, last: impl Fn(u32, u32) -> u32) -> usize {
        let mut at = from;
        for _ in 0..steps {
            let before = self.state[at - 1];
            let mixed = self.state[at] ^ (before ^ (before >> 30)).wrapping_mul(factor);
            self.state[at] = last(mixed, u32::try_from(at).unwrap_or(0));
            at += 1;
            if at == WORDS {
                self.state[0] = self.state[WORDS - 1];
                at = 1;
            }
        }
        at
    }

    fn word(&mut self) -> u32 {
        if self.at == WORDS {
            for at in 0..WORDS {
                let both = (self.state[at] & 0x8000_0000) | (self.state[(at + 1) % WORDS] & 0x7fff_ffff);
                let odd = if both & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[at] = self.state[(at + AHEAD) % WORDS] ^ (both >> 1) ^ odd;
            }
            self.at = 0;
        }
        let mut word = self.state[self.at];
        self.at += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// `random() < share`.
    pub fn within(&mut self, share: f64) -> bool {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0 < share
    }

    /// A number below `end`, as `choice`, `randint` and `sample` draw it.
    pub fn below(&mut self, end: usize) -> usize {
        let bits = usize::BITS - end.leading_zeros();
        loop {
            let drawn = usize::try_from(self.word() >> (32 - bits)).unwrap_or(0);
            if drawn < end {
                return drawn;
            }
        }
    }

    /// `sample(range(population), count)`.
    pub fn sample(&mut self, population: usize, count: usize) -> Vec<usize> {
        let mut threshold = 21;
        if count > 5 {
            let mut power = 1;
            while power < count * 3 {
                power *= 4;
            }
            threshold += power;
        }
        if population > threshold {
            return self.apart(population, count);
        }
        let mut pool: Vec<usize> = (0..population).collect();
        let left = (population - count + 1..=population).rev();
        left.map(|left| {
            let drawn = self.below(left);
            let taken = pool[drawn];
            pool[drawn] = pool[left - 1];
            taken
        })
        .collect()
    }

    /// A small sample of a large population: drawn again until it is another one.
    fn apart(&mut self, population: usize, count: usize) -> Vec<usize> {
        let mut drawn: Vec<usize> = Vec::new();
        while drawn.len() < count {
            let next = self.below(population);
            if !drawn.contains(&next) {
                drawn.push(next);
            }
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Python 3.11 draws from the seed 1.
    #[test]
    fn draws_what_python_draws() {
        let mut random = Twister::new(1);
        assert_eq!([0.2, 0.5, 0.7].map(|share| random.within(share)), [true, false, false]);
        assert_eq!(random.below(1 << 9), 261, "getrandbits(10)");
        assert_eq!(random.sample(300, 5), [60, 253, 230, 241, 194]);
        assert_eq!(random.sample(10, 3), [3, 1, 7]);
        assert_eq!(40 + random.below(81), 43, "randint(40, 120)");
        assert_eq!(random.below(3), 1, "choice");
    }
}
