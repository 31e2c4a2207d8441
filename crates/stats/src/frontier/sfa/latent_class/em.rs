//! Starts of latent classes: partitions of the data, then the EM algorithm (Dempster, Laird and Rubin 1977).
//!
//! A partition gives each class its groups, mostly; least squares on them and the moments of the residuals give its
//! frontier. Then in turn: probabilities of the classes given the data; a Newton step of each class on the likelihood
//! weighted with them, and of the prior. ln L never falls. What is left to Newton's method is the end of the climb.
//!
//! Partitions: by the size of the least-squares residuals, by their square, by each of the first regressors; and by the
//! nearest of J groups drawn with a fixed seed, in all of these together.

use super::super::density::Truncated;
use super::super::dot;
use super::super::pooled::Sums;
use super::{CHUNK, LatentClass};
use crate::math::Mat;
use crate::math::linalg::spd_inverse;
use crate::math::optimize::{Point, ascend};
use crate::math::rng::Stream;
use crate::{Error, Kind, Result};
use rayon::prelude::*;

/// Seed of the drawn partitions.
const SEED: u64 = 20_051;
/// Drawn partitions.
const DRAWN: u64 = 8;
/// Regressors that partition.
const REGRESSORS: usize = 3;
/// A group is of the class of its partition with this probability.
const SURE: f64 = 0.9;
/// Rounds, and the rise of ln L below which they end.
const ROUNDS: (usize, f64) = (30, 1e-3);
/// Newton steps of each class in a round.
const STEPS: usize = 1;
/// γ of the starts of a class, as positions in the grid of its density.
const EVERY: usize = 3;

/// P(j | g), one row per group.
type Posterior = Vec<Vec<f64>>;

/// Ends of the EM algorithm, shrunk ones left out.
pub(super) fn starts<const Q: usize, D: Truncated<Q>>(model: &LatentClass<Q, D>) -> Result<Vec<Vec<f64>>> {
    let ends: Vec<Vec<f64>> = partitions(model).into_iter().filter_map(|posterior| climb(model, posterior)).collect();
    match ends.is_empty() {
        true => Err(Error::new(Kind::Untrusted {
            message: format!(
                "from every partition of the data into {} classes one of them shrinks onto a few observations, fewer than \
                 it has parameters or such as it fits exactly",
                model.classes
            ),
            remedy: "use fewer `classes` or fewer regressors, or look for duplicates".into(),
        })),
        false => Ok(ends),
    }
}

