//! Split samples, and whether their coefficients differ.
//!
//! "Significant in one group and not in the other" is not a test of a difference. Three are given for two groups:
//!
//! * **suest**: the scores of both regressions stacked, CR₀ (HC₀ without clusters), z = (b₁ - b₂)/s;
//! * **Chow**: one regression with every regressor and every effect interacted with the group, whose estimates
//!   equal those of the subsamples, under the covariance and small-sample rule of the fit, t;
//! * **permutation**: units (not rows) are reshuffled between the groups, sizes kept; exact when the splits are few.
//!
//! All three stand on the same stacked regression. With few clusters the first two reject too often.

use crate::linear::{Estimated, Regression};
use crate::math::dist;
use crate::resample::assignment::{Assignments, Permutation};
use crate::vcov::{Ssc, Vcov, vcov};
use crate::{Design, Error, Factor, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The same regression in each group, and tests of the differences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitOptions {
    /// The variable whose values are the groups.
    pub by: String,
    /// Random reassignments of units to groups; all of them are tried when they are at most this many or 5,000. 0 is none.
    pub replications: usize,
}

impl Default for SplitOptions {
    fn default() -> Self {
        // A thousand leave a p-value near .05 a standard error below .007.
        SplitOptions { by: String::new(), replications: 1000 }
    }
}

/// One group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its value of `by`.
    pub value: String,
    /// Its regression.
    pub estimated: Estimated,
}

/// The difference of one coefficient, first group less second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Between {
    /// Name of the regressor.
    pub name: String,
    /// First less second.
    pub difference: f64,
    /// Standard error from the stacked scores (suest).
    pub std_error: f64,
    /// z of suest.
    pub statistic: f64,
    /// Its two-sided p-value.
    pub p_value: f64,
    /// Two-sided p-value of the permutation of units.
    pub p_permutation: Option<f64>,
    /// One-sided, in the direction of the difference.
    pub p_permutation_one_sided: Option<f64>,
    /// Standard error of the interacted regression (Chow).
    pub chow_std_error: f64,
    /// Its t.
    pub chow_statistic: f64,
    /// Its two-sided p-value.
    pub chow_p_value: f64,
}

