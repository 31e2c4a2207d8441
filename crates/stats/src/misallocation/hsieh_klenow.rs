//! Misallocation across units of an industry under monopolistic competition (Hsieh and Klenow 2009).
//!
//! Industry output is a CES aggregate (elasticity σ) of units that produce A K^α L^(1-α) and face a wedge on output,
//! τ_Y, and one on capital, τ_K. From value added PY, capital K, labor L, the wage w and the rental rate R
//!
//! ```text
//! TFPR = PY / (K^α L^(1-α))                       TFPQ = (PY)^(σ/(σ-1)) / (K^α L^(1-α))
//! 1 + τ_K = α/(1-α) · wL/(RK)                     1 - τ_Y = σ/(σ-1) · wL/((1-α) PY)
//! TFPRbar = ΣPY / ((ΣK)^α (ΣL)^(1-α))             Abar = (Σ TFPQ^(σ-1))^(1/(σ-1))
//! TFP/TFP_e = [ Σ (TFPQ/Abar · TFPRbar/TFPR)^(σ-1) ]^(1/(σ-1))
//! ```
//!
//! TFPQ is A up to a constant of the industry. With equal wedges TFPR is the same for all units and the ratio is one;
//! the gain of equalizing it is TFP_e/TFP - 1. Industries are put together with their shares θ in value added,
//! Y/Y_e = Π (TFP/TFP_e)^θ. A gain against a base, another year or country, is (1 + gain)/(1 + gain of the base) - 1.
//!
//! Labor measured by the wage bill (w = 1) takes hours and skill out of TFPR, as in the paper. R moves all τ_K alike,
//! and changes neither TFPR nor gain.
//!
//! Hsieh and Klenow (2009), "Misallocation and manufacturing TFP in China and India", Quarterly Journal of Economics
//! 124(4).

use super::elasticity::Elasticity;
use super::{nonnegative, periods};
use crate::math::quantile::{QuantileType, quantile};
use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Dispersion of revenue productivity within industries and the gain of equalizing it (Hsieh and Klenow 2009).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HsiehKlenow {
    /// Column of value added (in money, P times Y).
    pub value_added: String,
    /// Column of capital.
    pub capital: String,
    /// Column of labor; the wage bill by default (`wage = 1`).
    pub labor: String,
    /// Column of the industries; all units are one industry without it.
    pub industry: Option<String>,
    /// Capital share of the technology: a number, or a column that has one value for each industry and time.
    pub alpha: Option<Elasticity>,
    /// Elasticity of substitution between the units of an industry; 3 as in the paper, which calls it conservative.
    pub sigma: f64,
    /// Rental rate of capital: 5 % real interest and 5 % depreciation in the paper.
    pub rental: f64,
    /// Price of one unit of `labor`.
    pub wage: f64,
    /// Share of units at each end of TFPR and of TFPQ, relative to their industry and pooled over industries, that is
    /// left out at each time: 0.01 in the paper. Nothing is left out unless asked.
    pub trim: f64,
    /// Definition of a quantile: 2 (Stata) or 7 (NumPy).
    pub quantile_type: QuantileType,
    /// Time against which the gains of all times are given.
    pub base_time: Option<i64>,
    /// Gain of another economy against which gains are given, such as 0.429 (United States, 1997).
    pub base_gain: Option<f64>,
}

impl Default for HsiehKlenow {
    fn default() -> Self {
        HsiehKlenow {
            value_added: String::new(),
            capital: String::new(),
            labor: String::new(),
            industry: None,
            alpha: None,
            sigma: 3.0,
            rental: 0.1,
            wage: 1.0,
            trim: 0.0,
            quantile_type: QuantileType::Stata,
            base_time: None,
            base_gain: None,
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything is there.
    Defined,
    /// Value added, capital or labor is zero, so that productivity is not defined.
    Zero,
    /// In a tail that `trim` leaves out: it has its own productivity and wedges, nothing relative to the industry.
    Trimmed,
}

/// Units of the industries.
#[derive(Debug, Clone, Copy)]
pub struct Industries<'a> {
    /// Value added, n.
    pub value_added: &'a [f64],
    /// Capital, n.
    pub capital: &'a [f64],
    /// Labor, n.
    pub labor: &'a [f64],
    /// Capital share, n.
    pub alpha: &'a [f64],
    /// Industry of each row.
    pub industry: &'a Factor,
    /// Time of each row, n.
    pub time: &'a [i64],
}

/// Spread of a logarithm: `null` where there are too few units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Dispersion {
    /// Standard deviation (n - 1).
    pub sd: Option<f64>,
    /// Upper less lower quartile.
    pub p75_p25: Option<f64>,
    /// Upper less lower decile.
    pub p90_p10: Option<f64>,
}

