//! A slope that changes where another variable passes a threshold (Hansen 1999).
//!
//! ```text
//! y = β₁ x·1[q ≤ γ] + β₂ x·1[q > γ] + z'θ + effects + e,      γ̂ = argmin_γ S(γ)
//! ```
//!
//! S(γ) is the sum of squared residuals at a given γ; γ runs over the values of q that leave at least the trimmed share
//! of observations on either side. Regressors and effects must be strictly exogenous and q must vary within units.
//!
//! # One pass over the candidates
//!
//! With M the projection off effects, z and x, and ỹ = My, only x_γ = x·1[q ≤ γ] differs between candidates:
//!
//! ```text
//! S(γ) = ỹ'ỹ - (x_γ'ỹ)² / (x_γ'M x_γ),      x_γ'M x_γ = Σ x_γ² - Σ_u (Σ_{i∈u} x_γ)²/n_u - ‖Q'x_γ‖²
//! ```
//!
//! where u are the levels of the largest effect and Q an orthonormal basis of the other effects, z and x off it. In
//! the order of q each observation enters once, at the cost of a row of Q. A bootstrap draw changes ỹ only.
//!
//! # Inference
//!
//! σ̂² = S(γ̂)/(N(T - 1)), as Hansen writes it. F₁ = (S₀ - S(γ̂))/σ̂² compares with the model without a threshold, whose
//! γ is not identified; its p-value is the share of bootstrap draws above it, each of which gives every unit the
//! residuals of a unit drawn with replacement. The confidence set of γ are the candidates with
//! (S(γ) - S(γ̂))/σ̂² ≤ -2 ln(1 - √.95) = 7.352. The slopes have their usual errors, as if γ̂ were known.

use crate::linear::{Estimated, Regression};
use crate::math::orthonormal::Orthonormal;
use crate::math::rng::Stream;
use crate::{Design, Error, Factor, Kind, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A slope that differs below and above a threshold of another variable, the threshold estimated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ThresholdOptions {
    /// The regressor whose slope changes.
    pub regime: String,
    /// The variable with the threshold.
    pub threshold: String,
    /// Least share of observations on either side of the threshold.
    pub trim: f64,
    /// Bootstrap draws for the p-value of the threshold; 0 is none.
    pub replications: usize,
}

impl Default for ThresholdOptions {
    fn default() -> Self {
        // Hansen trims 1 % of 7,910 observations; panels of this field are smaller. 300 draws are his.
        ThresholdOptions { regime: String::new(), threshold: String::new(), trim: 0.05, replications: 300 }
    }
}

/// -2 ln(1 - √.95): the 95 % critical value of the likelihood ratio of γ.
pub const CRITICAL: f64 = 7.352_276_694_155_739;

/// Most cells of the basis Q: beyond, the other effects are too many to be held densely.
const MOST_CELLS: usize = 200_000_000;

/// A candidate whose x_γ has at most this part of its squares off the rest is no candidate: both regimes coincide.
const COLLINEAR: f64 = 1e-10;

/// One candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// γ.
    pub threshold: f64,
    /// (S(γ) - S(γ̂))/σ̂².
    pub lr: f64,
}

