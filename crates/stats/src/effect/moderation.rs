//! Moderation: the effect of x changes with m.
//!
//! ```text
//! y = β₁ x + β₂ m + β₃ x m + γ'z + effects + u,      ∂y/∂x = β₁ + β₃ m
//! ```
//!
//! x and m are centered at their means over the estimation sample before they are multiplied (not within
//! units), so that β₁ is the effect at the mean of m; β₃, its standard error and the fit do not depend on it.
//! The slope at m has the variance V₁₁ + 2 m V₁₃ + m² V₃₃. Johnson and Neyman's bounds are the values of m at
//! which the slope is just significant at 5 % (Bauer and Curran 2005). With fixed effects β₃ mixes variation
//! within and between units of the product (Giesselmann and Schmidt-Catran 2022).

use crate::linear::{Estimated, Regression};
use crate::math::dist;
use crate::{Coefficient, Design, Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Points of the line of slopes.
const POINTS: usize = 51;

/// The effect of a treatment at the values of a moderator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModerationOptions {
    /// The variable whose effect is moderated; one of the regressors of the formula.
    pub treatment: String,
    /// The variable that moderates it; it need not be in the formula.
    pub moderator: String,
    /// Center treatment and moderator at their sample means before they are multiplied.
    pub center: bool,
}

impl Default for ModerationOptions {
    fn default() -> Self {
        // Centered, the coefficient of the treatment is its effect at the mean, which readers take it for.
        ModerationOptions { treatment: String::new(), moderator: String::new(), center: true }
    }
}

/// The effect of the treatment at one value of the moderator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Slope {
    /// Which value: `mean-sd`, `mean`, `mean+sd`; empty on the line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// The moderator, in its own units.
    pub value: f64,
    /// The slope.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Slope over standard error.
    pub statistic: f64,
    /// Two-sided p-value, from t as in the coefficient table.
    pub p_value: f64,
    /// Lower bound of the 95 % interval.
    pub conf_low: f64,
    /// Upper bound of the 95 % interval.
    pub conf_high: f64,
}

/// Where the slope is significant at 5 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Significant {
    /// At every value of the moderator.
    Everywhere,
    /// At none.
    Nowhere,
    /// Below `low` and above `high`.
    Outside,
    /// Between `low` and `high`.
    Between,
}

/// Johnson and Neyman's bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JohnsonNeyman {
    /// Lower bound, in units of the moderator.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
    /// Where the slope is significant.
    pub significant: Significant,
}

