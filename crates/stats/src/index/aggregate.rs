//! Aggregation of weighted indicators into one score.
//!
//! | form | score of row i |
//! |---|---|
//! | `arithmetic` | Σ_j w_j z_ij |
//! | `geometric` | Π_j z_ij^w_j |
//! | `harmonic` | 1 / Σ_j w_j / z_ij |
//! | `generalized_mean` | (Σ_j w_j z_ij^p)^(1/p) |
//! | `mazziotta_pareto` | M_i - S_i² / M_i, M and S the weighted mean and standard deviation (divisor of weights) over j |
//! | `copeland` | (units that i beats - units that beat i) / (n - 1); i beats l where the weight of the indicators in which it is better, ties counting half, exceeds one half |
//! | `topsis` | D⁻ / (D⁺ + D⁻), see [`super::topsis`] |
//! | `vikor` | 1 - Q, Q = (S - S*)/(2 (S⁻ - S*)) + (R - R*)/(2 (R⁻ - R*)), S_i = Σ_j w_j d_ij, R_i = max_j w_j d_ij, d the distance from the best over the range |
//!
//! An arithmetic mean lets a good indicator make up for a bad one in full, the others less, Copeland not at all.
//! Mazziotta and Pareto (2016), Social Indicators Research 127; Copeland (1951); Opricovic and Tzeng (2004), European Journal
//! of Operational Research 156(2).

use super::topsis::closeness;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Form of the aggregation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Weighted mean.
    #[default]
    Arithmetic,
    /// Weighted geometric mean.
    Geometric,
    /// Weighted harmonic mean.
    Harmonic,
    /// Weighted mean of powers.
    GeneralizedMean,
    /// Mean with a penalty for unevenness.
    MazziottaPareto,
    /// Wins less losses against all other rows.
    Copeland,
    /// Closeness to the ideal.
    Topsis,
    /// Compromise between the sum and the largest of regrets.
    Vikor,
}

impl Aggregate {
    /// Whether a row's score depends on the other rows.
    pub fn compares(self) -> bool {
        matches!(self, Aggregate::Copeland | Aggregate::Topsis | Aggregate::Vikor)
    }

    /// Whether values must be above zero.
    pub fn needs_positive(self, power: f64) -> bool {
        match self {
            Aggregate::Geometric | Aggregate::Harmonic => true,
            Aggregate::GeneralizedMean => power <= 0.0 || power.fract() != 0.0,
            _ => false,
        }
    }
}

/// Scores of the `rows` from their values `z` (columns of n) under `weights`, into `score` (n).
pub fn aggregate(
    form: Aggregate,
    power: f64,
    z: &[&[f64]],
    weights: &[f64],
    rows: &[usize],
    score: &mut [f64],
) -> Result<()> {
    let kept: Vec<(f64, &[f64])> = weights.iter().copied().zip(z.iter().copied()).filter(|(w, _)| *w != 0.0).collect();
    if form.needs_positive(power) {
        let bad: Vec<usize> = rows.iter().copied().filter(|&i| kept.iter().any(|(_, z)| z[i] <= 0.0)).collect();
        if !bad.is_empty() {
            return Err(Error::invalid(
                "this mean needs values above zero",
                "set `scale = [1, 100]`, say, so that the worst value is above zero, or `aggregate = \"arithmetic\"`",
            )
            .at_rows(bad));
        }
    }
    match form {
        Aggregate::Arithmetic => sum(&kept, rows, score, |v| v),
        // A power of zero is the limit: the geometric mean.
        Aggregate::Geometric => mean(&kept, rows, score, f64::ln, f64::exp),
        Aggregate::GeneralizedMean if power == 0.0 => mean(&kept, rows, score, f64::ln, f64::exp),
        Aggregate::Harmonic => mean(&kept, rows, score, f64::recip, f64::recip),
        Aggregate::GeneralizedMean => {
            mean(&kept, rows, score, |v| v.powf(power), |v| v.powf(1.0 / power));
            lost(score, rows, "the mean of powers")?;
        }
        Aggregate::MazziottaPareto => {
            for &i in rows {
                let mean: f64 = kept.iter().map(|(w, z)| w * z[i]).sum();
                let variance: f64 = kept.iter().map(|(w, z)| w * (z[i] - mean).powi(2)).sum();
                score[i] = mean - variance / mean;
            }
            lost(score, rows, "the penalty over a mean of zero")?;
        }
        Aggregate::Copeland => copeland(&kept, rows, score),
        Aggregate::Topsis => {
            let weighted: Vec<Vec<f64>> = kept.iter().map(|(w, z)| z.iter().map(|v| w * v).collect()).collect();
            let columns: Vec<&[f64]> = weighted.iter().map(Vec::as_slice).collect();
            closeness(&columns, rows, rows, score)?;
        }
        Aggregate::Vikor => vikor(&kept, rows, score)?,
    }
    Ok(())
}

/// Σ_j w_j value(z_ij), column by column: each is read in one go.
fn sum(kept: &[(f64, &[f64])], rows: &[usize], score: &mut [f64], value: impl Fn(f64) -> f64) {
    rows.iter().for_each(|&i| score[i] = 0.0);
    for (w, z) in kept {
        rows.iter().for_each(|&i| score[i] += w * value(z[i]));
    }
}

