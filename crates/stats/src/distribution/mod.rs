//! How an index is spread over units and how the spread moves.
//!
//! | file | what |
//! |---|---|
//! | [`contributions`](mod@contributions) | which components make an index rise, and one unit differ from another |
//! | [`sigma`] | dispersion by year, its trend, a test of first against last year |
//! | [`beta`] | growth against the initial level: speed and half-life |
//! | [`gini`] | Gini coefficient decomposed by groups (Dagum) |
//! | [`theil`](mod@theil) | Theil indices decomposed by groups |
//! | [`markov`](mod@markov) | transition matrices, also by the state of the neighbors |

pub mod beta;
pub mod contributions;
pub mod gini;
pub mod markov;
pub mod sigma;
pub mod theil;

pub use beta::{Speed, speed};
pub use contributions::{Contributions, contributions};
pub use gini::{DagumGini, dagum_gini};
pub use markov::{Markov, markov};
pub use sigma::{SigmaConvergence, sigma_convergence};
pub use theil::{Theil, theil};

use crate::{Error, Kind, Result};
use std::collections::BTreeMap;

/// The rows of each time, times ascending.
pub(crate) fn by_time(time: &[i64]) -> BTreeMap<i64, Vec<usize>> {
    let mut periods = BTreeMap::<i64, Vec<usize>>::new();
    (0..time.len()).for_each(|i| periods.entry(time[i]).or_default().push(i));
    periods
}

/// Refuses columns of unequal length, an empty one, and values that are not finite.
pub(crate) fn sound(name: &str, values: &[f64], n: usize) -> Result<()> {
    if values.len() != n {
        return Err(Error::length(format!("`{name}`"), values.len(), n));
    }
    if n == 0 {
        return Err(Error::new(Kind::Empty { what: "the sample".into() }).at_column(name));
    }
    let bad: Vec<usize> = (0..n).filter(|&i| !values[i].is_finite()).collect();
    match bad.is_empty() {
        true => Ok(()),
        false => Err(Error::new(Kind::NotFinite).at_column(name).at_rows(bad)),
    }
}

/// Refuses negative values, of which shares have no meaning.
pub(crate) fn nonnegative(name: &str, values: &[f64]) -> Result<()> {
    let bad: Vec<usize> = (0..values.len()).filter(|&i| values[i] < 0.0).collect();
    match bad.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid(
            "a value is negative, so that shares of a total have no meaning",
            "use the index before it was centered, or shift it and say so",
        )
        .at_column(name)
        .at_rows(bad)),
    }
}

/// Refuses two rows of one unit at one time.
pub(crate) fn unique(unit: &[u32], time: &[i64]) -> Result<()> {
    let mut seen = std::collections::HashMap::new();
    for i in 0..time.len() {
        if let Some(first) = seen.insert((unit[i], time[i]), i) {
            return Err(Error::invalid(
                format!("two rows of one unit at time {}", time[i]),
                "keep one row for each unit and time",
            )
            .at_rows([first, i]));
        }
    }
    Ok(())
}

/// Values with weights that add to one: of population, or alike.
#[derive(Debug, Clone)]
pub(crate) struct Weighted {
    /// Values ascending with their weights.
    pub pairs: Vec<(f64, f64)>,
    /// Weighted mean.
    pub mean: f64,
    /// Sum of the weights before they were divided by it.
    pub total: f64,
}

impl Weighted {
    /// Of the rows; `weights` of none means alike.
    pub fn of(values: &[f64], weights: Option<&[f64]>, rows: &[usize]) -> Weighted {
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let total: f64 = rows.iter().map(|&i| weight(i)).sum();
        let mut pairs: Vec<(f64, f64)> = rows.iter().map(|&i| (values[i], weight(i) / total)).collect();
        // By value and weight, so that the sums do not depend on the order of the rows.
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mean = pairs.iter().map(|(v, w)| v * w).sum();
        Weighted { pairs, mean, total }
    }

    /// Mean absolute difference to another sample: the integral of F(1 - G) + G(1 - F), whose terms are all positive.
    pub fn distance(&self, other: &Weighted) -> f64 {
        let (a, b) = (&self.pairs, &other.pairs);
        let (mut i, mut j, mut F, mut G, mut sum) = (0, 0, 0.0, 0.0, 0.0);
        let mut last = f64::NAN;
        while i < a.len() || j < b.len() {
            let first = j >= b.len() || (i < a.len() && a[i].0 <= b[j].0);
            let x = if first { a[i].0 } else { b[j].0 };
            if !last.is_nan() {
                sum += (x - last) * (F * (1.0 - G) + G * (1.0 - F));
            }
            if first {
                F = if i + 1 == a.len() { 1.0 } else { F + a[i].1 };
                i += 1;
            } else {
                G = if j + 1 == b.len() { 1.0 } else { G + b[j].1 };
                j += 1;
            }
            last = x;
        }
        sum
    }

    /// Gini coefficient: half the mean absolute difference over the mean.
    pub fn gini(&self) -> f64 {
        self.distance(self) / (2.0 * self.mean)
    }

    /// Theil's T: Σ p (y/μ) ln(y/μ).
    pub fn theil_t(&self) -> f64 {
        let part = |&(v, w): &(f64, f64)| if v > 0.0 { w * (v / self.mean) * (v / self.mean).ln() } else { 0.0 };
        self.pairs.iter().map(part).sum()
    }

    /// Theil's L, the mean logarithmic deviation: Σ p ln(μ/y).
    pub fn theil_l(&self) -> f64 {
        self.pairs.iter().map(|(v, w)| w * (self.mean / v).ln()).sum()
    }
}

/// The weights of an option: positive and finite.
pub(crate) fn positive_weights(name: &str, weights: Option<&[f64]>, n: usize) -> Result<()> {
    let Some(w) = weights else { return Ok(()) };
    sound(name, w, n)?;
    let bad: Vec<usize> = (0..n).filter(|&i| w[i] <= 0.0).collect();
    match bad.is_empty() {
        true => Ok(()),
        false => {
            Err(Error::invalid("a weight is not positive", "correct or drop these rows").at_column(name).at_rows(bad))
        }
    }
}
