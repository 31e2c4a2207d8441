//! Covariance by the bootstrap: what is independent is drawn with replacement and the frontier estimated again.
//!
//! ```text
//! V = Σ_r (θ̂_r - θ̄)(θ̂_r - θ̄)'/(R - 1)
//! ```
//!
//! Rows are drawn in pooled models, units in models of panels, clusters where clusters are asked for; a unit that is
//! drawn twice counts as two. Each climb begins at the estimate of the sample. A replication without a maximum inside
//! (residuals that came out skewed to the wrong side) says nothing about the spread around one: it is left out and
//! counted, and too many of them refuse the covariance.

use super::likelihood::Likelihood;
use super::{Data, Index, LeastSquares, Sfa, SfaFit, least_squares, model};
use crate::fit::Spread;
use crate::math::Mat;
use crate::math::optimize::{Climb, Newton, climb};
use crate::math::rng::Stream;
use crate::{Error, Kind, Result};
use rayon::prelude::*;

/// Replications when none are given.
pub(super) const REPLICATIONS: usize = 999;
/// Fewer do not give a variance to ten per cent.
pub(super) const LEAST: usize = 50;
/// Share of replications that may have no maximum.
const FAILURES: f64 = 0.05;

/// What is drawn.
pub(super) struct Draws<'a> {
    /// Group of each row, n: 0, 1, ...
    pub(super) groups: &'a [usize],
    /// What the groups are, in the plural.
    pub(super) what: String,
    pub(super) replications: usize,
    pub(super) seed: u64,
}

impl Draws<'_> {
    /// Rows and copy of their group in one replication.
    fn draw(&self, members: &[Vec<usize>], replication: usize) -> (Vec<usize>, Vec<usize>) {
        let mut stream = Stream::new(self.seed, replication as u64);
        let (mut rows, mut copies) = (Vec::with_capacity(self.groups.len()), Vec::with_capacity(self.groups.len()));
        for copy in 0..members.len() {
            let drawn = &members[stream.below(members.len())];
            rows.extend_from_slice(drawn);
            copies.extend(drawn.iter().map(|_| copy));
        }
        (rows, copies)
    }
}

/// The covariance of the natural parameters of a fit.
pub(super) fn bootstrap(fit: &SfaFit, data: &Data, options: &Sfa, draws: &Draws) -> Result<Spread> {
    let mut members = vec![Vec::new(); draws.groups.iter().max().map_or(0, |g| g + 1)];
    draws.groups.iter().enumerate().for_each(|(i, &g)| members[g].push(i));
    let again = |replication: usize| -> Option<Vec<f64>> {
        let (rows, copies) = draws.draw(&members, replication);
        let sample = data.at(&rows, &copies);
        if fit.top.is_none() {
            return super::sfa(&sample, options).ok().map(|f| f.coef);
        }
        let (frontier, ols) = least_squares(&sample, options).ok()?;
        top(fit, &sample, &frontier, &ols, options).filter(|coef| coef.len() == fit.coef.len())
    };
    let estimates: Vec<Option<Vec<f64>>> = (0..draws.replications).into_par_iter().map(again).collect();
    let failed = estimates.iter().filter(|e| e.is_none()).count();
    let (R, what) = (draws.replications, &draws.what);
    if failed as f64 > FAILURES * R as f64 {
        return Err(Error::new(Kind::Untrusted {
            message: format!("{failed} of {R} bootstrap replications have no maximum inside"),
            remedy: "use information = \"hessian\", or a simpler model".into(),
        }));
    }
    let warnings = match failed {
        0 => Vec::new(),
        _ => vec![format!("{failed} of {R} bootstrap replications have no maximum inside and are left out")],
    };
    let label = format!("bootstrap of {} {what}, {R} replications", members.len());
    Ok(Spread { V: covariance(estimates.into_iter().flatten().collect()), df: None, label, warnings })
}

/// The natural parameters at the maximum of a sample.
fn top(fit: &SfaFit, data: &Data, frontier: &Index, ols: &LeastSquares, options: &Sfa) -> Option<Vec<f64>> {
    let model: Box<dyn Likelihood> = model(data, frontier, ols, options).ok()?;
    // Residuals skewed to the wrong side are told by the starts.
    model.starts().ok()?;
    let start = model.internal(&fit.coef).ok()?;
    let beyond = |at: &[f64]| model.border(at).is_some();
    match climb("the frontier likelihood", &start, |at| model.point(at), beyond, &Newton::default()) {
        Ok(Climb::Top(top)) => Some(model.natural(&top.at).0),
        _ => None,
    }
}

/// Of draws, one a row.
fn covariance(draws: Vec<Vec<f64>>) -> Mat<f64> {
    let (n, p) = (draws.len() as f64, draws.first().map_or(0, Vec::len));
    let mean: Vec<f64> = (0..p).map(|j| draws.iter().map(|d| d[j]).sum::<f64>() / n).collect();
    let moment = |i: usize, j: usize| draws.iter().map(|d| (d[i] - mean[i]) * (d[j] - mean[j])).sum::<f64>();
    Mat::from_fn(p, p, |i, j| moment(i.min(j), i.max(j)) / (n - 1.0))
}
