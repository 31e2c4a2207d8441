//! Relative distortion and wedges of factors in competitive equilibrium (Chen and Hu 2011; Ji, Zhu and Zhang 2016).
//!
//! Units take the price of their output as given and pay (1 + τ_f) times the price of factor f. With s_i the share of
//! unit i in output and β_fi its output elasticity,
//!
//! ```text
//! γ_fi = (F_fi / Σ F_f) / (s_i β_fi / β_f),    β_f = Σ s_i β_fi,    τ_fi = 1/γ_fi - 1
//! ```
//!
//! γ > 1 (τ < 0): the unit has more of the factor than at equal wedges; γ < 1 (τ > 0): less. |τ| is at most one on the
//! side of too much and has no bound on the other; |ln γ| treats both alike. Over the factors of a unit
//!
//! ```text
//! weighted  Σ β_f |τ_f|     composite  Π (1 + τ_f)^β_f     mean  (1/k) Σ |τ_f|
//! ```
//!
//! Everything is relative to the units of the same time: Σ s_i β_fi γ_fi / β_f = 1, which is checked in every run. The
//! measure of one unit changes with the others that are there, so that an unbalanced panel compares unlike years.
//!
//! Chen Yongwei and Hu Weimin (2011), "Price distortions, factor misallocation and efficiency loss", China Economic
//! Quarterly 10(4). Ji Shuhan, Zhu Yingming and Zhang Xiaoxin (2016), "Research on the improvement effect of industrial
//! agglomeration on resource misallocation", China Industrial Economics 6.
//!
//! ```
//! use plim_stats::misallocation::wedges::*;
//! let options = Misallocation { factors: vec!["K".into(), "L".into()], ..Misallocation::default() };
//! let economy = Economy {
//!     output: &[100.0, 60.0, 40.0],
//!     factors: &[&[150.0, 120.0, 30.0], &[40.0, 50.0, 10.0]],
//!     unit: None,
//!     time: &[0; 3],
//! };
//! let wedges = misallocation(&options, economy, Some(&[Given::Common(0.4), Given::Common(0.6)]))?;
//! assert!((wedges.gamma[1][1] - 5.0 / 3.0).abs() < 1e-14);
//! # Ok::<(), plim_stats::Error>(())
//! ```

use super::elasticity::{Elasticity, Estimate, Estimated, Production, Returns, estimate};
use super::sample::{balance, settle_outside};
use super::{nonnegative, periods};
use crate::{Error, Factor, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Relative distortion and wedges of factors against the allocation at equal wedges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Misallocation {
    /// Column of the output: value added, or patents and sales of new products for innovation.
    pub output: String,
    /// Columns of the factors: capital and labor, R&D personnel, data.
    pub factors: Vec<String>,
    /// Output elasticity of each factor, in their order: a number for all, or a column with one for each row.
    pub elasticities: Vec<Elasticity>,
    /// An earlier step that estimated the production function: the elasticities are its coefficients.
    ///
    /// The coefficient of factor K is the one named `K`, `log(K)`, `ln(K)`, `ln_K`, `lnK` or `log_K`, or as `terms`
    /// says. For a function in which elasticities differ by row (translog), name their columns in `elasticities`.
    pub fit: Option<String>,
    /// Names of the coefficients of `fit`, one for each factor, where they are not recognized.
    pub terms: Vec<String>,
    /// Estimates the elasticities here, with effects of units and of time: `common`, `unit` or `shrunken`.
    pub estimate: Option<Estimate>,
    /// Returns to scale of `estimate`.
    pub returns: Returns,
    /// Which units make up the totals: all that are there in a year, or those that are there in every year.
    pub sample: Sample,
    /// What becomes of a row with an elasticity outside (0, 1], which has no meaning here.
    pub outside: Outside,
    /// Smallest elasticity that `outside = "clamp"` leaves; the largest is one less it.
    pub bound: f64,
}

impl Default for Misallocation {
    fn default() -> Self {
        Misallocation {
            output: String::new(),
            factors: Vec::new(),
            elasticities: Vec::new(),
            fit: None,
            terms: Vec::new(),
            estimate: None,
            returns: Returns::Constant,
            sample: Sample::All,
            outside: Outside::LeaveOut,
            bound: 0.01,
        }
    }
}

/// Which units make up the totals of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// All units of that time.
    #[default]
    All,
    /// The units that are there at every time, so that totals are of the same units.
    Balanced,
}

/// What becomes of a row with an elasticity outside (0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// It has no wedges and is left out of the totals; its status says so.
    #[default]
    LeaveOut,
    /// The elasticity is moved to the nearest bound; under estimated constant returns they are made to add to one again.
    Clamp,
    /// The run stops.
    Error,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All wedges are there.
    Defined,
    /// It has nothing of some factor: γ = 0 and τ infinite, which is left missing.
    ZeroFactor,
    /// It has no output: γ is infinite and left missing; its factors count in the totals.
    ZeroOutput,
    /// An elasticity is outside (0, 1] or not known: left out of the totals.
    Elasticity,
    /// The unit is not there at every time: left out of the totals.
    Unbalanced,
}

