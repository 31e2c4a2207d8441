//! Weights from pairwise comparisons: the analytic hierarchy process.
//!
//! A is the reciprocal matrix of the comparisons, a_jl how many times indicator j counts as much as l. The weights are its
//! Perron vector,
//!
//! ```text
//! A w = λ w,  Σ w = 1;    CI = (λ - k) / (k - 1),   CR = CI / RI
//! ```
//!
//! RI is the mean CI of random reciprocal matrices (Saaty's table, for 3 to 15 indicators). From CR = 0.1 the comparisons
//! contradict each other too much to be used. Saaty (1980), The Analytic Hierarchy Process.

use crate::{Error, Kind, Result};

/// Saaty's random index for 1, 2, …, 15 indicators.
const RANDOM_INDEX: [f64; 15] =
    [0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59];

/// Weights and how consistent the comparisons are.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahp {
    /// Weights, k.
    pub weights: Vec<f64>,
    /// Largest eigenvalue; k for comparisons without contradiction.
    pub lambda: f64,
    /// Consistency index.
    pub consistency_index: f64,
    /// Consistency ratio; none for fewer than three indicators, which cannot contradict each other, or more than fifteen.
    pub consistency_ratio: Option<f64>,
    /// The ratio, with a warning from 0.1.
    pub notes: Vec<String>,
}

/// Most multiplications by A.
const STEPS: usize = 10_000;

/// AHP weights of k indicators from the upper triangle of A, row by row.
pub fn ahp(pairwise: &[f64], k: usize) -> Result<Ahp> {
    let wanted = k * k.saturating_sub(1) / 2;
    if pairwise.len() != wanted {
        return Err(Error::length(
            "the list `pairwise` (each indicator against each later one)",
            pairwise.len(),
            wanted,
        ));
    }
    if let Some(bad) = pairwise.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
        return Err(Error::invalid(
            format!("a pairwise comparison is {bad}"),
            "comparisons are ratios above zero: 3, or 0.2 for one to five",
        ));
    }
    let mut A = vec![vec![1.0; k]; k];
    let mut next = pairwise.iter();
    for a in 0..k {
        for b in a + 1..k {
            let Some(&v) = next.next() else { break };
            (A[a][b], A[b][a]) = (v, 1.0 / v);
        }
    }
    // A is positive, so that the powers of A converge to the Perron vector from any positive start.
    let mut w = vec![1.0 / k as f64; k];
    let (mut lambda, mut reached) = (k as f64, f64::INFINITY);
    for _ in 0..STEPS {
        let image: Vec<f64> = A.iter().map(|row| row.iter().zip(&w).map(|(a, w)| a * w).sum()).collect();
        lambda = image.iter().sum();
        reached = image.iter().zip(&w).map(|(v, w)| (v / lambda - w).abs()).fold(0.0, f64::max);
        w = image.iter().map(|v| v / lambda).collect();
        if reached < 1e-15 {
            break;
        }
    }
    if reached.is_nan() || reached >= 1e-13 {
        let what = "the power iteration of the comparisons".into();
        return Err(Error::new(Kind::NotConverged { what, iterations: STEPS, reached, wanted: 1e-13 }));
    }
    let consistency_index = if k > 1 { (lambda - k as f64).max(0.0) / (k as f64 - 1.0) } else { 0.0 };
    let random = RANDOM_INDEX.get(k.saturating_sub(1)).copied().filter(|r| *r > 0.0);
    let consistency_ratio = random.map(|r| consistency_index / r);
    let mut notes = Vec::new();
    match consistency_ratio {
        Some(cr) if cr >= 0.1 => notes.push(format!(
            "ahp: the consistency ratio is {cr:.4}, 0.1 or more: the comparisons contradict each other, revise them"
        )),
        Some(cr) => notes.push(format!("ahp: consistency ratio {cr:.4}")),
        None if k > 15 => {
            notes.push("ahp: no random index for more than 15 indicators, hence no consistency ratio".into())
        }
        None => {}
    }
    Ok(Ahp { weights: w, lambda, consistency_index, consistency_ratio, notes })
}
