//! The wild cluster bootstrap (Cameron, Gelbach and Miller 2008), fast and with any absorbed effects.
//!
//! For H₀: β_j = β₀ the outcome is drawn anew as y* = X β̃ + D α̃ + v_g ũ, with β̃, α̃, ũ from the regression that imposes
//! H₀, and one draw v_g of mean zero and variance one for each cluster g. Held fixed are X, D, the weights and the
//! clusters; y* is regressed on X and D again, and t* = (b*_j - β₀)/se*_j has its clustered standard error. The p-value
//! is the share of |t*| at or above |t|.
//!
//! Regressing again is linear in y*, so that it need not be done (Roodman, MacKinnon, Nielsen and Webb 2019). With
//! H = P_N + Z Z' the projection on X and D ([`crate::vcov::blocks`]; N are the effects nested in the clusters), and
//! r_g = Z_g'ũ_g,
//!
//! ```text
//! b* - β₀ = l' Σ_g v_g r_g,      l'Z_h'û*_h = v_h l'r_h - m_h' Σ_g v_g r_g,      m_h = Z_h'Z_h l,
//! ```
//!
//! where l picks coefficient j. P_N needs nothing: v is constant within a cluster, so that v ∘ ũ is off the nested
//! effects as ũ is. Effects that cross the clusters (years, with clusters of cities) are columns of Z, so that absorbing
//! them from v ∘ ũ, which is not off them, is exact as well. A replication costs G × r, however many observations there
//! are. And as ũ is linear in β₀, so are all these sums: five numbers for each replication give t* for every β₀, and the
//! confidence interval by inverting the test.

use crate::math::Mat;
use crate::math::rng::Stream;
use crate::vcov::blocks::Blocks;
use crate::{Design, Error, Factor, Result, Sandwich};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Statistics that differ by rounding only are ties.
const TIE: f64 = 1e-9;

/// One less than the coverage of the interval.
const ALPHA: f64 = 0.05;

/// Doublings of one standard error after which an end of the interval counts as unbounded.
const DOUBLINGS: u32 = 24;

/// The distribution of the draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// ±1 with equal probability; enumerated when 2^G is at most the replications.
    #[default]
    Rademacher,
    /// ±√(1/2), ±1, ±√(3/2): six points, for fewer than about twelve clusters (Webb 2023).
    Webb,
    /// Two points with third moment one (Mammen 1993).
    Mammen,
}

impl Weights {
    /// Points of equal probability; Mammen's are not.
    fn points(self) -> Option<Vec<f64>> {
        let (half, three) = (0.5f64.sqrt(), 1.5f64.sqrt());
        match self {
            Weights::Rademacher => Some(vec![-1.0, 1.0]),
            Weights::Webb => Some(vec![-three, -1.0, -half, half, 1.0, three]),
            Weights::Mammen => None,
        }
    }

    /// How many distinct draws there are for `clusters`, when there are at most `most`.
    fn all(self, clusters: usize, most: usize) -> Option<usize> {
        let points = self.points()?.len();
        (0..clusters).try_fold(1usize, |all, _| all.checked_mul(points).filter(|&a| a <= most))
    }

    /// The draw `index` of all there are.
    fn enumerated(self, mut index: usize, v: &mut [f64]) {
        if let Some(points) = self.points() {
            for v in v {
                *v = points[index % points.len()];
                index /= points.len();
            }
        }
    }

    /// A random draw.
    fn random(self, stream: &mut Stream, v: &mut [f64]) {
        let golden = 0.5 * (1.0 + 5f64.sqrt());
        match self.points() {
            Some(points) => v.iter_mut().for_each(|v| *v = points[stream.below(points.len())]),
            None => v.iter_mut().for_each(|v| {
                let low = stream.uniform() < golden / 5f64.sqrt();
                *v = if low { 1.0 - golden } else { golden };
            }),
        }
    }
}

/// How the bootstrap is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Wild {
    /// The distribution of the draws.
    pub weights: Weights,
    /// Replications; all draws instead, when there are no more.
    pub replications: usize,
    /// Whether the null hypothesis is imposed on the residuals (WCR) or not (WCU).
    pub impose_null: bool,
    /// Seed; the same draws serve all coefficients.
    pub seed: u64,
}

impl Default for Wild {
    fn default() -> Self {
        Wild { weights: Weights::default(), replications: 9_999, impose_null: true, seed: 0 }
    }
}

