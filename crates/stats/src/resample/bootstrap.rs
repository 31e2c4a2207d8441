//! Bootstrap over clusters: whole clusters are drawn with replacement, and a cluster drawn twice counts as two.

use crate::math::quantile::{QuantileType, quantile};
use crate::math::rng::Stream;
use crate::{Design, Factor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Share of replications that may fail before an interval is no longer given.
const FAILURES: f64 = 0.05;

/// A percentile interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Standard deviation over replications.
    pub std_error: f64,
    /// 2.5 % quantile.
    pub conf_low: f64,
    /// 97.5 % quantile.
    pub conf_high: f64,
    /// Replications that gave a number.
    pub replications: usize,
    /// Replications that did not (collinear or absorbed in the draw).
    pub failed: usize,
}

/// One draw: the observations (positions in `design`) and the design they make.
///
/// Every copy of a cluster gets its own levels of the factors that are nested in `cluster` (a city drawn twice is
/// two cities); other factors, such as years, keep theirs.
pub fn draw(design: &Design, cluster: &Factor, stream: &mut Stream) -> (Vec<usize>, Design) {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); cluster.levels as usize];
    cluster.codes.iter().enumerate().for_each(|(i, &c)| members[c as usize].push(i));
    let (mut rows, mut copy) = (Vec::new(), Vec::new());
    for label in 0..members.len() {
        let drawn = &members[stream.below(members.len())];
        rows.extend_from_slice(drawn);
        copy.extend(drawn.iter().map(|_| label as u32));
    }
    let mut sample = design.at(&rows);
    let relabel = |new: &mut Factor, old: &Factor| {
        if old.nested_in(cluster) {
            *new = Factor::from_keys(new.name.clone(), new.codes.iter().copied().zip(copy.iter().copied()));
        }
    };
    sample.fe.iter_mut().zip(&design.fe).for_each(|(new, old)| relabel(new, old));
    sample.cluster.iter_mut().zip(&design.cluster).for_each(|(new, old)| relabel(new, old));
    sample.slopes.iter_mut().zip(&design.slopes).for_each(|(new, old)| relabel(&mut new.factor, &old.factor));
    if let (Some(new), Some(old)) = (&mut sample.panel, &design.panel) {
        relabel(&mut new.unit, &old.unit);
    }
    (rows, sample)
}

/// The percentile interval of the replications that succeeded; `None` when too many failed.
pub fn percentile(draws: &[Option<f64>]) -> Option<Interval> {
    let mut good: Vec<f64> = draws.iter().flatten().copied().collect();
    let failed = draws.len() - good.len();
    if good.len() < 2 || failed as f64 > FAILURES * draws.len() as f64 {
        return None;
    }
    good.sort_by(f64::total_cmp);
    let n = good.len() as f64;
    let mean = good.iter().sum::<f64>() / n;
    let variance = good.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some(Interval {
        std_error: variance.sqrt(),
        conf_low: quantile(&good, 0.025, QuantileType::Stata),
        conf_high: quantile(&good, 0.975, QuantileType::Stata),
        replications: good.len(),
        failed,
    })
}
