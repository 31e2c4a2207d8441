//! The passes over all columns, in blocks that stay in the first-level cache and with the widest vectors there are.
//!
//! Every lane does the same operations in the same order at any width, so that the machine does not matter.

use pulp::{Arch, Simd, WithSimd};

/// Columns treated together.
pub(super) const BLOCK: usize = 64;

/// Reduced costs of a block: d_j -= Σ_i price_i a_ij for the columns from `from` of a matrix given row by row, n wide.
/// Returns the smallest of them and zero.
pub(super) fn reduce(d: &mut [f64; BLOCK], len: usize, prices: &[f64], matrix: &[f64], n: usize, from: usize) -> f64 {
    Arch::new().dispatch(Reduce { d, len, prices, matrix, n, from })
}

/// The arguments of [`reduce`], compiled once for each width of vectors.
struct Reduce<'a> {
    d: &'a mut [f64; BLOCK],
    len: usize,
    prices: &'a [f64],
    matrix: &'a [f64],
    n: usize,
    from: usize,
}

impl WithSimd for Reduce<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        subtract(&mut self.d[..self.len], self.prices, self.matrix, self.n, self.from);
        lowest(self.d)
    }
}

/// Rows by pairs, to halve the traffic in d.
#[inline(always)]
fn subtract(d: &mut [f64], prices: &[f64], matrix: &[f64], n: usize, from: usize) {
    let len = d.len();
    let row = |i: usize| &matrix[i * n + from..i * n + from + len];
    let mut i = 0;
    while i + 1 < prices.len() {
        let (p, q) = (prices[i], prices[i + 1]);
        for ((d, a), b) in d.iter_mut().zip(row(i)).zip(row(i + 1)) {
            *d -= p * a + q * b;
        }
        i += 2;
    }
    if i < prices.len() {
        for (d, a) in d.iter_mut().zip(row(i)) {
            *d -= prices[i] * a;
        }
    }
}

/// The smallest entry, or zero, eight lanes at a time.
#[inline(always)]
fn lowest(d: &[f64; BLOCK]) -> f64 {
    let mut lanes = [0.0_f64; 8];
    for eight in d.chunks_exact(8) {
        for (lane, &v) in lanes.iter_mut().zip(eight) {
            *lane = if v < *lane { v } else { *lane };
        }
    }
    lanes.into_iter().fold(0.0, f64::min)
}
