//! Whether an estimate hangs on one unit, one period, one region or one control.
//!
//! ```text
//! β̂₍g₎ = argmin Σ_{i ∉ g} wᵢ (yᵢ - xᵢ'β - dᵢ'α)²      for every value g of a column
//! ```
//!
//! Each is the whole regression without those rows: effects, singletons, collinearity, covariance and its degrees of
//! freedom are those of the rows that stay, exactly as with `where` (no one-step approximation, whose standard errors
//! would be of the full sample). Leaving out a control keeps the rows. β̂₍g₎ - β̂ is the jackknife's influence
//! (Quenouille 1956; Belsley, Kuh and Welsch 1980).
//!
//! ```
//! use plim_stats::sensitivity::{Group, LeaveOneOut, leave_one_out};
//! use plim_stats::{Design, linear::{INTERCEPT, Regression}, math::Mat};
//! let x = [1.0, 2.0, 3.0, 4.0, 9.0];
//! let design = Design {
//!     y: vec![1.0, 2.1, 2.9, 4.0, 0.0],
//!     X: Mat::from_fn(5, 2, |i, j| if j == 0 { 1.0 } else { x[i] }),
//!     names: vec![INTERCEPT.into(), "x".into()],
//!     rows: (0..5).collect(),
//!     ..Design::default()
//! };
//! let each = Group { by: "row".into(), codes: (0..5).collect(), labels: ["a", "b", "c", "d", "e"].map(String::from).into() };
//! let options = LeaveOneOut { treatment: "x".into(), ..LeaveOneOut::default() };
//! let out = leave_one_out(&design, &[each], &options, &Regression::default()).unwrap();
//! assert_eq!(out.ranges[0].most_influential.as_ref().unwrap().value, "e");
//! ```

use super::regressor;
use crate::linear::{Estimated, INTERCEPT, Regression};
use crate::{Coefficient, Design, Error, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Level at which significance is counted.
const LEVEL: f64 = 0.05;

/// Most values of one column: each costs a regression.
const MOST: usize = 10_000;

/// What `by` says of lines that leave out a control.
pub const CONTROL: &str = "control";

/// The estimate without each unit, period, region, control.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeaveOneOut {
    /// The regressor whose effect is in question.
    pub treatment: String,
    /// Columns whose values are left out one after another; by default unit and time of the panel.
    pub by: Vec<String>,
    /// Whether each control is left out as well.
    pub controls: bool,
}

/// A column whose values are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name.
    pub by: String,
    /// Value of each observation, n; one past the labels where it is missing, which is never left out.
    pub codes: Vec<u32>,
    /// The values in words.
    pub labels: Vec<String>,
}

/// The estimate without one value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Left {
    /// The column, or `control`.
    pub by: String,
    /// The value that is left out.
    pub value: String,
    /// Observations used.
    pub nobs: usize,
    /// The estimate and its test; absent where there is none.
    #[serde(flatten)]
    pub coefficient: Option<Estimate>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An estimate with its test, and how far it moved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Estimate.
    pub estimate: f64,
    /// Standard error.
    pub std_error: f64,
    /// t.
    pub statistic: f64,
    /// p-value.
    pub p_value: f64,
    /// Lower bound of the 95 % interval.
    pub conf_low: f64,
    /// Upper bound.
    pub conf_high: f64,
    /// Estimate less that of all.
    pub change: f64,
}

impl Estimate {
    fn new(c: &Coefficient, full: f64) -> Self {
        Estimate {
            estimate: c.estimate,
            std_error: c.std_error,
            statistic: c.statistic,
            p_value: c.p_value,
            conf_low: c.conf_low,
            conf_high: c.conf_high,
            change: c.estimate - full,
        }
    }
}

/// What leaving out the values of one column does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Range {
    /// The column, or `control`.
    pub by: String,
    /// Values left out, one after another.
    pub values: usize,
    /// Lowest estimate.
    pub low: Option<f64>,
    /// Highest estimate.
    pub high: Option<f64>,
    /// The value whose absence moves the estimate farthest.
    pub most_influential: Option<Left>,
    /// Estimates of the other sign.
    pub sign_changes: usize,
    /// Estimates that are not significant at 5 % although that of all is.
    pub lose_significance: usize,
    /// Estimates that are significant at 5 % although that of all is not.
    pub gain_significance: usize,
    /// Values without which there is no estimate.
    pub failed: usize,
}

