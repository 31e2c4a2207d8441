//! Growth of total factor productivity, decomposed by a fitted production frontier.
//!
//! With the elasticities e_k, their sum e (returns to scale), technical change f_t and cost shares s_k, between two
//! successive periods of a unit (Kumbhakar and Lovell 2000, ch. 8; Kumbhakar, Denny and Fuss 2000):
//!
//! ```text
//! Δln TFP = Δln y - Σ s_k Δln x_k = f_t + Δln TE + (e - 1) Σ (e_k/e) Δln x_k + Σ (e_k/e - s_k) Δln x_k + Δv
//!                                   technical  efficiency      scale               allocative          noise
//! ```
//!
//! Without shares TFP weighs inputs by e_k/e and nothing is allocative. What changes within the interval (f_t, e_k, s_k)
//! is averaged over its two ends: for a translog frontier f_t + Σ e_k Δln x_k is then the change of f exactly (Diewert
//! 1976; Orea 2002), so that with the output known only the noise Δv is left. The scale weight (e - 1) e_k/e is averaged
//! as a whole; e_k/e, of which it and the allocative part are made, is e_k less that weight.
//!
//! ```
//! use plim_stats::frontier::tfp_growth::{Observation, tfp_growth};
//! let at = |x: f64, efficiency: f64| Observation { factors: vec![x], elasticities: vec![0.8], technical_change: 0.02,
//!     efficiency, shares: None, output: None };
//! let growth = tfp_growth(&[at(1.0, 0.5), at(1.5, 0.6)], &[0, 0], &[1, 2]).unwrap()[1].unwrap();
//! assert!((growth.scale - (0.8 - 1.0) * 0.5).abs() < 1e-15);
//! assert!((growth.tfp_growth - (0.02 + (0.6f64 / 0.5).ln() - 0.1)).abs() < 1e-15);
//! ```

use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Growth of total factor productivity by a fitted frontier: technical change, efficiency, scale, allocation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TfpGrowth {
    /// Step of the fitted production frontier; the names of its columns are filled in where they are not given.
    pub frontier: Option<String>,
    /// Columns of the logarithms of the factors.
    pub factors: Vec<String>,
    /// Columns of their output elasticities; `FRONTIER_elasticity_FACTOR` by default.
    pub elasticities: Vec<String>,
    /// Column of technical change; `FRONTIER_technical_change` by default, none for a frontier without a trend.
    pub technical_change: Option<String>,
    /// Whether the frontier has no trend, so that there is no technical change.
    pub no_trend: bool,
    /// Column of efficiency; `FRONTIER` by default.
    pub efficiency: Option<String>,
    /// Columns of the cost shares of the factors, for the allocative part.
    pub shares: Vec<String>,
    /// Column of the logarithm of output; with it the noise that the frontier leaves is reported.
    pub output: Option<String>,
}

/// A unit in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Logarithms of the factors, K.
    pub factors: Vec<f64>,
    /// Output elasticities, K.
    pub elasticities: Vec<f64>,
    /// f_t.
    pub technical_change: f64,
    /// Technical efficiency, positive.
    pub efficiency: f64,
    /// Cost shares, K, with sum one.
    pub shares: Option<Vec<f64>>,
    /// Logarithm of output.
    pub output: Option<f64>,
}

/// Log changes of a unit since the period before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Sum of the four parts.
    pub tfp_growth: f64,
    /// Movement of the frontier.
    pub technical_change: f64,
    /// Catching up with it.
    pub efficiency_change: f64,
    /// Use of increasing or decreasing returns.
    pub scale: f64,
    /// Inputs moving to where their elasticity exceeds their share of costs; zero without shares.
    pub allocative: f64,
    /// Change of noise: output growth less input growth less `tfp_growth`; none without output.
    pub noise: Option<f64>,
}

/// Shares of costs may miss one by this much.
const SHARES: f64 = 1e-6;

/// Growth of each observation since the same unit's in the period before; `None` where that is missing. `units` and
/// `periods` (0, 1, ... in order of time) are those of the observations.
pub fn tfp_growth(at: &[Observation], units: &[u32], periods: &[u32]) -> Result<Vec<Option<Growth>>> {
    let n = at.len();
    for (what, length) in [("the units", units.len()), ("the periods", periods.len())] {
        if length != n {
            return Err(Error::length(what, length, n));
        }
    }
    let refuse = |rows: Vec<usize>, message: &str, remedy: &str| match rows.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid(format!("{message} in {} rows", rows.len()), remedy).at_rows(rows)),
    };
    let rows = |bad: &dyn Fn(&Observation) -> bool| (0..n).filter(|&i| bad(&at[i])).collect::<Vec<_>>();
    refuse(
        rows(&|o| o.efficiency.is_nan() || o.efficiency <= 0.0),
        "efficiency is not positive",
        "give a column of efficiencies, not of inefficiency",
    )?;
    refuse(
        rows(&|o| o.elasticities.iter().sum::<f64>() <= 0.0),
        "returns to scale are not positive",
        "drop these rows with `where`, or use another functional form",
    )?;
    let off = |o: &Observation| o.shares.as_ref().is_some_and(|s| (s.iter().sum::<f64>() - 1.0).abs() > SHARES);
    refuse(rows(&off), "the cost shares do not add up to one", "divide each cost by their sum")?;
    let mut place = HashMap::new();
    for i in 0..n {
        if let Some(first) = place.insert((units[i], periods[i]), i) {
            return Err(
                Error::invalid("a unit has a period twice", "aggregate or drop the duplicates").at_rows(vec![first, i])
            );
        }
    }
    let before = |i: usize| periods[i].checked_sub(1).and_then(|p| place.get(&(units[i], p)));
    Ok((0..n).map(|i| before(i).map(|&b| between(&at[b], &at[i]))).collect())
}

