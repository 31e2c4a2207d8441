//! Are returns to scale constant? The bootstrap test of Simar and Wilson.
//!
//! An estimate under constant returns can only be further from the units than one under variable returns; the statistic
//! asks how much:
//!
//! ```text
//! S = Σ θ_crs / Σ θ_vrs ≤ 1,       H0: the technology has constant returns,  H1: variable
//! S' = Σ θ_nirs / Σ θ_vrs ≤ 1,     H0': non-increasing returns,              H1': variable; only where H0 is rejected
//! ```
//!
//! (for outputs with 1/φ). Its distribution under the null comes from pseudo references drawn around the estimate of the
//! null ([`super::pseudo`]), against which the observed points are scored under both returns; small S speaks against the
//! null: p = (1 + #{S*_b ≤ S}) / (1 + B). Constant returns are rejected where p ≤ `size`.
//!
//! L. Simar and P. W. Wilson (2002), "Non-parametric tests of returns to scale", European Journal of Operational Research
//! 139(1), statistic 4.6.

use super::bootstrap::{Bandwidth, FEWEST};
use super::pseudo::{Estimate, Pseudo, against};
use crate::frontier::dea::technology::Scored;
use crate::frontier::dea::{Dea, Orientation, Rts, Units};
use crate::math::lp::Variable;
use crate::math::rng::Stream;
use crate::{Error, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Test of constant against variable returns to scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RtsTest {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// What is scaled to reach the frontier: all inputs down, or all outputs up.
    pub orientation: Orientation,
    /// Width of the kernel that smooths the distribution of inefficiency: `reflected`, `normal_reference` or a number.
    pub bandwidth: Bandwidth,
    /// Replications.
    pub replications: usize,
    /// Size of the test: constant returns are rejected where the p-value is at most this.
    pub size: f64,
}

impl Default for RtsTest {
    fn default() -> Self {
        RtsTest {
            inputs: Vec::new(),
            outputs: Vec::new(),
            orientation: Orientation::default(),
            bandwidth: Bandwidth::default(),
            replications: 1000,
            size: 0.05,
        }
    }
}

/// One null against variable returns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NullTest {
    /// Returns under the null.
    pub null: Rts,
    /// Mean efficiency under the null over that under variable returns.
    pub statistic: f64,
    /// How often the null makes one as small.
    pub p_value: f64,
    /// Width of the kernel.
    pub bandwidth: f64,
}

/// What the test says, and the scores it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct RtsTested {
    /// Constant returns, and where those are rejected non-increasing ones.
    pub tests: Vec<NullTest>,
    /// What is left: constant, non-increasing or variable returns.
    pub returns: Rts,
    /// Efficiencies under constant, non-increasing and variable returns of every unit, or why there are none.
    pub units: Vec<Scored<[f64; 3]>>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Tests returns to scale; `seed` makes it repeatable, whatever the number of threads.
pub fn rts_test(units: &Units, options: &RtsTest, seed: u64) -> Result<RtsTested> {
    if options.replications < FEWEST {
        let what = format!("`replications` is {}", options.replications);
        return Err(Error::invalid(what, format!("give at least {FEWEST}; 1000 are usual")));
    }
    if !(options.size > 0.0 && options.size < 1.0) {
        let what = format!("`size` is {}", options.size);
        return Err(Error::invalid(what, "give a probability between 0 and 1, for example `size = 0.05`"));
    }
    let (inputs, outputs) = (options.inputs.clone(), options.outputs.clone());
    // Constant returns take the fewest data: a negative output, say, has a score under variable returns only.
    let radial = Dea { inputs, outputs, rts: Rts::Crs, orientation: options.orientation, ..Dea::default() };
    let Estimate { scored, units, points, notes, .. } = Estimate::new(units, &radial, "the test")?;
    let observed = |rts| -> Result<(Vec<f64>, Vec<Vec<Variable>>)> {
        let proven = against(&units, rts, options.orientation, &points, &[]);
        Ok(proven.into_iter().collect::<Scored<Vec<_>>>().map_err(|_| lost("the observed units"))?.into_iter().unzip())
    };
    let (crs, nirs, vrs) = (observed(Rts::Crs)?, observed(Rts::Nirs)?, observed(Rts::Vrs)?);
    let test = |null: Rts, under: &(Vec<f64>, Vec<Vec<Variable>>)| -> Result<NullTest> {
        let pseudo = Pseudo::new(&units, options.orientation, &under.0, options.bandwidth)?;
        let replicate = |replication: usize| -> Scored<f64> {
            let reference = pseudo.units(&mut Stream::new(seed, replication as u64));
            let sum = |rts, starts: &[Vec<Variable>]| -> Scored<f64> {
                let proven = against(&reference, rts, options.orientation, &points, starts);
                proven.into_iter().map(|p| p.map(|(efficiency, _)| efficiency)).sum()
            };
            Ok(sum(null, &under.1)? / sum(Rts::Vrs, &vrs.1)?)
        };
        let statistic = under.0.iter().sum::<f64>() / vrs.0.iter().sum::<f64>();
        let drawn = (0..options.replications).into_par_iter().map(replicate).collect::<Vec<_>>();
        let drawn = drawn.into_iter().collect::<Scored<Vec<f64>>>().map_err(|_| lost("a replication"))?;
        let hits = drawn.iter().filter(|&&s| s <= statistic).count();
        let p_value = (1 + hits) as f64 / (1 + drawn.len()) as f64;
        Ok(NullTest { null, statistic, p_value, bandwidth: pseudo.bandwidth })
    };
    let mut tests = vec![test(Rts::Crs, &crs)?];
    let mut returns = Rts::Crs;
    if tests[0].p_value <= options.size {
        tests.push(test(Rts::Nirs, &nirs)?);
        returns = if tests[1].p_value <= options.size { Rts::Vrs } else { Rts::Nirs };
    }
    let mut rows = (0..points.len()).map(|i| [crs.0[i], nirs.0[i], vrs.0[i]]);
    let all = (scored.into_iter())
        .map(|scored| scored.map(|_| rows.next().expect("scores for each unit that has one")))
        .collect();
    Ok(RtsTested { tests, returns, units: all, notes })
}

/// A sum of scores in which one has failed its certificate.
fn lost(what: &str) -> Error {
    Error::invalid(
        format!("a score of {what} failed its certificate"),
        "look at the units that `dea` refuses, and leave them out with `where`",
    )
}
