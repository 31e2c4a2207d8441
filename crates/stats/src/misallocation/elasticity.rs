//! Output elasticities of factors from a Cobb-Douglas function with effects of units and of time.
//!
//! ```text
//! constant returns   ln(Y/L)_it = a_i + l_t + Σ_f β_f ln(F_f/L)_it + e_it,   β_L = 1 - Σ_f β_f
//! free returns       ln Y_it    = a_i + l_t + Σ_f β_f ln F_fit + e_it
//! ```
//!
//! L is the last factor; which one it is does not matter. `common` is least squares with both effects. `unit` gives
//! each unit slopes of its own, b_i, and keeps the effects of time in common: with M_i the projection off a unit's
//! constant and regressors and D_i its dummies of time,
//!
//! ```text
//! λ = (Σ D_i' M_i D_i)⁺ Σ D_i' M_i y_i,    b_i = S_i⁻¹ X_i'(y_i - D_i λ),    S_i = X_i'X_i   (X_i off its means)
//! ```
//!
//! From ten years or so such slopes are noisy, and many lie outside (0, 1). `shrunken` pulls them towards the common
//! β as far as they are noise (empirical Bayes):
//!
//! ```text
//! β̃_i = β + Σ (Σ + V_i)⁻¹ (b_i - β),    V_i = σ² S_i⁻¹,    Σ = [ mean (b_i - β)(b_i - β)' - mean V_i ]₊
//! ```
//!
//! with σ² the pooled residual variance, the effects of time taken as known, and []₊ negative eigenvalues set to zero:
//! slopes that differ no more than their noise does become the common one. A unit without slopes of its own (too few
//! years, no variation) has the common ones.

use crate::linear::Regression;
use crate::math::Mat;
use crate::math::linalg::{spd_inverse, symmetric_eigen};
use crate::{Coefficient, Design, Error, Factor, Fit, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An elasticity: a number for all rows, or a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Elasticity {
    /// One number.
    Value(f64),
    /// A column of the data.
    Column(String),
}

impl Elasticity {
    /// The number, also where it is written as text, as on the command line.
    pub fn value(&self) -> Option<f64> {
        match self {
            Elasticity::Value(v) => Some(*v),
            Elasticity::Column(text) => text.trim().parse().ok(),
        }
    }

    /// The column, where it is no number.
    pub fn column(&self) -> Option<&str> {
        match self {
            Elasticity::Column(name) if self.value().is_none() => Some(name),
            _ => None,
        }
    }
}

/// Whose elasticities are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Estimate {
    /// The same for all units.
    Common,
    /// Slopes of its own for each unit.
    Unit,
    /// Those of each unit, shrunken towards the common ones as far as they are noise.
    Shrunken,
}

/// Returns to scale of the estimated function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Returns {
    /// Elasticities add to one.
    #[default]
    Constant,
    /// Elasticities add to anything.
    Free,
}

/// Estimated elasticities.
#[derive(Debug, Clone)]
pub struct Estimated {
    /// Elasticity of each factor for each unit; NaN where the unit has none of its own.
    pub of_unit: Vec<Vec<f64>>,
    /// The common regression, clustered by unit.
    pub common: Vec<Coefficient>,
    /// Observations of the common regression.
    pub nobs: usize,
    /// Between-unit standard deviation of each regressor's slope, √Σ_ff, of `shrunken`.
    pub spread: Option<Vec<f64>>,
    /// Units without slopes of their own.
    pub without: usize,
}

/// A panel of outputs and factors.
#[derive(Debug, Clone, Copy)]
pub struct Production<'a> {
    /// Output, n.
    pub output: &'a [f64],
    /// Factors, each n.
    pub factors: &'a [&'a [f64]],
    /// Names of the factors.
    pub names: &'a [String],
}