/// An industry at a time, or all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Efficiency {
    /// The time.
    pub time: i64,
    /// Code of the industry; `None` for all together.
    #[serde(skip)]
    pub industry: Option<u32>,
    /// Units.
    pub units: usize,
    /// Share in value added of that time.
    pub share: f64,
    /// TFP/TFP_e, or Y/Y_e of all industries.
    pub tfp_ratio: f64,
    /// TFP_e/TFP - 1.
    pub gain: f64,
    /// (1 + gain)/(1 + gain of the base) - 1, where a base is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative_gain: Option<f64>,
    /// Spread of ln(TFPR/TFPRbar).
    pub tfpr: Dispersion,
    /// Spread of ln(TFPQ M^(1/(σ-1))/Abar), M units.
    pub tfpq: Dispersion,
}

/// Productivity and wedges of every row (NaN is missing), gains of industries and of all.
#[derive(Debug, Clone)]
pub struct Reallocation {
    /// TFPR.
    pub tfpr: Vec<f64>,
    /// TFPQ.
    pub tfpq: Vec<f64>,
    /// τ_K.
    pub tau_k: Vec<f64>,
    /// τ_Y.
    pub tau_y: Vec<f64>,
    /// ln(TFPR/TFPRbar).
    pub ln_tfpr: Vec<f64>,
    /// ln(TFPQ M^(1/(σ-1))/Abar).
    pub ln_tfpq: Vec<f64>,
    /// What became of each row.
    pub status: Vec<Status>,
    /// Industries, by time.
    pub industries: Vec<Efficiency>,
    /// All industries, by time.
    pub aggregate: Vec<Efficiency>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Productivity, wedges and gains.
pub fn hsieh_klenow(options: &HsiehKlenow, data: Industries) -> Result<Reallocation> {
    check(options, data)?;
    let n = data.value_added.len();
    let zero = |i: usize| data.value_added[i] == 0.0 || data.capital[i] == 0.0 || data.labor[i] == 0.0;
    let mut out = Reallocation {
        tfpr: vec![f64::NAN; n],
        tfpq: vec![f64::NAN; n],
        tau_k: vec![f64::NAN; n],
        tau_y: vec![f64::NAN; n],
        ln_tfpr: vec![f64::NAN; n],
        ln_tfpq: vec![f64::NAN; n],
        status: (0..n).map(|i| if zero(i) { Status::Zero } else { Status::Defined }).collect(),
        industries: Vec::new(),
        aggregate: Vec::new(),
        notes: Vec::new(),
    };
    let markup = options.sigma / (options.sigma - 1.0);
    for i in (0..n).filter(|&i| !zero(i)) {
        let (py, k, l, a) = (data.value_added[i], data.capital[i], data.labor[i], data.alpha[i]);
        let input = a * k.ln() + (1.0 - a) * l.ln();
        out.tfpr[i] = (py.ln() - input).exp();
        out.tfpq[i] = (markup * py.ln() - input).exp();
        out.tau_k[i] = a / (1.0 - a) * options.wage * l / (options.rental * k) - 1.0;
        out.tau_y[i] = 1.0 - markup * options.wage * l / ((1.0 - a) * py);
    }
    let zeros = out.status.iter().filter(|&&s| s == Status::Zero).count();
    if zeros > 0 {
        out.notes
            .push(format!("{zeros} rows have no value added, capital or labor: their productivity is not defined"));
    }
    out.relative(options, data)?;
    out.trim(options, data)?;
    out.against_base(options)?;
    Ok(out)
}

impl Reallocation {
    fn defined(&self) -> Vec<usize> {
        (0..self.status.len()).filter(|&i| self.status[i] == Status::Defined).collect()
    }