/// The test of one coefficient; results.json has these names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WildTest {
    /// The coefficient.
    pub name: String,
    /// Its t statistic under the clustered covariance.
    pub statistic: f64,
    /// Share of |t*| at or above |t|: of all draws when enumerated, else (1 + count)/(replications + 1).
    pub p_value: f64,
    /// Share of |t*| above |t|, ties left out: what boottest counts.
    pub p_strict: f64,
    /// Twice the smaller share of t* at or beyond t on one side.
    pub p_equal_tail: f64,
    /// Lower bound of the 95 % interval by inverting the test; `null` when unbounded.
    pub conf_low: Option<f64>,
    /// Upper bound.
    pub conf_high: Option<f64>,
    /// Draws evaluated.
    pub replications: usize,
    /// Whether they are all there are.
    pub enumerated: bool,
    /// Draws whose statistic is not defined; counted as extreme.
    pub undefined: usize,
    /// Clusters.
    pub clusters: usize,
}

/// A test with its bootstrap distribution.
#[derive(Debug, Clone)]
pub struct WildResult {
    /// The test.
    pub test: WildTest,
    /// t* at β₀ = 0, one for each draw; NaN where not defined.
    pub draws: Vec<f64>,
}

/// Most clusters for which all pairs are held.
const PAIRS: usize = 3_000;

/// Numbers of one matrix of a batch of draws. Batches depend on nothing but G, so that neither do the bits.
const BATCH: usize = 2_000_000;

/// What one draw leaves: numerators and sums of squares, each linear or quadratic in c = (b - β₀)/B_jj.
#[derive(Clone, Copy)]
struct Sums {
    b: [f64; 2],
    V: [f64; 3],
}

/// Bootstraps the coefficients at `positions` of `fit`; `factor` multiplies the clustered covariance.
pub fn wild_bootstrap(
    fit: &dyn Sandwich,
    design: &Design,
    cluster: &Factor,
    positions: &[usize],
    factor: f64,
    options: &Wild,
) -> Result<Vec<WildResult>> {
    if options.replications == 0 {
        return Err(Error::invalid("no replications are asked for", "set `replications` to 9999, say"));
    }
    let blocks = Blocks::new(fit, design, cluster, "the wild bootstrap")?;
    let d = blocks.sums(&blocks.u);
    (positions.iter()).map(|&j| one(fit, &blocks, &d, j, factor, options)).collect()
}

/// The test of coefficient `j`; `d` has Z_g'û_g, r × G.
fn one(fit: &dyn Sandwich, blocks: &Blocks, d: &Mat<f64>, j: usize, factor: f64, options: &Wild) -> Result<WildResult> {
    let (r, G, k) = (blocks.width(), blocks.members.len(), blocks.T.ncols());
    // l in the coordinates of Z: zero on the effects.
    let l: Vec<f64> = (0..r).map(|i| if i < r - k { 0.0 } else { blocks.T[(j, i + k - r)] }).collect();
    let B: f64 = l.iter().map(|l| l * l).sum();
    let along: Vec<f64> = (0..blocks.u.len()).map(|i| (r - k..r).map(|c| blocks.Z[(i, c)] * l[c]).sum()).collect();
    let m = blocks.sums(&along);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let picked = |A: &Mat<f64>| (0..G).map(|g| dot(&l, A.col_as_slice(g))).collect::<Vec<_>>();
    // ũ = û + c x̂ with x̂ the regressor off the others, Z_X l, so that r_g = d_g + c m_g.
    let own = [picked(d), picked(&m)];
    let count = options.weights.all(G, options.replications);
    let replications = count.unwrap_or(options.replications);
    // m_h' Σ_g v_g r_g for many draws at once: by way of the r sums, or of all pairs of clusters where those are fewer.
    let pairs = (G <= (2 * r).min(PAIRS)).then(|| [m.transpose() * d, m.transpose() * &m]);
    let linked = |which: usize, r_g: &Mat<f64>, v: &Mat<f64>| match &pairs {
        Some(pairs) => &pairs[which] * v,
        None => m.transpose() * (r_g * v),
    };
    let batch = (BATCH / G).clamp(1, 128);
    let of_batch = |from: usize| -> Vec<Sums> {
        let draws = from..replications.min(from + batch);
        let mut v = Mat::<f64>::zeros(G, draws.len());
        for (column, draw) in draws.enumerate() {
            match count {
                Some(_) => options.weights.enumerated(draw, v.col_as_slice_mut(column)),
                None => {
                    let mut stream = Stream::new(options.seed, draw as u64);
                    options.weights.random(&mut stream, v.col_as_slice_mut(column));
                }
            }
        }
        let (on_d, on_m) = (linked(0, d, &v), linked(1, &m, &v));
        (0..v.ncols())
            .map(|column| {
                let v = v.col_as_slice(column);
                let mut V = [0.0; 3];
                for (h, v) in v.iter().enumerate() {
                    let (a, b) = (v * own[0][h] - on_d[(h, column)], v * own[1][h] - on_m[(h, column)]);
                    V = [V[0] + a * a, V[1] + a * b, V[2] + b * b];
                }
                Sums { b: [dot(&own[0], v), dot(&own[1], v)], V }
            })
            .collect()
    };
    let batches = replications.div_ceil(batch);
    let sums: Vec<Sums> = (0..batches).into_par_iter().map(|b| of_batch(b * batch)).collect::<Vec<_>>().concat();
    let se = (factor * own[0].iter().map(|s| s * s).sum::<f64>()).sqrt();
    if se.is_nan() || se <= 0.0 {
        return Err(Error::invalid("the clustered standard error is zero", "the wild bootstrap needs residuals")
            .at_column(fit.names()[j].clone()));
    }
    let estimate = fit.coef()[j];
    let statistics = |null: f64| -> Vec<f64> {
        let c = if options.impose_null { (estimate - null) / B } else { 0.0 };
        let t = |s: &Sums| {
            let V = s.V[0] + c * (2.0 * s.V[1] + c * s.V[2]);
            // A sum of squares that is zero but for rounding has no t.
            let scale = s.V[0] + c * c * s.V[2];
            if V > 1e-20 * scale { (s.b[0] + c * s.b[1]) / (factor * V).sqrt() } else { f64::NAN }
        };
        sums.iter().map(t).collect()
    };
    let p = |hits: usize| match count {
        Some(all) => hits as f64 / all as f64,
        None => (1 + hits) as f64 / (sums.len() + 1) as f64,
    };
    let weak = |null: f64| {
        let bound = ((estimate - null) / se).abs() * (1.0 - TIE);
        p(statistics(null).iter().filter(|t| t.is_nan() || t.abs() >= bound).count())
    };
    let draws = statistics(0.0);
    let statistic = estimate / se;
    let hits = |beyond: &dyn Fn(f64) -> bool| draws.iter().filter(|t| t.is_nan() || beyond(**t)).count();
    let edge = statistic.abs() * TIE;
    let tails = hits(&|t| t <= statistic + edge).min(hits(&|t| t >= statistic - edge));
    let test = WildTest {
        name: fit.names()[j].clone(),
        statistic,
        p_value: weak(0.0),
        p_strict: hits(&|t| t.abs() > statistic.abs() + edge) as f64 / draws.len() as f64,
        p_equal_tail: (2.0 * p(tails)).min(1.0),
        conf_low: end(estimate, -se, &weak),
        conf_high: end(estimate, se, &weak),
        replications: draws.len(),
        enumerated: count.is_some(),
        undefined: draws.iter().filter(|t| t.is_nan()).count(),
        clusters: G,
    };
    Ok(WildResult { test, draws })
}

