//! The dispersion θ of the negative binomial, estimated with the coefficients.
//!
//! With τ = ln θ the likelihood of all parameters is climbed by one Newton step at a time: with s, W the first and
//! minus the second derivative in η, c = ∂²ℓ/∂η∂τ, and P the projection on regressors and effects under W,
//!
//! ```text
//! (-Σ ∂²ℓ/∂τ² - c'P(c/W)) Δτ = Σ ∂ℓ/∂τ + c'P(s/W),      Δη = P(s/W) + Δτ P(c/W).
//! ```
//!
//! The covariance is that of β and θ together, effects concentrated out. As θ grows the model becomes Poisson and
//! the likelihood flat: data without overdispersion are refused with the advice to use `fepois`.

use super::Family;
use super::irls::{Climb, Projection, weighted};
use crate::math::gamma::{digamma, trigamma};
use crate::{Design, Error, Kind, Result};

/// θ above this is Poisson to six digits of the variance at a mean of one.
const LARGEST: f64 = 1e6;

/// θ below this is no estimate.
const SMALLEST: f64 = 1e-8;

/// Derivatives of the log-likelihood that have to do with τ = ln θ.
pub(super) struct Terms {
    /// w ∂²ℓ/∂η∂τ, n.
    pub cross: Vec<f64>,
    /// w ∂ℓ/∂τ, n.
    pub slope: Vec<f64>,
    /// -Σ w ∂²ℓ/∂τ².
    pub curvature: f64,
}

impl Terms {
    pub fn new(design: &Design, eta: &[f64], theta: f64) -> Self {
        let mut terms = Terms { cross: Vec::new(), slope: Vec::new(), curvature: 0.0 };
        let (psi, psi1) = (digamma(theta), trigamma(theta));
        for (i, (&y, &eta)) in design.y.iter().zip(eta).enumerate() {
            let w = design.w.as_ref().map_or(1.0, |w| w[i]);
            let mu = eta.exp();
            let sum = mu + theta;
            let (up, up1) = if y == 0.0 { (0.0, 0.0) } else { (digamma(y + theta) - psi, trigamma(y + theta) - psi1) };
            // ln θ + 1 - ln(μ + θ) - (y + θ)/(μ + θ)
            let slope = up - (mu / theta).ln_1p() + (mu - y) / sum;
            let curve = up1 + 1.0 / theta - 2.0 / sum + (y + theta) / (sum * sum);
            terms.cross.push(w * theta * mu * (y - mu) / (sum * sum));
            terms.slope.push(w * theta * slope);
            terms.curvature -= w * (theta * slope + theta * theta * curve);
        }
        terms
    }

    /// Δτ, given the fits of s/W and c/W; never more than one, and uphill where the likelihood is not concave.
    pub fn step(&self, r: &[f64], q: &[f64]) -> f64 {
        let inner = |fit: &[f64]| self.cross.iter().zip(fit).map(|(c, f)| c * f).sum::<f64>();
        let gradient = self.slope.iter().sum::<f64>() + inner(r);
        let curvature = self.curvature - inner(q);
        match curvature > 0.0 {
            true => (gradient / curvature).clamp(-1.0, 1.0),
            false => gradient.signum() * 0.5,
        }
    }
}

/// θ by moments at the fit of a Poisson model: Var = μ + μ²/θ.
pub(super) fn start(design: &Design, eta: &[f64]) -> f64 {
    let (mut excess, mut square) = (0.0, 0.0);
    for (i, (&y, &eta)) in design.y.iter().zip(eta).enumerate() {
        let w = design.w.as_ref().map_or(1.0, |w| w[i]);
        let mu = eta.exp();
        excess += w * ((y - mu).powi(2) - mu);
        square += w * mu * mu;
    }
    (square / excess.max(square * 1e-2)).clamp(1e-2, 1e2)
}

/// Refuses a θ that has run to the end of its range.
pub(super) fn check_dispersion(family: Family, outcome: &str) -> Result<()> {
    let Family::NegativeBinomial(theta) = family else { return Ok(()) };
    let refused = |message: String, remedy: &str| {
        Err(Error::new(Kind::Untrusted { message, remedy: remedy.into() }).at_column(outcome))
    };
    match theta {
        t if t > LARGEST => refused(
            "the outcome is not overdispersed: the dispersion θ of the negative binomial runs to infinity".into(),
            "use fepois, to which the model then reduces",
        ),
        t if t < SMALLEST => refused(
            format!("the dispersion θ of the negative binomial runs to zero ({t:.1e})"),
            "use fepois with robust standard errors",
        ),
        _ => Ok(()),
    }
}

/// Information of (β, θ) off the effects and the score of θ off them, at the end of a climb.
pub(super) struct Joint {
    /// Cross information of each regressor with θ, k.
    pub cross: Vec<f64>,
    /// Information of θ.
    pub theta: f64,
    /// Score of θ off the effects, n.
    pub score: Vec<f64>,
}

impl Joint {
    pub fn new(design: &Design, climb: &mut Climb, theta: f64) -> Result<Self> {
        let terms = Terms::new(design, &climb.eta, theta);
        let q: Vec<f64> = terms.cross.iter().zip(&climb.W).map(|(c, W)| c / (W * theta)).collect();
        let Projection { off, .. } = climb.project(vec![q.clone()])?.remove(0);
        let (slope, W) = (terms.slope.iter().sum::<f64>(), &climb.W);
        // From τ back to θ: ℓ_θθ = (ℓ_ττ - ℓ_τ)/θ².
        let own = (terms.curvature + slope) / (theta * theta);
        let effects = weighted(&q, &q, W) - weighted(&off, &off, W);
        let score = (0..q.len()).map(|i| terms.slope[i] / theta + (q[i] - off[i]) * W[i] * climb.r[i]).collect();
        Ok(Joint { cross: climb.X.iter().map(|x| -weighted(x, &off, W)).collect(), theta: own - effects, score })
    }
}
