//! Pseudo references: the observed units, each moved to the estimated frontier and from there inside again by an
//! efficiency drawn from the smoothed distribution of all.
//!
//! With the inefficiencies u_i = δ_i - 1 ≥ 0 of the n units, δ the distance (1/θ or φ), a replication draws β_i from
//! {u_1, …, u_n, -u_1, …, -u_n}, with σ² its variance, and
//!
//! ```text
//! δ*_i = 1 + |β̄ + (β_i + h ε_i - β̄) / √(1 + h²/σ²)|,   ε_i ~ N(0, 1)
//! input:   x*_i = x_i δ*_i/δ_i        output:   y*_i = y_i δ_i/δ*_i
//! ```
//!
//! Reflection keeps the density at the border, where an ordinary kernel estimate is half of it; the root restores the
//! variance that the kernel added. Distances are drawn, not efficiencies: a normal kernel around an efficiency reaches
//! zero and below, where no unit can be put.

use crate::frontier::dea::technology::{NoScore, Scored, Standing};
use crate::frontier::dea::{Dea, Kind, Model, Orientation, Radial, Rts, Units, dea};
use crate::math::Mat;
use crate::math::lp::Variable;
use crate::math::quantile::{QuantileType, quantile};
use crate::math::rng::Stream;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A unit this close to the frontier is on it, for the bandwidth.
const ON_THE_FRONTIER: f64 = 1e-6;
/// Interquartile range of the standard normal, as printed in the rule.
const NORMAL_RANGE: f64 = 1.34;
/// Units of a replication scored before the first peers are known.
const FIRST_BATCH: usize = 16;

/// How wide the kernel is: a number, or a rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Bandwidth {
    /// By a rule.
    Rule(BandwidthRule),
    /// This standard deviation.
    Number(f64),
}

impl Default for Bandwidth {
    fn default() -> Self {
        Bandwidth::Rule(BandwidthRule::Reflected)
    }
}

/// A normal-reference rule for the bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BandwidthRule {
    /// From the reflected scores of the units that are not on the frontier: those on it are an artifact of the estimate.
    Reflected,
    /// 0.9 n^(-1/5) min(standard deviation, interquartile range/1.34) of all scores.
    NormalReference,
}

/// Draws of pseudo references around one estimate of the frontier.
pub(super) struct Pseudo<'a> {
    units: &'a Units,
    orientation: Orientation,
    /// u, n.
    inefficiency: Vec<f64>,
    /// h.
    pub(super) bandwidth: f64,
    /// 1/√(1 + h²/σ²).
    shrink: f64,
}

impl<'a> Pseudo<'a> {
    /// Around `efficiency` of `units`, one each.
    pub(super) fn new(
        units: &'a Units,
        orientation: Orientation,
        efficiency: &[f64],
        bandwidth: Bandwidth,
    ) -> Result<Self> {
        let inefficiency: Vec<f64> = efficiency.iter().map(|&e| (1.0 / e - 1.0).max(0.0)).collect();
        let variance = inefficiency.iter().map(|u| u * u).sum::<f64>() / inefficiency.len() as f64;
        if !inefficiency.iter().any(|&u| u > ON_THE_FRONTIER) {
            return Err(Error::invalid(
                "every unit is on the frontier: there is no inefficiency to draw from",
                "name fewer inputs and outputs, or more units",
            ));
        }
        let bandwidth = match bandwidth {
            Bandwidth::Number(h) if h.is_finite() && h >= 0.0 => h,
            Bandwidth::Number(h) => {
                let way = "give a number that is not negative, or a rule: `reflected` or `normal_reference`";
                return Err(Error::invalid(format!("`bandwidth` is {h}"), way));
            }
            Bandwidth::Rule(rule) => by_rule(rule, &inefficiency),
        };
        let shrink = 1.0 / (1.0 + bandwidth * bandwidth / variance).sqrt();
        Ok(Pseudo { units, orientation, inefficiency, bandwidth, shrink })
    }

