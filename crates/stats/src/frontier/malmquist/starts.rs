//! Optimal bases of points placed before: the program of a point of like mix is a few steps from one of them.
//!
//! The mix is the logarithms of the inputs less their mean and those of the outputs (and undesirable outputs) less
//! theirs, so neither size nor efficiency counts. A point with a zero has no mix and starts from scratch.

use crate::frontier::dea::Kind;
use crate::math::lp::Variable;

/// Bases kept: with more, the search costs what it saves.
const KEPT: usize = 64;

/// Bases against one reference.
pub(super) struct Starts {
    inputs: Vec<bool>,
    /// One after the other, each as long as `inputs`.
    mixes: Vec<f64>,
    bases: Vec<Vec<Variable>>,
}

impl Starts {
    /// None so far.
    pub(super) fn new(kinds: &[Kind]) -> Self {
        let inputs = kinds.iter().map(|kind| *kind == Kind::Input).collect();
        Starts { inputs, mixes: Vec::new(), bases: Vec::new() }
    }

    /// Keeps the optimal basis of a point.
    pub(super) fn add(&mut self, point: &[f64], basis: Vec<Variable>) {
        if self.bases.len() < KEPT {
            self.mixes.extend(self.mix(point));
            self.bases.push(basis);
        }
    }

    /// Basis of the point whose mix is nearest, the earliest among equals; empty where there is none.
    pub(super) fn nearest(&self, point: &[f64]) -> &[Variable] {
        let mix = self.mix(point);
        let (mut least, mut nearest) = (f64::INFINITY, &[][..]);
        for (known, basis) in self.mixes.chunks_exact(mix.len()).zip(&self.bases) {
            let distance: f64 = known.iter().zip(&mix).map(|(a, b)| (a - b).abs()).sum();
            if distance < least {
                (least, nearest) = (distance, basis);
            }
        }
        nearest
    }

    fn mix(&self, point: &[f64]) -> Vec<f64> {
        let logs: Vec<f64> = point.iter().map(|v| v.ln()).collect();
        let mean = |side: bool| {
            let of = || logs.iter().zip(&self.inputs).filter(|(_, input)| **input == side).map(|(v, _)| v);
            of().sum::<f64>() / of().count() as f64
        };
        let means = [mean(false), mean(true)];
        logs.iter().zip(&self.inputs).map(|(v, input)| v - means[usize::from(*input)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mix() {
        let mut starts = Starts::new(&[Kind::Input, Kind::Input, Kind::Output]);
        assert!(starts.nearest(&[1.0, 1.0, 1.0]).is_empty());
        starts.add(&[1.0, 1.0, 1.0], vec![Variable::Slack(0)]);
        starts.add(&[1.0, 9.0, 1.0], vec![Variable::Slack(1)]);
        // Size does not count, on either side.
        assert_eq!(starts.nearest(&[2.0, 16.0, 1.0]), [Variable::Slack(1)]);
        assert_eq!(starts.nearest(&[2.0, 3.0, 70.0]), [Variable::Slack(0)]);
        assert!(starts.nearest(&[0.0, 1.0, 1.0]).is_empty());
    }
}
