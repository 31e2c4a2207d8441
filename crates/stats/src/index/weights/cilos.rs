//! CILOS: criterion impact loss; and IDOCRIW, its product with entropy.
//!
//! Where indicator i has its best row, the others stand at a_ij; what they lose against their own best is
//!
//! ```text
//! x_ij = z_ij / Σ_i z_ij,   a_ij = x_{b(i) j},   b(i) the row where x_i is largest
//! p_ij = (a_jj - a_ij) / a_jj                       loss of j where i is best, p_jj = 0
//! F = P - diag(Σ_i p_ij),   F q = 0,   Σ q = 1
//! ```
//!
//! An indicator that loses little wherever another is best weighs more. IDOCRIW multiplies with the entropy weights,
//! w_j ∝ q_j (1 - e_j), with e of the values before
//! inversion, as in the paper. Of several best rows the first counts, as in the papers' programs.
//! Zavadskas and Podvezko (2016), "Integrated determination of objective criteria weights in MCDM", International
//! Journal of Information Technology & Decision Making 15(2).

use super::dispersion::entropy_weights;
use super::{Indicators, to_sum_one};
use crate::math::Mat;
use crate::math::linalg::solve;
use crate::{Error, Result};

/// CILOS weights.
pub fn cilos(of: &Indicators) -> Result<Vec<f64>> {
    of.positive(false, "cilos")?;
    let k = of.count();
    if k == 1 {
        return Ok(vec![1.0]);
    }
    let best: Vec<usize> =
        (of.z.iter()).map(|z| (1..z.len()).fold(0, |best, i| if z[i] > z[best] { i } else { best })).collect();
    for (j, name) in of.names.iter().enumerate() {
        if of.z[j][best[j]] == 0.0 {
            return Err(Error::invalid("every normalized value is zero", "leave the indicator out").at_column(name));
        }
    }
    let loss = |i: usize, j: usize| 1.0 - of.z[j][best[i]] / of.z[j][best[j]];
    let losses: Vec<f64> = (0..k).map(|j| (0..k).map(|i| loss(i, j)).sum()).collect();
    // The columns of F sum to zero: any one equation follows from the others and gives way to Σ q = 1.
    let system = Mat::from_fn(k, k, |i, j| match (i + 1 == k, i == j) {
        (true, _) => 1.0,
        (false, true) => -losses[j],
        (false, false) => loss(i, j),
    });
    let right: Vec<f64> = (0..k).map(|i| f64::from(u8::from(i + 1 == k))).collect();
    let q = solve(&system, &right, "the matrix of losses").map_err(|_| {
        Error::invalid(
            "cilos weights are not unique: two or more indicators lose nothing wherever another is best",
            "leave one of the indicators that share their best row out, or take another convention",
        )
    })?;
    to_sum_one(q)
}

/// IDOCRIW weights: CILOS times the entropy weights of the values before those of which less is better are inverted.
pub fn idocriw(of: &Indicators) -> Result<Vec<f64>> {
    let inverted = |j: usize| of.inverted.get(j).copied().unwrap_or(false);
    let back: Vec<Vec<f64>> = (of.z.iter().enumerate())
        .map(|(j, z)| if inverted(j) { z.iter().map(|v| 1.0 / v).collect() } else { z.to_vec() })
        .collect();
    let z: Vec<&[f64]> = back.iter().map(Vec::as_slice).collect();
    let entropy = entropy_weights(&Indicators::new(of.names, &z)?)?;
    to_sum_one(cilos(of)?.iter().zip(entropy).map(|(q, w)| q * w).collect())
}
