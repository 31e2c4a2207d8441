//! Scrambled Halton draws for simulated likelihoods.
//!
//! Point k of the sequence in base b is its radical inverse Σ d_j b^(-j-1), d_j the digits of k. Each digit position has
//! a random permutation of its own (Matoušek 1998), keyed by the dimension alone, so that the draws are the same in
//! every run. A unit takes the next draws of the sequence (Train 2009, chapter 9).

use crate::math::dist::normal_quantile;
use crate::math::rng::Stream;

/// Bases of the two dimensions.
const BASES: [u64; 2] = [2, 3];
/// The key of the scrambling.
const SEED: u64 = 20_050_101;

/// Standard normal w and half-normal h, for each unit in turn.
pub(super) struct Draws {
    pub(super) per_unit: usize,
    points: Vec<[f64; 2]>,
}

impl Draws {
    pub(super) fn new(units: usize, per_unit: usize) -> Self {
        let [w, h] = [0, 1].map(|dimension| halton(units * per_unit, dimension));
        let points = w.iter().zip(h).map(|(w, h)| [normal_quantile(*w), normal_quantile(0.5 + 0.5 * h)]);
        Draws { per_unit, points: points.collect() }
    }

    /// The draws of a unit.
    pub(super) fn of(&self, unit: usize) -> &[[f64; 2]] {
        &self.points[unit * self.per_unit..(unit + 1) * self.per_unit]
    }
}

/// The first `count` points of a dimension, inside (0, 1).
fn halton(count: usize, dimension: usize) -> Vec<f64> {
    let base = BASES[dimension];
    // Digits down to the last bit of a number.
    let depth = (53.0 / (base as f64).log2()) as usize;
    let mut stream = Stream::new(SEED, dimension as u64);
    let permutations: Vec<Vec<u64>> = (0..depth)
        .map(|_| {
            let mut digits: Vec<u64> = (0..base).collect();
            stream.shuffle(&mut digits);
            digits
        })
        .collect();
    let scale = 1.0 / base as f64;
    let point = |k: usize| {
        let (mut rest, mut unit, mut value) = (k as u64, 1.0, 0.0);
        for permutation in &permutations {
            unit *= scale;
            value += unit * permutation[(rest % base) as usize] as f64;
            rest /= base;
        }
        (value + 0.5 * unit).min(1.0 - f64::EPSILON)
    };
    (0..count).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_digit_block_is_filled_evenly() {
        // Every run of b^k points has one in each interval of length b^-k, which is what makes the sequence even.
        for (dimension, cells) in [(0, 64usize), (1, 81)] {
            let points = halton(4 * cells, dimension);
            for block in points.chunks(cells) {
                let mut seen = vec![0; cells];
                block.iter().for_each(|x| seen[(x * cells as f64) as usize] += 1);
                assert!(seen.iter().all(|&s| s == 1));
            }
        }
        let draws = Draws::new(10, 200);
        let mean = |j: usize| (0..10).flat_map(|i| draws.of(i)).map(|d| d[j]).sum::<f64>() / 2000.0;
        assert!(mean(0).abs() < 5e-3);
        assert!((mean(1) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 5e-3);
    }
}
