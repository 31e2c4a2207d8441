//! Difference in differences by least squares with unit and period effects.
//!
//! ```text
//! y_it = δ D_it + γ'z_it + α_i + λ_t + u_it,      D_it = 1(t ≥ g_i)
//! ```
//!
//! With one period of treatment δ is the average effect on the treated under parallel trends and no anticipation.
//! With several, δ is a weighted mean of two-by-two comparisons, some of them with units already treated, whose
//! weights may be negative (Goodman-Bacon 2021); a note says so. The placebo hands the cohorts to other units.

use super::event_study::{event_time, indicators};
use super::options::{Assignment, Cohorts, DidOptions};
use crate::linear::{Estimated, Prepared, Regression};
use crate::resample::assignment::Assignments;
use crate::resample::placebo::{Placebo, placebo};
use crate::{Design, Error, Factor, Kind, Result, Test};

/// Name of the treatment when it is made from cohorts.
pub const TREAT_POST: &str = "treat_post";

/// A difference-in-differences regression.
#[derive(Debug, Clone)]
pub struct Did {
    /// The regression: the treatment (or the event times), then the controls.
    pub estimated: Estimated,
    /// The joint test of the leads, of an event study.
    pub tests: Vec<Test>,
    /// The placebo distribution, when asked for.
    pub placebo: Option<Placebo>,
    /// Units treated within the sample; `None` when the treatment has no cohorts.
    pub treated_units: Option<usize>,
    /// Units never treated within the sample.
    pub never_treated_units: Option<usize>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The periods after the first, ascending.
fn after_first(time: &[f64]) -> Vec<f64> {
    let mut periods = time.to_vec();
    periods.sort_by(f64::total_cmp);
    periods.dedup();
    periods.split_off(1.min(periods.len()))
}

/// Fits `design` (outcome, controls, effects) with the treatment `assignment` of `unit` at `time`.
///
/// A design without effects gets those of unit and time.
pub fn did(
    design: &Design,
    unit: &Factor,
    time: &[f64],
    assignment: &Assignment,
    options: &DidOptions,
    regression: &Regression,
    seed: u64,
) -> Result<Did> {
    let design = &two_way(design, unit, time, assignment)?;
    // Effects drop singletons: the treatment is coded on the sample that is left.
    let sample = Prepared::new(design, regression.ols.singletons)?.sample;
    let unit_used = unit.at(&sample);
    let time_used: Vec<f64> = sample.iter().map(|&i| time[i]).collect();
    let assigned = assignment.at(&sample);
    let cohorts = match (&assigned, options.event_study || options.placebo > 0) {
        (Assignment::Indicator { .. }, false) => None,
        _ => Some(Cohorts::new(&assigned, &unit_used, &time_used).map_err(|e| back(e, &sample, design))?),
    };
    let at_sample = design.at(&sample);
    let controls = at_sample.regressors();
    let treatment = |of_unit: &dyn Fn(usize) -> f64| -> Vec<f64> {
        (0..time_used.len())
            .map(|i| f64::from(u8::from(time_used[i] >= of_unit(unit_used.codes[i] as usize))))
            .collect()
    };
    let mut regressors = match (&assigned, &cohorts) {
        (_, Some(c)) if options.event_study => {
            indicators(c, &unit_used, &time_used, options.reference, options.leads, options.lags)
                .map_err(|e| back(e, &sample, design))?
        }
        (Assignment::Indicator { name, values }, _) => vec![(name.clone(), values.clone())],
        (_, Some(c)) => vec![(TREAT_POST.into(), treatment(&|u| c.of_unit[u]))],
        (Assignment::Cohort(_), None) => Vec::new(), // cohorts are always made for this kind
    };
    let own: Vec<String> = regressors.iter().map(|(n, _)| n.clone()).collect();
    // A formula may list the treatment column itself; it is not a control.
    let column = |n: &String| matches!(&assigned, Assignment::Indicator { name, .. } if name == n);
    let others: Vec<_> = controls.into_iter().filter(|(n, _)| !own.contains(n) && !column(n)).collect();
    if !regressors.iter().any(|(_, values)| changes(values, &unit_used)) {
        let (first, last) =
            time_used.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &t| (a.min(t), b.max(t)));
        return Err(Error::invalid(
            format!("no unit changes treatment between {first} and {last}"),
            "the first treated period is a time as the data have it, such as 2016, after the first of the sample",
        ));
    }
    regressors.extend(others.iter().cloned());
    let estimated = regression.run(&at_sample.with_regressors(&regressors))?;
    if !own.iter().any(|n| estimated.fit.names.contains(n)) {
        return Err(Error::new(Kind::Collinear { absorbed: true }).at_column(own.join("`, `")));
    }
    let mut notes = estimated.notes();
    let mut tests = Vec::new();
    if options.event_study {
        let leads: Vec<usize> = (0..estimated.fit.names.len())
            .filter(|&j| event_time(&estimated.fit.names[j]).is_some_and(|e| e < 0))
            .collect();
        match estimated.wald("pre_trend", &leads) {
            Some(test) => tests.push(test),
            None if leads.is_empty() => notes.push("no lead but the reference: no test of the pre-trend".into()),
            None => notes.push(format!(
                "no joint test of the {} leads: their covariance is singular (too few clusters)",
                leads.len()
            )),
        }
    }
    let mut drawn = None;
    if let Some(c) = &cohorts {
        notes.extend(remarks(c, options));
        if options.placebo > 0 && options.event_study {
            notes.push("the placebo is for the average effect; leave out `event_study` for it".into());
        } else if options.placebo > 0 {
            let prepared = Prepared::new(&at_sample.with_regressors(&others), regression.ols.singletons)?;
            let distinct = match options.placebo_dates {
                true => after_first(&time_used),
                false => c.distinct(),
            };
            let label = |g: f64| distinct.iter().position(|&d| d == g).map_or(0, |p| p as u32 + 1);
            let labels: Vec<u32> = c.of_unit.iter().map(|&g| label(g)).collect();
            let column = |labels: &[u32]| {
                treatment(&|u| match labels[u] {
                    0 => f64::NAN,
                    l => distinct[l as usize - 1],
                })
            };
            // Treated before the second period or never within the sample is no date that can be drawn.
            if options.placebo_dates && c.of_unit.iter().any(|g| !g.is_nan() && !distinct.contains(g)) {
                return Err(Error::invalid(
                    "a unit is treated in the first period or between two, and placebo dates are drawn after it",
                    "leave these units out, or set `placebo_dates = false`",
                ));
            }
            let assignments = match options.placebo_dates {
                true => Assignments::dated(&labels, distinct.len() as u32, options.placebo, seed),
                false => Assignments::new(&labels, options.placebo, seed),
            };
            drawn = Some(placebo(&prepared, &labels, &column, &assignments)?);
        }
    }
    let treated = cohorts.as_ref().map(|c| c.of_unit.len() - c.never());
    let mut estimated = estimated;
    estimated.fit.singletons = design.nobs() - sample.len();
    estimated.fit.sample = sample;
    Ok(Did {
        estimated,
        tests,
        placebo: drawn,
        treated_units: treated,
        never_treated_units: cohorts.as_ref().map(Cohorts::never),
        notes,
    })
}

