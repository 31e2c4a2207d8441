//! How strong the instruments are: first stages, Cragg-Donald, Kleibergen-Paap, the effective F; and the
//! Anderson-Rubin test, which does not depend on it.
//!
//! With Q_Z orthonormal instruments off the exogenous regressors and x = Dv the combination of the endogenous
//! variables whose canonical correlation ρ with them is smallest,
//!
//! ```text
//! iid        LM = n ρ²                     Cragg-Donald F = (n - L)/l · ρ²/(1 - ρ²)
//! otherwise  rk = λ' V(λ)⁻¹ λ,  λ = U'Q_Z'x,  U orthogonal to what identifies the other combinations
//! ```
//!
//! (Kleibergen and Paap 2006; with one endogenous variable U = I and x is the variable.) The Wald form `kp_f` takes V
//! from the first-stage residuals under the step's covariance and small-sample rule, and divides by l; the LM form
//! takes it with the null imposed and no factor, χ² with l - p + 1. Critical values of Stock and Yogo (2005) hold for
//! iid errors only.
//!
//! The effective F of Montiel Olea and Pflueger (2013), one endogenous variable, is q'q / tr V(q) with q = Q_Z'x. Its
//! critical value bounds the Nagar bias of two-stage least squares by a share τ of the worst case: with the covariance
//! (W₁, W₁₂; ·, W₂) of (Q_Z'y, q), S₁ = W₁ - 2βW₁₂ + β²W₂ and S₁₂ = W₁₂ - βW₂,
//!
//! ```text
//! B = sup over β and unit c of |tr S₁₂ - 2 c'S₁₂c| / √(tr S₁ tr W₂) ≤ 1,   x = B/τ
//! K = (tr W₂)² (1 + 2x) / (tr W₂² + 2x tr W₂ λmax(W₂)),   critical = χ²_K(K x; upper 5 %) / K
//! ```
//!
//! where the last line is Patnaik's noncentral χ² with the mean and the largest variance of q'q / tr W₂. With one
//! instrument B = 1 and K = 1. For LIML and GMM the bound B = 1 is used, which holds for LIML too.

use super::Estimated;
use super::anderson_rubin::{ArSet, anderson_rubin};
use super::least_squares::{Orthogonal, dot};
use super::system::{System, imposed, quadratic_form};
use crate::absorb::squares;
use crate::fit::table;
use crate::math::{Mat, dist, linalg};
use crate::vcov::{Ssc, Vcov, vcov};
use crate::{Coefficient, Result, Test};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An endogenous variable on the instruments and exogenous regressors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FirstStage {
    /// The endogenous variable.
    pub name: String,
    /// Excluded instruments, then exogenous regressors, under the step's covariance.
    pub coefficients: Vec<Coefficient>,
    /// F of the excluded instruments under the step's covariance; `None` where that is singular.
    pub f: Option<f64>,
    /// Its degrees of freedom: excluded instruments.
    pub df: f64,
    /// Denominator.
    pub df_residual: f64,
    /// p-value.
    pub p_value: Option<f64>,
    /// R² of the excluded instruments given the exogenous regressors and the effects.
    pub partial_r2: f64,
}

impl FirstStage {
    /// The first stages of all endogenous variables.
    pub(super) fn all(system: &System, how: &Vcov, ssc: Ssc) -> Result<Vec<FirstStage>> {
        let columns = system.exogenous.and(&system.excluded);
        let bread = system.instruments.inverse_gram();
        let (m, l) = (system.exogenous.len(), system.excluded.len());
        let one = |(name, d): (&String, &Vec<f64>)| {
            let (coef, v) = system.instruments.solve(&columns.values, d);
            let fit = system.fit(&columns.names, &columns.values, coef, bread.clone(), &v);
            let covariance = vcov(&fit, how, ssc, system.design)?;
            let mut coefficients = table(&fit, &covariance.V, Some(covariance.df));
            coefficients.rotate_left(m);
            let V = system.excluded_block(&covariance.V);
            let f = quadratic_form(&fit.coef[m..], &V, &covariance.G).map(|w| w / l as f64);
            let off = squares(&system.off_exogenous(d), None);
            Ok(FirstStage {
                name: name.clone(),
                coefficients,
                f,
                df: l as f64,
                df_residual: covariance.df,
                p_value: f.map(|f| dist::f_p(f, l as f64, covariance.df)),
                partial_r2: 1.0 - squares(&v, None) / off,
            })
        };
        system.endogenous.names.iter().zip(&system.endogenous.values).map(one).collect()
    }
}

