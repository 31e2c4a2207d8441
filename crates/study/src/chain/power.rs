//! `plim simulate power`: what an estimate of a study could have found on the study's own panel.
//!
//! Plasmode simulation (Franklin, Schneeweiss, Polinski and Rassen 2014): outcome, controls and effects stay as they
//! are but for the estimated effect, which is taken out; whole paths of the regressor are exchanged between units, so
//! that it has no effect; then an effect δ is put in:
//!
//! ```text
//! y* = y - b̂ x + δ x*,     x* the exchanged regressor
//! ```
//!
//! Residuals, their dependence over time and between units, and the regressor's own path are real. Least squares is
//! linear in y: the estimate at δ is that at zero plus δ, with the same standard error, so that one draw serves all
//! effects.
//!
//! ```text
//! power(δ)     share of draws with |b₀* + δ| > t_crit s*
//! coverage     share of draws with |b₀*| ≤ t_crit s*
//! MDE          the least δ > 0 with the power asked for
//! ```

use super::null::{Paths, Shuffles, exchangeable};
use crate::error::{Error, Result};
use crate::method::Role;
use crate::plan::Plan;
use crate::run::{self, Progress};
use plim_report::number::{fixed, number};
use plim_report::table::{Align, Cell, Column, Row, Section, Table};
use plim_stats::linear::{INTERCEPT, Ols, Regression};
use plim_stats::math::dist::t_quantile;
use plim_stats::math::quantile::quantile;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Options of the simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Power {
    /// The estimate, by the name of its step; the first `feols` step by default.
    pub estimate: String,
    /// The regressor; the first of the estimate by default.
    pub coefficient: String,
    /// Effects to try; 0 and multiples of the estimate by default.
    pub effects: Vec<f64>,
    /// Draws.
    pub replications: usize,
    /// Level of the test.
    pub level: f64,
    /// Power that the minimum detectable effect has.
    pub power: f64,
    /// Seed; the study's by default.
    pub seed: Option<u64>,
}

impl Default for Power {
    fn default() -> Self {
        Power {
            estimate: String::new(),
            coefficient: String::new(),
            effects: Vec::new(),
            replications: 999,
            level: 0.05,
            power: 0.8,
            seed: None,
        }
    }
}

/// What the simulation says of one effect.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct At {
    /// The effect put in.
    pub effect: f64,
    /// Share of draws that reject the hypothesis of no effect.
    pub power: f64,
    /// Share of draws that reject it with the wrong sign.
    pub wrong_sign: f64,
    /// Mean of the significant estimates over the effect: how much significance exaggerates.
    pub exaggeration: Option<f64>,
}

/// What the simulation says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Powered {
    /// The estimate.
    pub estimate: String,
    /// The regressor.
    pub coefficient: String,
    /// What the study estimates.
    pub estimated: f64,
    /// Its standard error.
    pub std_error: f64,
    /// The covariance of the estimate.
    pub vcov: String,
    /// Draws with an estimate.
    pub replications: usize,
    /// Draws without.
    pub failed: usize,
    /// Mean of the estimates less the effect.
    pub bias: f64,
    /// Standard deviation of the estimates.
    pub sd: f64,
    /// Mean of their standard errors.
    pub mean_std_error: f64,
    /// Share of intervals that cover the effect.
    pub coverage: f64,
    /// Effect by effect.
    pub effects: Vec<At>,
    /// Least positive effect found with the power asked for.
    pub minimum_detectable_effect: Option<f64>,
    /// That power.
    pub power: f64,
}

/// Most draws.
const MOST: usize = 1_000_000;

