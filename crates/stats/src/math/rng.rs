//! A counter-based random stream: the same numbers for (seed, replication) on any thread, in any order.
//!
//! Philox4x32-10 of Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC11.

const M0: u64 = 0xD251_1F53;
const M1: u64 = 0xCD9E_8D57;
const W0: u32 = 0x9E37_79B9;
const W1: u32 = 0xBB67_AE85;

fn philox(mut c: [u32; 4], mut k: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            k = [k[0].wrapping_add(W0), k[1].wrapping_add(W1)];
        }
        let p0 = M0 * u64::from(c[0]);
        let p1 = M1 * u64::from(c[2]);
        c = [(p1 >> 32) as u32 ^ c[1] ^ k[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k[1], p0 as u32];
    }
    c
}

/// The stream of one replication.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    replication: u64,
    block: u64,
    buffer: [u32; 4],
    used: usize,
}

impl Stream {
    /// The stream of `replication` under `seed`.
    pub fn new(seed: u64, replication: u64) -> Self {
        Stream { key: [seed as u32, (seed >> 32) as u32], replication, block: 0, buffer: [0; 4], used: 4 }
    }

    fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            let r = self.replication;
            self.buffer = philox([self.block as u32, (self.block >> 32) as u32, r as u32, (r >> 32) as u32], self.key);
            self.block += 1;
            self.used = 0;
        }
        self.used += 1;
        self.buffer[self.used - 1]
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
    }

    /// Uniform in the open interval (0, 1).
    pub fn uniform(&mut self) -> f64 {
        ((self.next_u64() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
    }

    /// Standard normal, by inversion, so that one uniform makes one normal.
    pub fn normal(&mut self) -> f64 {
        super::dist::normal_quantile(self.uniform())
    }

    /// Uniform integer in `0..n`, without modulo bias; `n` must be positive.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        // Lemire's rejection: accept when the low half clears the threshold.
        let threshold = n.wrapping_neg() % n;
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(n);
            if wide as u64 >= threshold {
                return (wide >> 64) as usize;
            }
        }
    }

    /// Shuffles in place (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i + 1);
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_of_the_paper() {
        // Random123 known-answer file, philox4x32 10 rounds.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }

    #[test]
    fn uniform_has_the_right_moments() {
        let mut s = Stream::new(7, 3);
        let x: Vec<f64> = (0..100_000).map(|_| s.uniform()).collect();
        let mean = x.iter().sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 5e-3 && x.iter().all(|&u| u > 0.0 && u < 1.0));
    }
}