    /// Everything relative to the industries of the rows that are defined.
    fn relative(&mut self, options: &HsiehKlenow, data: Industries) -> Result<()> {
        self.industries.clear();
        self.aggregate.clear();
        let s1 = options.sigma - 1.0;
        let spread =
            |v: &[f64], rows: &[usize]| dispersion(rows.iter().map(|&i| v[i]).collect(), options.quantile_type);
        for (time, all) in periods(data.time, self.defined().into_iter()) {
            let total: f64 = all.iter().map(|&i| data.value_added[i]).sum();
            let mut industries: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
            all.iter().for_each(|&i| industries.entry(data.industry.codes[i]).or_default().push(i));
            let mut ln_ratio = 0.0;
            for (code, rows) in industries {
                let a = data.alpha[rows[0]];
                let differs: Vec<usize> = rows.iter().copied().filter(|&i| data.alpha[i] != a).collect();
                if !differs.is_empty() {
                    return Err(Error::invalid(
                        "`alpha` has several values within an industry and time",
                        "give each industry one capital share",
                    )
                    .at_rows(differs));
                }
                let sum = |v: &[f64]| rows.iter().map(|&i| v[i]).sum::<f64>();
                let output = sum(data.value_added);
                let ln_bar = output.ln() - a * sum(data.capital).ln() - (1.0 - a) * sum(data.labor).ln();
                // In logarithms, because powers of σ - 1 run over.
                let ln_input = |i: usize| a * data.capital[i].ln() + (1.0 - a) * data.labor[i].ln();
                let ln_a = |i: usize| options.sigma / s1 * data.value_added[i].ln() - ln_input(i);
                let relative = |i: usize| data.value_added[i].ln() - ln_input(i) - ln_bar;
                let ln_abar = ln_sum_exp(rows.iter().map(|&i| s1 * ln_a(i))) / s1;
                let ln_tfp = ln_sum_exp(rows.iter().map(|&i| s1 * (ln_a(i) - ln_abar - relative(i)))) / s1;
                for &i in &rows {
                    self.ln_tfpr[i] = relative(i);
                    self.ln_tfpq[i] = ln_a(i) + (rows.len() as f64).ln() / s1 - ln_abar;
                }
                let share = output / total;
                ln_ratio += share * ln_tfp;
                self.industries.push(Efficiency {
                    time,
                    industry: Some(code),
                    units: rows.len(),
                    share,
                    tfp_ratio: ln_tfp.exp(),
                    gain: (-ln_tfp).exp_m1(),
                    relative_gain: None,
                    tfpr: spread(&self.ln_tfpr, &rows),
                    tfpq: spread(&self.ln_tfpq, &rows),
                });
            }
            self.aggregate.push(Efficiency {
                time,
                industry: None,
                units: all.len(),
                share: 1.0,
                tfp_ratio: ln_ratio.exp(),
                gain: (-ln_ratio).exp_m1(),
                relative_gain: None,
                tfpr: spread(&self.ln_tfpr, &all),
                tfpq: spread(&self.ln_tfpq, &all),
            });
        }
        match self.aggregate.is_empty() {
            true => {
                Err(Error::new(crate::Kind::Empty { what: "the sample of units with value added and factors".into() }))
            }
            false => Ok(()),
        }
    }

