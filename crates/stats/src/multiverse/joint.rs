//! Joint inference over specifications (Simonsohn, Simmons and Nelson 2020, Nature Human Behaviour 4:1208).
//!
//! Estimates of one effect over many specifications are not independent, so that a share of significant ones has no
//! known distribution. Under the null hypothesis that the regressor has no effect, whole paths of units are exchanged,
//! the same way in every specification, and all specifications are estimated again. Of each draw three statistics are
//! compared with those of the data:
//!
//! ```text
//! median           |median of the estimates|
//! share            share significant at 5 % in the more frequent direction
//! mean z           |Σ z / √U|, z the statistics of the U specifications (Stouffer)
//!
//! p = (1 + #{draws at least as extreme})/(1 + draws)
//! ```
//!
//! By Frisch, Waugh and Lovell an exchanged regressor costs one absorbed column in each specification.

use crate::absorb::Singletons;
use crate::linear::Prepared;
use crate::linear::least_squares::{COLLINEAR, Orthogonal, dot};
use crate::{Design, Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// 97.5 % point of the normal distribution.
const SIGNIFICANT: f64 = 1.959_963_984_540_054;

/// A specification under exchanged regressors.
pub struct Specification {
    prepared: Prepared,
    controls: Orthogonal,
    /// The outcome off effects and controls, times √w.
    y: Vec<f64>,
    clusters: Factor,
    /// The regressor itself at the sample.
    x: Vec<f64>,
}

impl Specification {
    /// The model of `design` with the regressor `name` to be exchanged; statistics are clustered by `clusters` (codes of
    /// the observations of `design`).
    pub fn new(design: &Design, name: &str, clusters: &Factor, singletons: Singletons) -> Result<Specification> {
        let Some(position) = design.position(name) else {
            return Err(Error::invalid(format!("`{name}` is not a regressor"), "name one of the formula"));
        };
        let others: Vec<_> = design.regressors().into_iter().filter(|(n, _)| n != name).collect();
        let prepared = Prepared::new(&design.with_regressors(&others), singletons)?;
        let mut columns: Vec<Vec<f64>> = prepared.design.regressors().into_iter().map(|(_, c)| c).collect();
        columns.push(prepared.design.y.clone());
        let (before, _) = prepared.absorb(&mut columns)?;
        let mut y = columns.pop().unwrap_or_default();
        let controls = Orthogonal::new(&columns, &before);
        controls.residual(&mut y);
        let x = prepared.sample.iter().map(|&i| design.X[(i, position)]).collect();
        let clusters = clusters.at(&prepared.sample);
        Ok(Specification { prepared, controls, y, clusters, x })
    }

    /// Positions of its observations in the design.
    pub fn sample(&self) -> &[usize] {
        &self.prepared.sample
    }

    /// Estimate and statistic as they are.
    pub fn observed(&self) -> Result<Option<(f64, f64)>> {
        self.at(self.x.clone())
    }

    /// Estimate and cluster-robust statistic with the regressor `x` at the sample; `None` where effects and controls
    /// span it.
    ///
    /// The factor G/(G - 1) is the only one for small samples: it is the same in every draw.
    pub fn at(&self, x: Vec<f64>) -> Result<Option<(f64, f64)>> {
        let mut x = [x];
        let (before, _) = self.prepared.absorb(&mut x)?;
        let [mut x] = x;
        self.controls.residual(&mut x);
        let squares = dot(&x, &x);
        if squares.is_nan() || squares <= COLLINEAR * before[0] {
            return Ok(None);
        }
        let b = dot(&x, &self.y) / squares;
        let mut sums = vec![0.0; self.clusters.levels as usize];
        for (i, &g) in self.clusters.codes.iter().enumerate() {
            sums[g as usize] += x[i] * (self.y[i] - b * x[i]);
        }
        let g = sums.len() as f64;
        let variance = sums.iter().map(|s| s * s).sum::<f64>() * g / (g - 1.0) / (squares * squares);
        Ok((variance > 0.0).then(|| (b, b / variance.sqrt())))
    }
}

/// What specifications say together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Joint {
    /// Specifications.
    pub specifications: usize,
    /// Draws.
    pub draws: usize,
    /// Median of the estimates.
    pub median: f64,
    /// Its p-value.
    pub p_median: f64,
    /// Share significant at 5 % in the more frequent direction.
    pub share_significant: f64,
    /// Its p-value.
    pub p_share: f64,
    /// Σ z / √U.
    pub mean_z: f64,
    /// Its p-value.
    pub p_mean_z: f64,
}

