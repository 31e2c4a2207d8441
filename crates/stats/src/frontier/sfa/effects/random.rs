//! Linear random effects y_it = x_it'β + w_i + v_it by maximum likelihood: the models with random effects and no
//! inefficiency, hence their starts and what the likelihood ratio compares with.
//!
//! Given ρ = σ_w²/σ_v², generalized least squares gives β, and σ_v² follows, so that one number is searched (Hsiao 2014,
//! section 3.3.3):
//!
//! ```text
//! ln L(ρ) = -n/2 (ln 2π + ln σ_v² + 1) - ½ Σ_i ln(1 + T_i ρ)
//! ```

use super::super::{Data, Index, LeastSquares, dot};
use crate::math::Mat;
use crate::math::linalg::spd_inverse;
use crate::math::normal::LN_SQRT_TAU;
use crate::{Error, Result};

/// The fit.
pub(in super::super) struct RandomEffects {
    /// Standardized coefficients, k.
    pub(in super::super) coef: Vec<f64>,
    /// σ_v².
    pub(in super::super) variance: f64,
    /// σ_w².
    pub(in super::super) between: f64,
    pub(in super::super) loglik: f64,
    /// (Z'Ω⁻¹Z)⁻¹ σ_v⁻², k × k: times `variance` it is the covariance of `coef`.
    pub(in super::super) inverse: Mat<f64>,
    /// Rows of each unit in the order of time.
    pub(in super::super) spells: Vec<Vec<usize>>,
}

impl RandomEffects {
    pub(in super::super) fn fit(data: &Data, index: &Index) -> Result<Self> {
        let spells = data.need_panel()?.spells()?;
        if spells.iter().all(|s| s.len() < 2) {
            return Err(Error::invalid(
                "no unit has two rows, so that nothing tells a unit effect from noise",
                "use model = \"pooled\"",
            ));
        }
        // ρ = 0, then a grid of ln ρ, then a golden section around the best of it.
        let mut best = Self::at(data, index, &spells, 0.0)?;
        let mut rho = 0.0;
        let mut try_at = |x: f64| -> Result<f64> {
            let fit = Self::at(data, index, &spells, x.exp())?;
            let loglik = fit.2;
            if loglik > best.2 {
                (best, rho) = (fit, x.exp());
            }
            Ok(loglik)
        };
        let grid: Vec<f64> = (-12..=8).map(f64::from).collect();
        let values = grid.iter().map(|&x| try_at(x)).collect::<Result<Vec<f64>>>()?;
        let top = (0..grid.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(0);
        let (mut low, mut high) = (grid[top] - 1.0, grid[top] + 1.0);
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
        let (mut fa, mut fb) = (try_at(a)?, try_at(b)?);
        // The likelihood is flat to rounding within 1e-8 of its maximum.
        while high - low > 1e-8 {
            if fa > fb {
                (high, b, fb) = (b, a, fa);
                a = high - golden * (high - low);
                fa = try_at(a)?;
            } else {
                (low, a, fa) = (a, b, fb);
                b = low + golden * (high - low);
                fb = try_at(b)?;
            }
        }
        let (coef, variance, loglik, inverse) = best;
        Ok(RandomEffects { coef, variance, between: rho * variance, loglik, inverse, spells })
    }

    /// β, σ_v², ln L and the inverse of the cross products at ρ: rows less θ_i times their unit mean, θ_i = 1 - 1/√(1 + T_i ρ).
    fn at(data: &Data, index: &Index, spells: &[Vec<usize>], rho: f64) -> Result<(Vec<f64>, f64, f64, Mat<f64>)> {
        let (k, n) = (index.k, data.nobs());
        let (mut A, mut b, mut ln) = (Mat::<f64>::zeros(k, k), vec![0.0; k], 0.0);
        let mut rows = Vec::with_capacity(n * (k + 1));
        for spell in spells {
            let size = spell.len() as f64;
            let share = 1.0 - (1.0 + size * rho).powf(-0.5);
            ln += (size * rho).ln_1p();
            let mut mean = vec![0.0; k + 1];
            for &i in spell {
                index.row(i).iter().zip(&mut mean).for_each(|(z, m)| *m += z / size);
                mean[k] += data.y[i] / size;
            }
            for &i in spell {
                let from = rows.len();
                rows.extend(index.row(i).iter().zip(&mean).map(|(z, m)| z - share * m));
                rows.push(data.y[i] - share * mean[k]);
                let row = &rows[from..];
                for a in 0..k {
                    b[a] += row[a] * row[k];
                    (0..k).for_each(|c| A[(a, c)] += row[a] * row[c]);
                }
            }
        }
        let inverse = spd_inverse(&A, "the cross products of random effects")?;
        let coef: Vec<f64> = (0..k).map(|a| (0..k).map(|c| inverse[(a, c)] * b[c]).sum()).collect();
        let variance =
            rows.chunks_exact(k + 1).map(|row| (row[k] - dot(&row[..k], &coef)).powi(2)).sum::<f64>() / n as f64;
        let loglik = -0.5 * n as f64 * (2.0 * LN_SQRT_TAU + variance.ln() + 1.0) - 0.5 * ln;
        Ok((coef, variance, loglik, inverse))
    }

    /// As what a frontier with random effects is compared with; the skewness is that of least squares.
    pub(in super::super) fn least_squares(data: &Data, index: &Index) -> Result<LeastSquares> {
        let skewness = LeastSquares::fit(&data.y, index)?.skewness;
        let Self { coef, variance, loglik, .. } = Self::fit(data, index)?;
        Ok(LeastSquares { n: data.nobs(), coef, variance, skewness, loglik })
    }
}