/// A critical value of the effective F.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Critical {
    /// Bias, as a share of the worst case, that is excluded at the 5 % level.
    pub tau: f64,
    /// The effective F must be above it.
    pub value: f64,
}

/// Strength of the instruments, and the Anderson-Rubin test.
#[derive(Debug, Clone, Default)]
pub struct Weak {
    /// Smallest F of the first stages.
    pub first_stage_f: Option<Test>,
    /// Minimum eigenvalue form of the first-stage F, iid errors.
    pub cragg_donald_f: f64,
    /// Underidentification: the rk LM statistic.
    pub kp_lm: Option<Test>,
    /// The rk Wald F.
    pub kp_f: Option<f64>,
    /// Stock and Yogo's value for a size of at most 10 % of a 5 % Wald test of two-stage least squares, iid errors.
    pub stock_yogo: Option<f64>,
    /// Effective F; one endogenous variable.
    pub effective_f: Option<f64>,
    /// Its critical values.
    pub critical: Vec<Critical>,
    /// Wald F that the endogenous variables have no effect.
    pub wald: Option<Test>,
    /// Anderson-Rubin F of the same hypothesis.
    pub ar: Option<Test>,
    /// 95 % confidence set; one endogenous variable.
    pub ar_set: Option<ArSet>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Weak {
    /// All of it, from the first stages and the estimates.
    pub(super) fn new(
        system: &System,
        first: &[FirstStage],
        estimated: &Estimated,
        how: &Vcov,
        ssc: Ssc,
        two_stage: bool,
    ) -> Result<Weak> {
        let (p, l) = (system.endogenous.len(), system.excluded.len());
        let mut out = Weak::default();
        let weakest = first.iter().min_by(|a, b| a.f.unwrap_or(f64::NAN).total_cmp(&b.f.unwrap_or(f64::NAN)));
        out.first_stage_f = weakest.and_then(|s| {
            Some(Test {
                name: s.name.clone(),
                statistic: s.f?,
                df: s.df,
                df_residual: Some(s.df_residual),
                p_value: s.p_value?,
            })
        });

        let weakest = Combination::weakest(system)?;
        let free = system.free() as f64;
        out.cragg_donald_f = free / l as f64 * weakest.squared_correlation / (1.0 - weakest.squared_correlation);
        let rk = |u: &[f64], how: &Vcov, ssc: Ssc| -> Result<Option<f64>> {
            let V = system.covariance(u, how, ssc)?;
            Ok(weakest.rk(&system.excluded_block(&V.V), &V.G))
        };
        let df = (l - p + 1) as f64;
        out.kp_lm = rk(&weakest.x, &imposed(how), Ssc::None)?.map(|statistic| Test {
            name: "kp_lm".into(),
            statistic,
            df,
            df_residual: None,
            p_value: dist::chi2_p(statistic, df),
        });
        out.kp_f = rk(&system.off_instruments(&weakest.x), how, ssc)?.map(|w| w / l as f64);
        out.stock_yogo = stock_yogo(p, l).filter(|_| two_stage);
        out.wald = estimated.wald("wald", &(0..p).collect::<Vec<_>>());
        if p == 1 {
            let d = system.off_exogenous(&system.endogenous.values[0]);
            let reduced = ReducedForm::new(system, &d, how, ssc)?;
            out.effective_f = reduced.effective_f();
            out.critical = reduced.critical_values(two_stage)?;
            (out.ar, out.ar_set) = anderson_rubin(&reduced)?;
        } else {
            let V = system.covariance(&system.off_instruments(&system.y), how, ssc)?;
            let g = system.excluded_coordinates(&system.off_exogenous(&system.y));
            out.ar = quadratic_form(&g, &system.excluded_block(&V.V), &V.G).map(|w| ar_test(w / l as f64, l, V.df));
        }
        out.remark(how, l);
        Ok(out)
    }

    /// Says in words what the numbers warn of.
    fn remark(&mut self, how: &Vcov, l: usize) {
        if self.kp_f.is_none() || self.ar.is_none() {
            self.notes.push(format!(
                "first-stage F, Kleibergen-Paap or Anderson-Rubin statistics are not defined under `{how}`: the covariance of the {l} instruments is singular, as it is with no more clusters than instruments"
            ));
        }
        let tenth = self.critical.iter().find(|c| c.tau == 0.1);
        match (self.effective_f, tenth, self.kp_f) {
            (Some(f), Some(c), _) if f < c.value => self.notes.push(format!(
                "weak instruments: the effective F of {f:.2} is below {:.2}, so that a bias of more than 10 % of the worst case cannot be ruled out at 5 %; read the Anderson-Rubin set instead of the t statistic",
                c.value
            )),
            (None, _, Some(f)) if f < 10.0 => self.notes.push(format!(
                "weak instruments: the Kleibergen-Paap F of {f:.2} is below 10; read the Anderson-Rubin test instead of the Wald test"
            )),
            _ => {}
        }
        if let (Some(value), Some(f)) = (self.stock_yogo, self.kp_f) {
            let side = if f < value { "below" } else { "above" };
            let caveat = match how {
                Vcov::Iid => "valid for iid errors only".to_string(),
                _ => format!("derived for iid errors, so no more than a rough guide under `{how}`"),
            };
            self.notes.push(format!(
                "the Kleibergen-Paap F of {f:.2} is {side} {value:.2}, the Stock-Yogo value for a size of at most 10 % ({caveat})"
            ));
        }
        if let (Some(wald), Some(ar)) = (&self.wald, &self.ar)
            && (wald.p_value < 0.05) != (ar.p_value < 0.05)
        {
            let what = match (wald.p_value < 0.05, l) {
                (true, 1) => "the effect is not established",
                (true, _) => "the effect is not established, or the instruments disagree with each other",
                (false, 1) => "the Wald test has little power here",
                (false, _) => "the Wald test has little power here, or the instruments are not all exogenous",
            };
            self.notes.push(format!(
                "Wald and Anderson-Rubin disagree at 5 % (p = {:.4} and {:.4}); the latter is valid however weak the instruments are: {what}",
                wald.p_value, ar.p_value
            ));
        }
    }
}

pub(super) fn ar_test(statistic: f64, l: usize, df: f64) -> Test {
    let p_value = dist::f_p(statistic, l as f64, df);
    Test { name: "ar_f".into(), statistic, df: l as f64, df_residual: Some(df), p_value }
}

/// The combination of endogenous variables that the instruments identify least.
struct Combination {
    /// Its values, off the exogenous regressors and of unit length, n.
    x: Vec<f64>,
    /// ρ².
    squared_correlation: f64,
    /// Directions of the instruments that do not identify the other combinations, each l.
    U: Vec<Vec<f64>>,
    /// U'Q_Z'x.
    lambda: Vec<f64>,
}

impl Combination {
    fn weakest(system: &System) -> Result<Self> {
        let D: Vec<Vec<f64>> = system.endogenous.values.iter().map(|d| system.off_exogenous(d)).collect();
        let size: Vec<f64> = D.iter().map(|d| squares(d, None)).collect();
        let basis = Orthogonal::new(&D, &size);
        let (p, l) = (D.len(), system.excluded.len());
        let A: Vec<Vec<f64>> = basis.basis().iter().map(|q| system.excluded_coordinates(q)).collect();
        let (values, V) = linalg::symmetric_eigen(&Mat::from_fn(p, p, |i, j| dot(&A[i], &A[j])))?;
        // Q_D v_j seen by the instruments, l each.
        let seen = |j: usize| -> Vec<f64> { (0..l).map(|a| (0..p).map(|i| A[i][a] * V[(i, j)]).sum()).collect() };
        let others: Vec<Vec<f64>> = (0..p - 1)
            .map(|j| {
                let u = seen(j);
                let norm = dot(&u, &u).sqrt();
                u.into_iter().map(|v| v / norm).collect()
            })
            .collect();
        let projection = Mat::from_fn(l, l, |a, b| others.iter().map(|u| u[a] * u[b]).sum());
        let (_, vectors) = linalg::symmetric_eigen(&projection)?;
        let U: Vec<Vec<f64>> = (p - 1..l).map(|j| (0..l).map(|a| vectors[(a, j)]).collect()).collect();
        let mut x = vec![0.0; system.y.len()];
        for (i, q) in basis.basis().iter().enumerate() {
            x.iter_mut().zip(q).for_each(|(x, q)| *x += V[(i, p - 1)] * q);
        }
        let last = seen(p - 1);
        let lambda = U.iter().map(|u| dot(u, &last)).collect();
        Ok(Combination { x, squared_correlation: values[p - 1].clamp(0.0, 1.0), U, lambda })
    }