/// Joint inference from estimates and statistics of the data and of each draw (a list over the same specifications).
pub fn joint(observed: &[(f64, f64)], draws: &[Vec<(f64, f64)>]) -> Joint {
    let [median, share, mean_z] = statistics(observed);
    let null: Vec<[f64; 3]> = draws.iter().map(|d| statistics(d)).collect();
    let p = |at: usize, observed: f64| {
        // Statistics that differ by rounding only are ties.
        let bound = observed.abs() * (1.0 - 1e-9);
        let extreme = null.iter().filter(|d| d[at].abs() >= bound).count();
        (1 + extreme) as f64 / (1 + null.len()) as f64
    };
    Joint {
        specifications: observed.len(),
        draws: draws.len(),
        median,
        p_median: p(0, median),
        share_significant: share,
        p_share: p(1, share),
        mean_z,
        p_mean_z: p(2, mean_z),
    }
}

/// Median of the estimates, share significant in the more frequent direction, Σ z / √U.
fn statistics(all: &[(f64, f64)]) -> [f64; 3] {
    let n = all.len() as f64;
    let mut estimates: Vec<f64> = all.iter().map(|a| a.0).collect();
    estimates.sort_by(f64::total_cmp);
    let median = match all.len() {
        0 => f64::NAN,
        k => 0.5 * (estimates[(k - 1) / 2] + estimates[k / 2]),
    };
    let positive = all.iter().filter(|a| a.1 > SIGNIFICANT).count();
    let negative = all.iter().filter(|a| a.1 < -SIGNIFICANT).count();
    [median, positive.max(negative) as f64 / n, all.iter().map(|a| a.1).sum::<f64>() / n.sqrt()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::Regression;
    use crate::math::Mat;
    use crate::math::rng::Stream;
    use crate::vcov::{Ssc, Vcov};

    #[test]
    fn statistics_by_hand() {
        // Estimates 1, 2, 4 with z 1, 2, 3: median 2, two of three significant, 6/√3.
        let observed = [(1.0, 1.0), (2.0, 2.0), (4.0, 3.0)];
        let draws = vec![vec![(0.1, 0.1), (2.5, 2.5), (-3.0, -0.5)], vec![(3.0, 3.0), (-2.5, -2.5), (2.1, 2.1)]];
        let j = joint(&observed, &draws);
        assert_eq!((j.median, j.share_significant), (2.0, 2.0 / 3.0));
        assert!((j.mean_z - 6.0 / 3f64.sqrt()).abs() < 1e-14);
        // Medians .1 and 2.1; shares 1/3 and 2/3; z 2.1/√3 and 2.6/√3.
        assert_eq!((j.p_median, j.p_share, j.p_mean_z), (2.0 / 3.0, 2.0 / 3.0, 1.0 / 3.0));
    }

    #[test]
    fn as_observed_it_is_the_regression() {
        let (units, times) = (12, 5);
        let n = units * times;
        let mut s = Stream::new(3, 0);
        let mut draw = || (0..n).map(|_| s.normal()).collect::<Vec<f64>>();
        let (x, w, e) = (draw(), draw(), draw());
        let unit = Factor::from_keys("unit", (0..n).map(|i| i / times));
        let time = Factor::from_keys("time", (0..n).map(|i| i % times));
        let design = Design {
            y: (0..n).map(|i| 0.4 * x[i] + 0.2 * w[i] + e[i]).collect(),
            X: Mat::from_fn(n, 2, |i, j| if j == 0 { x[i] } else { w[i] }),
            names: vec!["x".into(), "w".into()],
            fe: vec![unit.clone(), time],
            cluster: vec![unit.clone()],
            rows: (0..n).collect(),
            ..Design::default()
        };
        let rules =
            Regression { vcov: Some(Vcov::Cluster(vec!["unit".into()])), ssc: Ssc::None, ..Regression::default() };
        let fit = rules.run(&design).unwrap();
        let own = Specification::new(&design, "x", &unit, Singletons::Keep).unwrap();
        let (b, t) = own.observed().unwrap().unwrap();
        assert!((b - fit.coefficients[0].estimate).abs() < 1e-13);
        let factor = (units as f64 / (units as f64 - 1.0)).sqrt();
        assert!((t * factor - fit.coefficients[0].statistic).abs() < 1e-10, "{t} {}", fit.coefficients[0].statistic);
        // A regressor that the effects span has no estimate.
        assert_eq!(own.at((0..n).map(|i| (i / times) as f64).collect()).unwrap(), None);
    }

    /// Under a true null the p-values are uniform: Kolmogorov-Smirnov over 200 simulated panels at 0.1 %.
    ///
    /// The process: 24 units over 6 periods, y = unit + period + w + AR(1) noise with ρ = 0.5 within units, the regressor
    /// an AR(1) of its own with a unit effect, which has no effect on y. Six specifications: with and without w, effects
    /// of unit, of period, of both. Seed 1.
    #[test]
    fn p_values_are_uniform_under_the_null() {
        let (units, times, samples, draws) = (24, 6, 200, 99);
        let n = units * times;
        let unit = Factor::from_keys("unit", (0..n).map(|i| i / times));
        let time = Factor::from_keys("time", (0..n).map(|i| i % times));
        let mut p_values = [Vec::new(), Vec::new()];
        for sample in 0..samples {
            let mut s = Stream::new(1, sample);
            let mut path = |effect: f64| -> Vec<f64> {
                (0..units)
                    .flat_map(|_| {
                        let own = effect * s.normal();
                        let mut noise = s.normal();
                        (0..times)
                            .map(|_| {
                                noise = 0.5 * noise + 0.75f64.sqrt() * s.normal();
                                own + noise
                            })
                            .collect::<Vec<_>>()
                    })
                    .collect()
            };
            let (x, w, e) = (path(1.0), path(0.5), path(1.0));
            let y: Vec<f64> = (0..n).map(|i| 0.3 * (i % times) as f64 + 0.5 * w[i] + e[i]).collect();
            let mut specifications = Vec::new();
            for with_w in [false, true] {
                for fe in [vec![unit.clone()], vec![time.clone()], vec![unit.clone(), time.clone()]] {
                    let columns: Vec<&[f64]> = if with_w { vec![&x, &w] } else { vec![&x] };
                    let design = Design {
                        y: y.clone(),
                        X: Mat::from_fn(n, columns.len(), |i, j| columns[j][i]),
                        names: ["x", "w"].into_iter().take(columns.len()).map(String::from).collect(),
                        fe,
                        rows: (0..n).collect(),
                        ..Design::default()
                    };
                    specifications.push(Specification::new(&design, "x", &unit, Singletons::Keep).unwrap());
                }
            }
            let all = |x: &[f64]| -> Vec<(f64, f64)> {
                specifications.iter().map(|own| own.at(x.to_vec()).unwrap().unwrap()).collect()
            };
            let null: Vec<Vec<(f64, f64)>> = (0..draws)
                .map(|_| {
                    let mut order: Vec<usize> = (0..units).collect();
                    s.shuffle(&mut order);
                    all(&(0..n).map(|i| x[order[i / times] * times + i % times]).collect::<Vec<_>>())
                })
                .collect();
            let j = joint(&all(&x), &null);
            p_values[0].push(j.p_median);
            p_values[1].push(j.p_mean_z);
        }
        for mut p in p_values {
            p.sort_by(f64::total_cmp);
            // Over the steps of 1/100 that a p-value takes.
            let distance = (1..=100)
                .map(|k| f64::from(k) / 100.0)
                .map(|at| (p.partition_point(|p| *p <= at + 1e-12) as f64 / samples as f64 - at).abs())
                .fold(0.0, f64::max);
            assert!(distance < 1.95 / (samples as f64).sqrt(), "Kolmogorov-Smirnov distance {distance}");
        }
    }
}
