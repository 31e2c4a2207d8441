//! The Färe-Primont index: total factor productivity as a level (O'Donnell 2011).
//!
//! ```text
//! TFP = Y / X,   Y = D_out(x̄, y),   X = D_in(x, ȳ)        against all observations, at their means x̄, ȳ
//! ```
//!
//! Y and X do not depend on the period, so the index, a ratio of levels, is transitive. With TFP* the highest level
//! among those that span the frontier of a period, TC is the change of TFP* and EC that of TFP / TFP*, which is made of
//! technical efficiency (PEC, under variable returns) and of scale and mix.

use super::frontiers::{Frontier, Frontiers, Observations, Pair, first};
use super::split::{Parts, less};
use super::{Malmquist, Orientation, Rts};
use crate::frontier::dea::Kind;
use crate::frontier::dea::technology::{Scored, Standing};

/// Levels of productivity.
pub(super) struct FarePrimont<'a> {
    /// ln TFP of the observations.
    pub(super) level: Vec<Scored<f64>>,
    /// ln TFP* of their periods.
    best: Vec<f64>,
    technical: Frontiers<'a>,
}

impl<'a> FarePrimont<'a> {
    pub(super) fn new(observations: &Observations<'a>, options: &Malmquist) -> Self {
        let Observations { units, period, .. } = *observations;
        let all = observations.within(0, u32::MAX);
        let mean = |i: usize| all.iter().map(|&j| units.at(i, j)).sum::<f64>() / all.len() as f64;
        let means: Vec<f64> = (0..units.variables()).map(mean).collect();
        // q of each observation's own inputs or outputs, the others at their means.
        let quantity = |orientation: Orientation, own: Kind| {
            let options = Malmquist { orientation, ..options.clone() };
            let at = |kind: Kind, i: usize, j: usize| if kind == own { units.at(i, j) } else { means[i] };
            let point = |j: usize| units.kinds().iter().enumerate().map(|(i, kind)| at(*kind, i, j)).collect();
            let points: Vec<(Vec<f64>, Standing)> = all.iter().map(|&j| (point(j), Standing::Outside)).collect();
            Frontier::new(units, all.clone(), &options).at(&points)
        };
        let outputs = quantity(Orientation::Output, Kind::Output);
        let inputs = quantity(Orientation::Input, Kind::Input);
        let mut level = observations.blank();
        for ((&i, y), x) in all.iter().zip(outputs).zip(inputs) {
            level[i] = y.and_then(|y| Ok(y + x?));
        }
        let highest = |s: u32| {
            let spanning = observations.within(first(s, options), s);
            spanning.iter().filter_map(|&i| level[i].as_ref().ok()).fold(f64::NEG_INFINITY, |a, &b| a.max(b))
        };
        let highest: Vec<f64> = (0..observations.periods()).map(highest).collect();
        let best = period.iter().map(|&s| highest[s as usize]).collect();
        let technical = Frontiers::new(observations, false, &Malmquist { rts: Rts::Vrs, ..options.clone() });
        FarePrimont { level, best, technical }
    }

    pub(super) fn parts(&self, pair: Pair) -> Parts {
        let [earlier, later] = pair;
        let index = less(&self.level[later], &self.level[earlier]);
        let technical = self.best[later] - self.best[earlier];
        let efficiency = index.clone().map(|index| index - technical);
        let pure = self.technical.catching_up(pair);
        let scale = less(&efficiency, &pure);
        let technical = index.clone().map(|_| technical);
        Parts {
            index: Some(index),
            efficiency: Some(efficiency),
            technical: Some(technical),
            pure: Some(pure),
            scale: Some(scale),
            ..Parts::default()
        }
    }
}
