//! Panel frontiers without a distribution: efficiency relative to the best unit.
//!
//! ```text
//! y_it = x_it'β + α_it + v_it,      u_it = S (α_t* - α_it),   α_t* the best α_jt: max_j (S = 1), min_j (S = -1)
//! Schmidt and Sickles (1984)              α_it = α_i                    fixed effects, or random ones by GLS
//! Cornwell, Schmidt and Sickles (1990)    α_it = θ_i0 + θ_i1 t + θ_i2 t²
//! Lee and Schmidt (1993)                  α_it = λ_t α_i,  λ = 1 at the first time
//! ```
//!
//! Nothing is assumed of the distribution of u, nor (but for random effects) that it is independent of x. The price: u is
//! known up to the best unit only, whose efficiency is one by construction; the best of many estimates is too good with
//! few years, so that all others look worse than they are (Park and Simar 1994); and whatever keeps a unit from others
//! counts as inefficiency. There is no likelihood; β has the covariance of least squares,
//! or a sandwich over clusters of whole units.
//!
//! Fixed and quadratic effects are eliminated unit by unit (`trends`), random ones by generalized least squares
//! (`random`), the shared path by nonlinear least squares (`lee_schmidt`). Schmidt and Sickles (1984), Journal of
//! Business and Economic Statistics 2. Cornwell, Schmidt and Sickles (1990), Journal of Econometrics 46. Lee and
//! Schmidt (1993), in The Measurement of Productive Efficiency. Park and Simar (1994), JASA 89.

mod lee_schmidt;
mod random;
mod trends;