/// A split-sample analysis.
#[derive(Debug, Clone)]
pub struct Split {
    /// The groups, in the order of their labels.
    pub groups: Vec<Group>,
    /// The differences; empty unless there are two groups.
    pub between: Vec<Between>,
    /// How the permutation was done, for the first coefficient.
    pub permutation: Option<Permutation>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Fits `design` in each level of `group` (named by `labels`); the permutation reshuffles the levels of `unit`.
pub fn split(
    design: &Design,
    group: &Factor,
    labels: &[String],
    unit: &Factor,
    options: &SplitOptions,
    regression: &Regression,
    seed: u64,
) -> Result<Split> {
    design.check()?;
    let n = design.nobs();
    for factor in [group, unit] {
        if factor.codes.len() != n {
            return Err(Error::length(format!("`{}`", factor.name), factor.codes.len(), n));
        }
    }
    if labels.len() != group.levels as usize {
        return Err(Error::length("the labels of the groups", labels.len(), group.levels as usize));
    }
    if group.levels < 2 {
        return Err(Error::invalid(
            format!("`{}` has a single value in the sample", options.by),
            "split by a variable with two or more values",
        ));
    }
    let mut groups = Vec::new();
    let mut notes = Vec::new();
    for (g, value) in labels.iter().enumerate() {
        let estimated = regression.run(&design.at(&members(&group.codes, g as u32)))?;
        notes.extend(estimated.notes().into_iter().map(|note| format!("{}: {note}", value)));
        groups.push(Group { value: value.clone(), estimated });
    }
    let (mut between, mut permutation): (Vec<Between>, Option<Permutation>) = (Vec::new(), None);
    if groups.len() != 2 {
        notes.push(format!("differences are tested between two groups; `{}` has {}", options.by, groups.len()));
        return Ok(Split { groups, between, permutation, notes });
    }
    between = differences(design, group, &groups, regression)?;
    match group_of_unit(group, unit) {
        Some(of_unit) if options.replications > 0 => {
            let assignments = Assignments::new(&of_unit, options.replications, seed);
            let names: Vec<String> = between.iter().map(|b| b.name.clone()).collect();
            let draws = permuted(design, unit, &assignments, &names, regression);
            for (j, line) in between.iter_mut().enumerate() {
                let statistics: Vec<Option<f64>> = draws.iter().map(|d| d.as_ref().map(|d| d[j])).collect();
                let p = assignments.p_value(line.difference, &statistics);
                (line.p_permutation, line.p_permutation_one_sided) = (Some(p.p_value), Some(p.p_one_sided));
                permutation.get_or_insert(p);
            }
        }
        None if options.replications > 0 => notes.push(format!(
            "no permutation: levels of `{}` lie in both groups; split by a value that a unit keeps",
            unit.name
        )),
        _ => {}
    }
    Ok(Split { groups, between, permutation, notes })
}

fn members(codes: &[u32], group: u32) -> Vec<usize> {
    (0..codes.len()).filter(|&i| codes[i] == group).collect()
}

/// Suest and Chow from the regression of x and x·1(second group) with effects by group: the coefficient of x is the
/// first group's, that of the product the second group's less it.
fn differences(design: &Design, group: &Factor, groups: &[Group], regression: &Regression) -> Result<Vec<Between>> {
    let (first, second) = (&groups[0].estimated, &groups[1].estimated);
    let common: Vec<&String> = first.fit.names.iter().filter(|n| second.fit.names.contains(n)).collect();
    let within = |g: u32, column: &[f64]| -> Vec<f64> {
        column.iter().zip(&group.codes).map(|(v, &c)| if c == g { *v } else { 0.0 }).collect()
    };
    // What one group dropped must stay dropped there, so that the stacked estimates equal the subsamples'.
    let mut regressors: Vec<(String, Vec<f64>)> = Vec::new();
    for (g, fit) in [(0u32, &first.fit), (1, &second.fit)] {
        let own = design.regressors().into_iter().filter(|(n, _)| fit.names.contains(n));
        regressors.extend(own.map(|(n, column)| (format!("{n}@{g}"), within(g, &column))));
    }
    let mut stacked = design.with_regressors(&regressors);
    stacked.fe.iter_mut().chain(stacked.slopes.iter_mut().map(|s| &mut s.factor)).for_each(|f| {
        let name = f.name.clone();
        *f = f.interact(group);
        f.name = name;
    });
    // Clusters keep their own levels: one that lies in both groups correlates their estimates.
    let covariance = regression.covariance(design);
    let plain: Vec<Factor> =
        design.fe.iter().filter(|f| design.cluster.iter().all(|c| c.name != f.name)).cloned().collect();
    stacked.cluster.extend(plain);
    let fit = regression.ols.fit(&stacked)?;
    let chow = vcov(&fit, &covariance, regression.ssc, &stacked)?;
    let independent = matches!(covariance, Vcov::Iid | Vcov::Hc0 | Vcov::Hc1 | Vcov::Hc2 | Vcov::Hc3);
    let robust = if independent { Vcov::Hc0 } else { covariance };
    let suest = vcov(&fit, &robust, Ssc::None, &stacked)?;
    let at = |name: &str, g: u32| {
        let name = format!("{name}@{g}");
        fit.names.iter().position(|n| *n == name).ok_or_else(|| {
            Error::invalid(format!("`{name}` is collinear in the stacked regression"), "leave it out of the formula")
        })
    };
    let mut out = Vec::new();
    for name in common {
        let (i, j) = (at(name, 0)?, at(name, 1)?);
        let difference = fit.coef[i] - fit.coef[j];
        let se = |V: &crate::math::Mat<f64>| (V[(i, i)] + V[(j, j)] - 2.0 * V[(i, j)]).max(0.0).sqrt();
        let (std_error, chow_std_error) = (se(&suest.V), se(&chow.V));
        out.push(Between {
            name: name.clone(),
            difference,
            std_error,
            statistic: difference / std_error,
            p_value: dist::normal_p(difference / std_error),
            p_permutation: None,
            p_permutation_one_sided: None,
            chow_std_error,
            chow_statistic: difference / chow_std_error,
            chow_p_value: dist::t_p(difference / chow_std_error, chow.df),
        });
    }
    Ok(out)
}

/// Which group each unit is in; `None` when one is in both.
fn group_of_unit(group: &Factor, unit: &Factor) -> Option<Vec<u32>> {
    let mut of_unit = vec![0u32; unit.levels as usize];
    unit.codes.iter().zip(&group.codes).for_each(|(&u, &g)| of_unit[u as usize] = g);
    unit.nested_in(group).then_some(of_unit)
}

/// The differences under each assignment of units to groups; `None` where one is not estimable.
fn permuted(
    design: &Design,
    unit: &Factor,
    assignments: &Assignments,
    names: &[String],
    regression: &Regression,
) -> Vec<Option<Vec<f64>>> {
    let differences = |labels: &Vec<u32>| {
        let codes: Vec<u32> = unit.codes.iter().map(|&u| labels[u as usize]).collect();
        let fit = |g| regression.ols.fit(&design.at(&members(&codes, g))).ok();
        let (first, second) = (fit(0)?, fit(1)?);
        names.iter().map(|n| Some(first.coefficient(n)? - second.coefficient(n)?)).collect()
    };
    assignments.draws.par_iter().map(differences).collect()
}