    /// λ' (U'VU)⁻¹ λ.
    fn rk(&self, V: &Mat<f64>, G: &[usize]) -> Option<f64> {
        let l = V.nrows();
        let turned = Mat::from_fn(self.U.len(), self.U.len(), |i, j| {
            (0..l).map(|a| (0..l).map(|b| self.U[i][a] * V[(a, b)] * self.U[j][b]).sum::<f64>()).sum()
        });
        quadratic_form(&self.lambda, &turned, G)
    }
}

/// y and one endogenous variable on the instruments, with the covariance of both.
pub(super) struct ReducedForm {
    /// Q_Z'y, l.
    pub y: Vec<f64>,
    /// Q_Z'd, l.
    pub d: Vec<f64>,
    /// W₁, the covariance of the former.
    pub yy: Mat<f64>,
    /// W₂, of the latter.
    pub dd: Mat<f64>,
    /// Of both: W₁₂ + W₁₂'.
    pub cross: Mat<f64>,
    /// Degrees of freedom.
    pub df: f64,
    /// Clusters.
    pub G: Vec<usize>,
}

impl ReducedForm {
    fn new(system: &System, d: &[f64], how: &Vcov, ssc: Ssc) -> Result<Self> {
        let y = system.off_exogenous(&system.y);
        let (u, v) = (system.off_instruments(&y), system.off_instruments(d));
        // Every meat is a quadratic form of the residuals, so that the covariance at u + sv gives the cross term; s
        // brings both to one size.
        let (uu, vv) = (squares(&u, None), squares(&v, None));
        let s = if vv > 0.0 && uu > 0.0 { (uu / vv).sqrt() } else { 1.0 };
        let sum: Vec<f64> = u.iter().zip(&v).map(|(u, v)| u + s * v).collect();
        let at = |residual: &[f64]| -> Result<_> {
            let V = system.covariance(residual, how, ssc)?;
            Ok((system.excluded_block(&V.V), V.df, V.G))
        };
        let ((yy, df, G), (dd, ..), (both, ..)) = (at(&u)?, at(&v)?, at(&sum)?);
        let l = yy.nrows();
        let cross = Mat::from_fn(l, l, |i, j| (both[(i, j)] - yy[(i, j)]) / s - s * dd[(i, j)]);
        let (y, d) = (system.excluded_coordinates(&y), system.excluded_coordinates(d));
        Ok(ReducedForm { y, d, yy, dd, cross, df, G })
    }