    /// Leaves the tails out and measures again against what is left.
    fn trim(&mut self, options: &HsiehKlenow, data: Industries) -> Result<()> {
        if options.trim == 0.0 {
            return Ok(());
        }
        let mut out: Vec<usize> = Vec::new();
        for rows in periods(data.time, self.defined().into_iter()).into_values() {
            for v in [&self.ln_tfpr, &self.ln_tfpq] {
                let mut sorted: Vec<f64> = rows.iter().map(|&i| v[i]).collect();
                sorted.sort_by(f64::total_cmp);
                let low = quantile(&sorted, options.trim, options.quantile_type);
                let high = quantile(&sorted, 1.0 - options.trim, options.quantile_type);
                out.extend(rows.iter().filter(|&&i| v[i] < low || v[i] > high));
            }
        }
        let mut count = 0;
        for i in out {
            count += usize::from(self.status[i] == Status::Defined);
            self.status[i] = Status::Trimmed;
            (self.ln_tfpr[i], self.ln_tfpq[i]) = (f64::NAN, f64::NAN);
        }
        self.notes.push(format!(
            "{count} rows in the tails of TFPR or TFPQ (below quantile {} or above {} of their time) are left out",
            options.trim,
            1.0 - options.trim
        ));
        self.relative(options, data)
    }

    /// Gains against the base.
    fn against_base(&mut self, options: &HsiehKlenow) -> Result<()> {
        let base = match (options.base_time, options.base_gain) {
            (None, None) => return Ok(()),
            (Some(_), Some(_)) => {
                return Err(Error::invalid("`base_time` and `base_gain` are both given", "keep one of them"));
            }
            (None, Some(gain)) => 1.0 + gain,
            (Some(time), None) => match self.aggregate.iter().find(|e| e.time == time) {
                Some(e) => 1.0 + e.gain,
                None => {
                    return Err(Error::invalid(
                        format!("no unit at the `base_time` {time}"),
                        "name a time of the data",
                    ));
                }
            },
        };
        self.aggregate.iter_mut().for_each(|e| e.relative_gain = Some((1.0 + e.gain) / base - 1.0));
        Ok(())
    }
}

/// Refuses options without a meaning, and values that are negative.
fn check(options: &HsiehKlenow, data: Industries) -> Result<()> {
    let n = data.value_added.len();
    for (name, value, low) in
        [("sigma", options.sigma, 1.0), ("rental", options.rental, 0.0), ("wage", options.wage, 0.0)]
    {
        if !(value.is_finite() && value > low) {
            return Err(Error::invalid(format!("`{name}` is {value}"), format!("set it above {low}")));
        }
    }
    if !(0.0..0.5).contains(&options.trim) {
        return Err(Error::invalid(format!("`trim` is {}", options.trim), "set it to a share from 0 to below 0.5"));
    }
    if options.base_gain.is_some_and(|g| !(g.is_finite() && g > -1.0)) {
        return Err(Error::invalid("`base_gain` is not above -1", "give a gain such as 0.429"));
    }
    if data.time.len() != n || data.industry.codes.len() != n || data.alpha.len() != n {
        return Err(Error::length("`industry`, `alpha` or the time", data.time.len(), n));
    }
    nonnegative(&options.value_added, data.value_added, n)?;
    nonnegative(&options.capital, data.capital, n)?;
    nonnegative(&options.labor, data.labor, n)?;
    let outside: Vec<usize> = (0..n).filter(|&i| !(data.alpha[i] > 0.0 && data.alpha[i] < 1.0)).collect();
    match outside.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid("`alpha` is not between 0 and 1", "give the capital share of the technology")
            .at_rows(outside)),
    }
}

/// ln Σ exp(v), without running over.
fn ln_sum_exp(v: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = v.clone().fold(f64::NEG_INFINITY, f64::max);
    most + v.map(|v| (v - most).exp()).sum::<f64>().ln()
}

/// Spread of values.
fn dispersion(mut v: Vec<f64>, kind: QuantileType) -> Dispersion {
    let n = v.len() as f64;
    if v.len() < 2 {
        return Dispersion { sd: None, p75_p25: None, p90_p10: None };
    }
    v.sort_by(f64::total_cmp);
    let mean = v.iter().sum::<f64>() / n;
    let variance = v.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let apart = |p: f64| Some(quantile(&v, 1.0 - p, kind) - quantile(&v, p, kind));
    Dispersion { sd: Some(variance.sqrt()), p75_p25: apart(0.25), p90_p10: apart(0.1) }
}
