//! Distributions of inefficiency with a shape and without a closed form beside normal noise: gamma, Weibull, lognormal.
//!
//! ln f and its derivatives are integrals over the nodes of [`Grid`], with g the gradient of the log integrand and E
//! the mean given e:
//!
//! ```text
//! ∇ ln f = E g,    ∇² ln f = E ∇g + E g g' - Eg Eg'
//! ```
//!
//! Simulation (Greene 2003) would draw u instead; this has no noise of its own, and costs less.

use super::super::Score;
use super::Density;
use super::quadrature::Grid;
use crate::math::jet::Jet;
use crate::math::normal::LN_SQRT_TAU;

/// A distribution of u in b = ln σ_u² and one scalar c.
pub(in super::super) trait Prior: Sync {
    /// What does not change with u.
    type At;

    fn at(&self, b: f64, c: f64) -> Self::At;

    /// ln f_u with its derivatives in (b, c).
    fn ln(at: &Self::At, u: f64, ln_u: f64) -> Jet<2>;

    /// A typical u.
    fn center(at: &Self::At) -> f64;

    /// Slope of the logarithm of the density of ln u at u, and minus its curvature.
    fn shape(at: &Self::At, u: f64) -> [f64; 2];

    /// The name of what c stands for.
    fn own(&self) -> &'static [&'static str];

    /// As [`Density::starts`].
    fn starts(&self, variance: f64) -> Vec<[f64; 4]>;

    /// As [`Density::limit`].
    fn limit(&self, a: f64, b: f64, c: f64) -> Option<&'static str>;

    /// As [`Density::skewed`].
    fn skewed(&self) -> bool {
        true
    }

    /// As [`Density::comparable`].
    fn comparable(&self) -> bool {
        true
    }
}

/// The composed error of a distribution by quadrature.
pub(in super::super) struct Integrated<P>(pub(in super::super) P);

impl<P: Prior> Integrated<P> {
    fn grid(e: f64, v: f64, prior: &P::At) -> Grid {
        let center = P::center(prior);
        let wide = || Grid::new(e, v, center, P::shape(prior, center)[1]);
        Grid::narrow(e, v, P::shape(prior, -e)).unwrap_or_else(wide)
    }
}

impl<P: Prior> Density<4> for Integrated<P> {
    fn ln(&self, [e, a, b, c]: [f64; 4]) -> Jet<4> {
        let inverse_v = (-a).exp();
        let prior = self.0.at(b, c);
        let mut sums = Sums::new();
        let whole = Self::grid(e, a.exp(), &prior).trapezoid(|u, ln_u, ln_weight| {
            let inefficiency = P::ln(&prior, u, ln_u);
            let slope = (e + u) * inverse_v;
            let square = (e + u) * slope;
            let value = inefficiency.value - 0.5 * (square + a) - LN_SQRT_TAU + ln_weight;
            let [gb, gc] = inefficiency.gradient;
            let [[hbb, hbc], [_, hcc]] = inefficiency.hessian;
            let gradient = [-slope, 0.5 * (square - 1.0), gb, gc];
            let hessian = [
                [-inverse_v, slope, 0.0, 0.0],
                [slope, -0.5 * square, 0.0, 0.0],
                [0.0, 0.0, hbb, hbc],
                [0.0, 0.0, hbc, hcc],
            ];
            sums.add(Jet { value, gradient, hessian });
            value
        });
        if whole { sums.ln() } else { Jet::constant(f64::NAN) }
    }

    fn score(&self, [e, a, b, c]: [f64; 4], level: f64) -> Score {
        let (v, prior) = (a.exp(), self.0.at(b, c));
        let ln = |u: f64, ln_u: f64| P::ln(&prior, u, ln_u).value - 0.5 * (e + u) * (e + u) / v;
        Self::grid(e, v, &prior).score(ln, level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 4]> {
        self.0.starts(variance)
    }

    fn own(&self) -> &'static [&'static str] {
        self.0.own()
    }

