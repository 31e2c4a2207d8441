//! What the runs say about ranks: their distribution, pairs, the first k.

use super::Sensitivity;
use super::engine::Engine;
use crate::math::quantile::{QuantileType, quantile};
use rayon::prelude::*;
use serde::Serialize;

/// Distribution of the rank of a row within its year; 1 is best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankStats {
    /// Nominal rank.
    pub nominal: f64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability of being among the first k.
    pub top: f64,
}

/// Share of runs in which a row has a rank.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RankShare {
    /// Row.
    pub row: usize,
    /// Rank.
    pub rank: usize,
    /// Share of runs.
    pub share: f64,
}

/// How often one row is ranked before another; ties count half.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    /// One row.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// P(a beats b).
    pub probability: f64,
}

/// All of it.
pub(super) struct Found {
    /// One an engine row.
    pub stats: Vec<RankStats>,
    /// Share of pairs whose order is certain; NaN without pairs.
    pub certain: f64,
    pub frequencies: Vec<RankShare>,
    pub pairs: Vec<Pair>,
}

/// Statistics of the ranks of `runs` (one slice each, a rank for each engine row).
pub(super) fn ranks(engine: &Engine, runs: &[&[u16]], nominal: &[u16], options: &Sensitivity) -> Found {
    let tails = [(1.0 - options.level) / 2.0, 0.5, (1.0 + options.level) / 2.0];
    let of = |row: usize| {
        let mut own: Vec<u16> = runs.iter().map(|r| r[row]).collect();
        own.sort_unstable();
        let sorted: Vec<f64> = own.iter().map(|r| f64::from(*r)).collect();
        let [low, median, high] = tails.map(|p| quantile(&sorted, p, QuantileType::Stata));
        let n = sorted.len() as f64;
        let top = sorted.iter().filter(|r| **r <= options.top as f64).count() as f64 / n;
        RankStats { nominal: f64::from(nominal[row]), mean: sorted.iter().sum::<f64>() / n, median, low, high, top }
    };
    let stats = (0..nominal.len()).into_par_iter().map(of).collect();
    let (mut certain, mut all) = (0usize, 0usize);
    let (mut frequencies, mut pairs) = (Vec::new(), Vec::new());
    for (at, rows) in engine.years.iter().enumerate() {
        let last = options.matrices && at + 1 == engine.years.len();
        let wins = wins(rows, runs);
        let m = rows.len();
        for a in 0..m {
            for b in 0..a {
                let p = wins[a * m + b] as f64 / (2 * runs.len()) as f64;
                (certain, all) = (certain + usize::from(p >= options.certain || p <= 1.0 - options.certain), all + 1);
                if last {
                    pairs.push(Pair { a: engine.rows[rows[a]], b: engine.rows[rows[b]], probability: p });
                }
            }
        }
        if last {
            for &row in rows {
                let mut counts = vec![0usize; m + 1];
                runs.iter().for_each(|r| counts[usize::from(r[row])] += 1);
                let share = |count: usize| count as f64 / runs.len() as f64;
                frequencies.extend((1..=m).filter(|&k| counts[k] > 0).map(|rank| RankShare {
                    row: engine.rows[row],
                    rank,
                    share: share(counts[rank]),
                }));
            }
        }
    }
    Found { stats, certain: certain as f64 / all as f64, frequencies, pairs }
}

/// Twice the number of runs in which row a is before row b, ties once: m × m, by rows a.
fn wins(rows: &[usize], runs: &[&[u16]]) -> Vec<u32> {
    let m = rows.len();
    // Ranks of the rows of this year by run, so that the inner loop reads in one go.
    let own: Vec<Vec<u16>> = runs.iter().map(|r| rows.iter().map(|&i| r[i]).collect()).collect();
    let of = |a: usize| {
        let mut count = vec![0u32; m];
        for ranks in &own {
            let mine = ranks[a];
            for (c, &other) in count.iter_mut().zip(ranks) {
                *c += u32::from(mine < other) + u32::from(mine <= other);
            }
        }
        count
    };
    (0..m).into_par_iter().flat_map_iter(of).collect()
}
