//! Few or unequal clusters: CR3, which leaves out one cluster after another, and CR2.
//!
//! ```text
//! M = Σ_g z_g z_g',      z_g = X_g' (I - H_gg)^{-a} u_g,      a = 1 for crv3, 1/2 for cr2
//! ```
//!
//! with H_gg the block of cluster g of the projection on regressors and effects ([`super::blocks`]). For least squares
//! (X'X)⁻¹ z_g at a = 1 is exactly b - b₍g₎, the change of the estimate when cluster g is left out and everything,
//! effects included, is estimated again; for a fit by iterated weights it is the first step of that. The factor of the
//! jackknife is (G - 1)/G (MacKinnon, Nielsen and Webb 2023; pyfixest); `ssc = "none"` and `"plm"` have none
//! (clubSandwich). CR2 is unbiased when errors are independent of equal variance (under weights: variance 1/w) and
//! has no factor (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018).

use super::blocks::Blocks;
use crate::math::{Mat, linalg};
use crate::{Error, Kind, Result};
use rayon::prelude::*;

/// 1 - λ below this: the cluster alone decides a direction of Z.
const ALONE: f64 = 1e-9;

/// Share of such a direction in the regressors above which a coefficient is not identified without the cluster.
const SHARE: f64 = 1e-7;

/// V without factor, k × k: T (Σ z z') T'.
pub(super) fn covariance(blocks: &Blocks, half: bool, cluster: &str, rows: &[usize]) -> Result<Mat<f64>> {
    let k = blocks.T.ncols();
    let all: Vec<Vec<f64>> = (0..blocks.members.len())
        .into_par_iter()
        .map(|g| adjusted(blocks, g, half, cluster, rows))
        .collect::<Result<_>>()?;
    let z = Mat::from_fn(all.len(), k, |g, j| all[g][j]);
    let moved = &z * blocks.T.transpose();
    Ok(moved.transpose() * &moved)
}

/// z_g in the coordinates of Z_X, k: the last of Z_g'(I - Z_g Z_g')^{-a} u_g, from the smaller of Z_g'Z_g and Z_g Z_g'.
fn adjusted(blocks: &Blocks, g: usize, half: bool, cluster: &str, rows: &[usize]) -> Result<Vec<f64>> {
    let Z = blocks.rows(g);
    let u: Vec<f64> = blocks.members[g].iter().map(|&i| blocks.u[i]).collect();
    let (n, r, k) = (Z.nrows(), Z.ncols(), blocks.T.ncols());
    let wide = n < r;
    let (values, U) = match wide {
        true => linalg::symmetric_eigen(&(&Z * Z.transpose()))?,
        false => linalg::symmetric_eigen(&(Z.transpose() * &Z))?,
    };
    // Directions in the space of Z: U itself, or Z'U.
    let into = |v: &dyn Fn(usize) -> f64, j: usize| -> f64 { (0..n).map(|i| Z[(i, j)] * v(i)).sum() };
    let own: Vec<f64> = match wide {
        true => u.clone(),
        false => (0..r).map(|j| into(&|i| u[i], j)).collect(),
    };
    let mut out = vec![0.0; k];
    for (l, &value) in values.iter().enumerate() {
        let along: f64 = own.iter().enumerate().map(|(i, v)| U[(i, l)] * v).sum();
        let direction: Vec<f64> = (r - k..r).map(|j| if wide { into(&|i| U[(i, l)], j) } else { U[(j, l)] }).collect();
        let left = 1.0 - value;
        if left < ALONE {
            // Residuals have nothing along it; an effect level that only this cluster has may go.
            if direction.iter().map(|d| d * d).sum::<f64>() > SHARE {
                return Err(Error::new(Kind::Untrusted {
                    message: format!(
                        "a cluster of `{cluster}` alone identifies a coefficient, so that leaving it out leaves none"
                    ),
                    remedy: "drop the regressor that varies in one cluster only, or set `vcov = \"cluster:…\"`".into(),
                })
                .at_rows(blocks.members[g].iter().take(3).map(|&i| rows[i]).collect::<Vec<_>>()));
            }
            continue;
        }
        let by = along / if half { left.sqrt() } else { left };
        out.iter_mut().zip(&direction).for_each(|(o, d)| *o += by * d);
    }
    Ok(out)
}