/// An estimated threshold.
#[derive(Debug, Clone)]
pub struct Threshold {
    /// The regression at γ̂, with coefficients `x:low` and `x:high`.
    pub estimated: Estimated,
    /// γ̂.
    pub threshold: f64,
    /// S(γ̂).
    pub ssr: f64,
    /// S₀, of the model without a threshold.
    pub ssr_linear: f64,
    /// S(γ̂)/(N(T - 1)).
    pub sigma2: f64,
    /// F₁.
    pub f1: f64,
    /// Bootstrap p-value; `None` without draws.
    pub p_value: Option<f64>,
    /// 90, 95 and 99 % quantiles of the draws; `None` without draws.
    pub critical: Option<[f64; 3]>,
    /// Least value of the 95 % confidence set of γ.
    pub ci_low: f64,
    /// Greatest.
    pub ci_high: f64,
    /// All candidates.
    pub candidates: Vec<Candidate>,
    /// Observations at or below and above γ̂.
    pub regimes: [usize; 2],
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Estimates the threshold of `q` (n) for the slope of `x` (n) in `design`; `unit` is what the bootstrap draws.
pub fn threshold(
    design: &Design,
    x: &[f64],
    q: &[f64],
    unit: &Factor,
    options: &ThresholdOptions,
    regression: &Regression,
    seed: u64,
) -> Result<Threshold> {
    check(design, x, q, unit, options)?;
    // The sample and the verdict on the regressors are those of the linear model.
    let others: Vec<(String, Vec<f64>)> =
        design.regressors().into_iter().filter(|(name, _)| *name != options.regime).collect();
    let with = |more: &[(String, Vec<f64>)]| design.with_regressors(&[others.clone(), more.to_vec()].concat());
    let linear = regression.ols.fit(&with(&[(options.regime.clone(), x.to_vec())]))?;
    if !linear.names.contains(&options.regime) {
        return Err(Error::new(Kind::Collinear { absorbed: true }).at_column(options.regime.clone()));
    }
    let at = |v: &[f64]| linear.sample.iter().map(|&i| v[i]).collect::<Vec<f64>>();
    let unit = unit.at(&linear.sample);
    let blocks = match options.replications {
        0 => None,
        _ => Some(blocks(design, &unit, &linear.sample)?),
    };
    let kept: Vec<Vec<f64>> = (others.iter()).filter(|(n, _)| linear.names.contains(n)).map(|(_, v)| at(v)).collect();
    let grid = Grid::new(&design.at(&linear.sample), kept, at(x), &at(q), options)?;
    let off = grid.off(linear.residuals.clone());
    let (best, ssr) = grid.best(&off);
    let gamma = grid.gammas[best];
    let n = off.len();
    let free = (n - unit.levels as usize) as f64;
    let sigma2 = ssr / free;
    let f1 = (linear.ssr - ssr) / sigma2;

    let side = |low: bool| x.iter().zip(q).map(|(x, q)| if (*q <= gamma) == low { *x } else { 0.0 }).collect();
    let regimes = [(format!("{}:low", options.regime), side(true)), (format!("{}:high", options.regime), side(false))];
    let estimated = regression.run(&with(&regimes))?;
    // Two roads to the same number: one pass over the grid, and the regression itself.
    if (estimated.fit.ssr - ssr).abs() > 1e-8 * linear.ssr {
        return Err(Error::new(Kind::Untrusted {
            message: format!(
                "the search gives a sum of squares of {ssr:e} at the threshold, the regression {:e}",
                estimated.fit.ssr
            ),
            remedy: "rescale or center the regressors".into(),
        }));
    }
    let (p_value, critical) = match &blocks {
        None => (None, None),
        Some(blocks) => {
            let draws = grid.bootstrap(&estimated.fit.residuals, blocks, free, options.replications, seed);
            let above = draws.iter().filter(|f| **f >= f1).count();
            (Some(above as f64 / draws.len() as f64), Some([0.90, 0.95, 0.99].map(|p| upper(&draws, p))))
        }
    };
    let all = grid.sums(&off);
    let candidates: Vec<Candidate> = (grid.gammas.iter().zip(&all))
        .filter(|(_, s)| s.is_finite())
        .map(|(&threshold, s)| Candidate { threshold, lr: (s - ssr) / sigma2 })
        .collect();
    let inside: Vec<usize> = (0..candidates.len()).filter(|&c| candidates[c].lr <= CRITICAL).collect();
    let (first, last) = (inside.first().copied().unwrap_or(0), inside.last().copied().unwrap_or(0));
    let mut notes = estimated.notes();
    if last - first + 1 > inside.len() {
        notes.push("the confidence set of the threshold has gaps; ci_low and ci_high are its ends".into());
    }
    if first == 0 || last + 1 == candidates.len() {
        notes.push("the confidence set of the threshold reaches the end of the search; it may be wider".into());
    }
    let sizes: Vec<usize> = counts(&unit);
    if sizes.iter().any(|s| *s != sizes[0]) {
        notes.push("the panel is not balanced: sigma2 divides by observations less units".into());
    }
    let low = linear.sample.iter().filter(|&&i| q[i] <= gamma).count();
    Ok(Threshold {
        threshold: gamma,
        ssr,
        ssr_linear: linear.ssr,
        sigma2,
        f1,
        p_value,
        critical,
        ci_low: candidates[first].threshold,
        ci_high: candidates[last].threshold,
        candidates,
        regimes: [low, n - low],
        notes,
        estimated,
    })
}

fn check(design: &Design, x: &[f64], q: &[f64], unit: &Factor, options: &ThresholdOptions) -> Result<()> {
    design.check()?;
    let n = design.nobs();
    for (name, got) in [(&options.regime, x.len()), (&options.threshold, q.len()), (&unit.name, unit.codes.len())] {
        if got != n {
            return Err(Error::length(format!("`{name}`"), got, n));
        }
    }
    for (name, v) in [(&options.regime, x), (&options.threshold, q)] {
        if let Some(i) = v.iter().position(|v| !v.is_finite()) {
            return Err(Error::new(Kind::NotFinite).at_column(name.clone()).at_rows([design.rows[i]]));
        }
        if v.iter().all(|u| *u == v[0]) {
            return Err(Error::invalid(
                "every value is equal, so that it has no threshold and no slope",
                "choose a variable that varies",
            )
            .at_column(name.clone()));
        }
    }
    if !(0.0..0.5).contains(&options.trim) {
        return Err(Error::invalid(format!("`trim` is {}", options.trim), "give a share from 0 to below 0.5"));
    }
    if design.w.is_some() || !design.slopes.is_empty() {
        return Err(Error::invalid(
            "a threshold is estimated without weights and without slopes of effects",
            "leave them out",
        ));
    }
    Ok(())
}

fn counts(unit: &Factor) -> Vec<usize> {
    let mut counts = vec![0; unit.levels as usize];
    unit.codes.iter().for_each(|&u| counts[u as usize] += 1);
    counts
}

/// Observations of each unit in the order of time (else of rows); refused unless all units have as many.
fn blocks(design: &Design, unit: &Factor, sample: &[usize]) -> Result<Vec<Vec<usize>>> {
    let mut blocks: Vec<Vec<usize>> = vec![Vec::new(); unit.levels as usize];
    unit.codes.iter().enumerate().for_each(|(i, &u)| blocks[u as usize].push(i));
    if let Some(panel) = &design.panel {
        blocks.iter_mut().for_each(|b| b.sort_by_key(|&i| panel.time[sample[i]]));
    }
    let remedy = "keep the units that are present in every period, or set `replications = 0`";
    match blocks.iter().find(|b| b.len() != blocks[0].len()) {
        Some(odd) => Err(Error::invalid(
            format!(
                "the bootstrap of the threshold needs a balanced panel, and units of `{}` have {} and {} observations",
                unit.name,
                blocks[0].len(),
                odd.len()
            ),
            remedy,
        )
        .at_rows([design.rows[sample[odd[0]]]])),
        None if blocks[0].len() < 2 => Err(Error::invalid(
            format!("each level of `{}` has one observation", unit.name),
            "set `unit`, or `replications = 0`",
        )),
        None => Ok(blocks),
    }
}

/// The value that a share `p` of the draws does not exceed.
fn upper(draws: &[f64], p: f64) -> f64 {
    let mut sorted = draws.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((p * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len()) - 1]
}

/// Everything that does not depend on the outcome.
struct Grid {
    /// The largest effect, which is centered; `None` without effects.
    within: Option<(Vec<u32>, Vec<f64>)>,
    /// The other effects, z and x off it.
    Q: Orthonormal,
    x: Vec<f64>,
    /// Observations in the order of q.
    order: Vec<usize>,
    /// Candidates, ascending.
    gammas: Vec<f64>,
    /// Observations at or below each candidate.
    below: Vec<usize>,
    /// x_γ'M x_γ of each candidate, zero where the regimes are collinear with the rest.
    size: Vec<f64>,
}

impl Grid {
    fn new(design: &Design, mut z: Vec<Vec<f64>>, x: Vec<f64>, q: &[f64], options: &ThresholdOptions) -> Result<Self> {
        let n = q.len();
        let largest = (0..design.fe.len()).max_by_key(|&e| (design.fe[e].levels, std::cmp::Reverse(e)));
        let rest: Vec<&Factor> =
            design.fe.iter().enumerate().filter(|(e, _)| Some(*e) != largest).map(|(_, f)| f).collect();
        let dummies: usize = rest.iter().map(|f| f.levels as usize).sum();
        if (dummies + z.len() + 1).saturating_mul(n) > MOST_CELLS {
            return Err(Error::invalid(
                format!("the effects beside the largest have {dummies} levels, too many on {n} observations"),
                "use coarser effects",
            ));
        }
        let within = largest.map(|e| {
            let f = &design.fe[e];
            (f.codes.clone(), counts(f).into_iter().map(|c| c as f64).collect())
        });
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for f in rest {
            columns.extend((0..f.levels).map(|l| f.codes.iter().map(|&c| f64::from(u8::from(c == l))).collect()));
        }
        columns.append(&mut z);
        columns.push(x.clone());
        // A dummy that the largest effect spans is all rounding once it is centered: it must not become a direction.
        let columns: Vec<Vec<f64>> = (columns.into_iter())
            .filter_map(|mut v| {
                let before: f64 = v.iter().map(|v| v * v).sum();
                center(&within, &mut v);
                let after: f64 = v.iter().map(|v| v * v).sum();
                (after > COLLINEAR * COLLINEAR * before).then_some(v)
            })
            .collect();
        let Q = Orthonormal::new(&columns);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| q[a].total_cmp(&q[b]).then(a.cmp(&b)));
        let least = (options.trim * n as f64).ceil() as usize;
        let (mut gammas, mut below) = (Vec::new(), Vec::new());
        for c in 1..n {
            // A candidate is a value of q with a greater one after it, enough observations on either side.
            if q[order[c - 1]] < q[order[c]] && c >= least.max(1) && n - c >= least.max(1) {
                gammas.push(q[order[c - 1]]);
                below.push(c);
            }
        }
        if gammas.is_empty() {
            return Err(Error::invalid(
                format!("no value leaves {least} observations (`trim = {}`) on either side", options.trim),
                "set a smaller `trim`, or choose a variable with more values",
            )
            .at_column(options.threshold.clone()));
        }
        let mut grid = Grid { within, Q, x, order, gammas, below, size: Vec::new() };
        grid.size = grid.sizes();
        if grid.size.iter().all(|s| *s == 0.0) {
            return Err(Error::invalid(
                "at every candidate the effects and the other regressors span the two regimes",
                "choose a threshold variable that varies within the effects",
            )
            .at_column(options.threshold.clone()));
        }
        Ok(grid)
    }

