//! The random-effects estimator of the one-way error component model, for balanced and unbalanced panels.
//!
//! ```text
//! y_it = x_it'β + α_i + u_it,     Var α = σ_α²,  Var u = σ_u²
//! β̂: least squares of  y_it - θ_i ȳ_i  on  x_it - θ_i x̄_i,     θ_i = 1 - √(σ_u²/(σ_u² + T_i σ_α²))
//! ```
//!
//! Generalized least squares, consistent when α is uncorrelated with the regressors. The variance components come from
//! two quadratic forms of residuals e, q_W = e'We within and q_B = e'Be between units (W = I - B), set equal to their
//! expectations:
//!
//! | `variance` | residuals of q_W, q_B | balanced: E q_W/σ_u², E q_B | unbalanced |
//! |---|---|---|---|
//! | `swamy_arora` (1972) | within; between, units counted T times | n - N - K; (N - k)(σ_u² + T σ_α²) | exact |
//! | `amemiya` (1971) | within, for both | n - N; N (σ_u² + T σ_α²) | exact |
//! | `wallace_hussain` (1969) | pooled least squares, for both | n - N; N (σ_u² + T σ_α²) | exact |
//! | `nerlove` (1971) | σ_u² = q_W/n; σ_α² is the variance of the estimated unit effects, N - 1 below | | – |
//!
//! "Exact" are the expectations of Baltagi and Chang (1994), unbiased for any lengths T_i; for a balanced panel the
//! simple denominators are those that textbooks and R's plm use. A negative σ_α² becomes zero, and the estimator
//! pooled least squares. Mundlak's (1978) form adds the unit means of the regressors: the slopes are then those of the
//! within estimator, and a joint test of the means is the Hausman test under any covariance.

use super::between::means;
use super::panel::{Units, something_left, unweighted};
use super::{Ols, OlsFit};
use crate::math::Mat;
use crate::{Design, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the variances of the two error components are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Variance {
    /// From the residuals of the within and the between regression (the default of Stata and of plm).
    #[default]
    SwamyArora,
    /// From within residuals alone.
    Amemiya,
    /// From pooled least-squares residuals alone.
    WallaceHussain,
    /// From within residuals and the estimated unit effects; balanced panels only.
    Nerlove,
}

/// Random effects: generalized least squares with one random effect for each unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandomEffects {
    /// Estimator of the variance components.
    pub variance: Variance,
    /// Add the unit means of the regressors that vary within units (correlated random effects).
    pub mundlak: bool,
}

/// A fitted random-effects model.
#[derive(Debug, Clone)]
pub struct RandomEffectsFit {
    /// Least squares on the quasi-demeaned columns.
    pub fit: OlsFit,
    /// The quasi-demeaned design: what a covariance wants to see.
    pub design: Design,
    /// The model in levels, Mundlak's means included.
    pub levels: Design,
    /// Variance of the idiosyncratic error, σ_u².
    pub sigma2_u: f64,
    /// Variance of the unit effects, σ_α².
    pub sigma2_effect: f64,
    /// Whether σ_α² was negative before it became zero.
    pub truncated: bool,
    /// Smallest and largest θ.
    pub theta: (f64, f64),
    /// Units.
    pub units: usize,
    /// Fewest and most observations of a unit.
    pub periods: (usize, usize),
    /// Squared correlation of fitted and actual values: within units, between unit means, overall.
    pub r2: [f64; 3],
}

impl RandomEffects {
    /// Estimates the variance components and the model.
    pub fn fit(&self, design: &Design, ols: Ols) -> Result<RandomEffectsFit> {
        let mut design = unweighted(design, "re")?;
        let units = Units::of(&design)?;
        if self.mundlak {
            design = with_means(&design, &units);
        }
        let (sigma2_u, effect) = components(&design, &units, self.variance)?;
        let sigma2_effect = effect.max(0.0);
        let theta: Vec<f64> =
            units.rows.iter().map(|r| 1.0 - (sigma2_u / (sigma2_u + r.len() as f64 * sigma2_effect)).sqrt()).collect();
        let transformed = quasi_demeaned(&design, &units, &theta);
        let fit = ols.fit(&transformed)?;
        something_left(&fit, &transformed)?;
        let lengths = || units.rows.iter().map(Vec::len);
        Ok(RandomEffectsFit {
            r2: correlations(&design, &units, &fit),
            fit,
            design: transformed,
            levels: design,
            sigma2_u,
            sigma2_effect,
            truncated: effect < 0.0,
            theta: (theta.iter().copied().fold(1.0, f64::min), theta.iter().copied().fold(0.0, f64::max)),
            units: units.count(),
            periods: (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0)),
        })
    }
}

/// Name of the unit mean of a regressor.
pub fn mean_name(regressor: &str) -> String {
    format!("mean({regressor})")
}