    fn trace(V: &Mat<f64>) -> f64 {
        (0..V.nrows()).map(|j| V[(j, j)]).sum()
    }

    fn effective_f(&self) -> Option<f64> {
        let trace = Self::trace(&self.dd);
        (trace > 0.0).then(|| dot(&self.d, &self.d) / trace)
    }

    /// Critical values of the effective F for biases of 5, 10, 20 and 30 % of the worst case.
    fn critical_values(&self, two_stage: bool) -> Result<Vec<Critical>> {
        let l = self.d.len();
        let trace = Self::trace(&self.dd);
        if trace.is_nan() || trace <= 0.0 {
            return Ok(Vec::new());
        }
        let bound = if two_stage && l > 1 { self.worst_bias()? } else { 1.0 };
        let largest = linalg::symmetric_eigen(&self.dd)?.0[0];
        let squared: f64 = (0..l).map(|i| (0..l).map(|j| self.dd[(i, j)].powi(2)).sum::<f64>()).sum();
        let one = |tau: f64| {
            let x = bound / tau;
            let K = trace * trace * (1.0 + 2.0 * x) / (squared + 2.0 * x * trace * largest);
            Critical { tau, value: dist::noncentral_chi2_critical(0.05, K, K * x) / K }
        };
        Ok([0.05, 0.1, 0.2, 0.3].map(one).to_vec())
    }

