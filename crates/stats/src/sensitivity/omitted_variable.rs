//! Omitted variable bias in partial R²: Cinelli and Hazlett (2020), JRSS B 82, 39-67.
//!
//! ```text
//! y = τ d + x'β + γ z + e,      z is not observed
//!
//! |bias| = se √df √(R²yz R²dz/(1 - R²dz))
//! se(τ)  = se √((1 - R²yz)/(1 - R²dz)) √(df/(df - 1))
//! ```
//!
//! with R²dz the partial R² of z with the treatment given x, R²yz that of z with the outcome given x and d, and se, df
//! of the regression without z; both are algebra, not approximation. The **robustness value** RV_q is the partial R² with
//! both that brings the estimate down by the share q; RV_{q,α} brings it to where it is no longer significant:
//!
//! ```text
//! RV = ½ (√(g⁴ + 4g²) - g²),      g = q |t|/√df - t_{α/2, df-1}/√(df - 1)      (without the last term for RV_q)
//! ```
//!
//! A confounder may also have less to do with y than with d, which lowers the standard error less; where the product of
//! both terms of g is above one that is the worst case, and RV is its R²dz (Cinelli and Hazlett 2025, Biometrika 112).
//! A **benchmark** supposes that z is k times as strong as a control x_j:
//!
//! ```text
//! R²dz = k r/(1 - r),   R²yz ≤ η² s/(1 - s),   η = (√k + √ρ)/√(1 - ρ),   ρ = k r²/((1 - k r)(1 - r))
//! ```
//!
//! with r and s the partial R² of x_j with d and with y. The formulas are of classical standard errors; what follows
//! for another covariance is in [`Robustness::covariance`].
//!
//! ```
//! use plim_stats::sensitivity::omitted_variable::Classical;
//! // Darfur: exposure to violence and attitudes to peace.
//! let t = Classical { estimate: 0.09731582, std_error: 0.02325654, df: 783.0 };
//! assert!((t.robustness_value(1.0, 0.0) - 0.138776).abs() < 1e-6);
//! ```

use super::regressor;
use crate::linear::{Estimated, Regression};
use crate::math::dist;
use crate::{Design, Error, Fit, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Partial R² with the outcome of the confounders that the extreme scenarios suppose.
const EXTREME: [f64; 3] = [1.0, 0.75, 0.5];

/// How strong an omitted variable must be to change a conclusion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OmittedVariable {
    /// The regressor whose effect is in question.
    pub treatment: String,
    /// Controls of the formula that an omitted variable is compared with.
    pub benchmarks: Vec<String>,
    /// How many times as strong as each of them it is supposed to be.
    pub multiples: Vec<f64>,
    /// Share of the estimate that it must explain away.
    pub q: f64,
    /// Level of significance.
    pub alpha: f64,
}

impl Default for OmittedVariable {
    fn default() -> Self {
        OmittedVariable {
            treatment: String::new(),
            benchmarks: Vec::new(),
            // Once to three times as strong as the strongest control that one can think of, as the paper shows them.
            multiples: vec![1.0, 2.0, 3.0],
            q: 1.0,
            alpha: 0.05,
        }
    }
}

/// A confounder's partial R² with treatment and outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Strength {
    /// With the treatment, given the controls.
    pub r2dz_x: f64,
    /// With the outcome, given controls and treatment.
    pub r2yz_dx: f64,
}

impl Strength {
    /// The bound for a confounder `k` times as strong as a control whose partial R² with the treatment is `r2dxj_x` and
    /// with the outcome `r2yxj_dx`; `None` where it would explain all of the treatment.
    pub fn multiple(k: f64, r2dxj_x: f64, r2yxj_dx: f64) -> Option<Strength> {
        let r2dz_x = k * r2dxj_x / (1.0 - r2dxj_x);
        let shared = k * r2dxj_x * r2dxj_x / ((1.0 - k * r2dxj_x) * (1.0 - r2dxj_x));
        // Negated, so that NaN is impossible too.
        if !(r2dz_x < 1.0 && (0.0..1.0).contains(&shared)) {
            return None;
        }
        let eta = (k.sqrt() + shared.sqrt()) / (1.0 - shared).sqrt();
        Some(Strength { r2dz_x, r2yz_dx: (eta * eta * r2yxj_dx / (1.0 - r2yxj_dx)).min(1.0) })
    }
}

/// A partial R² from a t statistic.
pub fn partial_r2(t: f64, df: f64) -> f64 {
    t * t / (t * t + df)
}

/// R²dz at which a confounder with `r2yz_dx` moves a standardized estimate `f` = |t|/√df to `critical`, its own value
/// over √(df - 1); zero when `f` is not above that to begin with.
///
/// The root in s = √R²dz of s √R²yz + c √(1 - R²yz) = f √(1 - s²).
pub fn limit(f: f64, critical: f64, r2yz_dx: f64) -> f64 {
    let c = critical * (1.0 - r2yz_dx).max(0.0).sqrt();
    if f <= c {
        return 0.0;
    }
    let (a, b) = (r2yz_dx + f * f, r2yz_dx.sqrt() * c);
    let s = ((b * b + a * (f * f - c * c)).sqrt() - b) / a;
    s * s
}

