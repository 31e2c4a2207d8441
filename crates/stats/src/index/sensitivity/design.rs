//! The runs: which alternatives each of them takes.

use super::Sensitivity;
use crate::index::aggregate::Aggregate;
use crate::index::scale::Normalize;
use crate::index::weights::Convention;
use crate::math::sobol::Sobol;
use crate::{Error, Result};

/// Draws of units and of noise that runs choose from. Runs that differ in another input alone must share theirs, hence a
/// list and not a draw by run.
pub(super) const DRAWS: usize = 1024;

/// The alternatives of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choices {
    pub normalize: Normalize,
    pub convention: Convention,
    pub aggregate: Aggregate,
    /// Place among the treatments.
    pub treat: usize,
    /// Indicator that is left out.
    pub excluded: Option<usize>,
    /// Bootstrap draw of the units; 0 is the units as they are.
    pub draw: usize,
    /// Draw of the noise on the weights.
    pub noise: usize,
}

/// An uncertain input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Factor {
    Normalization,
    Weights,
    Aggregation,
    Treatment,
    Exclusion,
    Resampling,
    Noise,
}

impl Factor {
    pub fn word(self) -> &'static str {
        match self {
            Factor::Normalization => "normalization",
            Factor::Weights => "weights",
            Factor::Aggregation => "aggregation",
            Factor::Treatment => "treatment",
            Factor::Exclusion => "exclusion",
            Factor::Resampling => "resampling",
            Factor::Noise => "noise",
        }
    }
}

/// A design of Saltelli on scrambled Sobol points.
pub(super) struct Design<'a> {
    options: &'a Sensitivity,
    indicators: usize,
    /// Inputs that have more than one alternative.
    pub factors: Vec<Factor>,
    /// N.
    pub base: usize,
    points: Sobol,
}

impl<'a> Design<'a> {
    pub fn new(options: &'a Sensitivity, indicators: usize, seed: u64) -> Result<Self> {
        let varies = [
            (Factor::Normalization, options.normalizations.len() > 1),
            (Factor::Weights, options.conventions.len() > 1),
            (Factor::Aggregation, options.aggregations.len() > 1),
            (Factor::Treatment, options.treatments.len() > 1),
            // Two indicators at least must be left to be weighed.
            (Factor::Exclusion, options.exclude && indicators > 2),
            (Factor::Resampling, options.resample),
            (Factor::Noise, options.noise > 0.0),
        ];
        let factors: Vec<Factor> = varies.into_iter().filter(|(_, v)| *v).map(|(f, _)| f).collect();
        let blocks = factors.len() + 2;
        let most = options.runs / blocks;
        if most < 64 {
            return Err(Error::invalid(
                format!("{} runs for {} uncertain inputs are too few", options.runs, factors.len()),
                format!("set `runs` to {} or more", 64 * blocks),
            ));
        }
        let base = 1 << most.min(1 << 24).ilog2();
        Ok(Design { options, indicators, base, points: Sobol::new(2 * factors.len(), Some(seed)), factors })
    }

    /// Number of runs, N (d + 2): A, B, then each AB.
    pub fn runs(&self) -> usize {
        self.base * (self.factors.len() + 2)
    }

    /// The alternatives of a run.
    pub fn choices(&self, run: usize) -> Choices {
        let (block, row) = (run / self.base, run % self.base);
        let d = self.factors.len();
        // The coordinate of input f: of sample B in the block of B, and in the block of AB_f.
        let at = |factor: Factor| -> f64 {
            match self.factors.iter().position(|f| *f == factor) {
                Some(f) if block == 1 || block == f + 2 => self.points.at(row as u32, d + f),
                Some(f) => self.points.at(row as u32, f),
                None => 0.0,
            }
        };
        let pick = |factor: Factor, count: usize| ((at(factor) * count as f64) as usize).min(count - 1);
        let o = self.options;
        let varies = |factor: Factor| self.factors.contains(&factor);
        Choices {
            normalize: o.normalizations[pick(Factor::Normalization, o.normalizations.len())],
            convention: o.conventions[pick(Factor::Weights, o.conventions.len())],
            aggregate: o.aggregations[pick(Factor::Aggregation, o.aggregations.len())],
            treat: pick(Factor::Treatment, o.treatments.len()),
            excluded: match varies(Factor::Exclusion) {
                true => pick(Factor::Exclusion, self.indicators + 1).checked_sub(1),
                false => None,
            },
            draw: if varies(Factor::Resampling) { 1 + pick(Factor::Resampling, DRAWS) } else { 0 },
            noise: pick(Factor::Noise, DRAWS),
        }
    }
}