/// The design with the unit means of the regressors that vary within units.
pub(super) fn with_means(design: &Design, units: &Units) -> Design {
    let mut columns: Vec<(String, Vec<f64>)> =
        (0..design.X.ncols()).map(|j| (design.names[j].clone(), design.X.col_as_slice(j).to_vec())).collect();
    for j in units.varying(design) {
        let mut mean = vec![0.0; units.n];
        for (rows, m) in units.rows.iter().zip(units.means(design.X.col_as_slice(j))) {
            rows.iter().for_each(|&i| mean[i] = m);
        }
        columns.push((mean_name(&design.names[j]), mean));
    }
    design.with_regressors(&columns)
}

/// v - θ v̄ for the outcome and every regressor, the constant included.
fn quasi_demeaned(design: &Design, units: &Units, theta: &[f64]) -> Design {
    let transform = |v: &[f64]| {
        let mut out = v.to_vec();
        for ((rows, mean), theta) in units.rows.iter().zip(units.means(v)).zip(theta) {
            rows.iter().for_each(|&i| out[i] -= theta * mean);
        }
        out
    };
    let columns: Vec<Vec<f64>> = (0..design.X.ncols()).map(|j| transform(design.X.col_as_slice(j))).collect();
    Design { y: transform(&design.y), X: Mat::from_fn(units.n, columns.len(), |i, j| columns[j][i]), ..design.clone() }
}

/// σ_u² and σ_α², the latter as it comes, negative or not.
fn components(design: &Design, units: &Units, variance: Variance) -> Result<(f64, f64)> {
    let (n, N) = (units.n as f64, units.count() as f64);
    let balanced = units.balanced();
    let T = n / N;
    let within = units.within(design, false)?;
    let K = within.coef.len() as f64;
    // q_W and q_B, and what multiplies σ_u² and σ_α² in their expectations; σ_α² drops out of E q_W but for pooled e.
    let (q, [w_u, w_a], [b_u, b_a]) = match variance {
        Variance::SwamyArora => {
            let b = Ols::default().fit(&means(&free_of_clusters(design), units, true)?).map_err(|e| match e.kind {
                crate::Kind::Invalid { .. } => Error::invalid(
                    format!("the between regression of `swamy_arora` has {N} units, no more than regressors"),
                    "use `variance = \"amemiya\"`, or fewer regressors",
                ),
                _ => e,
            })?;
            // tr[(X̄'TX̄)⁻¹ Σ T² x̄x̄'], which is kT in a balanced panel.
            let trace: f64 = (units.rows.iter().enumerate())
                .map(|(i, r)| (r.len() as f64).powi(2) * form(&b.bread, &row(&b.X, i)))
                .sum();
            ([within.ssr, b.ssr], [n - N - K, 0.0], [N - b.coef.len() as f64, n - trace])
        }
        Variance::Amemiya => {
            let e = pooled_residuals(design, &within);
            let q = [within.ssr, units.squares_between(&e)];
            match balanced {
                true => (q, [n - N, 0.0], [N, N * T]),
                false => {
                    let X = matrix(design, &within.names);
                    let mean: Vec<f64> = (0..X.ncols()).map(|j| X.col_as_slice(j).iter().sum::<f64>() / n).collect();
                    // tr[(X'WX)⁻¹ Σ T (x̄_i - x̄)(x̄_i - x̄)'].
                    let trace: f64 = (units.rows.iter())
                        .map(|r| {
                            let d: Vec<f64> = (0..X.ncols())
                                .map(|j| r.iter().map(|&i| X[(i, j)]).sum::<f64>() / r.len() as f64 - mean[j])
                                .collect();
                            r.len() as f64 * form(&within.bread, &d)
                        })
                        .sum();
                    (q, [n - N - K, 0.0], [N - 1.0 + trace, n - units.squared_lengths() / n])
                }
            }
        }
        Variance::WallaceHussain => {
            let pooled = Ols::default().fit(design)?;
            let e = &pooled.residuals;
            let between = units.squares_between(e);
            let q = [pooled.ssr - between, between];
            match balanced {
                true => (q, [n - N, 0.0], [N, N * T]),
                false => {
                    let (w, b) = wallace_hussain(&pooled, units);
                    (q, w, b)
                }
            }
        }
        Variance::Nerlove => {
            if !balanced {
                return Err(Error::invalid(
                    "Nerlove's variance components are defined for balanced panels",
                    "use `variance = \"swamy_arora\"`, or a panel with every unit at every time",
                ));
            }
            let effects = units.means(&pooled_residuals(design, &within));
            let mean = effects.iter().sum::<f64>() / N;
            let spread: f64 = effects.iter().map(|a| (a - mean).powi(2)).sum();
            return Ok((within.ssr / n, spread / (N - 1.0)));
        }
    };
    // Two linear equations in σ_u² and σ_α².
    let determinant = w_u * b_a - w_a * b_u;
    if w_u <= 0.0 || b_u <= 0.0 || determinant.abs() <= 1e-12 * n * n {
        return Err(Error::invalid(
            format!("{n} observations of {N} units do not identify the two variance components"),
            "use fewer regressors, or units with more observations",
        ));
    }
    Ok(((q[0] * b_a - q[1] * w_a) / determinant, (q[1] * w_u - q[0] * b_u) / determinant))
}