/// A classical t test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Classical {
    /// Estimate.
    pub estimate: f64,
    /// Its standard error under equal and independent errors.
    pub std_error: f64,
    /// Residual degrees of freedom.
    pub df: f64,
}

impl Classical {
    /// Estimate over standard error.
    pub fn t(&self) -> f64 {
        self.estimate / self.std_error
    }

    /// q |t|/√df.
    pub fn f(&self, q: f64) -> f64 {
        q * self.t().abs() / self.df.sqrt()
    }

    /// t_{α/2, df-1}/√(df - 1).
    pub fn critical(&self, alpha: f64) -> f64 {
        dist::t_quantile(1.0 - 0.5 * alpha, self.df - 1.0) / (self.df - 1.0).sqrt()
    }

    /// RV for the share `q`; `critical` is zero for the estimate itself, [`Classical::critical`] for its significance.
    pub fn robustness_value(&self, q: f64, critical: f64) -> f64 {
        let f = self.f(q);
        let g = f - critical;
        if g <= 0.0 {
            0.0
        } else if f * critical > 1.0 {
            (f * f - critical * critical) / (1.0 + f * f)
        } else {
            // ½ (√(g⁴ + 4g²) - g²) without its cancellation.
            2.0 / (1.0 + (1.0 + 4.0 / (g * g)).sqrt())
        }
    }

    /// Estimate and standard error of the regression with the confounder, the bias taken to have flattered the estimate.
    pub fn adjusted(&self, by: Strength) -> (f64, f64) {
        let Strength { r2dz_x, r2yz_dx } = by;
        let bias = self.std_error * (self.df * r2yz_dx * r2dz_x / (1.0 - r2dz_x)).sqrt();
        let spread = ((1.0 - r2yz_dx) / (1.0 - r2dz_x) * self.df / (self.df - 1.0)).sqrt();
        (self.estimate - bias.copysign(self.estimate), self.std_error * spread)
    }
}

/// The same test under the covariance of the study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Covariance {
    /// Standard error.
    pub std_error: f64,
    /// t.
    pub statistic: f64,
    /// Degrees of freedom of t.
    pub df: f64,
    /// RV_{q,α} with the bias exact and this standard error, moved by the confounder as the classical one is.
    pub rv_qa: f64,
    /// RV_q with this t in place of the classical one, as it is often reported; the bias is then no longer exact.
    pub rv_q_of_t: f64,
    /// RV_{q,α} with this t in place of the classical one.
    pub rv_qa_of_t: f64,
}

/// How strong a confounder must be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Robustness {
    /// The treatment.
    pub treatment: String,
    /// Its estimate.
    pub estimate: f64,
    /// Its classical standard error.
    pub std_error: f64,
    /// Its classical t.
    pub statistic: f64,
    /// Residual degrees of freedom.
    pub df: f64,
    /// Share of the estimate to explain away.
    pub q: f64,
    /// Level of significance.
    pub alpha: f64,
    /// Partial R² of the treatment with the outcome.
    pub partial_r2: f64,
    /// RV_q.
    pub rv_q: f64,
    /// RV_{q,α}.
    pub rv_qa: f64,
    /// R²dz with which confounders that explain all, three quarters or half of what is left of the outcome suffice.
    pub extreme: Vec<Strength>,
    /// Under the covariance of the study.
    pub covariance: Covariance,
}

/// An adjusted estimate with its test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Test {
    /// Standard error.
    pub std_error: f64,
    /// t of the hypothesis that the effect is (1 - q) of the estimate.
    pub statistic: f64,
    /// Lower bound of the 1 - α interval.
    pub conf_low: f64,
    /// Upper bound.
    pub conf_high: f64,
}

/// What a confounder some times as strong as a control would leave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Benchmark {
    /// The control.
    pub name: String,
    /// How many times as strong.
    pub multiple: f64,
    /// The bound on its partial R²; absent where no confounder can be that strong.
    #[serde(flatten)]
    pub strength: Option<Strength>,
    /// Adjusted estimate.
    pub estimate: Option<f64>,
    /// Its classical test.
    #[serde(flatten)]
    pub test: Option<Test>,
    /// Its test under the covariance of the study.
    pub covariance: Option<Test>,
}