/// Where p falls to α going from the estimate in steps of `step`; `None` when it does not.
fn end(estimate: f64, step: f64, p: &dyn Fn(f64) -> f64) -> Option<f64> {
    let at = |steps: f64| estimate + steps * step;
    let mut outside = 1.0;
    for _ in 0..DOUBLINGS {
        if p(at(outside)) <= ALPHA {
            let mut inside = 0.0;
            for _ in 0..60 {
                let middle = 0.5 * (inside + outside);
                if p(at(middle)) <= ALPHA { outside = middle } else { inside = middle }
            }
            return Some(at(outside));
        }
        outside *= 2.0;
    }
    None
}

/// Romano and Wolf's (2005) step-down p-values of several tests, which share the draws of their bootstraps.
///
/// The p-value of the largest |t| is the share of draws in which the largest |t*| of all is at least as large; then that
/// hypothesis leaves, and so on; p-values never fall along the way. `tests` may be of several outcomes.
pub fn romano_wolf(tests: &[WildResult]) -> Result<Vec<f64>> {
    let Some(first) = tests.first() else { return Ok(Vec::new()) };
    if let Some(other) = tests.iter().find(|t| t.draws.len() != first.draws.len()) {
        return Err(Error::length(
            format!("the bootstrap of `{}`", other.test.name),
            other.draws.len(),
            first.draws.len(),
        ));
    }
    let mut order: Vec<usize> = (0..tests.len()).collect();
    order.sort_by(|&a, &b| tests[b].test.statistic.abs().total_cmp(&tests[a].test.statistic.abs()));
    let size = |t: f64| if t.is_nan() { f64::INFINITY } else { t.abs() };
    let draws = first.draws.len();
    let mut adjusted = vec![0.0; tests.len()];
    let mut floor = 0.0f64;
    for (step, &s) in order.iter().enumerate() {
        let bound = tests[s].test.statistic.abs() * (1.0 - TIE);
        let hits = (0..draws).filter(|&b| order[step..].iter().any(|&o| size(tests[o].draws[b]) >= bound)).count();
        let p = match first.test.enumerated {
            true => hits as f64 / draws as f64,
            false => (1 + hits) as f64 / (draws + 1) as f64,
        };
        floor = floor.max(p);
        adjusted[s] = floor;
    }
    Ok(adjusted)
}
