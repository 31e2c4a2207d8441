//! Schmidt and Sickles (1984) with random effects: generalized least squares, then the mean residual of each unit.
//!
//! ```text
//! y_it = β_0 + x_it'β + w_i + v_it,   α_i = mean over t of y_it - x_it'β
//! ```
//!
//! The variance ratio σ_w²/σ_v² is that of maximum likelihood, and σ_v² with it, without a correction for degrees of
//! freedom. Regressors that do not vary within units are welcome, and must not move with the effects.

use super::super::effects::{RandomEffects, intercept};
use super::super::{Data, Index, Sfa};
use super::{Effects, best, natural};
use crate::{Error, Kind, Result};

/// σ_w² below this share of σ_v² is none: the likelihood ends there at the rounding of its search.
const NONE: f64 = 1e-8;

pub(super) fn fit(data: &Data, options: &Sfa) -> Result<Effects> {
    let index = Index::new(&data.frontier)?;
    let fit = RandomEffects::fit(data, &index)?;
    if fit.between <= NONE * fit.variance {
        return Err(Error::new(Kind::Untrusted {
            message: "the variance of the unit effects is at its border of zero: units do not differ".into(),
            remedy: "use model = \"pooled\"".into(),
        }));
    }
    // Rows less the share of their unit mean that generalized least squares takes out.
    let ratio = fit.between / fit.variance;
    let (mut rows, mut residuals) = (vec![Vec::new(); data.nobs()], vec![0.0; data.nobs()]);
    for spell in &fit.spells {
        let share = 1.0 - (1.0 + spell.len() as f64 * ratio).powf(-0.5);
        let error = |i: usize| data.y[i] - index.at(i, &fit.coef);
        let mean = |value: &dyn Fn(usize) -> f64| spell.iter().map(|&i| value(i)).sum::<f64>() / spell.len() as f64;
        let (mean_error, mean_row): (f64, Vec<f64>) =
            (mean(&error), (0..index.k).map(|a| mean(&|i| index.row(i)[a])).collect());
        for &i in spell {
            residuals[i] = error(i) - share * mean_error;
            rows[i] = index.row(i).iter().zip(&mean_row).map(|(z, m)| z - share * m).collect();
        }
    }
    let z = |i: usize| rows[i].clone();
    let (coef, moments, V) = natural(&index, &fit.coef, &fit.inverse, z, &residuals, fit.variance)?;
    let mut effect = vec![0.0; data.nobs()];
    for spell in &fit.spells {
        let alpha = intercept(data, spell, &coef[1..], 0.0);
        spell.iter().for_each(|&i| effect[i] = alpha);
    }
    let constant = best(options.frontier.sign(), effect.iter().copied());
    let own = vec![("sigma_v", fit.variance.sqrt()), ("sigma_w", fit.between.sqrt()), ("frontier_intercept", constant)];
    Ok(Effects {
        names: index.names.clone(),
        coef,
        V,
        moments,
        effect,
        best: vec![constant; data.nobs()],
        own,
        iterations: 0,
        gradient: 0.0,
        climbs: [0; 3],
        notes: Vec::new(),
    })
}