use super::{
    Columns, Data, Distribution, FirstStep, Index, Information, Model, Moments, Parameter, Score, Section, Sfa, SfaFit,
    Stats,
};
use crate::frontier::Status;
use crate::math::Mat;
use crate::math::linalg::spd_inverse;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// The regression with its effects.
struct Effects {
    names: Vec<String>,
    coef: Vec<f64>,
    /// Covariance of `coef` under errors with one variance.
    V: Mat<f64>,
    /// What another covariance is made of.
    moments: Moments,
    /// α_it, n.
    effect: Vec<f64>,
    /// α_t* at each row, n.
    best: Vec<f64>,
    /// Standard deviations by name.
    own: Vec<(&'static str, f64)>,
    /// Iterations, scaled gradient and climbs, where it is not linear.
    iterations: usize,
    gradient: f64,
    climbs: [usize; 3],
    notes: Vec<String>,
}

/// Fits the model of the options.
pub(super) fn relative(data: &Data, options: &Sfa) -> Result<SfaFit> {
    check(data, options)?;
    let effects = match (options.model, options.first_step) {
        (Model::SchmidtSickles, Some(FirstStep::Random)) => random::fit(data, options)?,
        (Model::SchmidtSickles, _) => trends::fit(data, options, 0)?,
        (Model::CornwellSchmidtSickles, _) => trends::fit(data, options, 2)?,
        _ => lee_schmidt::fit(data, options)?,
    };
    let sign = options.frontier.sign();
    let u = effects.best.iter().zip(&effects.effect).map(|(best, effect)| sign * (best - effect));
    let rows: Vec<Score> = u.map(Score::relative).collect();
    let mut notes = effects.notes;
    notes.push(
        "efficiency is relative to the best unit, which has one by construction; the best of estimated effects is too \
         good with few rows by unit, so that the others look less efficient than they are"
            .into(),
    );
    let refused = rows.iter().filter(|r| r.status == Status::Refused).count();
    if refused > 0 {
        notes.push(format!("{refused} rows lie so far from the best unit that their efficiency is no number"));
    }
    let scored: Vec<f64> = rows.iter().filter_map(|r| r.efficiency).collect();
    let stats = Stats {
        parameters: effects.coef.len(),
        aic: f64::NAN,
        bic: f64::NAN,
        loglik: f64::NAN,
        loglik_ols: f64::NAN,
        lr: f64::NAN,
        lr_df: 0,
        lr_p_value: f64::NAN,
        mean_efficiency: scored.iter().sum::<f64>() / scored.len() as f64,
        skewness: f64::NAN,
        m3t: f64::NAN,
        m3t_p_value: f64::NAN,
        own: effects.own.into_iter().collect::<BTreeMap<_, _>>(),
    };
    let parameter = |name: &String| Parameter { section: Section::Coefficients, name: name.clone() };
    Ok(SfaFit {
        parameters: effects.names.iter().map(parameter).collect(),
        names: effects.names,
        coef: effects.coef,
        rows,
        columns: options.columns().into_iter().zip([effects.effect]).collect(),
        stats,
        iterations: effects.iterations,
        gradient: effects.gradient,
        climbs: effects.climbs,
        notes,
        covariance: Some(effects.V),
        top: None,
        composed: None,
        moments: Some(effects.moments),
    })
}

/// Refuses options that need a distribution or a likelihood.
fn check(data: &Data, options: &Sfa) -> Result<()> {
    let default = Sfa::default();
    let refused = [
        ("distribution", options.distribution != Distribution::HalfNormal),
        ("u_variance", data.u_variance.is_some()),
        ("v_variance", data.v_variance.is_some()),
        ("information", options.information == Information::Opg),
        ("at", options.at.is_some()),
        ("level", options.level != default.level),
        ("tests", !options.tests.is_empty()),
        ("climbs", options.climbs.is_some() && options.model != Model::LeeSchmidt),
    ];
    match refused.iter().find(|r| r.1) {
        Some((name, _)) => Err(Error::invalid(
            format!("`{name}` needs a likelihood, and this model has no distribution of inefficiency"),
            "leave it out, or use model = \"pitt_lee\", \"bc92\" or \"tre\"",
        )),
        None => Ok(()),
    }
}

/// The regressors without the constant, which the effects take up.
fn regressors(data: &Data) -> Result<Columns> {
    let Columns { X, names } = &data.frontier;
    if X.ncols() < 2 {
        return Err(Error::invalid("unit effects leave a frontier without regressors", "name regressors"));
    }
    Ok(Columns { X: Mat::from_fn(X.nrows(), X.ncols() - 1, |i, j| X[(i, j + 1)]), names: names[1..].to_vec() })
}

/// The best of the values, by this sign.
fn best(sign: f64, values: impl Iterator<Item = f64>) -> f64 {
    sign * values.map(|v| sign * v).fold(f64::NEG_INFINITY, f64::max)
}

/// Natural coefficients of least squares on standardized rows `z` (n × k) with residuals `e`, C = (z'z)⁻¹; their moments,
/// and their covariance when errors have the variance `sigma2`.
fn natural(
    index: &Index,
    theta: &[f64],
    C: &Mat<f64>,
    z: impl Fn(usize) -> Vec<f64>,
    e: &[f64],
    sigma2: f64,
) -> Result<(Vec<f64>, Moments, Mat<f64>)> {
    let k = index.k;
    let J = Mat::from_fn(k, k, |i, j| index.jacobian(i, j));
    let half = &J * C;
    let bread = &half * J.transpose();
    let bread = Mat::from_fn(k, k, |i, j| 0.5 * (bread[(i, j)] + bread[(j, i)]));
    // Bread times scores is J C z e; scores hence (J C J')⁻¹ J C z e.
    let back = spd_inverse(&bread, "the cross products of the regressors")? * &half;
    let mut scores = Mat::zeros(e.len(), k);
    for (i, e) in e.iter().enumerate() {
        let z = z(i);
        (0..k).for_each(|a| scores[(i, a)] = e * (0..k).map(|b| back[(a, b)] * z[b]).sum::<f64>());
    }
    let V = Mat::from_fn(k, k, |i, j| sigma2 * bread[(i, j)]);
    Ok((index.natural(theta), Moments { bread, scores }, V))
}