    /// The units of a replication, n.
    pub(super) fn units(&self, stream: &mut Stream) -> Units {
        let n = self.inefficiency.len();
        let drawn: Vec<(f64, f64)> = (0..n)
            .map(|_| {
                let (place, noise) = (stream.below(2 * n), stream.normal());
                let beta = if place < n { self.inefficiency[place] } else { -self.inefficiency[place - n] };
                (beta, noise)
            })
            .collect();
        let mean = drawn.iter().map(|d| d.0).sum::<f64>() / n as f64;
        let factor: Vec<f64> = (drawn.iter().zip(&self.inefficiency))
            .map(|(&(beta, noise), u)| {
                let inefficiency = (mean + (beta + self.bandwidth * noise - mean) * self.shrink).abs();
                (1.0 + inefficiency) / (1.0 + u)
            })
            .collect();
        let matrix = |kind: Kind, scaled: &dyn Fn(usize) -> f64| {
            let of: Vec<usize> = (0..self.units.variables()).filter(|&i| self.units.kinds()[i] == kind).collect();
            Mat::from_fn(n, of.len(), |j, i| self.units.at(of[i], j) * scaled(j))
        };
        let same = |_| 1.0;
        let (X, Y) = match self.orientation {
            Orientation::Output => (matrix(Kind::Input, &same), matrix(Kind::Output, &|j| 1.0 / factor[j])),
            _ => (matrix(Kind::Input, &|j| factor[j]), matrix(Kind::Output, &same)),
        };
        Units::new(&X, &Y).expect("X and Y have a row for each unit")
    }
}

/// Bandwidth by a normal-reference rule.
///
/// With the k units off the frontier, the reflected rule is 0.9 (2k)^(-1/5) min(s_2k, R_2k/1.34) for their 2k reflected
/// inefficiencies, times (2k/n)^(1/5) s_n/s_2k, because 2k are not the n that are drawn (Daraio and Simar 2007, 3.23 to
/// 3.26; Silverman 1986, 3.31).
fn by_rule(rule: BandwidthRule, inefficiency: &[f64]) -> f64 {
    let n = inefficiency.len() as f64;
    let all = deviation(inefficiency);
    match rule {
        BandwidthRule::NormalReference => 0.9 * spread(inefficiency) * n.powf(-0.2),
        BandwidthRule::Reflected => {
            let off = inefficiency.iter().copied().filter(|&u| u > ON_THE_FRONTIER);
            let reflected: Vec<f64> = off.flat_map(|u| [u, -u]).collect();
            0.9 * spread(&reflected) * n.powf(-0.2) * all / deviation(&reflected)
        }
    }
}

/// Standard deviation or scaled interquartile range, whichever is less and not zero.
fn spread(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |p| quantile(&sorted, p, QuantileType::NumPy);
    let (deviation, range) = (deviation(values), (at(0.75) - at(0.25)) / NORMAL_RANGE);
    if range > ON_THE_FRONTIER { range.min(deviation) } else { deviation }
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt()
}

/// Efficiency of a point with the basis that proves it.
pub(super) type Proven = (f64, Vec<Variable>);

/// Efficiencies of `points` against `reference`, each from its basis in `starts` (or from none).
///
/// Few units are ever peers: those found so far are priced first.
pub(super) fn against(
    reference: &Units,
    rts: Rts,
    orientation: Orientation,
    points: &[Vec<f64>],
    starts: &[Vec<Variable>],
) -> Vec<Scored<Proven>> {
    let mut radial = Radial::of(reference, rts, orientation);
    let mut peers = Vec::new();
    let mut proven = Vec::with_capacity(points.len());
    for (i, point) in points.iter().enumerate() {
        if i >= FIRST_BATCH && i.is_power_of_two() {
            radial.prefer(&peers);
        }
        let scored = radial.score_from(point, Standing::Outside, starts.get(i).map_or(&[], Vec::as_slice));
        proven.push(scored.and_then(|(score, basis)| {
            peers.extend(basis.iter().filter_map(|v| if let Variable::Shared(j) = v { Some(*j) } else { None }));
            let efficiency = if orientation == Orientation::Output { 1.0 / score } else { score };
            match efficiency > 0.0 && efficiency.is_finite() {
                true => Ok((efficiency, basis)),
                false => Err(NoScore::refused("an efficiency is not positive")),
            }
        }));
    }
    proven
}

