//! What lies between the group frontiers and the metafrontier: by an envelope, or by a second frontier.

use super::envelope::{Envelope, Enveloping};
use super::options::{Enveloped, SfaMetafrontier};
use crate::frontier::sfa::{Columns, Data, Distribution, Sfa, SfaFit, sfa};
use crate::math::lp::Variable;
use crate::math::rng::Stream;
use crate::math::{Mat, linalg};
use crate::{Error, Kind, Result};
use rayon::prelude::*;

/// What lies between the groups and the metafrontier.
pub(super) struct Over {
    pub(super) coef: Vec<f64>,
    pub(super) names: Vec<String>,
    pub(super) covariance: Option<Mat<f64>>,
    pub(super) objective: Option<[f64; 2]>,
    pub(super) second: Option<Box<(SfaFit, Data, Sfa)>>,
    /// Technology gap ratios, n.
    pub(super) ratios: Vec<Option<f64>>,
    pub(super) notes: Vec<String>,
}

/// A linear or quadratic envelope, with the spread that redrawn group frontiers give it.
pub(super) fn deterministic(
    data: &Data,
    groups: &[usize],
    g: &[f64],
    fits: &[(Vec<usize>, SfaFit)],
    options: &SfaMetafrontier,
    seed: u64,
) -> Result<Over> {
    let (X, sign) = (&data.frontier.X, options.sign());
    let (n, k) = (X.nrows(), X.ncols());
    let envelope = Envelope::new(&data.frontier)?;
    // Above -g for cost: the same problem, with β of the other sign.
    let over = |g: &[f64], start: &[Variable]| -> Result<Enveloping> {
        let g: Vec<f64> = g.iter().map(|g| sign * g).collect();
        match options.envelope {
            Enveloped::Quadratic => envelope.quadratic(&g),
            _ => envelope.linear(&g, start),
        }
    };
    let found = over(g, &[])?;
    let coef: Vec<f64> = found.coef.iter().map(|b| sign * b).collect();
    let at = |i: usize, beta: &[f64]| (0..k).map(|j| X[(i, j)] * beta[j]).sum::<f64>();
    let ratios = (0..n).map(|i| gap_ratio(-sign * (at(i, &coef) - g[i]))).collect();
    let mut notes = vec![format!("the metafrontier touches the group frontiers at {} observations", found.touches)];
    if found.ambiguous {
        notes.push(
            "the linear program has more than one optimum: coefficients and gaps are one of them, the mean gap is \
             common to all; envelope = \"quadratic\" has one only"
                .into(),
        );
    }
    let covariance = match options.replications {
        0 => None,
        count => {
            let roots: Vec<Mat<f64>> = fits.iter().map(|(_, fit)| frontier_root(fit, k)).collect::<Result<_>>()?;
            let draw = |r: usize| -> Result<Vec<f64>> {
                let mut stream = Stream::new(seed, r as u64);
                let beta: Vec<Vec<f64>> = (fits.iter().zip(&roots))
                    .map(|((_, fit), root)| {
                        let z: Vec<f64> = (0..k).map(|_| stream.normal()).collect();
                        (0..k).map(|i| fit.coef[i] + (0..k).map(|j| root[(i, j)] * z[j]).sum::<f64>()).collect()
                    })
                    .collect();
                let g: Vec<f64> = (0..n).map(|i| at(i, &beta[groups[i]])).collect();
                Ok(over(&g, &found.basis)?.coef)
            };
            let draws: Vec<Vec<f64>> = (0..count).into_par_iter().map(draw).collect::<Result<_>>()?;
            Some(spread(&draws, k))
        }
    };
    let objective = Some([found.objective, found.certificate]);
    Ok(Over { coef, names: data.frontier.names.clone(), covariance, objective, second: None, ratios, notes })
}

/// Covariance of the draws, k × k; signs do not matter.
fn spread(draws: &[Vec<f64>], k: usize) -> Mat<f64> {
    let size = draws.len() as f64;
    let mean: Vec<f64> = (0..k).map(|j| draws.iter().map(|d| d[j]).sum::<f64>() / size).collect();
    let product = |i: usize, j: usize| draws.iter().map(|d| (d[i] - mean[i]) * (d[j] - mean[j])).sum::<f64>();
    Mat::from_fn(k, k, |i, j| product(i, j) / (size - 1.0))
}

/// A root of the covariance of the frontier's coefficients.
fn frontier_root(fit: &SfaFit, k: usize) -> Result<Mat<f64>> {
    let Some(V) = &fit.covariance else {
        return Err(Error::invalid(
            "the group frontiers have no covariance to draw from",
            "set replications = 0, or use another `model`",
        ));
    };
    // V = L L' by the eigenvectors of the correlations, whose units do not matter.
    let sd: Vec<f64> = (0..k).map(|j| V[(j, j)].max(0.0).sqrt()).collect();
    let (values, vectors) = linalg::symmetric_eigen(&Mat::from_fn(k, k, |i, j| V[(i, j)] / (sd[i] * sd[j])))?;
    Ok(Mat::from_fn(k, k, |i, j| sd[i] * vectors[(i, j)] * values[j].max(0.0).sqrt()))
}

/// exp(-gap); what rounding leaves above one is one.
fn gap_ratio(ln: f64) -> Option<f64> {
    let ratio = ln.exp();
    let ratio = if ratio > 1.0 && ratio < 1.0 + 1e-9 { 1.0 } else { ratio };
    (ratio > 0.0 && ratio <= 1.0).then_some(ratio)
}

/// A frontier of the fitted group frontiers.
pub(super) fn stochastic(data: &Data, g: Vec<f64>, options: &SfaMetafrontier, gap: Option<Columns>) -> Result<Over> {
    let moved = gap.is_some();
    let second = Data { determinants: gap, ..Data::new(g, data.frontier.X.clone(), data.frontier.names.clone()) };
    let distribution = if moved { Distribution::TruncatedNormal } else { options.distribution };
    let how = Sfa { distribution, frontier: options.frontier, ..Sfa::default() };
    let fit = sfa(&second, &how).map_err(of_second)?;
    let mut notes = fit.notes.clone();
    notes.push(
        "the outcome of the stochastic metafrontier is estimated: a covariance for that is the sandwich (vcov = hc0, or \
         clustered), which takes observations of a group for independent"
            .into(),
    );
    Ok(Over {
        coef: fit.coef.clone(),
        names: fit.names.clone(),
        covariance: None,
        objective: None,
        ratios: fit.rows.iter().map(|r| r.efficiency).collect(),
        second: Some(Box::new((fit, second, how))),
        notes,
    })
}

/// Says that it happened to the metafrontier.
fn of_second(mut error: Error) -> Error {
    if let Kind::Untrusted { message, remedy } = &mut error.kind {
        *message = format!("in the stochastic metafrontier {message}");
        *remedy = "use envelope = \"linear\" or \"quadratic\"".into();
    }
    error
}
