//! Scatter degree (拉开档次法, vertical and horizontal for panels): the weights that tell the units apart most.
//!
//! ```text
//! H = Σ_t Z_t' Z_t,     max w'Hw  s.t.  |w| = 1,     then  w / Σ w
//! ```
//!
//! over the periods t, so that the rows of all periods enter together. The maximum is the first eigenvector of H. On
//! min-max values H has no negative entry and neither has w; on z-scores w may have negative entries, "weights" that turn
//! an indicator round: [`Scatter::negative`] names them. With `nonnegative` the maximum is taken over w ≥ 0. It is then the
//! first eigenvector of a principal submatrix of H without negative entries, and it is found by removing indicators one
//! after another as long as the eigenvalue of what is left, which bounds everything below it, exceeds the best so far.
//!
//! Guo Yajun (2002), 一种新的动态综合评价方法, Journal of Management Sciences in China 5(2).

use super::pca::sign;
use super::{Indicators, to_sum_one};
use crate::math::Mat;
use crate::math::linalg::symmetric_eigen;
use crate::{Error, Kind, Result};

/// Scatter-degree weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// Weights, k.
    pub weights: Vec<f64>,
    /// w'Hw under |w| = 1.
    pub lambda: f64,
    /// Indicators with a negative weight.
    pub negative: Vec<usize>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Most submatrices that are looked at under `nonnegative`.
const SUBSETS: usize = 20_000;

/// Scatter-degree weights; under `nonnegative` the best without negative entries.
pub fn scatter_degree(of: &Indicators, nonnegative: bool) -> Result<Scatter> {
    let k = of.count();
    let H = Mat::from_fn(k, k, |a, b| of.z[a].iter().zip(of.z[b]).map(|(x, y)| x * y).sum());
    let all: Vec<usize> = (0..k).collect();
    let (mut lambda, mut w) = first(&H, &all)?;
    if nonnegative && w.iter().any(|v| *v < 0.0) {
        (lambda, w) = best_nonnegative(&H)?;
    }
    let negative: Vec<usize> = (0..k).filter(|&j| w[j] < 0.0).collect();
    let mut notes = Vec::new();
    if !negative.is_empty() {
        let names: Vec<&str> = negative.iter().map(|&j| of.names[j].as_str()).collect();
        notes.push(format!(
            "scatter degree: negative weight of `{}`; set `nonnegative = true` or `normalize = \"min_max\"`",
            names.join("`, `")
        ));
    }
    Ok(Scatter { weights: to_sum_one(w)?, lambda, negative, notes })
}

/// Largest eigenvalue of H on `among`, and its eigenvector spread over all indicators, by the sign rule.
fn first(H: &Mat<f64>, among: &[usize]) -> Result<(f64, Vec<f64>)> {
    let (values, vectors) = symmetric_eigen(&Mat::from_fn(among.len(), among.len(), |a, b| H[(among[a], among[b])]))?;
    let v: Vec<f64> = (0..among.len()).map(|a| vectors[(a, 0)]).collect();
    let turn = sign(&v);
    let largest = v.iter().fold(0.0, |m: f64, x| x.abs().max(m));
    let mut w = vec![0.0; H.nrows()];
    for (&j, x) in among.iter().zip(&v) {
        // An entry that is rounding is a zero of either sign.
        w[j] = if x.abs() < 1e-13 * largest { 0.0 } else { turn * x };
    }
    Ok((values[0], w))
}

/// The best w ≥ 0, by branch and bound over the indicators that are left out.
fn best_nonnegative(H: &Mat<f64>) -> Result<(f64, Vec<f64>)> {
    let k = H.nrows();
    // The best single indicator is a start that needs no search.
    let top = (1..k).fold(0, |best, j| if H[(j, j)] > H[(best, best)] { j } else { best });
    let mut best = (H[(top, top)], (0..k).map(|j| f64::from(u8::from(j == top))).collect::<Vec<f64>>());
    let mut seen = 0;
    // Indicators left, and the first position that may still be removed: each subset is reached once.
    let mut open = vec![((0..k).collect::<Vec<usize>>(), 0)];
    while let Some((left, from)) = open.pop() {
        seen += 1;
        if seen > SUBSETS {
            let what = "the search for scatter-degree weights of zero or more".into();
            return Err(Error::new(Kind::NotConverged { what, iterations: SUBSETS, reached: f64::NAN, wanted: 0.0 }));
        }
        let (lambda, w) = first(H, &left)?;
        if lambda <= best.0 * (1.0 + 1e-14) {
            continue;
        }
        if w.iter().all(|v| *v >= 0.0) {
            best = (lambda, w);
            continue;
        }
        // The last pushed is looked at first: remove what is most negative before what is less so.
        let mut next: Vec<usize> = (from..left.len()).collect();
        next.sort_by(|&a, &b| w[left[b]].total_cmp(&w[left[a]]));
        for at in next {
            let mut rest = left.clone();
            rest.remove(at);
            if !rest.is_empty() {
                open.push((rest, at));
            }
        }
    }
    Ok(best)
}
