//! What an error in the parameters does to the scores: for a second stage that takes the scores as a regressor.

use super::{Data, Sfa, SfaFit, least_squares, model};
use crate::math::Mat;
use crate::{Error, Result};

/// How scores and parameters move.
#[derive(Debug, Clone)]
pub struct Propagation {
    /// ∂ efficiency_i / ∂θ, n × p, θ the model's own parameters.
    pub derivative: Mat<f64>,
    /// What row i adds to θ̂ - θ: the inverse information times the gradient of its contribution, n × p.
    pub influence: Mat<f64>,
}

/// Step of the central difference in units of a parameter's standard error: small against the curvature of the scores,
/// large against their rounding.
const STEP: f64 = 1e-4;

impl SfaFit {
    /// The propagation of the parameters into the efficiencies; the fit must have a maximum.
    pub fn propagation(&self, data: &Data, options: &Sfa) -> Result<Propagation> {
        let Some(top) = &self.top else {
            return Err(Error::invalid(
                "this frontier has no likelihood, hence no parameters to propagate",
                "use a model that is estimated by maximum likelihood",
            ));
        };
        let (frontier, ols) = least_squares(data, options)?;
        let model = model(data, &frontier, &ols, options)?;
        let (theta, covariance) = top.place();
        let (contributions, owners) = model.contributions(theta);
        let (n, p) = (data.nobs(), theta.len());
        let moved = &contributions * covariance;
        let mut influence = Mat::<f64>::zeros(n, p);
        for (g, &i) in owners.iter().enumerate() {
            (0..p).for_each(|j| influence[(i, j)] += moved[(g, j)]);
        }
        let mut derivative = Mat::<f64>::zeros(n, p);
        for j in 0..p {
            let h = STEP * covariance[(j, j)].sqrt();
            let at = |sign: f64| {
                let mut point = theta.to_vec();
                point[j] += sign * h;
                model.scores(&point, options.level)
            };
            for (i, (up, down)) in at(1.0).iter().zip(at(-1.0)).enumerate() {
                let value = |s: Option<f64>| s.unwrap_or(f64::NAN);
                derivative[(i, j)] = (value(up.efficiency) - value(down.efficiency)) / (2.0 * h);
            }
        }
        Ok(Propagation { derivative, influence })
    }
}
