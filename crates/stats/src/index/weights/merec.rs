//! MEREC: method based on the removal effects of criteria.
//!
//! ```text
//! n_ij = min_i z_ij / z_ij                          so that small is good
//! S_i  = ln(1 + (1/k) Σ_j |ln n_ij|)                performance of unit i
//! S'_ij: the same without indicator j in the sum
//! E_j  = Σ_i |S'_ij - S_i|,   w_j = E_j / Σ_k E_k
//! ```
//!
//! z must be positive; with z = best / x for indicators of which less is better (`normalize = "reference"`) these are
//! the paper's n. Keshavarz-Ghorabaee, Amiri, Zavadskas, Turskis and Antucheviciene (2021), "Determination of objective
//! weights using a new method based on the removal effects of criteria (MEREC)", Symmetry 13(4), 525.

use super::{Indicators, to_sum_one};
use crate::Result;

/// MEREC weights.
pub fn merec(of: &Indicators) -> Result<Vec<f64>> {
    of.positive(true, "merec")?;
    let k = of.count() as f64;
    let lowest: Vec<f64> = of.z.iter().map(|z| z.iter().copied().fold(f64::INFINITY, f64::min)).collect();
    let distance = |i: usize, j: usize| (of.z[j][i] / lowest[j]).ln();
    let mut effects = vec![0.0; of.count()];
    for i in 0..of.rows() {
        let all: f64 = (0..of.count()).map(|j| distance(i, j)).sum();
        for (j, effect) in effects.iter_mut().enumerate() {
            // S - S' = ln((1 + a) / (1 + a - d)), with d = |ln n| / k the part of j.
            let d = distance(i, j) / k;
            *effect += (d / (1.0 + all / k - d)).ln_1p();
        }
    }
    to_sum_one(effects)
}
