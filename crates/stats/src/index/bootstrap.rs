//! Bootstrap intervals of weights: whole units are drawn, the indicators normalized and weighed anew.
//!
//! A unit is drawn with all its periods, so that its own history stays together. The interval is between the quantiles
//! (1 ∓ level)/2 of the weights over the draws. A draw in which an indicator has no spread has no weights; it is left out
//! and counted.
//!
//! Entropy weights of pooled min-max values need no new pass over the rows: shares do not change with the largest value,
//! and the smallest is that of one of few units. With low the smallest y of the draw and c_u the times that unit u is
//! drawn,
//!
//! ```text
//! T = Σ_u c_u Σ_{i∈u} (y_i - low),   L = Σ_u c_u Σ_{i∈u} (y_i - low) ln (y_i - low)
//! 1 - e = 1 + (L/T - ln T) / ln n,   n = Σ_u c_u n_u
//! ```
//!
//! so that the inner sums are made once for each low that occurs.

use super::basis::Prepared;
use super::normalize::{Direction, NormalizeScope};
use super::scale::{Normalize, oriented};
use super::weighted::{IndexWeight, WeightedIndex, block_weights, form};
use super::weights::Convention;
use crate::math::quantile::{QuantileType, quantile};
use crate::math::rng::Stream;
use crate::{Error, Result};
use rayon::prelude::*;
use std::sync::OnceLock;

/// Adds intervals to `weights`.
pub(crate) fn weight_intervals(
    options: &WeightedIndex,
    prepared: &Prepared,
    units: Option<&[u32]>,
    seed: u64,
    weights: &mut [IndexWeight],
    notes: &mut Vec<String>,
) -> Result<()> {
    check(options.replications, options.level)?;
    if !options.weighting.convention().from_data() {
        return Err(Error::invalid(
            format!(
                "`{}` weights do not come from the data, so that no draw changes them",
                options.weighting.convention().word()
            ),
            "set `replications = 0`",
        ));
    }
    let groups = Groups::new(units, &prepared.rows);
    let pooled =
        options.basis.normalize_scope == NormalizeScope::Pooled && options.weight_scope == NormalizeScope::Pooled;
    let fast = options.weighting.convention() == Convention::Entropy
        && pooled
        && options.basis.goalposts.is_empty()
        && form(&options.basis, Convention::Entropy) == Normalize::MinMax
        && prepared.varies.iter().all(|v| *v);
    let draws: Vec<Option<Vec<f64>>> = match fast {
        true => {
            let columns = prepared.x.iter().zip(&prepared.directions).map(|(x, d)| (*x, *d));
            entropy_draws(columns, &groups, options.replications, seed)
        }
        false => {
            let keys: Vec<(&String, Option<i64>)> = weights.iter().map(|w| (&w.name, w.year)).collect();
            let one = |r: u64| redrawn(options, prepared, &groups.rows(&groups.draw(seed, r)), &keys);
            (0..options.replications as u64).into_par_iter().map(one).collect()
        }
    };
    if trusted(&draws) {
        for (j, weight) in weights.iter_mut().enumerate() {
            let values = draws.iter().flatten().map(|w| w[j]).collect();
            (weight.low, weight.high) = interval(values, options.level).unzip();
        }
    }
    notes.extend(said(&draws, groups.count()));
    Ok(())
}

/// Refuses too few replications and levels outside (0, 1).
pub(crate) fn check(replications: usize, level: f64) -> Result<()> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::invalid(format!("`level` is {level}"), "set it between 0 and 1, as 0.95"));
    }
    match replications < 100 {
        true => Err(Error::invalid(
            format!("{replications} replications are too few for an interval"),
            "set `replications` to 100 or more, or to 0 for no interval",
        )),
        false => Ok(()),
    }
}

/// Whether at most one draw in twenty was lost: beyond that an interval is about the draws that were not.
fn trusted<T>(draws: &[Option<T>]) -> bool {
    20 * draws.iter().filter(|d| d.is_none()).count() <= draws.len()
}

/// What the bootstrap did.
fn said(draws: &[Option<Vec<f64>>], units: usize) -> Vec<String> {
    let lost = draws.iter().filter(|d| d.is_none()).count();
    let mut notes = vec![format!("weights: {} bootstrap draws of {units} units", draws.len())];
    if lost > 0 {
        let then = if trusted(draws) { "are left out" } else { "are too many for an interval" };
        notes.push(format!("weights: {lost} draws in which an indicator has no spread, or misses its target, {then}"));
    }
    notes
}

/// Quantiles (1 ∓ level)/2 of the values.
pub(crate) fn interval(mut values: Vec<f64>, level: f64) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let at = |p: f64| quantile(&values, p, QuantileType::Stata);
    (!values.is_empty()).then(|| (at((1.0 - level) / 2.0), at((1.0 + level) / 2.0)))
}

/// Rows by unit, and the unit of each row.
pub(crate) struct Groups(Vec<Vec<usize>>, Vec<usize>);

impl Groups {
    /// The `rows` by their unit, in order of first appearance; each row by itself without units.
    pub fn new(units: Option<&[u32]>, rows: &[usize]) -> Self {
        let last = rows.iter().max().map_or(0, |i| i + 1);
        let mut of = vec![0; last];
        let Some(units) = units else {
            rows.iter().enumerate().for_each(|(at, &i)| of[i] = at);
            return Groups(rows.iter().map(|&i| vec![i]).collect(), of);
        };
        let mut place = std::collections::HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for &i in rows {
            let at = *place.entry(units[i]).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[at].push(i);
            of[i] = at;
        }
        Groups(groups, of)
    }

