//! Who is treated when.

use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Difference in differences, from the period of first treatment or from a 0/1 column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DidOptions {
    /// Column with the first treated period of each unit; missing or 0 is never treated.
    pub cohort: Option<String>,
    /// Column that is 1 where and when a unit is treated, instead of `cohort`.
    pub treatment: Option<String>,
    /// Estimate an effect for each period since treatment instead of one average.
    pub event_study: bool,
    /// Event time whose effect is set to zero.
    pub reference: i64,
    /// Longest lead: earlier event times are binned into it.
    pub leads: Option<u32>,
    /// Longest lag: later event times are binned into it.
    pub lags: Option<u32>,
    /// Random placebo treatments; all are tried when they are at most this many or 5,000. 0 is none.
    pub placebo: usize,
    /// Placebo units draw their first treated period too, among the second to the last of the sample; otherwise the
    /// periods change hands as they are.
    pub placebo_dates: bool,
}

impl Default for DidOptions {
    fn default() -> Self {
        DidOptions {
            cohort: None,
            treatment: None,
            event_study: false,
            // The last period before treatment is the one that nothing has touched yet.
            reference: -1,
            leads: None,
            lags: None,
            placebo: 0,
            placebo_dates: false,
        }
    }
}

/// Treatment of each observation of a design.
#[derive(Debug, Clone, PartialEq)]
pub enum Assignment {
    /// First treated period; NaN or 0 where never.
    Cohort(Vec<f64>),
    /// 1 where treated, by the name of its column.
    Indicator {
        /// Name of the column, which the coefficient keeps.
        name: String,
        /// Its values.
        values: Vec<f64>,
    },
}

/// The first treated period of each unit; NaN where never within the sample.
pub(super) struct Cohorts {
    pub of_unit: Vec<f64>,
    /// Units whose treatment starts after the last period.
    pub later: usize,
    /// Units treated from the first period on.
    pub always: usize,
}

impl Cohorts {
    /// From the assignment of the observations of `unit` at `time`; the treatment must stay once it has come.
    pub fn new(assignment: &Assignment, unit: &Factor, time: &[f64]) -> Result<Self> {
        let n = time.len();
        let mut of_unit = vec![f64::NAN; unit.levels as usize];
        match assignment {
            Assignment::Cohort(cohort) => {
                let mut seen = vec![false; of_unit.len()];
                for i in 0..n {
                    let u = unit.codes[i] as usize;
                    let c = if cohort[i] == 0.0 { f64::NAN } else { cohort[i] };
                    if seen[u] && c.to_bits() != of_unit[u].to_bits() && !(c.is_nan() && of_unit[u].is_nan()) {
                        return Err(Error::invalid(
                            format!("a unit of `{}` has two cohorts, {} and {c}", unit.name, of_unit[u]),
                            "give every unit one period of first treatment",
                        )
                        .at_rows([i]));
                    }
                    (seen[u], of_unit[u]) = (true, c);
                }
            }
            Assignment::Indicator { name, values } => {
                for i in 0..n {
                    if values[i] == 1.0 {
                        let first = &mut of_unit[unit.codes[i] as usize];
                        *first = first.min(time[i]); // min ignores NaN
                    }
                }
                let ends = |i: usize| {
                    let treated = time[i] >= of_unit[unit.codes[i] as usize];
                    treated != (values[i] == 1.0)
                };
                if let Some(i) = (0..n).find(|&i| ends(i)) {
                    return Err(Error::invalid(
                        format!("the treatment `{name}` ends, or is not 0/1, so that it has no cohorts"),
                        "leave out `event_study` and `placebo`, or give `cohort`",
                    )
                    .at_rows([i]));
                }
            }
        }
        let (first, last) = time.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &t| (a.min(t), b.max(t)));
        let later = of_unit.iter().filter(|&&c| c > last).count();
        of_unit.iter_mut().filter(|c| **c > last).for_each(|c| *c = f64::NAN);
        let always = of_unit.iter().filter(|&&c| c <= first).count();
        Ok(Cohorts { of_unit, later, always })
    }

    /// Distinct cohorts, ascending.
    pub fn distinct(&self) -> Vec<f64> {
        let mut c: Vec<f64> = self.of_unit.iter().copied().filter(|c| !c.is_nan()).collect();
        c.sort_by(f64::total_cmp);
        c.dedup();
        c
    }

    /// Units never treated within the sample.
    pub fn never(&self) -> usize {
        self.of_unit.iter().filter(|c| c.is_nan()).count()
    }
}