/// y - x'b with the within slopes b, about its mean, n.
fn pooled_residuals(design: &Design, within: &OlsFit) -> Vec<f64> {
    let X = matrix(design, &within.names);
    let mut e: Vec<f64> = (0..design.nobs())
        .map(|i| design.y[i] - within.coef.iter().enumerate().map(|(j, b)| b * X[(i, j)]).sum::<f64>())
        .collect();
    let mean = e.iter().sum::<f64>() / e.len() as f64;
    e.iter_mut().for_each(|e| *e -= mean);
    e
}

/// Expectations of q_W and q_B of pooled residuals, as multiples of σ_u² and σ_α².
fn wallace_hussain(pooled: &OlsFit, units: &Units) -> ([f64; 2], [f64; 2]) {
    let (n, N, k) = (units.n as f64, units.count() as f64, pooled.coef.len());
    let (mut between, mut sums) = (Mat::<f64>::zeros(k, k), Mat::<f64>::zeros(k, k));
    for rows in &units.rows {
        let sum: Vec<f64> = (0..k).map(|j| rows.iter().map(|&i| pooled.X[(i, j)]).sum()).collect();
        let outer = Mat::from_fn(k, k, |a, b| sum[a] * sum[b]);
        // X'BX and X'DD'X with the dummies D of the units.
        between += Mat::from_fn(k, k, |a, b| outer[(a, b)] / rows.len() as f64);
        sums += outer;
    }
    let trace = |A: &Mat<f64>| (0..k).map(|j| A[(j, j)]).sum::<f64>();
    let MB = &pooled.bread * &between;
    let MS = &pooled.bread * &sums;
    let (tB, tS, tBS) = (trace(&MB), trace(&MS), trace(&(&MB * &MS)));
    // (X'X)⁻¹ X'WX = I - (X'X)⁻¹ X'BX.
    ([n - N - (k as f64 - tB), tS - tBS], [N - tB, n - 2.0 * tS + tBS])
}

/// The design without clusters: the means of a variance component need none.
fn free_of_clusters(design: &Design) -> Design {
    Design { cluster: Vec::new(), ..design.clone() }
}

/// The columns of X with these names.
fn matrix(design: &Design, names: &[String]) -> Mat<f64> {
    let at: Vec<usize> = names.iter().filter_map(|n| design.position(n)).collect();
    Mat::from_fn(design.nobs(), at.len(), |i, j| design.X[(i, at[j])])
}

fn row(A: &Mat<f64>, i: usize) -> Vec<f64> {
    (0..A.ncols()).map(|j| A[(i, j)]).collect()
}

/// d'Ad.
fn form(A: &Mat<f64>, d: &[f64]) -> f64 {
    (0..d.len()).map(|i| (0..d.len()).map(|j| d[i] * A[(i, j)] * d[j]).sum::<f64>()).sum()
}

/// Squared correlations of x'β̂ with y within units, between their means (each once), and overall.
fn correlations(design: &Design, units: &Units, fit: &OlsFit) -> [f64; 3] {
    let X = matrix(design, &fit.names);
    let fitted: Vec<f64> =
        (0..units.n).map(|i| fit.coef.iter().enumerate().map(|(j, b)| b * X[(i, j)]).sum()).collect();
    let within = |v: &[f64]| {
        let mut out = v.to_vec();
        for (rows, mean) in units.rows.iter().zip(units.means(v)) {
            rows.iter().for_each(|&i| out[i] -= mean);
        }
        out
    };
    [
        correlation(&within(&fitted), &within(&design.y)),
        correlation(&units.means(&fitted), &units.means(&design.y)),
        correlation(&fitted, &design.y),
    ]
}

/// Squared correlation; NaN when a side is constant.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let cross =
        |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 { x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum() };
    let (aa, bb) = (cross(a, ma, a, ma), cross(b, mb, b, mb));
    // What rounding leaves of a constant is no variation.
    let scale = a.iter().map(|v| v * v).sum::<f64>();
    if aa <= 1e-24 * scale || bb <= 0.0 { f64::NAN } else { cross(a, ma, b, mb).powi(2) / (aa * bb) }
}

/// Whether a name is that of a Mundlak mean of a regressor of `levels`.
pub(super) fn is_mean(name: &str, levels: &Design) -> bool {
    let regressor = name.strip_prefix("mean(").and_then(|n| n.strip_suffix(')'));
    regressor.is_some_and(|n| levels.position(n).is_some())
}
