//! Outliers of an indicator treated, where its distribution asks for it.
//!
//! An indicator is treated when |skewness| and excess kurtosis both exceed their limits (2 and 3.5, as in the audits of the
//! JRC), both with the small-sample factors of type 2,
//!
//! ```text
//! G1 = n / ((n-1)(n-2)) Σ ((x - x̄)/s)³
//! G2 = n(n+1) / ((n-1)(n-2)(n-3)) Σ ((x - x̄)/s)⁴ - 3(n-1)² / ((n-2)(n-3))
//! ```
//!
//! `winsorize` sets the one, two, … most extreme values on the side of the skew to the next value, until the rule is met or
//! `winsorize_max` values are set. `log` is ln(x - min + 0.01 (max - min)), turned round for a tail below.
//! `winsorize_log` takes the logarithm of the untreated values where winsorizing does not do. `box_cox` is (x^λ - 1)/λ with
//! the λ in [-5, 5] of largest likelihood. Joanes and Gill (1998); OECD and JRC (2008), Handbook; Box and Cox (1964).

use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How outliers are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Treat {
    /// They are not.
    #[default]
    None,
    /// The most extreme values set to the next.
    Winsorize,
    /// As `winsorize`; where that does not do, `log` instead.
    WinsorizeLog,
    /// Shifted logarithm.
    Log,
    /// Power of largest likelihood.
    BoxCox,
}

/// When an indicator is treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Largest |skewness|.
    pub skewness: f64,
    /// Largest excess kurtosis.
    pub kurtosis: f64,
    /// Most values that are winsorized.
    pub most: usize,
}

/// What was done to an indicator; applies to new rows as well.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "treatment")]
pub enum Treatment {
    /// Values outside [low, high] set to the nearer of them.
    Winsorized {
        /// Smallest value left.
        low: f64,
        /// Largest value left.
        high: f64,
    },
    /// side · ln(side (x - end) + offset), side 1 for a tail above and -1 for one below.
    Log {
        /// Smallest value, or largest for a tail below.
        end: f64,
        /// 1 % of the range.
        offset: f64,
        /// 1 or -1.
        side: f64,
    },
    /// (x^λ - 1)/λ, ln x at zero.
    BoxCox {
        /// Power.
        lambda: f64,
    },
}

impl Treatment {
    /// The treated value.
    pub fn apply(&self, x: f64) -> f64 {
        match *self {
            Treatment::Winsorized { low, high } => {
                if x.is_nan() {
                    x
                } else {
                    x.clamp(low, high)
                }
            }
            Treatment::Log { end, offset, side } => side * (side * (x - end) + offset).ln(),
            Treatment::BoxCox { lambda } => box_cox(x, lambda),
        }
    }
}

/// The treatment that the values of `x` (NaN missing) call for; none where the rule is met.
pub fn treatment(x: &[f64], how: Treat, rule: &Rule) -> Result<Option<Treatment>> {
    let mut sorted: Vec<f64> = x.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    if how == Treat::None || sorted.len() < 4 || !fails(&sorted, rule) {
        return Ok(None);
    }
    let n = sorted.len();
    let above = skewness(&sorted) >= 0.0;
    Ok(Some(match how {
        Treat::Winsorize | Treat::WinsorizeLog => {
            let mut found = Treatment::Winsorized { low: sorted[0], high: sorted[n - 1] };
            for count in 1..=rule.most.min(n - 2) {
                let (low, high) =
                    if above { (sorted[0], sorted[n - 1 - count]) } else { (sorted[count], sorted[n - 1]) };
                found = Treatment::Winsorized { low, high };
                let cut: Vec<f64> = sorted.iter().map(|v| found.apply(*v)).collect();
                if !fails(&cut, rule) {
                    return Ok(Some(found));
                }
            }
            if how == Treat::Winsorize { found } else { log(&sorted, above) }
        }
        Treat::Log => log(&sorted, above),
        _ => Treatment::BoxCox { lambda: best_power(&sorted)? },
    }))
}

fn log(sorted: &[f64], above: bool) -> Treatment {
    let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
    let (end, side) = if above { (low, 1.0) } else { (high, -1.0) };
    Treatment::Log { end, offset: 0.01 * (high - low), side }
}

/// Whether both moments exceed their limits. Values without spread have no moments and pass.
fn fails(x: &[f64], rule: &Rule) -> bool {
    skewness(x).abs() > rule.skewness && kurtosis(x) > rule.kurtosis
}

/// Standardized central moment: Σ ((x - x̄)/s)^power, s with divisor n - 1.
fn moment(x: &[f64], power: i32) -> f64 {
    let (m, s) = (super::weights::mean(x), super::weights::sd(x));
    x.iter().map(|v| ((v - m) / s).powi(power)).sum()
}

/// Skewness of type 2; NaN without spread.
pub fn skewness(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    n / ((n - 1.0) * (n - 2.0)) * moment(x, 3)
}

/// Excess kurtosis of type 2; NaN without spread.
pub fn kurtosis(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let scale = n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0));
    scale * moment(x, 4) - 3.0 * (n - 1.0).powi(2) / ((n - 2.0) * (n - 3.0))
}

fn box_cox(x: f64, lambda: f64) -> f64 {
    // expm1 keeps the digits near λ = 0, where the form becomes the logarithm.
    if lambda == 0.0 { x.ln() } else { (lambda * x.ln()).exp_m1() / lambda }
}

/// λ of largest likelihood, -(n/2) ln s² + (λ - 1) Σ ln x, by golden section: the profile has one peak.
fn best_power(x: &[f64]) -> Result<f64> {
    if x[0] <= 0.0 {
        return Err(Error::invalid("Box-Cox needs values above zero", "set `treat = \"winsorize\"` or `\"log\"`"));
    }
    let logs: f64 = x.iter().map(|v| v.ln()).sum();
    // In units of the geometric mean, which changes neither the peak nor λ, so that powers stay in range.
    let unit = (logs / x.len() as f64).exp();
    let scaled: Vec<f64> = x.iter().map(|v| v / unit).collect();
    let likelihood = |lambda: f64| {
        let y: Vec<f64> = scaled.iter().map(|v| box_cox(*v, lambda)).collect();
        -super::weights::sd(&y).ln()
    };
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-5.0, 5.0);
    while high - low > 1e-9 {
        let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
        if likelihood(a) < likelihood(b) { low = a } else { high = b }
    }
    Ok((low + high) / 2.0)
}
