//! First-order and total indices with bootstrap intervals.

use super::design::Design;
use crate::index::bootstrap::interval;
use crate::math::rng::Stream;
use rayon::prelude::*;
use serde::Serialize;

/// Sensitivity of the mean shift of ranks to one input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorIndex {
    /// Input: `normalization`, `weights`, `aggregation`, `treatment`, `exclusion`, `resampling` or `noise`.
    pub name: String,
    /// Share of the variance that the input makes by itself.
    pub first: Option<f64>,
    /// Lower end of its interval.
    pub first_low: Option<f64>,
    /// Upper end.
    pub first_high: Option<f64>,
    /// Share of the variance in which the input has a part.
    pub total: Option<f64>,
    /// Lower end of its interval.
    pub total_low: Option<f64>,
    /// Upper end.
    pub total_high: Option<f64>,
}

/// Indices of every input from the outcomes of all runs (NaN where a run failed).
pub(super) fn indices(design: &Design, y: &[f64], replications: usize, level: f64, seed: u64) -> Vec<FactorIndex> {
    let n = design.base;
    let block = |b: usize| &y[b * n..(b + 1) * n];
    let whole: Vec<usize> = (0..n).filter(|&r| (0..design.factors.len() + 2).all(|b| !block(b)[r].is_nan())).collect();
    let of = |rows: &[usize], f: usize| estimate(block(0), block(1), block(f + 2), rows);
    let draws: Vec<Vec<[f64; 2]>> = (0..replications as u64)
        .into_par_iter()
        .map(|r| {
            // Apart from the draws of units, which have the same seed.
            let mut stream = Stream::new(seed ^ 0x5EED_1D1C, r);
            let rows: Vec<usize> = whole.iter().map(|_| whole[stream.below(whole.len())]).collect();
            (0..design.factors.len()).map(|f| of(&rows, f)).collect()
        })
        .collect();
    (design.factors.iter().enumerate())
        .map(|(f, factor)| {
            let [first, total] = of(&whole, f).map(|v| Some(v).filter(|v| v.is_finite()));
            let ends = |at: usize| {
                let values = draws.iter().map(|d| d[f][at]).filter(|v| v.is_finite()).collect();
                interval(values, level).unzip()
            };
            let ((first_low, first_high), (total_low, total_high)) = (ends(0), ends(1));
            FactorIndex { name: factor.word().into(), first, first_low, first_high, total, total_low, total_high }
        })
        .collect()
}

/// Janon's first-order and Jansen's total index from the rows of A, B and AB; NaN where nothing varies.
fn estimate(a: &[f64], b: &[f64], ab: &[f64], rows: &[usize]) -> [f64; 2] {
    let n = rows.len() as f64;
    let mean = |value: &dyn Fn(usize) -> f64| rows.iter().map(|&r| value(r)).sum::<f64>() / n;
    // About a common centre, so that the squares keep their digits.
    let centre = mean(&|r| 0.5 * (a[r] + b[r]));
    let m = mean(&|r| 0.5 * (b[r] + ab[r]) - centre);
    let product = mean(&|r| (b[r] - centre) * (ab[r] - centre)) - m * m;
    let square = mean(&|r| 0.5 * ((b[r] - centre).powi(2) + (ab[r] - centre).powi(2))) - m * m;
    let variance = mean(&|r| 0.5 * ((a[r] - centre).powi(2) + (b[r] - centre).powi(2)));
    let jump = mean(&|r| (a[r] - ab[r]).powi(2));
    [product / square, jump / (2.0 * variance)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::sobol::Sobol;

    #[test]
    fn the_function_of_ishigami_has_its_known_indices() {
        // sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1 on (-π, π)³: S = (0.3139, 0.4424, 0), T = (0.5576, 0.4424, 0.2437), from the
        // closed forms of the variances. A large mean is added: centred estimators do not mind.
        let n = 1 << 14;
        let points = Sobol::new(6, Some(3));
        let f = |x: [f64; 3]| {
            let [a, b, c] = x.map(|u| (2.0 * u - 1.0) * std::f64::consts::PI);
            a.sin() + 7.0 * b.sin().powi(2) + 0.1 * c.powi(4) * a.sin() + 1e6
        };
        let at = |r: usize, from: [usize; 3]| f(from.map(|d| points.at(r as u32, d)));
        let a: Vec<f64> = (0..n).map(|r| at(r, [0, 1, 2])).collect();
        let b: Vec<f64> = (0..n).map(|r| at(r, [3, 4, 5])).collect();
        let rows: Vec<usize> = (0..n).collect();
        let want = [[0.3139, 0.5576], [0.4424, 0.4424], [0.0, 0.2437]];
        for (i, want) in want.into_iter().enumerate() {
            let mut from = [0, 1, 2];
            from[i] += 3;
            let ab: Vec<f64> = (0..n).map(|r| at(r, from)).collect();
            let got = estimate(&a, &b, &ab, &rows);
            assert!((got[0] - want[0]).abs() < 0.01 && (got[1] - want[1]).abs() < 0.01, "{i}: {got:?}");
        }
    }
}