/// The mean in terms of `value`, brought back.
fn mean(
    kept: &[(f64, &[f64])],
    rows: &[usize],
    score: &mut [f64],
    value: impl Fn(f64) -> f64,
    back: impl Fn(f64) -> f64,
) {
    sum(kept, rows, score, value);
    rows.iter().for_each(|&i| score[i] = back(score[i]));
}

/// Refuses scores that are no numbers.
fn lost(score: &[f64], rows: &[usize], what: &str) -> Result<()> {
    let bad: Vec<usize> = rows.iter().copied().filter(|&i| !score[i].is_finite()).collect();
    match bad.is_empty() {
        true => Ok(()),
        false => {
            Err(Error::invalid(format!("{what} is no number"), "set `scale = [1, 100]`, say, or another `aggregate`")
                .at_rows(bad))
        }
    }
}

fn copeland(kept: &[(f64, &[f64])], rows: &[usize], score: &mut [f64]) {
    let mut wins = vec![0i64; rows.len()];
    for a in 0..rows.len() {
        for b in 0..a {
            // Better less worse: ties drop out, as half to each side does.
            let net: f64 = kept
                .iter()
                .map(|(w, z)| match z[rows[a]].total_cmp(&z[rows[b]]) {
                    std::cmp::Ordering::Greater => *w,
                    std::cmp::Ordering::Less => -w,
                    std::cmp::Ordering::Equal => 0.0,
                })
                .sum();
            // Weights of equal halves leave rounding.
            let sign = if net > 1e-12 {
                1
            } else if net < -1e-12 {
                -1
            } else {
                0
            };
            (wins[a], wins[b]) = (wins[a] + sign, wins[b] - sign);
        }
    }
    let others = (rows.len() as f64 - 1.0).max(1.0);
    rows.iter().zip(wins).for_each(|(&i, w)| score[i] = w as f64 / others);
}

fn vikor(kept: &[(f64, &[f64])], rows: &[usize], score: &mut [f64]) -> Result<()> {
    let range =
        |z: &[f64]| rows.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &i| (l.min(z[i]), h.max(z[i])));
    let ranges: Vec<(f64, f64)> = kept.iter().map(|(_, z)| range(z)).collect();
    let regret = |i: usize, j: usize| {
        let ((w, z), (low, high)) = (kept[j], ranges[j]);
        if high > low { w * (high - z[i]) / (high - low) } else { 0.0 }
    };
    let total: Vec<f64> = rows.iter().map(|&i| (0..kept.len()).map(|j| regret(i, j)).sum()).collect();
    let most: Vec<f64> = rows.iter().map(|&i| (0..kept.len()).map(|j| regret(i, j)).fold(0.0, f64::max)).collect();
    let share = |v: &[f64]| -> Vec<f64> {
        let (low, high) = v.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| (l.min(x), h.max(x)));
        v.iter().map(|x| if high > low { (x - low) / (high - low) } else { 0.0 }).collect()
    };
    if ranges.iter().all(|(low, high)| low == high) {
        return Err(Error::invalid("every weighted indicator is equal in all rows", "choose indicators with spread"));
    }
    let (s, r) = (share(&total), share(&most));
    rows.iter().zip(s.iter().zip(r)).for_each(|(&i, (s, r))| score[i] = 1.0 - 0.5 * (s + r));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_by_hand() {
        let (a, b) = ([1.0, 4.0, 2.0], [9.0, 4.0, 1.0]);
        let run = |form, power| {
            let mut score = [0.0; 3];
            aggregate(form, power, &[&a, &b], &[0.5, 0.5], &[0, 1, 2], &mut score).unwrap();
            score
        };
        let near = |got: [f64; 3], want: [f64; 3]| {
            got.iter().zip(want).for_each(|(g, w)| assert!((g - w).abs() < 1e-14, "{got:?}"))
        };
        near(run(Aggregate::Geometric, 0.0), [3.0, 4.0, 2f64.sqrt()]);
        near(run(Aggregate::Harmonic, 0.0), [1.8, 4.0, 4.0 / 3.0]);
        near(run(Aggregate::GeneralizedMean, -1.0), [1.8, 4.0, 4.0 / 3.0]);
        near(run(Aggregate::GeneralizedMean, 2.0), [41f64.sqrt(), 4.0, 2.5f64.sqrt()]);
        // Means 5, 4, 1.5; variances 16, 0, 0.25.
        near(run(Aggregate::MazziottaPareto, 0.0), [5.0 - 3.2, 4.0, 1.5 - 0.25 / 1.5]);
        // One win each between the first two: a tie; both beat or tie the third.
        near(run(Aggregate::Copeland, 0.0), [0.0, 0.5, -0.5]);
        // Regrets: d = (1, 0), (0, 5/8), (2/3, 1), halved.
        let s = [0.5, 0.3125, 5.0 / 6.0];
        let r = [0.5, 0.3125, 0.5];
        let q = |v: [f64; 3], i: usize, low: f64, high: f64| (v[i] - low) / (high - low);
        let want = [0, 1, 2].map(|i| 1.0 - 0.5 * (q(s, i, 0.3125, 5.0 / 6.0) + q(r, i, 0.3125, 0.5)));
        near(run(Aggregate::Vikor, 0.0), want);
    }

    #[test]
    fn means_of_zero_are_refused() {
        let mut score = [0.0; 2];
        let e = aggregate(Aggregate::Geometric, 0.0, &[&[0.0, 1.0]], &[1.0], &[0, 1], &mut score).unwrap_err();
        assert_eq!(e.rows, [0]);
    }
}
