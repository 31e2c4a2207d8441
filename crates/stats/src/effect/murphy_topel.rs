//! Standard errors of a second stage whose regressor was estimated in a first (Murphy and Topel 1985, Journal of
//! Business and Economic Statistics 3:370).
//!
//! Least squares of y on X(θ̂), where column j is a score that depends on the parameters θ of a first stage. With x̃
//! the regressors and d̃_i = ∂x̃_ij/∂θ off the effects, e the residuals and ψ_i what row i adds to θ̂ - θ,
//!
//! ```text
//! β̂ - β ≈ (X̃'X̃)⁻¹ Σ_g [Σ_{i∈g} x̃_i e_i + C Σ_{i∈g} ψ_i],     C = Σ_i (ι_j e_i - β_j x̃_i) d̃_i'
//! ```
//!
//! (k × p; ι_j the j-th unit vector), and the covariance is the sum over clusters g of outer products of the brackets
//! between the inverses. Rows of a cluster in both stages are added before they are squared, so that the dependence
//! between the stages, the R of the paper, is in it.

use crate::fit::Sandwich;
use crate::linear::{OlsFit, Prepared};
use crate::math::Mat;
use crate::{Error, Result};

/// The first stage as the second sees it.
pub struct FirstStage<'a> {
    /// ∂x_ij/∂θ at the sample of the second stage, p columns of n.
    pub derivative: Vec<Vec<f64>>,
    /// ψ of the rows of the first stage, m × p.
    pub influence: &'a Mat<f64>,
    /// Cluster of each of these rows.
    pub groups: &'a [u32],
}

/// The covariance of least squares `fit`, prepared as `prepared`, whose regressor at `position` comes from a first
/// stage; `groups` are the clusters of its sample, below `count`. No factor for small samples.
pub fn murphy_topel(
    fit: &OlsFit,
    prepared: &Prepared,
    position: usize,
    first: FirstStage,
    groups: &[u32],
    count: usize,
) -> Result<Mat<f64>> {
    let (X, bread, scores) = (&fit.X, &fit.bread, fit.scores());
    let (n, k, p) = (X.nrows(), X.ncols(), first.derivative.len());
    if groups.len() != n || first.derivative.iter().any(|d| d.len() != n) {
        return Err(Error::length("the clusters of the second stage", groups.len(), n));
    }
    if first.influence.nrows() != first.groups.len() || first.influence.ncols() != p {
        return Err(Error::length("the clusters of the first stage", first.groups.len(), first.influence.nrows()));
    }
    // Off the effects and times √w.
    let mut D = first.derivative;
    prepared.absorb(&mut D)?;
    let beta = fit.coef[position];
    let root = |i: usize| fit.w.as_ref().map_or(1.0, |w| w[i].sqrt());
    let C = Mat::from_fn(k, p, |r, c| {
        let own = if r == position { 1.0 } else { 0.0 };
        (0..n).map(|i| root(i) * (own * fit.residuals[i] - beta * X[(i, r)]) * D[c][i]).sum::<f64>()
    });
    let mut sums = Mat::<f64>::zeros(count, k);
    for (i, &g) in groups.iter().enumerate() {
        (0..k).for_each(|j| sums[(g as usize, j)] += scores[(i, j)]);
    }
    let moved = first.influence * C.transpose();
    for (i, &g) in first.groups.iter().enumerate() {
        (0..k).for_each(|j| sums[(g as usize, j)] += moved[(i, j)]);
    }
    let meat = sums.transpose() * &sums;
    Ok(bread * meat * bread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Design;
    use crate::absorb::Singletons;
    use crate::linear::Regression;
    use crate::math::rng::Stream;
    use crate::vcov::{Ssc, Vcov};

    /// A first stage with the closed form of two-stage least squares: x = zπ + v is replaced by zπ̂.
    #[test]
    fn of_two_stage_least_squares_it_is_the_sandwich_with_structural_residuals() {
        let n = 400;
        let mut s = Stream::new(11, 0);
        let z: Vec<f64> = (0..n).map(|_| s.normal()).collect();
        let u: Vec<f64> = (0..n).map(|_| s.normal()).collect();
        let x: Vec<f64> = (0..n).map(|i| 0.8 * z[i] + 0.6 * u[i] + s.normal()).collect();
        let y: Vec<f64> = (0..n).map(|i| 1.5 * x[i] + u[i]).collect();
        let zz: f64 = z.iter().map(|z| z * z).sum();
        let pi = z.iter().zip(&x).map(|(z, x)| z * x).sum::<f64>() / zz;
        let fitted: Vec<f64> = z.iter().map(|z| z * pi).collect();
        let design = Design {
            y: y.clone(),
            X: Mat::from_fn(n, 1, |i, _| fitted[i]),
            names: vec!["x".into()],
            rows: (0..n).collect(),
            ..Design::default()
        };
        let rules = Regression { vcov: Some(Vcov::Hc0), ssc: Ssc::None, ..Regression::default() };
        let estimated = rules.run(&design).unwrap();
        let prepared = Prepared::new(&design, Singletons::Keep).unwrap();
        let influence = Mat::from_fn(n, 1, |i, _| z[i] * (x[i] - z[i] * pi) / zz);
        let groups: Vec<u32> = (0..n as u32).collect();
        let first = FirstStage { derivative: vec![z.clone()], influence: &influence, groups: &groups };
        let V = murphy_topel(&estimated.fit, &prepared, 0, first, &groups, n).unwrap();
        // (Σ x̂²)⁻¹ Σ x̂² (y - xβ)² (Σ x̂²)⁻¹, the heteroscedastic covariance of two-stage least squares.
        let beta = estimated.coefficients[0].estimate;
        let xx: f64 = fitted.iter().map(|x| x * x).sum();
        let meat: f64 = (0..n).map(|i| (fitted[i] * (y[i] - x[i] * beta)).powi(2)).sum();
        let want = meat / (xx * xx);
        assert!((V[(0, 0)] / want - 1.0).abs() < 1e-10, "{} and {want}", V[(0, 0)]);
    }
}