/// The regression of all, and those without one value.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// The regression of all.
    pub estimated: Estimated,
    /// Without each value, column by column.
    pub each: Vec<Left>,
    /// By column.
    pub ranges: Vec<Range>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Leaves out each value of `groups` and, when asked for, each control of `design`.
///
/// Errors: a treatment that is no regressor or is dropped, nothing to leave out, too many values. A value without which
/// the regression fails has the reason in its line.
pub fn leave_one_out(
    design: &Design,
    groups: &[Group],
    options: &LeaveOneOut,
    regression: &Regression,
) -> Result<LeftOut> {
    regressor(design, &options.treatment, "treatment")?;
    let controls: Vec<&String> = match options.controls {
        true => design.names.iter().filter(|n| **n != INTERCEPT && **n != options.treatment).collect(),
        false => Vec::new(),
    };
    if groups.is_empty() && controls.is_empty() {
        return Err(Error::invalid(
            "there is nothing to leave out",
            "name columns under `by`, or controls in the formula",
        ));
    }
    for group in groups {
        if group.codes.len() != design.nobs() {
            return Err(Error::length(format!("`{}`", group.by), group.codes.len(), design.nobs()));
        }
        if group.labels.len() > MOST {
            return Err(Error::invalid(
                format!("`{}` has {} values, and at most {MOST} are left out", group.by, group.labels.len()),
                "leave out something coarser, such as a region",
            ));
        }
    }
    let estimated = regression.run(design)?;
    let full = estimated.coefficient(&options.treatment)?.clone();
    let again = |by: &str, value: &str, rest: Design| {
        let found = regression.run(&rest).and_then(|e| {
            let estimate = Estimate::new(e.coefficient(&options.treatment)?, full.estimate);
            Ok((e.fit.residuals.len(), estimate))
        });
        let (nobs, coefficient, reason) = match found {
            Ok((nobs, estimate)) => (nobs, Some(estimate), None),
            Err(e) => (rest.nobs(), None, Some(e.to_string())),
        };
        Left { by: by.into(), value: value.into(), nobs, coefficient, reason }
    };
    let (mut each, mut ranges) = (Vec::new(), Vec::new());
    let mut add = |by: &str, lines: Vec<Left>| {
        ranges.push(range(by, &lines, &full));
        each.extend(lines);
    };
    for group in groups {
        let without = |g: usize| {
            let keep: Vec<usize> = (0..design.nobs()).filter(|&i| group.codes[i] as usize != g).collect();
            again(&group.by, &group.labels[g], design.at(&keep))
        };
        add(&group.by, (0..group.labels.len()).into_par_iter().map(without).collect());
    }
    if !controls.is_empty() {
        let without = |name: &&String| {
            let mut rest = design.regressors();
            rest.retain(|(n, _)| n != *name);
            again(CONTROL, name, design.with_regressors(&rest))
        };
        add(CONTROL, controls.par_iter().map(without).collect());
    }
    let mut notes = estimated.notes();
    notes.extend(ranges.iter().filter(|r| r.failed > 0).map(|r| {
        format!("{} of {} values of `{}` leave no estimate when left out (see `reason`)", r.failed, r.values, r.by)
    }));
    Ok(LeftOut { estimated, each, ranges, notes })
}

/// Sums up the lines of one column.
fn range(by: &str, lines: &[Left], full: &Coefficient) -> Range {
    let found: Vec<(&Left, Estimate)> = lines.iter().filter_map(|l| Some((l, l.coefficient?))).collect();
    let count = |of: &dyn Fn(&Estimate) -> bool| found.iter().filter(|(_, e)| of(e)).count();
    let significant = full.p_value < LEVEL;
    let farthest = found.iter().max_by(|a, b| a.1.change.abs().total_cmp(&b.1.change.abs()));
    Range {
        by: by.into(),
        values: lines.len(),
        low: found.iter().map(|(_, e)| e.estimate).min_by(f64::total_cmp),
        high: found.iter().map(|(_, e)| e.estimate).max_by(f64::total_cmp),
        most_influential: farthest.map(|(l, _)| (*l).clone()),
        sign_changes: count(&|e| e.estimate * full.estimate < 0.0),
        lose_significance: count(&|e| significant && e.p_value >= LEVEL),
        gain_significance: count(&|e| !significant && e.p_value < LEVEL),
        failed: lines.len() - found.len(),
    }
}