    /// Unit of a row.
    pub fn of(&self, row: usize) -> usize {
        self.1[row]
    }

    /// Number of units.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Rows of each unit.
    pub fn iter(&self) -> impl Iterator<Item = &Vec<usize>> {
        self.0.iter()
    }

    /// How often each unit is drawn in one replication.
    pub fn draw(&self, seed: u64, replication: u64) -> Vec<u32> {
        let mut stream = Stream::new(seed, replication);
        let mut times = vec![0; self.0.len()];
        (0..self.0.len()).for_each(|_| times[stream.below(self.0.len())] += 1);
        times
    }

    /// The rows of a draw, ascending by unit.
    pub fn rows(&self, times: &[u32]) -> Vec<usize> {
        let drawn = self.0.iter().zip(times);
        drawn.flat_map(|(rows, &t)| (0..t).flat_map(move |_| rows.iter().copied())).collect()
    }
}

/// Weights of drawn rows in the order of `keys`, or none where they do not exist.
pub(crate) fn redrawn(
    options: &WeightedIndex,
    prepared: &Prepared,
    rows: &[usize],
    keys: &[(&String, Option<i64>)],
) -> Option<Vec<f64>> {
    let columns: Vec<Vec<f64>> = prepared.x.iter().map(|x| rows.iter().map(|&i| x[i]).collect()).collect();
    let x: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let time: Option<Vec<i64>> = prepared.time.map(|t| rows.iter().map(|&i| t[i]).collect());
    let drawn = options.basis.prepare(&x, time.as_deref()).ok()?;
    let (Z, _) = drawn.normalized(form(&options.basis, options.weighting.convention())).ok()?;
    let found = block_weights(&drawn, &Z, &options.weighting, options.weight_scope, &mut Vec::new()).ok()?;
    let names = &options.basis.indicators;
    keys.iter()
        .map(|(name, year)| {
            let block = found.iter().find(|b| b.year == *year)?;
            Some(block.weights[names.iter().position(|n| n == *name)?])
        })
        .collect()
}

/// One indicator of the entropy bootstrap.
pub(crate) struct Lows {
    /// Oriented values by unit.
    values: Vec<Vec<f64>>,
    /// Units by their smallest value.
    order: Vec<usize>,
    /// For each place in `order`: Σ (y - low) ln (y - low) and Σ (y - low) of each unit, made when first needed.
    sums: Vec<OnceLock<Vec<[f64; 2]>>>,
}

impl Lows {
    pub fn new(x: &[f64], direction: Direction, groups: &Groups) -> Self {
        let values: Vec<Vec<f64>> = (groups.iter())
            .map(|rows| rows.iter().map(|&i| oriented(x[i], direction, Normalize::MinMax)).collect())
            .collect();
        let lowest: Vec<f64> =
            values.iter().map(|v: &Vec<f64>| v.iter().copied().fold(f64::INFINITY, f64::min)).collect();
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| lowest[a].total_cmp(&lowest[b]));
        let sums = order.iter().map(|_| OnceLock::new()).collect();
        Lows { values, order, sums }
    }

    /// One less the entropy in a draw of `n` rows; NaN without spread.
    pub fn divergence(&self, times: &[u32], n: f64) -> f64 {
        let Some(at) = self.order.iter().position(|&u| times[u] > 0) else { return f64::NAN };
        let sums = self.sums[at].get_or_init(|| {
            let low = self.values[self.order[at]].iter().copied().fold(f64::INFINITY, f64::min);
            let term = |y: f64| if y > low { (y - low) * (y - low).ln() } else { 0.0 };
            // Units below low are not in a draw that has it as its smallest value.
            (self.values.iter())
                .map(|v| [v.iter().map(|&y| term(y)).sum(), v.iter().map(|&y| (y - low).max(0.0)).sum()])
                .collect()
        });
        let (mut L, mut T) = (0.0, 0.0);
        for (&t, [l, s]) in times.iter().zip(sums) {
            L += f64::from(t) * l;
            T += f64::from(t) * s;
        }
        if T > 0.0 { (n.ln() + L / T - T.ln()) / n.ln() } else { f64::NAN }
    }
}

/// Entropy weights (no shift of zeros, pooled scopes) of each draw.
pub(crate) fn entropy_draws<'a>(
    columns: impl Iterator<Item = (&'a [f64], Direction)>,
    groups: &Groups,
    replications: usize,
    seed: u64,
) -> Vec<Option<Vec<f64>>> {
    let lows: Vec<Lows> = columns.map(|(x, direction)| Lows::new(x, direction, groups)).collect();
    let sizes: Vec<f64> = groups.iter().map(|rows| rows.len() as f64).collect();
    let one = |r: u64| {
        let times = groups.draw(seed, r);
        let n: f64 = times.iter().zip(&sizes).map(|(&t, s)| f64::from(t) * s).sum();
        let divergences: Vec<f64> = lows.iter().map(|l| l.divergence(&times, n)).collect();
        let total: f64 = divergences.iter().sum();
        (total > 0.0).then(|| divergences.iter().map(|d| d / total).collect())
    };
    (0..replications as u64).into_par_iter().map(one).collect()
}