/// A moderated regression.
#[derive(Debug, Clone)]
pub struct Moderation {
    /// The regression; the interaction is named `x:m`.
    pub estimated: Estimated,
    /// Slopes at the mean of the moderator and one standard deviation to each side.
    pub slopes: Vec<Slope>,
    /// Slopes over the range of the moderator, for a figure.
    pub line: Vec<Slope>,
    /// Bounds of significance.
    pub johnson_neyman: JohnsonNeyman,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Fits `design` with the interaction of its regressor `options.treatment` and `moderator` (n).
pub fn moderation(
    design: &Design,
    moderator: &[f64],
    options: &ModerationOptions,
    regression: &Regression,
) -> Result<Moderation> {
    let (x, m) = (&options.treatment, &options.moderator);
    design.check()?;
    if moderator.len() != design.nobs() {
        return Err(Error::length(format!("the moderator `{m}`"), moderator.len(), design.nobs()));
    }
    if let Some(bad) = moderator.iter().position(|v| !v.is_finite()) {
        return Err(Error::new(Kind::NotFinite).at_column(m).at_rows([design.rows[bad]]));
    }
    let Some(position) = design.position(x) else {
        return Err(Error::invalid(
            format!("the treatment `{x}` is not a regressor"),
            "write it in the second part of the formula",
        ));
    };
    // The sample depends on the effects only, so that its means are known before the fit.
    let sample = crate::linear::Prepared::new(design, regression.ols.singletons)?.sample;
    let of = |v: &[f64]| Moments::of(sample.iter().map(|&i| v[i]));
    let treatment = design.X.col_as_slice(position);
    let (x_moments, m_moments) = (of(treatment), of(moderator));
    let (x0, m0) = if options.center { (x_moments.mean, m_moments.mean) } else { (0.0, 0.0) };
    let xs: Vec<f64> = treatment.iter().map(|v| v - x0).collect();
    let ms: Vec<f64> = moderator.iter().map(|v| v - m0).collect();
    let mut regressors = design.regressors();
    regressors[position].1 = xs.clone();
    match design.position(m) {
        Some(j) => regressors[j].1 = ms.clone(),
        None => regressors.push((m.clone(), ms.clone())),
    }
    let name = format!("{x}:{m}");
    // A formula may bring its own product; the one of the centered variables replaces it.
    regressors.retain(|(n, _)| *n != name && *n != format!("{m}:{x}"));
    regressors.push((name.clone(), xs.iter().zip(&ms).map(|(a, b)| a * b).collect()));
    let estimated = regression.run(&design.with_regressors(&regressors))?;
    let line = Line::new(&estimated, x, &name, m0)?;
    let around = [("mean-sd", -1.0), ("mean", 0.0), ("mean+sd", 1.0)];
    let slopes = around.iter().map(|(at, s)| line.slope(at, m_moments.mean + s * m_moments.sd)).collect();
    let step = (m_moments.max - m_moments.min) / (POINTS - 1) as f64;
    let points = (0..POINTS).map(|p| line.slope("", m_moments.min + step * p as f64)).collect();
    let mut notes = estimated.notes();
    if options.center {
        notes.push(format!("`{x}` centered at {:.6}, `{m}` at {:.6}, their sample means", x0, m0));
    }
    Ok(Moderation { slopes, line: points, johnson_neyman: line.bounds(), notes, estimated })
}

/// The line of slopes β₁ + β₃ (m - m₀) with what its standard error needs.
struct Line {
    b1: f64,
    b3: f64,
    v11: f64,
    v13: f64,
    v33: f64,
    /// Where the moderator was centered.
    m0: f64,
    /// 97.5 % quantile of t.
    t: f64,
    /// Its degrees of freedom.
    df: f64,
}

impl Line {
    fn new(estimated: &Estimated, x: &str, product: &str, m0: f64) -> Result<Self> {
        let at = |name: &str| {
            estimated.coefficient(name)?; // says why it was dropped
            Ok::<_, Error>(estimated.fit.names.iter().position(|n| n == name).unwrap_or_default())
        };
        let (i, j) = (at(x)?, at(product)?);
        let (b, V) = (&estimated.fit.coef, &estimated.covariance.V);
        let df = estimated.covariance.df;
        let t = dist::t_quantile(0.975, df);
        Ok(Line { b1: b[i], b3: b[j], v11: V[(i, i)], v13: V[(i, j)], v33: V[(j, j)], m0, t, df })
    }

    /// The slope at a value of the moderator in its own units.
    fn slope(&self, at: &str, value: f64) -> Slope {
        let m = value - self.m0;
        let estimate = self.b1 + self.b3 * m;
        let std_error = (self.v11 + 2.0 * m * self.v13 + m * m * self.v33).max(0.0).sqrt();
        let c = Coefficient::new(at, estimate, std_error, Some(self.df));
        Slope {
            at: c.name,
            value,
            estimate,
            std_error,
            statistic: c.statistic,
            p_value: c.p_value,
            conf_low: c.conf_low,
            conf_high: c.conf_high,
        }
    }

    /// Roots of (β₁ + β₃ m)² = t² (V₁₁ + 2 m V₁₃ + m² V₃₃).
    fn bounds(&self) -> JohnsonNeyman {
        let t2 = self.t * self.t;
        let A = self.b3 * self.b3 - t2 * self.v33;
        let B = self.b1 * self.b3 - t2 * self.v13; // half the linear term
        let C = self.b1 * self.b1 - t2 * self.v11;
        let discriminant = B * B - A * C;
        if discriminant <= 0.0 || A == 0.0 {
            let significant = if C > 0.0 { Significant::Everywhere } else { Significant::Nowhere };
            return JohnsonNeyman { low: None, high: None, significant };
        }
        // The larger root in magnitude without cancellation, the other from the product of the roots.
        let s = -(B + discriminant.sqrt().copysign(B));
        let (one, other) = (s / A, C / s);
        JohnsonNeyman {
            low: Some(self.m0 + one.min(other)),
            high: Some(self.m0 + one.max(other)),
            significant: if A > 0.0 { Significant::Outside } else { Significant::Between },
        }
    }
}

/// Mean, standard deviation (n - 1) and range.
struct Moments {
    mean: f64,
    sd: f64,
    min: f64,
    max: f64,
}

impl Moments {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let v: Vec<f64> = values.collect();
        let n = v.len() as f64;
        let mean = v.iter().sum::<f64>() / n;
        let sd = (v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let min = v.iter().copied().fold(f64::INFINITY, f64::min);
        Moments { mean, sd, min, max: v.iter().copied().fold(f64::NEG_INFINITY, f64::max) }
    }
}