/// A regression, and what an omitted variable could do to it.
#[derive(Debug, Clone)]
pub struct Sensitivity {
    /// The regression.
    pub estimated: Estimated,
    /// How strong a confounder must be.
    pub robustness: Robustness,
    /// How strong the controls are.
    pub benchmarks: Vec<Benchmark>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Sensitivity of the regressor `options.treatment` of `design` to an omitted variable.
///
/// Errors: a name that is no regressor, `q` or a multiple that is not positive, `alpha` outside (0, 1), fewer than two
/// degrees of freedom.
pub fn omitted_variable(design: &Design, options: &OmittedVariable, regression: &Regression) -> Result<Sensitivity> {
    check(design, options)?;
    let estimated = regression.run(design)?;
    let j = estimated.position(&options.treatment)?;
    let (fit, V) = (&estimated.fit, &estimated.covariance);
    let df = fit.dof_residual() as f64;
    if df < 2.0 {
        return Err(Error::invalid(
            format!("{df} degrees of freedom leave none for an omitted variable"),
            "use fewer regressors or effects, or more data",
        ));
    }
    let classical =
        |j: usize| Classical { estimate: fit.coef[j], std_error: (fit.sigma2 * fit.bread[(j, j)]).sqrt(), df };
    let own = classical(j);
    // The error of the study's covariance, and its t: one regressor more costs it a degree where it counts them.
    let std_error = V.V[(j, j)].max(0.0).sqrt();
    let df_t = if V.df == df { df - 1.0 } else { V.df };
    let quantile = dist::t_quantile(1.0 - 0.5 * options.alpha, df_t);
    let robust = Classical { std_error, ..own };
    let ratio = std_error / own.std_error;
    let rv = |t: &Classical, critical: f64| t.robustness_value(options.q, critical);
    let root = (df - 1.0).sqrt();
    let robustness = Robustness {
        treatment: options.treatment.clone(),
        estimate: own.estimate,
        std_error: own.std_error,
        statistic: own.t(),
        df,
        q: options.q,
        alpha: options.alpha,
        partial_r2: partial_r2(own.t(), df),
        rv_q: rv(&own, 0.0),
        rv_qa: rv(&own, own.critical(options.alpha)),
        extreme: EXTREME.map(|r| Strength { r2dz_x: limit(own.f(options.q), 0.0, r), r2yz_dx: r }).to_vec(),
        covariance: Covariance {
            std_error,
            statistic: robust.t(),
            df: V.df,
            rv_qa: rv(&own, quantile * ratio / root),
            rv_q_of_t: rv(&robust, 0.0),
            rv_qa_of_t: rv(&robust, quantile / root),
        },
    };
    let null = (1.0 - options.q) * own.estimate;
    let mut notes = estimated.notes();
    let mut benchmarks = Vec::new();
    for name in &options.benchmarks {
        let i = estimated.position(name)?;
        let r2d = fit.bread[(i, j)].powi(2) / (fit.bread[(i, i)] * fit.bread[(j, j)]);
        let r2y = partial_r2(classical(i).t(), df);
        for &k in &options.multiples {
            let strength = Strength::multiple(k, r2d, r2y);
            if strength.is_none() {
                notes.push(format!(
                    "an omitted variable {k} times as strong as `{name}` would explain all of the treatment"
                ));
            }
            let after = strength.map(|s| own.adjusted(s));
            let test = |by: f64, quantile: f64| {
                after.map(|(b, se)| {
                    let std_error = by * se;
                    let (conf_low, conf_high) = (b - quantile * std_error, b + quantile * std_error);
                    Test { std_error, statistic: (b - null) / std_error, conf_low, conf_high }
                })
            };
            benchmarks.push(Benchmark {
                name: name.clone(),
                multiple: k,
                strength,
                estimate: after.map(|(b, _)| b),
                test: test(1.0, own.critical(options.alpha) * root),
                covariance: test(ratio, quantile),
            });
        }
    }
    notes.push("partial R2, robustness values and benchmarks are of classical (iid) standard errors, for which the formulas are exact; `covariance` has what follows for that of the table".into());
    Ok(Sensitivity { estimated, robustness, benchmarks, notes })
}

fn check(design: &Design, options: &OmittedVariable) -> Result<()> {
    regressor(design, &options.treatment, "treatment")?;
    for name in &options.benchmarks {
        regressor(design, name, "benchmarks")?;
        if *name == options.treatment {
            return Err(Error::invalid(
                format!("`benchmarks` names the treatment `{name}`"),
                "compare an omitted variable with controls",
            ));
        }
    }
    let positive = |v: f64| v.is_finite() && v > 0.0;
    if let Some(bad) = options.multiples.iter().find(|k| !positive(**k)) {
        return Err(Error::invalid(format!("`multiples` has {bad}"), "name positive numbers, such as 1, 2, 3"));
    }
    if !positive(options.q) {
        return Err(Error::invalid(
            format!("`q` is {}", options.q),
            "set it to a positive share: 1 is all of the estimate",
        ));
    }
    if !(options.alpha > 0.0 && options.alpha < 1.0) {
        return Err(Error::invalid(format!("`alpha` is {}", options.alpha), "set it between 0 and 1, such as 0.05"));
    }
    Ok(())
}
