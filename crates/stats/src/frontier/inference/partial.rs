//! Partial frontiers: order-m and order-α, which a few extreme units do not decide.
//!
//! The input score of (x, y) looks at the N units that make at least y, each by the factor that takes x to it,
//! a_j = max_i x_ji / x_i; the output score at the N units that use at most x, by b_j = min_i y_ji / y_i.
//!
//! ```text
//! order-m:  θ_m = E[least a of m draws]    = Σ_k a_(k) {[(N-k+1)/N]^m - [(N-k)/N]^m},   a_(1) ≤ a_(2) ≤ …
//!           φ_m = E[greatest b of m draws] = Σ_k b_(k) {[k/N]^m - [(k-1)/N]^m},         b_(1) ≤ b_(2) ≤ …
//! order-α:  the (⌊N(1-α)⌋ + 1)-th least a, or greatest b
//! ```
//!
//! The expectations are exact: nothing is drawn. As m → ∞, and at α = 1, both are the free disposal hull. A score can be
//! on either side of one: units beyond the partial frontier have efficiencies above one.
//!
//! C. Cazals, J.-P. Florens and L. Simar (2002), "Nonparametric frontier estimation: a robust approach", Journal of
//! Econometrics 106(1); Y. Aragon, A. Daouia and C. Thomas-Agnan (2005), "Nonparametric frontier estimation: a
//! conditional quantile-based approach", Econometric Theory 21(2).

use crate::frontier::Status;
use crate::frontier::dea::technology::{NoScore, Scored};
use crate::frontier::dea::{Kind, Orientation, Units};
use crate::{Error, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// N(1-α) this close to a whole number is one: decimals have no exact binary form.
const WHOLE: f64 = 1e-9;

/// Efficiency against a partial frontier, which outliers do not decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PartialFrontier {
    /// Columns of inputs; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs; more is better.
    pub outputs: Vec<String>,
    /// Expected best of m units, or a quantile of all.
    pub kind: PartialKind,
    /// Units that a unit is compared with (order-m); with more, the frontier is further out.
    pub m: u32,
    /// Part of the comparable units that the frontier leaves behind (order-alpha), above 0 and at most 1.
    pub alpha: f64,
    /// What is scaled to reach the frontier.
    pub orientation: Orientation,
}

impl Default for PartialFrontier {
    fn default() -> Self {
        PartialFrontier {
            inputs: Vec::new(),
            outputs: Vec::new(),
            kind: PartialKind::default(),
            m: 25,
            alpha: 0.95,
            orientation: Orientation::default(),
        }
    }
}

/// Which partial frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartialKind {
    /// The expected best of m units that do as much.
    #[default]
    OrderM,
    /// The quantile of order alpha of the units that do as much.
    OrderAlpha,
}

/// Score θ or φ of every unit, in order, or why it has none; the efficiency is θ or 1/φ.
pub fn partial_frontier(units: &Units, options: &PartialFrontier) -> Result<Vec<Scored<f64>>> {
    if options.kind == PartialKind::OrderM && options.m == 0 {
        return Err(Error::invalid("`m` is 0", "compare with at least one unit, for example `m = 25`"));
    }
    if options.kind == PartialKind::OrderAlpha && !(options.alpha > 0.0 && options.alpha <= 1.0) {
        let what = format!("`alpha` is {}", options.alpha);
        return Err(Error::invalid(what, "give a number above 0 and at most 1, for example `alpha = 0.95`"));
    }
    if options.orientation == Orientation::None {
        return Err(Error::invalid(
            "a partial frontier has an orientation",
            "set `orientation` to `input` or `output`",
        ));
    }
    if units.number(Kind::Bad) > 0 {
        return Err(Error::invalid("a partial frontier takes no undesirable outputs", "leave `bads` out"));
    }
    if units.number(Kind::Input) == 0 || units.number(Kind::Output) == 0 {
        return Err(Error::invalid("`inputs` or `outputs` is empty", "name the columns of both"));
    }
    for i in 0..units.variables() {
        let bad: Vec<usize> = (0..units.count()).filter(|&j| !units.at(i, j).is_finite()).collect();
        if !bad.is_empty() {
            return Err(Error::new(crate::Kind::NotFinite).at_rows(bad));
        }
    }
    Ok((0..units.count()).into_par_iter().map(|unit| score(units, &units.point(unit), options)).collect())
}

/// Score of one point.
fn score(units: &Units, point: &[f64], options: &PartialFrontier) -> Scored<f64> {
    let input = options.orientation == Orientation::Input;
    let factors = factors(units, point, input, None)?;
    let n = factors.len();
    let score = match options.kind {
        PartialKind::OrderM => order_m(&factors, options.m),
        PartialKind::OrderAlpha => {
            let beyond = n as f64 - n as f64 * options.alpha;
            let whole = if (beyond - beyond.round()).abs() <= WHOLE { beyond.round() } else { beyond.floor() };
            factors[(whole as usize).min(n - 1)]
        }
    };
    // The quantile can fall on a unit that makes none of an output: 1/φ has no value.
    if !input && score <= 0.0 {
        return Err(NoScore { status: Status::Unbounded, reason: None });
    }
    let efficiency = if input { score } else { 1.0 / score };
    if !(score.is_finite() && efficiency.is_finite()) {
        return Err(NoScore::refused("the score is too large or too small for a number: rescale the columns"));
    }
    Ok(score)
}

/// θ_m or φ_m from the factors of the N comparable units, best first.
pub(in crate::frontier) fn order_m(factors: &[f64], m: u32) -> f64 {
    let n = factors.len();
    let none_of_first = |k: usize| ((n - k) as f64 / n as f64).powi(m.min(i32::MAX as u32) as i32);
    (0..n).map(|k| factors[k] * (none_of_first(k) - none_of_first(k + 1))).sum()
}

/// The factors that take `point` to each comparable unit but `skip`, N, best first: the least a_j, the greatest b_j.
pub(in crate::frontier) fn factors(units: &Units, point: &[f64], input: bool, skip: Option<usize>) -> Scored<Vec<f64>> {
    let of = |kind| (0..units.variables()).filter(move |&i| units.kinds()[i] == kind).collect::<Vec<_>>();
    let (inputs, outputs) = (of(Kind::Input), of(Kind::Output));
    let scaled = if input { &inputs } else { &outputs };
    if scaled.iter().any(|&i| point[i] <= 0.0) {
        return Err(NoScore {
            status: Status::Refused,
            reason: Some(format!("an {} is not positive", if input { "input" } else { "output" })),
        });
    }
    let comparable = |j: &usize| match input {
        true => outputs.iter().all(|&i| units.at(i, *j) >= point[i]),
        false => inputs.iter().all(|&i| units.at(i, *j) <= point[i]),
    };
    let factor = |j: usize| {
        let ratios = scaled.iter().map(|&i| units.at(i, j) / point[i]);
        if input { ratios.fold(f64::NEG_INFINITY, f64::max) } else { ratios.fold(f64::INFINITY, f64::min) }
    };
    let others = (0..units.count()).filter(|&j| skip != Some(j));
    let mut factors: Vec<f64> = others.filter(comparable).map(factor).collect();
    factors.sort_by(f64::total_cmp);
    if !input {
        factors.reverse();
    }
    // A negative input or output elsewhere gives a factor that scales to nothing.
    match factors.iter().all(|&f| f >= 0.0) {
        true => Ok(factors),
        false => {
            Err(NoScore { status: Status::Refused, reason: Some("a comparable unit has a negative value".into()) })
        }
    }
}