/// Estimates elasticities on the rows where output and factors are positive.
pub fn estimate(data: Production, unit: &Factor, time: &[i64], whose: Estimate, returns: Returns) -> Result<Estimated> {
    let positive = |i: &usize| data.output[*i] > 0.0 && data.factors.iter().all(|f| f[*i] > 0.0);
    let rows: Vec<usize> = (0..data.output.len()).filter(positive).collect();
    let logs = Logs::new(data, &rows, returns)?;
    let period = Factor::from_keys("time", rows.iter().map(|&i| time[i]));
    let units = Factor { codes: rows.iter().map(|&i| unit.codes[i]).collect(), ..unit.clone() };
    let design = Design {
        y: logs.y.clone(),
        outcome: logs.outcome.clone(),
        X: Mat::from_fn(rows.len(), logs.x.len(), |i, j| logs.x[j][i]),
        names: logs.names.clone(),
        fe: vec![unit.at(&rows), period.clone()],
        rows: rows.iter().copied().collect(),
        ..Design::default()
    };
    let regression = Regression::default().run(&design)?;
    let beta: Vec<f64> =
        logs.names.iter().map(|name| Ok(regression.coefficient(name)?.estimate)).collect::<Result<_>>()?;
    let levels = unit.levels as usize;
    let mut out = Estimated {
        of_unit: vec![logs.elasticities(&beta); levels],
        common: regression.coefficients.clone(),
        nobs: regression.fit.nobs(),
        spread: None,
        without: 0,
    };
    if whose == Estimate::Common {
        return Ok(out);
    }
    let own = Own::new(&logs, &units, &period)?;
    let slopes: Vec<Option<Vec<f64>>> = match whose {
        Estimate::Shrunken => {
            let Sigma = own.variance(&beta)?;
            out.spread = Some((0..beta.len()).map(|j| Sigma[(j, j)].max(0.0).sqrt()).collect());
            own.shrunken(&beta, &Sigma)?
        }
        _ => own.units.iter().map(|u| u.as_ref().map(|u| u.b.clone())).collect(),
    };
    out.without = slopes.iter().filter(|s| s.is_none()).count();
    for (of_unit, slopes) in out.of_unit.iter_mut().zip(slopes) {
        match slopes {
            Some(b) => *of_unit = logs.elasticities(&b),
            None if whose == Estimate::Unit => of_unit.fill(f64::NAN),
            None => {}
        }
    }
    Ok(out)
}

/// The logarithms that enter the regression.
struct Logs {
    y: Vec<f64>,
    outcome: String,
    x: Vec<Vec<f64>>,
    names: Vec<String>,
    returns: Returns,
}

impl Logs {
    fn new(data: Production, rows: &[usize], returns: Returns) -> Result<Self> {
        if rows.is_empty() {
            return Err(Error::new(Kind::Empty { what: "the rows with positive output and factors".into() }));
        }
        let ln = |v: &[f64]| -> Vec<f64> { rows.iter().map(|&i| v[i].ln()).collect() };
        let mut y = ln(data.output);
        let mut x: Vec<Vec<f64>> = data.factors.iter().map(|f| ln(f)).collect();
        let mut names: Vec<String> = data.names.iter().map(|n| format!("ln({n})")).collect();
        let mut outcome = "ln(output)".to_string();
        if returns == Returns::Constant {
            let (Some(base), Some(name)) = (x.pop(), data.names.last()) else {
                return Err(Error::new(Kind::Empty { what: "`factors`".into() }));
            };
            if x.is_empty() {
                return Err(Error::invalid(
                    "constant returns in one factor leave nothing to estimate",
                    "set `elasticities = [1]`, name a second factor, or set `returns = \"free\"`",
                ));
            }
            names.pop();
            names.iter_mut().zip(data.names).for_each(|(n, f)| *n = format!("ln({f}/{name})"));
            outcome = format!("ln(output/{name})");
            for v in x.iter_mut().chain([&mut y]) {
                v.iter_mut().zip(&base).for_each(|(v, b)| *v -= b);
            }
        }
        Ok(Logs { y, outcome, x, names, returns })
    }

    /// Elasticities of all factors from the slopes.
    fn elasticities(&self, slopes: &[f64]) -> Vec<f64> {
        let rest = (self.returns == Returns::Constant).then(|| 1.0 - slopes.iter().sum::<f64>());
        slopes.iter().copied().chain(rest).collect()
    }
}