    /// x_γ'M x_γ at each candidate: each observation enters once.
    fn sizes(&self) -> Vec<f64> {
        let m = self.Q.Q.len();
        // Rows of Q, in the order of q.
        let mut rows = vec![0.0; self.order.len() * m];
        for (j, q) in self.Q.Q.iter().enumerate() {
            self.order.iter().enumerate().for_each(|(c, &i)| rows[c * m + j] = q[i]);
        }
        let mut sums = vec![0.0; self.within.as_ref().map_or(0, |(_, n)| n.len())];
        let mut on = vec![0.0; m];
        let (mut squares, mut between, mut entered) = (0.0, 0.0, 0);
        let mut out = Vec::with_capacity(self.below.len());
        for &below in &self.below {
            for c in entered..below {
                let i = self.order[c];
                let x = self.x[i];
                squares += x * x;
                if let Some((codes, counts)) = &self.within {
                    let u = codes[i] as usize;
                    between += x * (2.0 * sums[u] + x) / counts[u];
                    sums[u] += x;
                }
                on.iter_mut().zip(&rows[c * m..(c + 1) * m]).for_each(|(on, q)| *on += x * q);
            }
            entered = below;
            let size = squares - between - on.iter().map(|v| v * v).sum::<f64>();
            out.push(if size > COLLINEAR * squares { size } else { 0.0 });
        }
        out
    }

