//! The search over thresholds: one pass over the observations in the order of q.

use super::{ThresholdOptions, counts};
use crate::math::orthonormal::Orthonormal;
use crate::math::rng::Stream;
use crate::{Design, Error, Factor, Result};
use rayon::prelude::*;

/// Most cells of the basis Q: beyond, the other effects are too many to be held densely.
const MOST_CELLS: usize = 200_000_000;

/// A candidate whose x_γ has at most this part of its squares off the rest is no candidate: both regimes coincide.
const COLLINEAR: f64 = 1e-10;

/// Everything that does not depend on the outcome.
pub(super) struct Grid {
    /// The largest effect, which is centered; `None` without effects.
    within: Option<(Vec<u32>, Vec<f64>)>,
    /// The other effects, z and x off it.
    Q: Orthonormal,
    x: Vec<f64>,
    /// Observations in the order of q.
    order: Vec<usize>,
    /// Candidates, ascending.
    pub(super) gammas: Vec<f64>,
    /// Observations at or below each candidate.
    pub(super) below: Vec<usize>,
    /// Least number of observations in a regime.
    least: usize,
    /// x_γ'M x_γ of each candidate, zero where the regimes are collinear with the rest.
    size: Vec<f64>,
}

impl Grid {
    pub(super) fn new(
        design: &Design,
        mut z: Vec<Vec<f64>>,
        x: Vec<f64>,
        q: &[f64],
        options: &ThresholdOptions,
    ) -> Result<Self> {
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
        let least = ((options.trim * n as f64).ceil() as usize).max(1);
        let (mut gammas, mut below) = (Vec::new(), Vec::new());
        for c in 1..n {
            // A candidate is a value of q with a greater one after it, enough observations on either side.
            if q[order[c - 1]] < q[order[c]] && c >= least && n - c >= least {
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
        let mut grid = Grid { within, Q, x, order, gammas, below, least, size: Vec::new() };
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
    pub(super) fn off(&self, mut v: Vec<f64>) -> Vec<f64> {
        center(&self.within, &mut v);
        self.Q.project(&mut v);
        v
    }

    /// S(γ) of each candidate for an outcome off the rest; infinite where the regimes are collinear.
    pub(super) fn sums(&self, off: &[f64]) -> Vec<f64> {
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

    /// S(γ, γ₁) of each candidate as a second threshold beside candidate `first`; infinite where a regime would have too
    /// few observations.
    ///
    /// With c = M x_γ₁, which has size s₁, the outcome is ỹ - c c'ỹ/s₁ and the size falls by (x_γ'c)²/s₁.
    pub(super) fn sums_given(&self, off: &[f64], first: usize) -> Vec<f64> {
        let mut c = vec![0.0; off.len()];
        self.order[..self.below[first]].iter().for_each(|&i| c[i] = self.x[i]);
        let c = self.off(c);
        let size_first = self.size[first];
        let slope = c.iter().zip(off).map(|(c, v)| c * v).sum::<f64>() / size_first;
        let left: Vec<f64> = off.iter().zip(&c).map(|(v, c)| v - slope * c).collect();
        let total: f64 = left.iter().map(|v| v * v).sum();
        let (mut inner, mut along, mut entered) = (0.0, 0.0, 0);
        let one = |(&below, &size): (&usize, &f64)| {
            for &i in &self.order[entered..below] {
                inner += self.x[i] * left[i];
                along += self.x[i] * c[i];
            }
            entered = below;
            let own = size - along * along / size_first;
            let room = below.abs_diff(self.below[first]) >= self.least;
            if room && own > COLLINEAR * size { total - inner * inner / own } else { f64::INFINITY }
        };
        self.below.iter().zip(&self.size).map(one).collect()
    }

    /// F₁ of outcomes that are residuals `e` of units drawn with replacement: under them there is no threshold.
    pub(super) fn bootstrap(&self, e: &[f64], draws: &Draws) -> Vec<f64> {
        let one = |r: usize| {
            let off = self.off(draws.residuals(e, r));
            let linear: f64 = off.iter().map(|v| v * v).sum();
            let (_, ssr) = least(&self.sums(&off));
            (linear - ssr) / (ssr / draws.free)
        };
        (0..draws.replications).into_par_iter().map(one).collect()
    }

    /// F₂ of outcomes with one threshold: `single` is the fit of that model off the rest, `e` are residuals of the model
    /// with two.
    pub(super) fn bootstrap_second(&self, single: &[f64], e: &[f64], draws: &Draws) -> Vec<f64> {
        let one = |r: usize| {
            let mut off = self.off(draws.residuals(e, r));
            off.iter_mut().zip(single).for_each(|(v, s)| *v += s);
            let (first, ssr_first) = least(&self.sums(&off));
            let (_, ssr) = least(&self.sums_given(&off, first));
            (ssr_first - ssr) / (ssr / draws.free)
        };
        (0..draws.replications).into_par_iter().map(one).collect()
    }
}

/// How residuals are drawn: whole units.
pub(super) struct Draws {
    /// Observations of each unit, in the order of time.
    pub(super) blocks: Vec<Vec<usize>>,
    /// N(T - 1).
    pub(super) free: f64,
    pub(super) replications: usize,
    pub(super) seed: u64,
}

impl Draws {
    fn residuals(&self, e: &[f64], replication: usize) -> Vec<f64> {
        let mut stream = Stream::new(self.seed, replication as u64);
        let mut drawn = vec![0.0; e.len()];
        for block in &self.blocks {
            let from = &self.blocks[stream.below(self.blocks.len())];
            block.iter().zip(from).for_each(|(&i, &j)| drawn[i] = e[j]);
        }
        drawn
    }
}

/// Position and value of the least sum, the first of equals.
pub(super) fn least(sums: &[f64]) -> (usize, f64) {
    let better = |best: (usize, f64), (c, &s): (usize, &f64)| if s < best.1 { (c, s) } else { best };
    sums.iter().enumerate().fold((0, f64::INFINITY), better)
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