    /// B: the largest Nagar bias over its worst case, on a circle of β = s tan θ refined by golden section.
    fn worst_bias(&self) -> Result<f64> {
        let l = self.d.len();
        let (t1, t2) = (Self::trace(&self.yy), Self::trace(&self.dd));
        let s = (t1 / t2).sqrt();
        let at = |theta: f64| -> Result<f64> {
            let (sin, cos) = theta.sin_cos();
            // cos θ times S₁₂, cos² θ times S₁.
            let S12 = Mat::from_fn(l, l, |i, j| 0.5 * cos * self.cross[(i, j)] - s * sin * self.dd[(i, j)]);
            let S1 = cos * cos * t1 - cos * sin * s * Self::trace(&self.cross) + s * s * sin * sin * t2;
            let values = linalg::symmetric_eigen(&S12)?.0;
            let trace = Self::trace(&S12);
            let worst = (trace - 2.0 * values[0]).abs().max((trace - 2.0 * values[l - 1]).abs());
            Ok(if S1 > 0.0 { worst / (S1 * t2).sqrt() } else { 0.0 })
        };
        const CELLS: usize = 64;
        let width = std::f64::consts::PI / CELLS as f64;
        let grid: Vec<f64> = (0..CELLS).map(|i| at(i as f64 * width)).collect::<Result<_>>()?;
        let mut best = 0.0f64;
        for i in 0..CELLS {
            let (before, after) = (grid[(i + CELLS - 1) % CELLS], grid[(i + 1) % CELLS]);
            best = best.max(grid[i]);
            if grid[i] < before || grid[i] < after {
                continue;
            }
            let (mut low, mut high) = ((i as f64 - 1.0) * width, (i as f64 + 1.0) * width);
            let ratio = 0.5 * (5f64.sqrt() - 1.0);
            for _ in 0..40 {
                let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
                let (fa, fb) = (at(a)?, at(b)?);
                best = best.max(fa).max(fb);
                if fa < fb { low = a } else { high = b }
            }
        }
        Ok(best.min(1.0))
    }
}

/// Stock and Yogo (2005), table 5.2: two-stage least squares, 5 % Wald test, size at most 10 %; p endogenous variables,
/// l = p, …, 10 instruments.
fn stock_yogo(p: usize, l: usize) -> Option<f64> {
    const ONE: [f64; 10] = [16.38, 19.93, 22.30, 24.58, 26.87, 29.18, 31.50, 33.84, 36.19, 38.54];
    const TWO: [f64; 9] = [7.03, 13.43, 16.87, 19.45, 21.68, 23.72, 25.64, 27.51, 29.32];
    match p {
        1 => ONE.get(l - 1).copied(),
        2 => TWO.get(l - 2).copied(),
        _ => None,
    }
}