/// Slopes of one unit.
struct UnitSlopes {
    b: Vec<f64>,
    /// S⁻¹, k × k.
    inverse: Mat<f64>,
}

/// Slopes of all units.
struct Own {
    units: Vec<Option<UnitSlopes>>,
    sigma2: f64,
    /// Residual variance that is nothing but rounding.
    exact: bool,
}

/// A unit's observations off their means.
struct Block {
    unit: usize,
    y: Vec<f64>,
    x: Vec<Vec<f64>>,
    period: Vec<usize>,
    inverse: Mat<f64>,
}

impl Block {
    /// b = S⁻¹ X'v of a vector off its mean.
    fn slopes(&self, v: &[f64]) -> Vec<f64> {
        let cross: Vec<f64> = self.x.iter().map(|x| dot(x, v)).collect();
        (0..self.x.len()).map(|j| (0..self.x.len()).map(|l| self.inverse[(j, l)] * cross[l]).sum()).collect()
    }

    /// M v: off the mean and the regressors.
    fn residual(&self, mut v: Vec<f64>) -> Vec<f64> {
        center(&mut v);
        let b = self.slopes(&v);
        for (b, x) in b.iter().zip(&self.x) {
            v.iter_mut().zip(x).for_each(|(v, x)| *v -= b * x);
        }
        v
    }
}

impl Own {
    fn new(logs: &Logs, unit: &Factor, period: &Factor) -> Result<Self> {
        let (k, T) = (logs.x.len(), period.levels as usize);
        let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        unit.codes.iter().enumerate().for_each(|(i, &u)| rows.entry(u as usize).or_default().push(i));
        let blocks: Vec<Block> = rows.iter().filter_map(|(&u, rows)| block(logs, u, rows, period)).collect();
        let nobs: usize = blocks.iter().map(|b| b.y.len()).sum();
        // Normal equations of the effects of time.
        let mut A = Mat::<f64>::zeros(T, T);
        let mut c = vec![0.0; T];
        for block in &blocks {
            let y = block.residual(block.y.clone());
            for (at, &t) in block.period.iter().enumerate() {
                c[t] += y[at];
                let mut dummy = vec![0.0; y.len()];
                dummy[at] = 1.0;
                let column = block.residual(dummy);
                block.period.iter().zip(column).for_each(|(&s, v)| A[(s, t)] += v);
            }
        }
        let (values, vectors) = symmetric_eigen(&A)?;
        let rank = values.iter().filter(|&&v| v > 1e-10 * values[0].max(1.0)).count();
        let dof = nobs as i64 - (blocks.len() * (k + 1)) as i64 - rank as i64;
        if dof <= 0 {
            return Err(Error::invalid(
                format!(
                    "{nobs} observations of units with enough years cannot carry slopes for each of {} units",
                    blocks.len()
                ),
                "set `estimate = \"common\"`, or take more years",
            ));
        }
        // A pattern over time that every unit's regressors follow moves slopes and effects of time against each other.
        for j in rank..T {
            let pattern = |b: &Block| -> Vec<f64> {
                let mut v: Vec<f64> = b.period.iter().map(|&t| vectors[(t, j)]).collect();
                center(&mut v);
                v
            };
            let moves = |b: &Block| {
                let size = |x: &Vec<f64>| (dot(x, x) / x.len() as f64).sqrt();
                b.slopes(&pattern(b)).iter().zip(&b.x).any(|(slope, x)| (slope * size(x)).abs() > 1e-6)
            };
            if blocks.iter().any(moves) {
                return Err(Error::invalid(
                    "the factors follow the same path over time in every unit: their slopes by unit are not told apart from the effects of time",
                    "set `estimate = \"common\"`",
                ));
            }
        }
        let weight = |j: usize| (0..T).map(|t| vectors[(t, j)] * c[t]).sum::<f64>() / values[j];
        let weights: Vec<f64> = (0..rank).map(weight).collect();
        let effect = |t: usize| -> f64 { (0..rank).map(|j| vectors[(t, j)] * weights[j]).sum() };
        let effects: Vec<f64> = (0..T).map(effect).collect();
        let mut units: Vec<Option<UnitSlopes>> = (0..unit.levels).map(|_| None).collect();
        let (mut rss, mut tss) = (0.0, 0.0);
        for block in blocks {
            let mut v: Vec<f64> = block.y.iter().zip(&block.period).map(|(y, &t)| y - effects[t]).collect();
            center(&mut v);
            tss += dot(&block.y, &block.y);
            let b = block.slopes(&v);
            let e = block.residual(v);
            rss += dot(&e, &e);
            units[block.unit] = Some(UnitSlopes { b, inverse: block.inverse });
        }
        Ok(Own { units, sigma2: rss / dof as f64, exact: rss <= 1e-24 * tss })
    }

