//! What a frontier model is, and its certified maximum.

use super::{ComposedError, Parameter, Score};
use crate::math::optimize::{Climb, Maximum, Newton, Point, climb, maximize};
use crate::math::{Mat, dist};
use crate::{Error, Result};

/// A model with a likelihood, in parameters θ without bounds in which it is maximized. What is reported are its
/// natural parameters, in the order of `at`: frontier, variances, the rest.
pub(super) trait Likelihood: Sync {
    /// The natural parameters.
    fn parameters(&self) -> Vec<Parameter>;

    /// How many of them are of the frontier itself.
    fn frontier(&self) -> usize;

    /// Restrictions that make it the model without inefficiency.
    fn restrictions(&self) -> usize {
        self.parameters().len() - self.frontier() - 1
    }

    /// Their values at θ, and the Jacobian in θ.
    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>);

    /// θ of natural parameters that were given.
    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>>;

    /// θ of the same model with its parts in the order of the report, where they can be exchanged; `None` when they are.
    fn ordered(&self, _theta: &[f64]) -> Option<Vec<f64>> {
        None
    }

    /// Points to climb from.
    fn starts(&self) -> Result<Vec<Vec<f64>>>;

    /// ln L with its derivatives; `None` outside the domain.
    fn point(&self, theta: &[f64]) -> Option<Point>;

    /// ln L alone.
    fn value(&self, theta: &[f64]) -> f64 {
        self.point(theta).map_or(f64::NAN, |p| p.value)
    }

    /// What the starts are ordered by: ln L, or that of a part of the rows where there are many.
    fn promise(&self, theta: &[f64]) -> f64 {
        self.value(theta)
    }

    /// Gradient of each independent contribution, one row each, with the row of the data it is booked on.
    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>);

    /// What happens at θ, when it is so close to a border that there is no maximum inside.
    fn border(&self, theta: &[f64]) -> Option<Error>;

    /// Whether such a border is no estimate, whatever the likelihood promises there, and says nothing against a maximum
    /// inside: as where a part of a mixture shrinks onto single points (Kiefer and Wolfowitz 1956).
    fn degenerate(&self, _theta: &[f64]) -> bool {
        false
    }

    /// The residuals against the fitted density of v - u, where rows are independent.
    fn composed(&self, _theta: &[f64]) -> Option<ComposedError> {
        None
    }

    /// The scores of all rows, with intervals of probability `level`.
    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score>;

    /// Rows that have no score because the model does not look at their outcome.
    fn outside(&self) -> usize {
        0
    }

    /// The columns that [`super::Sfa::columns`] names, n each.
    fn columns(&self, _theta: &[f64]) -> Vec<Vec<f64>> {
        Vec::new()
    }

    /// Statistics of its own by name: sigma_u, sigma_v, ...
    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)>;

    /// p-value of the test of no inefficiency by this likelihood ratio; NaN where its distribution is not known.
    fn lr_p_value(&self, lr: f64) -> f64 {
        dist::chi_bar_p(lr, self.restrictions(), 1)[1]
    }

    /// Statistics that compare its maximum with simpler models, and notes on them.
    fn comparisons(&self, _loglik: f64) -> (Vec<(&'static str, f64)>, Vec<String>) {
        (Vec::new(), Vec::new())
    }

    /// What a reader must know about this maximum.
    fn caveats(&self, _theta: &[f64]) -> Vec<String> {
        Vec::new()
    }

    /// What a reader must know about it.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The best of several climbs.
pub(super) struct Best {
    pub(super) top: Maximum,
    /// Climbs that ended on it, on a lower maximum, on none.
    pub(super) climbs: [usize; 3],
    /// What lies above it and is no estimate.
    pub(super) above: Vec<String>,
}

/// Two climbs end on the same maximum when their likelihoods differ by less than this: a tenth of a millionth of what
/// moves a test.
const SAME: f64 = 1e-7;

/// Climbs from a given point, which a maximum of data alike lies near; where it finds no way, from the starts.
pub(super) fn best_from(model: &dyn Likelihood, natural: &[f64], climbs: usize) -> Result<Best> {
    // Residuals skewed to the wrong side are told by the starts.
    model.starts()?;
    let start = model.internal(natural)?;
    let beyond = |at: &[f64]| model.border(at).is_some();
    match climb("the frontier likelihood", &start, |at| model.point(at), beyond, &Newton::default()) {
        Ok(Climb::Top(top)) => Ok(Best { top, climbs: [1, 0, 0], above: Vec::new() }),
        // A climb to a border is long, and from near a maximum inside none other is likelier to end there.
        Ok(Climb::Border(at)) => match model.border(&at).filter(|_| !model.degenerate(&at)) {
            Some(error) => Err(error),
            None => best(model, climbs),
        },
        Err(_) => best(model, climbs),
    }
}

/// Climbs from the best start and from `climbs` - 1 others, spread over the better half of them.
pub(super) fn best(model: &dyn Likelihood, climbs: usize) -> Result<Best> {
    let mut starts: Vec<(f64, Vec<f64>)> = model.starts()?.into_iter().map(|s| (model.promise(&s), s)).collect();
    starts.retain(|s| s.0.is_finite());
    starts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let last = starts.len().saturating_sub(1).div_ceil(2);
    let mut chosen: Vec<usize> = (0..climbs).map(|k| k * last / (climbs - 1).max(1)).collect();
    chosen.dedup();
    let (mut tops, mut borders, mut failure) = (Vec::<Maximum>::new(), Vec::new(), None);
    for (_, start) in chosen.iter().filter_map(|&k| starts.get(k)) {
        let beyond = |at: &[f64]| model.border(at).is_some();
        match climb("the frontier likelihood", start, |at| model.point(at), beyond, &Newton::default()) {
            Ok(Climb::Top(top)) => tops.push(top),
            Ok(Climb::Border(at)) => {
                let end = (model.value(&at), model.degenerate(&at));
                borders.extend(model.border(&at).map(|error| (end, error)));
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let highest = tops.iter().map(|t| t.value).fold(f64::NEG_INFINITY, f64::max);
    let (no_estimates, borders): (Vec<_>, Vec<_>) = borders.into_iter().partition(|((_, degenerate), _)| *degenerate);
    // A maximum inside that lies below the border is a local one.
    if let Some((_, error)) = borders.into_iter().find(|((value, _), _)| tops.is_empty() || *value > highest + SAME) {
        return Err(error);
    }
    let mut above: Vec<String> = no_estimates
        .iter()
        .filter(|((value, _), _)| *value > highest + SAME)
        .map(|(_, error)| format!("the likelihood is higher at a point that is no estimate: {error}"))
        .collect();
    above.dedup();
    failure = failure.or(no_estimates.into_iter().next().map(|(_, error)| error));
    let agree = tops.iter().filter(|t| highest - t.value <= SAME).count();
    let ends = [agree, tops.len() - agree, chosen.len() - tops.len()];
    match tops.into_iter().find(|t| t.value == highest) {
        Some(top) => {
            let top = match model.ordered(&top.at) {
                Some(at) => maximize("the frontier likelihood", &at, |at| model.point(at), &Newton::default())?,
                None => top,
            };
            Ok(Best { top, climbs: ends, above })
        }
        None => Err(failure.unwrap_or_else(|| {
            Error::invalid("the likelihood has no value at any start", "check the scale of the variables")
        })),
    }
}