/// Outputs and factors of the units.
#[derive(Debug, Clone, Copy)]
pub struct Economy<'a> {
    /// Output, n.
    pub output: &'a [f64],
    /// Factors, each n.
    pub factors: &'a [&'a [f64]],
    /// The unit of each row, where known.
    pub unit: Option<&'a Factor>,
    /// Time of each row, n.
    pub time: &'a [i64],
}

/// Elasticity of one factor as given.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// One for all rows.
    Common(f64),
    /// One for each row, n.
    Rows(&'a [f64]),
}

/// Totals of one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// The time.
    pub time: i64,
    /// Units in the totals.
    pub units: usize,
    /// Aggregate elasticity β_f of each factor.
    pub elasticities: Vec<f64>,
    /// Σ s β γ / β of each factor, with the shares of units without output: one but for rounding.
    pub invariant: Vec<f64>,
}

/// Wedges of every row; NaN is missing.
#[derive(Debug, Clone)]
pub struct Wedges {
    /// γ, by factor and row.
    pub gamma: Vec<Vec<f64>>,
    /// τ, by factor and row.
    pub tau: Vec<Vec<f64>>,
    /// The elasticities used, by factor and row.
    pub elasticity: Vec<Vec<f64>>,
    /// Σ β_f |τ_f|.
    pub weighted: Vec<f64>,
    /// Π (1 + τ_f)^β_f.
    pub composite: Vec<f64>,
    /// Mean of |τ_f|.
    pub mean_abs_tau: Vec<f64>,
    /// What became of each row.
    pub status: Vec<Status>,
    /// Totals of each time.
    pub totals: Vec<Totals>,
    /// The regression behind the elasticities, where they were estimated.
    pub estimated: Option<Estimated>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Wedges of the units of an economy, with the elasticities `given` unless `options.estimate` asks for an estimate.
pub fn misallocation(options: &Misallocation, economy: Economy, given: Option<&[Given]>) -> Result<Wedges> {
    let (n, k) = (economy.output.len(), options.factors.len());
    check(options, economy)?;
    let mut notes = Vec::new();
    let (mut elasticity, estimated) = elasticities(options, economy, given, &mut notes)?;
    let mut status = vec![Status::Defined; n];
    settle_outside(options, &mut elasticity, &mut status, estimated.is_some(), &mut notes)?;
    balance(options, economy, &mut status, &mut notes)?;
    let counted = |i: &usize| !matches!(status[*i], Status::Elasticity | Status::Unbalanced);
    let mut out = Wedges {
        gamma: vec![vec![f64::NAN; n]; k],
        tau: vec![vec![f64::NAN; n]; k],
        weighted: vec![f64::NAN; n],
        composite: vec![f64::NAN; n],
        mean_abs_tau: vec![f64::NAN; n],
        elasticity,
        status: Vec::new(),
        totals: Vec::new(),
        estimated,
        notes,
    };
    for (time, rows) in periods(economy.time, (0..n).filter(counted)) {
        out.period(options, economy, time, &rows)?;
    }
    if out.totals.is_empty() {
        return Err(Error::new(Kind::Empty { what: "the sample of units with elasticities".into() }));
    }
    for (i, status) in status.iter_mut().enumerate().filter(|(_, s)| **s == Status::Defined) {
        if economy.output[i] == 0.0 {
            *status = Status::ZeroOutput;
        } else if economy.factors.iter().any(|f| f[i] == 0.0) {
            *status = Status::ZeroFactor;
        }
    }
    for (of, what) in [
        (Status::ZeroFactor, "have nothing of a factor: gamma is 0 and tau infinite, which is left missing"),
        (Status::ZeroOutput, "have no output: gamma is infinite and left missing, their factors count in the totals"),
    ] {
        let count = status.iter().filter(|&&s| s == of).count();
        if count > 0 {
            out.notes.push(format!("{count} rows {what}"));
        }
    }
    out.status = status;
    Ok(out)
}

impl Wedges {
    /// Wedges of the rows of one time.
    fn period(&mut self, options: &Misallocation, economy: Economy, time: i64, rows: &[usize]) -> Result<()> {
        let sum = |v: &[f64]| rows.iter().map(|&i| v[i]).sum::<f64>();
        let none = |name: &str| {
            Error::invalid(
                format!("it adds to zero at time {time}, so that there are no shares"),
                "leave that time out with `where`",
            )
            .at_column(name)
        };
        let output = sum(economy.output);
        if output == 0.0 {
            return Err(none(&options.output));
        }
        let mut totals = Totals { time, units: rows.len(), elasticities: Vec::new(), invariant: Vec::new() };
        for (f, name) in options.factors.iter().enumerate() {
            let (factor, beta) = (economy.factors[f], &self.elasticity[f]);
            let total = sum(factor);
            if total == 0.0 {
                return Err(none(name));
            }
            let mean: f64 = rows.iter().map(|&i| economy.output[i] / output * beta[i]).sum();
            let mut invariant = 0.0;
            for &i in rows {
                let (held, due) = (factor[i] / total, economy.output[i] / output * beta[i] / mean);
                if due > 0.0 {
                    let gamma = held / due;
                    invariant += due * gamma;
                    self.gamma[f][i] = gamma;
                    self.tau[f][i] = if gamma > 0.0 { 1.0 / gamma - 1.0 } else { f64::NAN };
                } else {
                    invariant += held;
                }
            }
            if invariant.is_nan() || (invariant - 1.0).abs() > 1e-10 {
                return Err(Error::new(Kind::Untrusted {
                    message: format!("the weighted mean of gamma of `{name}` at time {time} is {invariant}, not 1"),
                    remedy: "values this far apart cannot be added; check the units of the columns".into(),
                }));
            }
            totals.elasticities.push(mean);
            totals.invariant.push(invariant);
        }
        for &i in rows {
            let pairs = || (0..options.factors.len()).map(|f| (self.elasticity[f][i], self.tau[f][i]));
            self.weighted[i] = pairs().map(|(b, t)| b * t.abs()).sum();
            self.composite[i] = pairs().map(|(b, t)| b * t.ln_1p()).sum::<f64>().exp();
            self.mean_abs_tau[i] = pairs().map(|(_, t)| t.abs()).sum::<f64>() / options.factors.len() as f64;
        }
        self.totals.push(totals);
        Ok(())
    }
}

/// Refuses lengths, negative values and options without a meaning.
fn check(options: &Misallocation, economy: Economy) -> Result<()> {
    let n = economy.output.len();
    if options.factors.is_empty() || economy.factors.len() != options.factors.len() {
        return Err(Error::length("`factors`", economy.factors.len(), options.factors.len().max(1)));
    }
    if economy.time.len() != n {
        return Err(Error::length("`time`", economy.time.len(), n));
    }
    if let Some(unit) = economy.unit.filter(|u| u.codes.len() != n) {
        return Err(Error::length(format!("`{}`", unit.name), unit.codes.len(), n));
    }
    if !(options.bound > 0.0 && options.bound < 0.5) {
        return Err(Error::invalid(format!("`bound` is {}", options.bound), "set it between 0 and 0.5"));
    }
    nonnegative(&options.output, economy.output, n)?;
    for (j, (name, values)) in options.factors.iter().zip(economy.factors).enumerate() {
        if options.factors[..j].contains(name) || *name == options.output {
            return Err(Error::invalid(format!("`{name}` is named twice"), "name each column once"));
        }
        nonnegative(name, values, n)?;
    }
    Ok(())
}

/// Elasticity of each factor in each row.
fn elasticities(
    options: &Misallocation,
    economy: Economy,
    given: Option<&[Given]>,
    notes: &mut Vec<String>,
) -> Result<(Vec<Vec<f64>>, Option<Estimated>)> {
    let (n, k) = (economy.output.len(), options.factors.len());
    match (options.estimate, given) {
        (None, Some(given)) => {
            if given.len() != k {
                return Err(Error::invalid(
                    format!("{} elasticities for {k} factors", given.len()),
                    "give one for each factor, in their order",
                ));
            }
            let column = |(g, name): (&Given, &String)| match g {
                Given::Common(v) if *v > 0.0 && *v <= 1.0 => Ok(vec![*v; n]),
                Given::Common(v) => Err(Error::invalid(
                    format!("the elasticity of `{name}` is {v}; wanted above 0 and at most 1"),
                    "check the production function",
                )),
                Given::Rows(v) if v.len() == n => Ok(v.to_vec()),
                Given::Rows(v) => Err(Error::length(format!("the elasticity of `{name}`"), v.len(), n)),
            };
            Ok((given.iter().zip(&options.factors).map(column).collect::<Result<_>>()?, None))
        }
        (Some(whose), None) => {
            let unit = economy
                .unit
                .ok_or_else(|| Error::invalid("elasticities are estimated with effects of the units", "set `unit`"))?;
            let data = Production { output: economy.output, factors: economy.factors, names: &options.factors };
            let found = estimate(data, unit, economy.time, whose, options.returns)?;
            let positive = |i: usize| economy.output[i] > 0.0 && economy.factors.iter().all(|f| f[i] > 0.0);
            let zeros = (0..n).filter(|&i| !positive(i)).count();
            if zeros > 0 {
                notes.push(format!("{zeros} rows with a zero are not used to estimate the elasticities"));
            }
            if found.without > 0 {
                let then = match whose {
                    Estimate::Unit => "they have no wedges",
                    _ => "they have the common elasticities",
                };
                notes.push(format!(
                    "{} units have too few years or too little variation for slopes of their own: {then}",
                    found.without
                ));
            }
            let of = |f: usize| unit.codes.iter().map(|&u| found.of_unit[u as usize][f]).collect();
            Ok(((0..k).map(of).collect(), Some(found)))
        }
        (Some(_), Some(_)) => Err(Error::invalid(
            "elasticities are both given and to be estimated",
            "keep one of `elasticities`, `fit` and `estimate`",
        )),
        (None, None) => Err(Error::invalid(
            "there are no elasticities",
            "set `elasticities = [0.4, 0.6]`, `fit` to an earlier step, or `estimate = \"shrunken\"`",
        )),
    }
}