    /// M v.
    fn off(&self, mut v: Vec<f64>) -> Vec<f64> {
        center(&self.within, &mut v);
        self.Q.project(&mut v);
        v
    }

    /// S(γ) of each candidate for an outcome off the rest; infinite where the regimes are collinear.
    fn sums(&self, off: &[f64]) -> Vec<f64> {
        let total: f64 = off.iter().map(|v| v * v).sum();
        let (mut inner, mut entered) = (0.0, 0);
        let one = |(&below, &size): (&usize, &f64)| {
            for &i in &self.order[entered..below] {
                inner += self.x[i] * off[i];
            }
            entered = below;
            if size > 0.0 { total - inner * inner / size } else { f64::INFINITY }
        };
        self.below.iter().zip(&self.size).map(one).collect()
    }

    /// Position and sum of squares of the best candidate, the lowest of equals.
    fn best(&self, off: &[f64]) -> (usize, f64) {
        let mut best = (0, f64::INFINITY);
        for (c, s) in self.sums(off).into_iter().enumerate() {
            if s < best.1 {
                best = (c, s);
            }
        }
        best
    }

    /// F₁ of outcomes that are residuals of units drawn with replacement: under them there is no threshold.
    fn bootstrap(&self, e: &[f64], blocks: &[Vec<usize>], free: f64, replications: usize, seed: u64) -> Vec<f64> {
        let one = |r: usize| {
            let mut stream = Stream::new(seed, r as u64);
            let mut drawn = vec![0.0; e.len()];
            for block in blocks {
                let from = &blocks[stream.below(blocks.len())];
                block.iter().zip(from).for_each(|(&i, &j)| drawn[i] = e[j]);
            }
            let off = self.off(drawn);
            let linear: f64 = off.iter().map(|v| v * v).sum();
            let (_, ssr) = self.best(&off);
            (linear - ssr) / (ssr / free)
        };
        (0..replications).into_par_iter().map(one).collect()
    }
}

/// Takes the means of the largest effect out of `v`; without effects nothing, the constant is a regressor.
fn center(within: &Option<(Vec<u32>, Vec<f64>)>, v: &mut [f64]) {
    let Some((codes, counts)) = within else { return };
    // The second round removes the rounding of the first.
    for _ in 0..2 {
        let mut means = vec![0.0; counts.len()];
        codes.iter().zip(v.iter()).for_each(|(&u, v)| means[u as usize] += v);
        means.iter_mut().zip(counts).for_each(|(m, n)| *m /= n);
        codes.iter().zip(v.iter_mut()).for_each(|(&u, v)| *v -= means[u as usize]);
    }
}