/// Simulates on the panel of a study.
pub fn power(plan: &Plan, roots: &[(String, PathBuf)], options: &Power, progress: Progress) -> Result<Powered> {
    if !(20..=MOST).contains(&options.replications) {
        return Err(Error::plan(format!("`replications` is {}", options.replications), "ask for 999, say"));
    }
    if !(0.0 < options.level && options.level < 0.5 && options.level < options.power && options.power < 1.0) {
        return Err(Error::plan(
            format!("`level` is {} and `power` is {}", options.level, options.power),
            "a level is small, 0.05 say, and a power large, 0.8 say",
        ));
    }
    let mut plan = plan.clone();
    (plan.study.resample, plan.study.multiverse) = (None, None);
    let (steps, _) = run::steps(&plan);
    let feols = |s: &&crate::step::Step| s.entry.role == Role::Estimate && s.entry.name == "feols";
    let step = match options.estimate.is_empty() {
        true => steps.iter().find(feols),
        false => steps.iter().find(|s| s.entry.role == Role::Estimate && s.name == options.estimate),
    };
    let step = step.ok_or_else(|| {
        let known: Vec<&str> = steps.iter().filter(feols).map(|s| s.name.as_str()).collect();
        Error::plan(format!("no estimate `{}`", options.estimate), format!("there are: {}", known.join(", ")))
    })?;
    // What comes after the estimate is not needed.
    plan.study.step.truncate(step.index + 1);
    plan.study.step.retain(|keys| keys.get("method").is_none_or(|m| m != "table" && m != "figure"));
    let done = run::run(&plan, roots, progress)?;
    let (steps, _) = run::steps(&plan);
    let step = steps.last().ok_or_else(|| Error::plan("the study has no step", "add one"))?;
    let shuffles = Shuffles::new(&done, options.replications, options.seed.unwrap_or(plan.study.seed))?;
    done.look(step, &plan.study, &plan.folder, |cx| {
        let design = exchangeable(cx)?;
        let r = &step.regression;
        let ols = Ols { singletons: r.singletons, collinear: r.collinear, ..Ols::default() };
        let rules = Regression { ols, vcov: r.vcov.clone(), ssc: r.ssc };
        let fit = rules.run(&design)?;
        let named = |c: &&plim_stats::Coefficient| match options.coefficient.is_empty() {
            true => c.name != INTERCEPT,
            false => c.name == options.coefficient,
        };
        let found = fit.coefficients.iter().find(named).ok_or_else(|| {
            let known: Vec<&str> = fit.coefficients.iter().map(|c| c.name.as_str()).collect();
            Error::plan(format!("no coefficient `{}`", options.coefficient), format!("there are: {}", known.join(", ")))
        })?;
        let all: Vec<usize> = (0..design.y.len()).collect();
        let paths = Paths::new(cx, &design, &all, &found.name, &shuffles)?;
        let position = design.position(&found.name).unwrap_or_default();
        let without: Vec<f64> = design.y.iter().zip(paths.own()).map(|(y, x)| y - found.estimate * x).collect();
        let count = AtomicUsize::new(0);
        let draw = |r: usize| -> Option<(f64, f64, f64)> {
            let mut world = design.clone();
            world.y.clone_from(&without);
            let x = paths.exchanged(shuffles.permutation(r));
            world.X.col_as_slice_mut(position).copy_from_slice(&x);
            let made = rules.run(&world).ok();
            progress(count.fetch_add(1, Ordering::Relaxed) + 1, options.replications, "replications");
            let made = made?;
            let c = made.coefficients.iter().find(|c| c.name == found.name)?;
            let bound = t_quantile(1.0 - options.level / 2.0, made.covariance.df) * c.std_error;
            bound.is_finite().then_some((c.estimate, c.std_error, bound))
        };
        let draws: Vec<Option<(f64, f64, f64)>> = (0..options.replications).into_par_iter().map(draw).collect();
        let good: Vec<(f64, f64, f64)> = draws.iter().flatten().copied().collect();
        let failed = draws.len() - good.len();
        if good.len() * 20 < draws.len() * 19 {
            return Err(Error::plan(
                format!("{failed} of {} draws have no estimate", draws.len()),
                "effects and controls nearly span the regressor once its paths are exchanged",
            ));
        }
        let n = good.len() as f64;
        let share = |test: &dyn Fn(&(f64, f64, f64)) -> bool| good.iter().filter(|d| test(d)).count() as f64 / n;
        let at = |effect: f64| {
            let significant: Vec<f64> =
                good.iter().map(|d| (d.0 + effect, d.2)).filter(|(b, bound)| b.abs() > *bound).map(|d| d.0).collect();
            let mean = significant.iter().map(|b| b.abs()).sum::<f64>() / significant.len() as f64;
            At {
                effect,
                power: significant.len() as f64 / n,
                wrong_sign: share(&|d| (d.0 + effect).abs() > d.2 && (d.0 + effect) * effect < 0.0),
                exaggeration: (effect != 0.0 && !significant.is_empty()).then(|| mean / effect.abs()),
            }
        };
        // b₀* + δ > bound for the draws whose need (bound - b₀*) is below δ: a quantile of the needs, up to rejections
        // of the wrong sign, which a power above one half leaves out.
        let mut needs: Vec<f64> = good.iter().map(|d| d.2 - d.0).collect();
        needs.sort_by(f64::total_cmp);
        let least = quantile(&needs, options.power, Default::default());
        let mean = good.iter().map(|d| d.0).sum::<f64>() / n;
        let effects = match options.effects.is_empty() {
            true => [0.0, 0.25, 0.5, 1.0, 1.5, 2.0].map(|m| m * found.estimate).to_vec(),
            false => options.effects.clone(),
        };
        Ok(Powered {
            estimate: step.name.clone(),
            coefficient: found.name.clone(),
            estimated: found.estimate,
            std_error: found.std_error,
            vcov: fit.covariance.label.clone(),
            replications: good.len(),
            failed,
            bias: mean,
            sd: (good.iter().map(|d| (d.0 - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt(),
            mean_std_error: good.iter().map(|d| d.1).sum::<f64>() / n,
            coverage: share(&|d| d.0.abs() <= d.2),
            effects: effects.into_iter().map(at).collect(),
            minimum_detectable_effect: (least > 0.0).then_some(least),
            power: options.power,
        })
    })
}

impl Powered {
    /// As a table.
    pub fn table(&self) -> Table {
        let value = |v: f64| Cell::number(v, number(v, 4));
        let percent = |v: f64| Cell::number(v, fixed(100.0 * v, 1) + "%");
        let row = |a: &At| {
            let more = a.exaggeration.map_or_else(Cell::empty, |e| Cell::number(e, fixed(e, 2)));
            Row::new(number(a.effect, 4), vec![percent(a.power), percent(a.wrong_sign), more])
        };
        let design = [
            ("Estimate of the study", value(self.estimated)),
            ("Its standard error", value(self.std_error)),
            ("Standard deviation over draws", value(self.sd)),
            ("Mean standard error", value(self.mean_std_error)),
            ("Bias", value(self.bias)),
            ("Coverage of intervals", percent(self.coverage)),
            ("Minimum detectable effect", self.minimum_detectable_effect.map_or_else(Cell::empty, value)),
        ];
        let pad = |cell: Cell| vec![cell, Cell::empty(), Cell::empty()];
        Table {
            title: format!("Power of {}: {}", self.estimate, self.coefficient),
            stub: "Effect".into(),
            columns: ["Power", "Wrong sign", "Exaggeration"].map(|h| Column::new(h, Align::Number)).to_vec(),
            sections: vec![
                Section::new(self.effects.iter().map(row).collect()),
                Section::new(design.into_iter().map(|(label, cell)| Row::new(label, pad(cell))).collect()),
            ],
            notes: vec![
                format!(
                    "{} draws on the study's own panel: paths of the regressor exchanged between units. {} draws failed.",
                    self.replications, self.failed
                ),
                format!("Covariance: {}. The minimum detectable effect has power {}.", self.vcov, self.power),
            ],
            ..Table::default()
        }
    }
}
