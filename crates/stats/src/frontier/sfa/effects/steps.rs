//! Four components in steps (Kumbhakar, Lien and Hardaker 2014).
//!
//! ```text
//! y_it = β_0 + x_it'β + w_i - S h_i + v_it - S u_it
//! 1. a panel regression:      r_it = y_it - x_it'β,  α_i the mean of r over the unit,  ε_it = r_it - α_i
//! 2. a frontier of ε_it:      ε = S E u + v - S u           transient inefficiency
//! 3. a frontier of α_i:       α = β_0 - S E u + w - S h     persistent inefficiency
//! ```
//!
//! u and h are half-normal. α_i holds the mean of v - S u over its unit too, so that with few years w takes up their
//! variance, and ε lacks it: `four_component` has no such error. There are no standard errors, for each step would take
//! the one before for known; resample the whole instead.

use super::super::density::HalfNormal;
use super::super::likelihood::{Best, Likelihood, best};
use super::super::pooled::Pooled;
use super::super::{Data, FirstStep, Index, LeastSquares, Model, Score, Sfa, SfaFit, Stats};
use super::{Prior, RandomEffects, Within};
use crate::math::Mat;
use crate::{Error, Kind, Result};
use std::collections::BTreeMap;

/// A frontier of a constant alone.
struct Step {
    best: Best,
    constant: f64,
    sigma2: f64,
    gamma: f64,
    scores: Vec<Score>,
}

impl Step {
    fn fit(values: Vec<f64>, options: &Sfa, what: &str) -> Result<Self> {
        let n = values.len();
        if n < 5 {
            return Err(Error::invalid(
                format!("{n} values for the frontier of {what} inefficiency"),
                "use more units, or model = \"tre\"",
            ));
        }
        let data = Data::new(values, Mat::from_fn(n, 1, |_, _| 1.0), vec!["(Intercept)".into()]);
        let index = Index::new(&data.frontier)?;
        let ols = LeastSquares::fit(&data.y, &index)?;
        let model = Pooled::new(&data, &index, &ols, options.frontier.sign(), HalfNormal)?;
        let best = best(&model, options.climbs(n)).map_err(|error| of_step(error, what))?;
        let natural = model.natural(&best.top.at).0;
        let scores = model.scores(&best.top.at, options.level);
        Ok(Step { best, constant: natural[0], sigma2: natural[1], gamma: natural[2], scores })
    }
}

/// Says in which step it happened.
fn of_step(mut error: Error, what: &str) -> Error {
    if let Kind::Untrusted { message, remedy } = &mut error.kind {
        *message = format!("in the step for {what} inefficiency {message}");
        *remedy = "use model = \"tre\" or \"four_component\", or check `frontier` and outliers".into();
    }
    error
}

/// Fits in steps.
pub(in super::super) fn four_component_steps(data: &Data, options: &Sfa) -> Result<SfaFit> {
    let index = Index::new(&data.frontier)?;
    let effects = RandomEffects::fit(data, &index)?;
    let slopes = match options.first_step.unwrap_or(FirstStep::Random) {
        FirstStep::Random => index.natural(&effects.coef)[1..].to_vec(),
        FirstStep::Fixed => {
            let within = Within::new(data)?;
            within.frontier.natural(&LeastSquares::fit(&within.y, &within.frontier)?.coef)
        }
    };
    let spells = &effects.spells;
    let mut alpha = Vec::with_capacity(spells.len());
    let mut epsilon = vec![0.0; data.nobs()];
    let X = &data.frontier.X;
    for spell in spells {
        let mean = super::intercept(data, spell, &slopes, 0.0);
        alpha.push(mean);
        for &i in spell {
            epsilon[i] = data.y[i] - (1..X.ncols()).map(|j| X[(i, j)] * slopes[j - 1]).sum::<f64>() - mean;
        }
    }
    let transient = Step::fit(epsilon, options, "transient")?;
    let persistent = Step::fit(alpha, options, "persistent")?;
    let mut coef = vec![transient.constant + persistent.constant];
    coef.extend(&slopes);
    coef.extend([transient.sigma2, transient.gamma]);
    let h2 = persistent.sigma2 * persistent.gamma;
    coef.extend([(persistent.sigma2 - h2).sqrt(), h2.sqrt()]);

    // The likelihood of the four components at these estimates, for comparison.
    let ols = RandomEffects::least_squares(data, &index)?;
    let full = Sfa { model: Model::FourComponent, ..options.clone() };
    let model = super::Integrated::new(data, &index, &ols, &full, HalfNormal, Prior::Composed)?;
    let theta = model.internal(&coef)?;

    let mut rows = transient.scores.clone();
    let number = |score: Option<f64>| score.unwrap_or(f64::NAN);
    let mut columns = [vec![0.0; data.nobs()], vec![0.0; data.nobs()]];
    for (spell, h) in spells.iter().zip(&persistent.scores) {
        for &i in spell {
            let u = transient.scores[i];
            columns[0][i] = number(h.efficiency);
            columns[1][i] = number(u.efficiency);
            let jlms = number(h.efficiency_jlms) * number(u.efficiency_jlms);
            rows[i] = Score::pair(columns[0][i] * columns[1][i], jlms);
        }
    }
    let scored: Vec<f64> = rows.iter().filter_map(|r| r.efficiency).collect();
    let [m3t, m3t_p_value] = ols.skewness_test(options.frontier.sign());
    let stats = Stats {
        parameters: coef.len(),
        // Not at a maximum, which these compare.
        aic: f64::NAN,
        bic: f64::NAN,
        loglik: model.value(&theta),
        loglik_ols: ols.loglik,
        lr: f64::NAN,
        lr_df: 0,
        lr_p_value: f64::NAN,
        mean_efficiency: scored.iter().sum::<f64>() / scored.len() as f64,
        skewness: ols.skewness,
        m3t,
        m3t_p_value,
        own: model.stats(&theta).into_iter().collect::<BTreeMap<_, _>>(),
    };
    let parameters = model.parameters();
    let [a, b] = [&transient.best, &persistent.best];
    Ok(SfaFit {
        names: parameters.iter().map(|p| p.name.clone()).collect(),
        coef,
        parameters,
        rows,
        columns: options.columns().into_iter().zip(columns).collect(),
        stats,
        iterations: a.top.iterations + b.top.iterations,
        gradient: a.top.gradient.max(b.top.gradient),
        climbs: std::array::from_fn(|k| a.climbs[k] + b.climbs[k]),
        notes: vec![
            "estimated in steps: standard errors need information = \"bootstrap\", loglik is that of four_component at \
             these estimates"
                .into(),
        ],
        covariance: None,
        top: None,
        composed: None,
        moments: None,
    })
}