/// Standardized features of the groups: residual, its square, the first regressors.
fn features<const Q: usize, D: Truncated<Q>>(model: &LatentClass<Q, D>) -> Vec<Vec<f64>> {
    let (rows, frontier) = (&model.rows, &model.rows.indices[0]);
    let residual = |i: usize| rows.outcome(i) - frontier.at(i, &rows.ols.coef);
    let mean = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let values: Vec<f64> =
            model.groups.iter().map(|g| g.iter().map(|&i| of(i)).sum::<f64>() / g.len() as f64).collect();
        let center = values.iter().sum::<f64>() / values.len() as f64;
        let spread = (values.iter().map(|v| (v - center).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
        values.iter().map(|v| (v - center) / spread.max(f64::MIN_POSITIVE)).collect()
    };
    let mut all = vec![mean(&residual), mean(&|i| residual(i).powi(2))];
    all.extend((1..frontier.k.min(1 + REGRESSORS)).map(|j| mean(&|i| frontier.row(i)[j])));
    all
}

fn partitions<const Q: usize, D: Truncated<Q>>(model: &LatentClass<Q, D>) -> Vec<Posterior> {
    let (features, n, classes) = (features(model), model.groups.len(), model.classes);
    let soft = |class: Vec<usize>| -> Posterior {
        let rest = (1.0 - SURE) / (classes - 1) as f64;
        class.iter().map(|&own| (0..classes).map(|c| if c == own { SURE } else { rest }).collect()).collect()
    };
    let by_size = |values: &Vec<f64>| -> Posterior {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut class = vec![0; n];
        order.iter().enumerate().for_each(|(rank, &g)| class[g] = rank * classes / n);
        soft(class)
    };
    let nearest = |replication: u64| -> Posterior {
        let mut draw = Stream::new(SEED, replication);
        let centers: Vec<usize> = (0..classes).map(|_| (draw.uniform() * n as f64) as usize).collect();
        let distance = |g: usize, center: usize| features.iter().map(|f| (f[g] - f[center]).powi(2)).sum::<f64>();
        let class = |g: usize| {
            (1..classes).fold(0, |near, c| if distance(g, centers[c]) < distance(g, centers[near]) { c } else { near })
        };
        soft((0..n).map(class).collect())
    };
    features.iter().map(by_size).chain((0..DRAWN).map(nearest)).collect()
}

/// The EM algorithm from a partition.
fn climb<const Q: usize, D: Truncated<Q>>(model: &LatentClass<Q, D>, mut posterior: Posterior) -> Option<Vec<f64>> {
    let mut theta: Vec<f64> = Vec::with_capacity(model.size());
    for c in 0..model.classes {
        theta.extend(moments(model, &weights(&posterior, c))?);
    }
    theta.resize(model.size(), 0.0);
    let mut last = f64::NEG_INFINITY;
    for _ in 0..ROUNDS.0 {
        let p = model.rows.p;
        for c in 0..model.classes {
            let w = weights(&posterior, c);
            let own = ascend(model.class(c, &theta), |at| Some(class_point(model, at, &w)), STEPS)?;
            theta[c * p..(c + 1) * p].copy_from_slice(&own);
        }
        let from = model.zeta(0);
        let zeta = ascend(&theta[from..], |at| Some(prior_point(model, at, &posterior)), STEPS)?;
        theta[from..].copy_from_slice(&zeta);
        if model.shrunk(&theta).is_some() {
            return None;
        }
        let value = super::Likelihood::value(model, &theta);
        if !value.is_finite() {
            return None;
        }
        if value - last < ROUNDS.1 {
            break;
        }
        last = value;
        posterior = model.posterior(&theta);
    }
    Some(theta)
}

fn weights(posterior: &Posterior, c: usize) -> Vec<f64> {
    posterior.iter().map(|p| p[c]).collect()
}

/// A class by weighted least squares and the moments of its residuals.
fn moments<const Q: usize, D: Truncated<Q>>(model: &LatentClass<Q, D>, weights: &[f64]) -> Option<Vec<f64>> {
    let (rows, frontier) = (&model.rows, &model.rows.indices[0]);
    let k = frontier.k;
    let (mut XtX, mut Xty, mut total) = (Mat::<f64>::zeros(k, k), vec![0.0; k], 0.0);
    for (group, &w) in model.groups.iter().zip(weights) {
        for &i in group {
            let x = frontier.row(i);
            total += w;
            for a in 0..k {
                Xty[a] += w * x[a] * rows.outcome(i);
                (0..k).for_each(|b| XtX[(a, b)] += w * x[a] * x[b]);
            }
        }
    }
    let inverse = spd_inverse(&XtX, "X'WX").ok()?;
    let coef: Vec<f64> = (0..k).map(|a| (0..k).map(|b| inverse[(a, b)] * Xty[b]).sum()).collect();
    let square = |i: usize| (rows.outcome(i) - dot(frontier.row(i), &coef)).powi(2);
    let variance =
        model.groups.iter().zip(weights).map(|(g, w)| w * g.iter().map(|&i| square(i)).sum::<f64>()).sum::<f64>()
            / total;
    let start = |at: &[f64; Q]| -> Vec<f64> {
        let mut theta = coef.clone();
        theta[0] += rows.sign * at[0];
        (1..Q).for_each(|j| theta.extend(rows.indices[j].level(at[j])));
        theta
    };
    let all = rows.density.starts(variance);
    let valued = all.iter().skip(1).step_by(EVERY).map(start).map(|at| (class_value(model, &at, weights), at));
    valued.filter(|s| s.0.is_finite()).max_by(|a, b| a.0.total_cmp(&b.0)).map(|s| s.1)
}

fn class_value<const Q: usize, D: Truncated<Q>>(model: &LatentClass<Q, D>, theta: &[f64], weights: &[f64]) -> f64 {
    let rows = &model.rows;
    let of = |group: &[usize]| group.iter().map(|&i| rows.density.ln(rows.scalars(i, theta)).value).sum::<f64>();
    model.groups.iter().zip(weights).map(|(g, w)| w * of(g)).sum()
}

/// The weighted likelihood of a class.
fn class_point<const Q: usize, D: Truncated<Q>>(model: &LatentClass<Q, D>, theta: &[f64], weights: &[f64]) -> Point {
    let rows = &model.rows;
    let chunk = |(groups, weights): (&[Vec<usize>], &[f64])| {
        let mut sums = Sums::new(rows.p);
        for (group, &w) in groups.iter().zip(weights) {
            group.iter().for_each(|&i| rows.add(i, rows.density.ln(rows.scalars(i, theta)) * w, &mut sums));
        }
        sums
    };
    let parts = model.groups.par_chunks(CHUNK).zip(weights.par_chunks(CHUNK)).map(chunk).collect();
    Sums::total(rows.p, parts)
}

/// Σ_g Σ_j P(j | g) ln π_gj in ζ, a multinomial logit.
fn prior_point<const Q: usize, D: Truncated<Q>>(
    model: &LatentClass<Q, D>,
    zeta: &[f64],
    posterior: &Posterior,
) -> Point {
    let (m, free) = (model.prior.k, model.classes - 1);
    let mut theta = vec![0.0; model.zeta(0)];
    theta.extend(zeta);
    let size = zeta.len();
    let mut sums = Sums::new(size);
    for (group, posterior) in model.groups.iter().zip(posterior) {
        let ln = model.ln_prior(group, &theta);
        let w = model.prior.row(group[0]);
        sums.value += ln.iter().zip(posterior).map(|(l, p)| l * p).sum::<f64>();
        for k in 0..free {
            for a in 0..m {
                sums.gradient[k * m + a] += (posterior[k] - ln[k].exp()) * w[a];
                for l in k..free {
                    let q = if k == l { ln[k].exp() * (1.0 - ln[k].exp()) } else { -(ln[k] + ln[l]).exp() };
                    (0..m).for_each(|b| sums.hessian[(k * m + a) * size + l * m + b] -= q * w[a] * w[b]);
                }
            }
        }
    }
    Sums::total(size, vec![sums])
}