    fn limit(&self, [_, a, b, c]: [f64; 4]) -> Option<&'static str> {
        self.0.limit(a, b, c)
    }

    fn skewed(&self) -> bool {
        self.0.skewed()
    }

    fn comparable(&self) -> bool {
        self.0.comparable()
    }

    fn logs(&self) -> bool {
        self.0.comparable()
    }
}

/// Σ of exp(value) over nodes with the moments of the gradients, relative to the largest value so far.
pub(super) struct Sums {
    top: f64,
    mass: f64,
    gradient: [f64; 4],
    hessian: [[f64; 4]; 4],
}

impl Sums {
    pub(super) fn new() -> Self {
        Sums { top: f64::NEG_INFINITY, mass: 0.0, gradient: [0.0; 4], hessian: [[0.0; 4]; 4] }
    }

    pub(super) fn add(&mut self, node: Jet<4>) {
        if node.value > self.top {
            let shrink = (self.top - node.value).exp();
            self.mass *= shrink;
            self.gradient.iter_mut().for_each(|g| *g *= shrink);
            self.hessian.iter_mut().flatten().for_each(|h| *h *= shrink);
            self.top = node.value;
        }
        let weight = (node.value - self.top).exp();
        self.mass += weight;
        for i in 0..4 {
            let share = weight * node.gradient[i];
            self.gradient[i] += share;
            for j in i..4 {
                self.hessian[i][j] += weight * node.hessian[i][j] + share * node.gradient[j];
            }
        }
    }

    pub(super) fn ln(self) -> Jet<4> {
        let gradient = self.gradient.map(|g| g / self.mass);
        let hessian = std::array::from_fn(|i| {
            std::array::from_fn(|j| self.hessian[i.min(j)][i.max(j)] / self.mass - gradient[i] * gradient[j])
        });
        Jet { value: self.top + self.mass.ln(), gradient, hessian }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Gamma, Lognormal, Weibull, check};
    use super::*;
    use crate::math::gamma::ln_gamma;

    /// σ_v = 0.02 and less beside u of 0.3 to 3.
    #[test]
    fn narrow_noise_is_as_exact() {
        for at in [[-0.4f64, -8.0, -0.3, 0.4], [-3.0, -8.0, 0.2, 1.0], [-0.9, -9.0, -1.0, -0.8]] {
            let (su, c) = ((0.5 * at[2]).exp(), at[3]);
            let k = c.exp();
            check::derivatives(&Integrated(Gamma), at);
            check::convolves(&Integrated(Gamma), at, |u| (k - 1.0) * u.ln() - u / su - ln_gamma(k) - k * su.ln());
            check::derivatives(&Integrated(Weibull), at);
            check::convolves(&Integrated(Weibull), at, |u| {
                k.ln() + (k - 1.0) * u.ln() - k * su.ln() - (u / su).powf(k)
            });
            check::derivatives(&Integrated(Lognormal), at);
            let ln = |u: f64| -LN_SQRT_TAU - su.ln() - u.ln() - 0.5 * ((u.ln() - c) / su).powi(2);
            check::convolves(&Integrated(Lognormal), at, ln);
        }
    }

    /// f(e) = f_u(-e) + σ_v²/2 f_u''(-e) + ...; at σ_v = 1e-6 the second term and the rounding of (e + u)/σ_v are of 1e-10.
    #[test]
    fn as_noise_vanishes_the_density_is_that_of_inefficiency() {
        fn vanishes<P: Prior>(prior: P, b: f64, c: f64) {
            let at = prior.at(b, c);
            let density = Integrated(prior);
            for u in [0.05f64, 0.7, 2.0] {
                let want = P::ln(&at, u, u.ln());
                let got = density.ln([-u, 2.0 * 1e-6f64.ln(), b, c]);
                plim_golden::close(got.value, want.value, 1e-9, "ln f");
                plim_golden::close(got.gradient[2], want.gradient[0], 1e-9, "in ln sigma_u squared");
                plim_golden::close(got.gradient[3], want.gradient[1], 1e-9, "in the shape");
            }
        }
        vanishes(Gamma, -0.3, 0.4);
        vanishes(Weibull, 0.2, 1.0);
        vanishes(Lognormal, -0.5, -0.2);
    }
}