/// Checks the arrays; a design without effects gets those of unit and time.
fn two_way(design: &Design, unit: &Factor, time: &[f64], assignment: &Assignment) -> Result<Design> {
    design.check()?;
    let n = design.nobs();
    let values = match assignment {
        Assignment::Cohort(v) | Assignment::Indicator { values: v, .. } => v,
    };
    for (what, got) in
        [(&unit.name, unit.codes.len()), (&"time".into(), time.len()), (&"treatment".into(), values.len())]
    {
        if got != n {
            return Err(Error::length(format!("`{what}`"), got, n));
        }
    }
    let finite = |name: &str, v: &[f64]| match (0..n).find(|&i| !v[i].is_finite()) {
        Some(i) => Err(Error::new(Kind::NotFinite).at_column(name).at_rows([design.rows[i]])),
        None => Ok(()),
    };
    finite("time", time)?;
    if let Assignment::Indicator { name, values } = assignment {
        finite(name, values)?;
    }
    let mut design = design.clone();
    if design.fe.is_empty() {
        let period = Factor::from_keys("time", time.iter().map(|t| t.to_bits()));
        design.fe = vec![unit.clone(), period];
        let keep: Vec<_> = design.regressors().into_iter().filter(|(n, _)| n != crate::linear::INTERCEPT).collect();
        design = design.with_regressors(&keep);
    }
    Ok(design)
}

impl Assignment {
    fn at(&self, rows: &[usize]) -> Self {
        let pick = |v: &[f64]| rows.iter().map(|&i| v[i]).collect();
        match self {
            Assignment::Cohort(v) => Assignment::Cohort(pick(v)),
            Assignment::Indicator { name, values } => {
                Assignment::Indicator { name: name.clone(), values: pick(values) }
            }
        }
    }
}

/// Rows of the sample → rows of the source.
fn back(mut error: Error, sample: &[usize], design: &Design) -> Error {
    error.rows = error.rows.iter().map(|&i| design.rows[sample[i]]).collect();
    error
}

/// What the cohorts themselves tell.
fn remarks(cohorts: &Cohorts, options: &DidOptions) -> Vec<String> {
    let mut notes = Vec::new();
    let several = cohorts.distinct().len();
    if several > 1 && !options.event_study {
        notes.push(format!(
            "{several} cohorts: the two-way estimate also compares with units already treated, with weights that may be negative (Goodman-Bacon 2021)"
        ));
    }
    if several > 1 && options.event_study {
        notes.push(format!(
            "{several} cohorts: estimates of an event time may contain effects of others (Sun and Abraham 2021)"
        ));
    }
    if cohorts.never() == 0 {
        notes.push("no unit is never treated: the effects of the last periods rest on functional form".into());
    }
    if cohorts.later > 0 {
        notes.push(format!("{} units are first treated after the last period: never treated here", cohorts.later));
    }
    if cohorts.always > 0 {
        notes
            .push(format!("{} units are treated from the first period on: they have no period before", cohorts.always));
    }
    notes
}

/// Whether the values of any unit differ.
fn changes(values: &[f64], unit: &Factor) -> bool {
    let mut first = vec![None; unit.levels as usize];
    values.iter().zip(&unit.codes).any(|(&v, &u)| *first[u as usize].get_or_insert(v) != v)
}
