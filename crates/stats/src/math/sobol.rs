//! Sobol points in the unit cube, scrambled by Owen's nested permutations: low discrepancy, and random enough to repeat.
//!
//! Point i has in dimension d the coordinate ⊕ of the direction numbers of the bits of i, with the primitive polynomials and
//! initial numbers of Joe and Kuo (2008), "Constructing Sobol sequences with better two-dimensional projections", SIAM
//! Journal on Scientific Computing 30. The scrambling permutes each bit by a hash of the bits above it (Laine and Karras 2011;
//! Burley 2020, "Practical hash-based Owen scrambling"). The first 2^m points of any dimension put one point into each of 2^m
//! equal intervals, scrambled or not.

use super::rng::Stream;

/// Degree, coefficients and initial numbers of the polynomials of dimensions 2 to 20.
const JOE_KUO: [(u32, u32, [u32; 7]); 19] = [
    (1, 0, [1, 0, 0, 0, 0, 0, 0]),
    (2, 1, [1, 3, 0, 0, 0, 0, 0]),
    (3, 1, [1, 3, 1, 0, 0, 0, 0]),
    (3, 2, [1, 1, 1, 0, 0, 0, 0]),
    (4, 1, [1, 1, 3, 3, 0, 0, 0]),
    (4, 4, [1, 3, 5, 13, 0, 0, 0]),
    (5, 2, [1, 1, 5, 5, 17, 0, 0]),
    (5, 4, [1, 1, 5, 5, 5, 0, 0]),
    (5, 7, [1, 1, 7, 11, 19, 0, 0]),
    (5, 11, [1, 1, 5, 1, 1, 0, 0]),
    (5, 13, [1, 1, 1, 3, 11, 0, 0]),
    (5, 14, [1, 3, 5, 5, 31, 0, 0]),
    (6, 1, [1, 3, 3, 9, 7, 49, 0]),
    (6, 13, [1, 1, 1, 15, 21, 21, 0]),
    (6, 16, [1, 3, 1, 13, 27, 49, 0]),
    (6, 19, [1, 1, 1, 15, 7, 5, 0]),
    (6, 22, [1, 3, 1, 15, 13, 25, 0]),
    (6, 25, [1, 1, 5, 5, 19, 61, 0]),
    (7, 1, [1, 3, 7, 11, 23, 15, 103]),
];

/// Most dimensions.
pub const DIMENSIONS: usize = JOE_KUO.len() + 1;

/// A scrambled Sobol sequence.
#[derive(Debug, Clone)]
pub struct Sobol {
    /// Direction numbers of each dimension.
    directions: Vec<[u32; 32]>,
    /// Key of the scrambling of each dimension; none leaves the points as they are.
    keys: Vec<Option<u32>>,
}

impl Sobol {
    /// Points of `dimensions` (at most [`DIMENSIONS`], more are cut) scrambled by `seed`; unscrambled without.
    pub fn new(dimensions: usize, seed: Option<u64>) -> Self {
        let count = dimensions.min(DIMENSIONS);
        let directions = (0..count).map(direction_numbers).collect();
        let mut stream = Stream::new(seed.unwrap_or(0), 0);
        let keys = (0..count).map(|_| seed.map(|_| stream.next_u64() as u32)).collect();
        Sobol { directions, keys }
    }

    /// Coordinate `dimension` of point `index`, in [0, 1).
    pub fn at(&self, index: u32, dimension: usize) -> f64 {
        let v = &self.directions[dimension];
        let mut bits = (0..32).filter(|b| index >> b & 1 == 1).fold(0, |x, b| x ^ v[b]);
        if let Some(key) = self.keys[dimension] {
            bits = scramble(bits.reverse_bits(), key).reverse_bits();
        }
        f64::from(bits) / 2f64.powi(32)
    }
}

fn direction_numbers(dimension: usize) -> [u32; 32] {
    let mut v = [0u32; 32];
    if dimension == 0 {
        (0..32).for_each(|b| v[b] = 1 << (31 - b));
        return v;
    }
    let (degree, coefficients, initial) = JOE_KUO[dimension - 1];
    let s = degree as usize;
    for b in 0..32 {
        v[b] = if b < s {
            initial[b] << (31 - b)
        } else {
            let carried = (1..s).filter(|k| coefficients >> (s - 1 - k) & 1 == 1).fold(0, |x, k| x ^ v[b - k]);
            v[b - s] ^ (v[b - s] >> s) ^ carried
        };
    }
    v
}

/// A permutation of the bits in which each depends on those below it only; on reversed bits, on those above.
fn scramble(mut x: u32, key: u32) -> u32 {
    x = x.wrapping_add(key);
    x ^= x.wrapping_mul(0x6c50_b47c);
    x ^= x.wrapping_mul(0xb82f_1e52);
    x ^= x.wrapping_mul(0xc7af_e638);
    x ^= x.wrapping_mul(0x8d22_f6e6);
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_points_are_those_of_scipy() {
        // scipy.stats.qmc.Sobol(20, scramble=False, bits=32), which runs through the points in Gray-code order; dimensions
        // 1, 2, 3, 8, 20.
        let s = Sobol::new(20, None);
        let row = |i: u32| [0, 1, 2, 7, 19].map(|d| s.at(i, d));
        assert_eq!(row(1), [0.5; 5]);
        assert_eq!(row(5), [0.625, 0.125, 0.875, 0.125, 0.375]);
        assert_eq!(row(6), [0.375, 0.375, 0.625, 0.875, 0.125]);
        assert_eq!(row(1000), [0.0927734375, 0.1611328125, 0.4501953125, 0.6396484375, 0.4501953125]);
    }

    #[test]
    fn each_interval_has_one_point_scrambled_or_not() {
        for seed in [None, Some(1), Some(99)] {
            let s = Sobol::new(DIMENSIONS, seed);
            for d in 0..DIMENSIONS {
                let mut cells: Vec<usize> = (0..256).map(|i| (s.at(i, d) * 256.0) as usize).collect();
                cells.sort_unstable();
                assert_eq!(cells, (0..256).collect::<Vec<_>>(), "dimension {d}");
            }
        }
    }
}