    /// Σ of the slopes about `beta`, k × k.
    fn variance(&self, beta: &[f64]) -> Result<Mat<f64>> {
        let k = beta.len();
        let own: Vec<&UnitSlopes> = self.units.iter().flatten().collect();
        let N = own.len() as f64;
        let moment = |j: usize, l: usize| {
            let one = |u: &&UnitSlopes| (u.b[j] - beta[j]) * (u.b[l] - beta[l]) - self.sigma2 * u.inverse[(j, l)];
            own.iter().map(one).sum::<f64>() / N
        };
        let raw = Mat::from_fn(k, k, moment);
        let (values, vectors) = symmetric_eigen(&raw)?;
        Ok(Mat::from_fn(k, k, |j, l| {
            (0..k).map(|e| vectors[(j, e)] * values[e].max(0.0) * vectors[(l, e)]).sum::<f64>()
        }))
    }

    /// Slopes pulled towards `beta`, about which they have the variance Σ.
    fn shrunken(&self, beta: &[f64], Sigma: &Mat<f64>) -> Result<Vec<Option<Vec<f64>>>> {
        let k = beta.len();
        let pull = |u: &UnitSlopes| -> Result<Vec<f64>> {
            if self.exact {
                return Ok(u.b.clone());
            }
            let total = Mat::from_fn(k, k, |j, l| Sigma[(j, l)] + self.sigma2 * u.inverse[(j, l)]);
            let inverse = spd_inverse(&total, "the variance of a unit's slopes")?;
            let step: Vec<f64> = (0..k).map(|j| (0..k).map(|l| inverse[(j, l)] * (u.b[l] - beta[l])).sum()).collect();
            Ok((0..k).map(|j| beta[j] + (0..k).map(|l| Sigma[(j, l)] * step[l]).sum::<f64>()).collect())
        };
        self.units.iter().map(|u| u.as_ref().map(pull).transpose()).collect()
    }
}

/// A unit's block, when its own years tell its slopes.
fn block(logs: &Logs, unit: usize, rows: &[usize], period: &Factor) -> Option<Block> {
    let k = logs.x.len();
    if rows.len() < k + 2 {
        return None;
    }
    let pick = |v: &[f64]| -> Vec<f64> { rows.iter().map(|&i| v[i]).collect() };
    let mut y = pick(&logs.y);
    center(&mut y);
    let mut x: Vec<Vec<f64>> = logs.x.iter().map(|x| pick(x)).collect();
    for x in &mut x {
        let before = dot(x, x);
        center(x);
        // What is left beside the mean is rounding: the regressor does not vary.
        if dot(x, x) <= 1e-20 * before.max(1.0) {
            return None;
        }
    }
    let S = Mat::from_fn(k, k, |j, l| dot(&x[j], &x[l]));
    let scaled = Mat::from_fn(k, k, |j, l| S[(j, l)] / (S[(j, j)] * S[(l, l)]).sqrt());
    let (values, _) = symmetric_eigen(&scaled).ok()?;
    if values[k - 1] < 1e-10 {
        return None;
    }
    let inverse = spd_inverse(&S, "a unit's regressors").ok()?;
    let period = rows.iter().map(|&i| period.codes[i] as usize).collect();
    Some(Block { unit, y, x, period, inverse })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn center(v: &mut [f64]) {
    let mean = v.iter().sum::<f64>() / v.len() as f64;
    v.iter_mut().for_each(|v| *v -= mean);
}