/// The growth from one observation to the next.
fn between(before: &Observation, after: &Observation) -> Growth {
    let mean = |part: &dyn Fn(&Observation) -> f64| 0.5 * (part(before) + part(after));
    let (mut scale, mut allocative, mut inputs) = (0.0, 0.0, 0.0);
    for k in 0..after.factors.len() {
        let step = after.factors[k] - before.factors[k];
        let weight = |o: &Observation| o.elasticities[k] / o.elasticities.iter().sum::<f64>();
        let share = |o: &Observation| o.shares.as_ref().map_or_else(|| weight(o), |s| s[k]);
        scale += mean(&|o| o.elasticities[k] - weight(o)) * step;
        allocative += mean(&|o| weight(o) - share(o)) * step;
        inputs += mean(&share) * step;
    }
    let technical_change = mean(&|o| o.technical_change);
    let efficiency_change = (after.efficiency / before.efficiency).ln();
    let tfp_growth = technical_change + efficiency_change + scale + allocative;
    let noise = after.output.zip(before.output).map(|(after, before)| after - before - inputs - tfp_growth);
    Growth { tfp_growth, technical_change, efficiency_change, scale, allocative, noise }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f quadratic in (k, l, t) with its slopes; output on the frontier times efficiency and noise.
    fn at(k: f64, l: f64, t: f64, efficiency: f64, noise: f64, shares: Option<[f64; 2]>) -> Observation {
        let f = 0.4 * k + 0.5 * l + 0.05 * k * k + 0.03 * k * l + 0.02 * t + 0.001 * t * t + 0.01 * t * k;
        Observation {
            factors: vec![k, l],
            elasticities: vec![0.4 + 0.1 * k + 0.03 * l + 0.01 * t, 0.5 + 0.03 * k],
            technical_change: 0.02 + 0.002 * t + 0.01 * k,
            efficiency,
            shares: shares.map(|s| s.to_vec()),
            output: Some(f + efficiency.ln() + noise),
        }
    }

    #[test]
    fn for_a_translog_only_noise_is_left() {
        for shares in [None, Some([[0.3, 0.7], [0.4, 0.6]])] {
            let rows = [
                at(1.4, 0.9, 2.0, 0.8, 0.07, shares.map(|s| s[1])),
                at(1.0, 0.5, 1.0, 0.7, 0.02, shares.map(|s| s[0])),
            ];
            let growth = tfp_growth(&rows, &[3, 3], &[1, 0]).unwrap();
            assert!(growth[1].is_none());
            let g = growth[0].unwrap();
            plim_golden::close(g.noise.unwrap(), 0.05, 1e-12, "noise");
            plim_golden::close(g.efficiency_change, (0.8f64 / 0.7).ln(), 1e-14, "efficiency");
            assert_eq!(g.allocative == 0.0, shares.is_none());
            // Shares move growth between allocation and nothing else.
            let sum = g.technical_change + g.efficiency_change + g.scale + g.allocative;
            plim_golden::close(g.tfp_growth, sum, 1e-14, "sum");
        }
    }

    #[test]
    fn gaps_have_no_growth_and_nonsense_is_refused() {
        let row = || at(1.0, 0.5, 1.0, 0.7, 0.0, None);
        let growth = tfp_growth(&[row(), row(), row()], &[0, 0, 1], &[0, 2, 1]).unwrap();
        assert!(growth.iter().all(Option::is_none));
        let error = |row: Observation| tfp_growth(&[row], &[0], &[0]).unwrap_err();
        assert_eq!(error(Observation { efficiency: 0.0, ..row() }).rows, [0]);
        assert!(error(Observation { shares: Some(vec![0.5, 0.6]), ..row() }).to_string().contains("shares"));
        assert!(error(Observation { elasticities: vec![-1.0, 0.5], ..row() }).to_string().contains("returns"));
        assert!(tfp_growth(&[row(), row()], &[0, 0], &[1, 1]).unwrap_err().to_string().contains("twice"));
    }
}
