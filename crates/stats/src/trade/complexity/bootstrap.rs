//! Bootstrap of the ranks by complexity: how far a rank hangs on the products, or the records, that happened to be seen.
//!
//! `products` draws the products of the year with replacement and keeps who has the advantage in each; `records` draws
//! the unit-product cells and takes RCA anew. The sign of a drawn ECI is that of its rank correlation with the ECI of
//! the data. Intervals are percentiles of the ranks.

use super::{Complexity, Components, Method, Resample};
use crate::Result;
use crate::math::rng::Stream;
use crate::resample::bootstrap::{Interval, percentile};
use crate::trade::bipartite::{eigen, fitness_map, rank_correlation, ranks, reflections};
use crate::trade::complexity::scale::Index;
use crate::trade::rca::{Advantage, Export, Rule};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The ranking that is to be repeated.
pub(super) struct Ranking<'a> {
    pub options: &'a Complexity,
    pub rule: Rule<'a>,
    pub time: i64,
    pub cells: &'a [Export],
    /// The graph of the data.
    pub graph: &'a Advantage,
    /// Scores of its units.
    pub scores: &'a [f64],
    /// PCI by product code, under `external`.
    pub pci: &'a BTreeMap<u32, f64>,
}

impl Ranking<'_> {
    /// Interval of the rank of each unit of the graph; none where too many replications gave it no rank.
    pub fn intervals(&self, seed: u64) -> Vec<Option<Interval>> {
        // Each year has streams of its own, whatever other years the data have.
        let seed = seed ^ (self.time as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let drawn: Vec<Vec<Option<f64>>> =
            (0..self.options.replications as u64).into_par_iter().map(|r| self.replication(seed, r)).collect();
        let of = |c: usize| percentile(&drawn.iter().map(|ranks| ranks[c]).collect::<Vec<_>>());
        (0..self.graph.units.len()).map(of).collect()
    }

    /// Ranks of the units of the graph in one draw; a draw that cannot be ranked gives none.
    fn replication(&self, seed: u64, replication: u64) -> Vec<Option<f64>> {
        let mut ranked = vec![None; self.graph.units.len()];
        if let Ok((units, scores)) = self.draw(&mut Stream::new(seed, replication)) {
            for (unit, rank) in units.iter().zip(ranks(&scores)) {
                if let Ok(c) = self.graph.units.binary_search(unit) {
                    ranked[c] = Some(rank);
                }
            }
        }
        ranked
    }

    /// Units with a score in one draw, and their scores.
    fn draw(&self, stream: &mut Stream) -> Result<(Vec<u32>, Vec<f64>)> {
        let mut graph = match self.options.resample {
            Resample::Products => {
                let k = self.graph.products.len();
                self.graph.with_products(&(0..k).map(|_| stream.below(k)).collect::<Vec<_>>())
            }
            Resample::Records => {
                let mut times = vec![0.0; self.cells.len()];
                (0..self.cells.len()).for_each(|_| times[stream.below(self.cells.len())] += 1.0);
                let drawn = self.cells.iter().zip(times).map(|(c, n)| Export { value: c.value * n, ..*c });
                Advantage::new(&drawn.collect::<Vec<_>>(), self.rule)?
            }
        };
        if self.options.components == Components::Largest {
            graph = graph.largest_part()?;
        }
        let scores = match self.options.method {
            Method::Eigen => {
                let found = eigen(&graph, &mut Vec::new())?.units;
                let sign = self.agreement(&graph.units, &found).signum();
                found.into_iter().map(|v| sign * v).collect()
            }
            Method::Reflections => reflections(&graph, self.options.iterations).0,
            Method::Fitness => fitness_map(&graph, self.options.iterations, self.options.stable)?.units,
            Method::External => {
                let pci = graph.products.iter().map(|p| self.pci.get(p).copied().unwrap_or(f64::NAN));
                Index::external(&graph, pci.collect()).0.eci
            }
        };
        let known: Vec<usize> = (0..scores.len()).filter(|&c| !scores[c].is_nan()).collect();
        Ok((known.iter().map(|&c| graph.units[c]).collect(), known.iter().map(|&c| scores[c]).collect()))
    }

    /// Rank correlation of drawn scores with those of the data.
    fn agreement(&self, units: &[u32], scores: &[f64]) -> f64 {
        let pairs = units
            .iter()
            .zip(scores)
            .filter_map(|(unit, score)| Some((*score, self.scores[self.graph.units.binary_search(unit).ok()?])));
        let (drawn, data): (Vec<f64>, Vec<f64>) = pairs.unzip();
        rank_correlation(&drawn, &data)
    }
}