/// What a bootstrap stands on: the units that have a score, and those scores.
pub(super) struct Estimate {
    /// Of all units, in order.
    pub(super) scored: Vec<Scored<f64>>,
    /// Rows that have one.
    pub(super) rows: Vec<usize>,
    /// Their values.
    pub(super) units: Units,
    /// Their values, one point each.
    pub(super) points: Vec<Vec<f64>>,
    /// What a reader must know.
    pub(super) notes: Vec<String>,
}

impl Estimate {
    /// Radial scores of `units`; `what` names the method in messages.
    pub(super) fn new(units: &Units, options: &Dea, what: &str) -> Result<Self> {
        if matches!(options.rts, Rts::Fdh | Rts::FdhPlus | Rts::Grs) {
            return Err(Error::invalid(
                format!("{what} holds for convex technologies with returns `crs`, `vrs`, `nirs` or `ndrs`"),
                "choose one of them as `rts`",
            ));
        }
        let scores = dea(units, options)?;
        let scored: Vec<Scored<f64>> = (scores.units.into_iter())
            .map(|u| u.efficiency.ok_or(NoScore { status: u.status, reason: u.reason }))
            .collect();
        let rows: Vec<usize> = (0..scored.len()).filter(|&i| scored[i].is_ok()).collect();
        let units = units.select(&rows);
        let points = (0..units.count()).map(|i| units.point(i)).collect();
        Ok(Estimate { scored, rows, units, points, notes: scores.notes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(n: usize) -> Units {
        let mut stream = Stream::new(11, 0);
        let mut draw = |k: usize| Mat::from_fn(n, k, |_, _| (0.5 * stream.normal()).exp());
        let (X, Y) = (draw(2), draw(2));
        Units::new(&X, &Y).unwrap()
    }

    #[test]
    fn bandwidths_by_hand() {
        let u = [0.0, 0.1, 0.3, 0.0];
        // Sorted 0, 0, 0.1, 0.3: quartiles 0 and 0.15, s = √0.02.
        let normal = 0.9 * f64::min(0.02f64.sqrt(), 0.15 / 1.34) * 4f64.powf(-0.2);
        assert!((by_rule(BandwidthRule::NormalReference, &u) - normal).abs() < 1e-15);
        // Reflected ±0.1, ±0.3: s = √(0.2/3), quartiles ±0.15; (2k)^(-1/5) (2k/n)^(1/5) = n^(-1/5).
        let s = (0.2f64 / 3.0).sqrt();
        let reflected = 0.9 * f64::min(s, 0.3 / 1.34) * 4f64.powf(-0.2) * 0.02f64.sqrt() / s;
        assert!((by_rule(BandwidthRule::Reflected, &u) - reflected).abs() < 1e-15);
    }

    #[test]
    fn drawn_units_lie_inside_and_the_start_does_not_matter() {
        let units = units(40);
        let points: Vec<Vec<f64>> = (0..40).map(|i| units.point(i)).collect();
        for orientation in [Orientation::Input, Orientation::Output] {
            let proven: Vec<Proven> =
                (against(&units, Rts::Vrs, orientation, &points, &[]).into_iter()).map(|p| p.unwrap()).collect();
            let (efficiency, starts): (Vec<f64>, Vec<_>) = proven.into_iter().unzip();
            let pseudo = Pseudo::new(&units, orientation, &efficiency, Bandwidth::default()).unwrap();
            let drawn = pseudo.units(&mut Stream::new(1, 0));
            let drawn_points: Vec<Vec<f64>> = (0..40).map(|i| drawn.point(i)).collect();
            for inside in against(&units, Rts::Vrs, orientation, &drawn_points, &[]) {
                assert!(inside.unwrap().0 < 1.0 + 1e-9);
            }
            let cold = against(&drawn, Rts::Vrs, orientation, &points, &[]);
            for (cold, warm) in cold.iter().zip(against(&drawn, Rts::Vrs, orientation, &points, &starts)) {
                assert!((cold.as_ref().unwrap().0 - warm.unwrap().0).abs() < 1e-10);
            }
        }
    }
}
