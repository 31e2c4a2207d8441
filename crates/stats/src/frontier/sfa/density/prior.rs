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

    /// A typical u, and the curvature of the logarithm of the density of ln u there.
    fn place(at: &Self::At) -> (f64, f64);

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
        let (center, curvature) = P::place(prior);
        Grid::new(e, v, center, curvature)
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
struct Sums {
    top: f64,
    mass: f64,
    gradient: [f64; 4],
    hessian: [[f64; 4]; 4],
}

impl Sums {
    fn new() -> Self {
        Sums { top: f64::NEG_INFINITY, mass: 0.0, gradient: [0.0; 4], hessian: [[0.0; 4]; 4] }
    }

    fn add(&mut self, node: Jet<4>) {
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

    fn ln(self) -> Jet<4> {
        let gradient = self.gradient.map(|g| g / self.mass);
        let hessian = std::array::from_fn(|i| {
            std::array::from_fn(|j| self.hessian[i.min(j)][i.max(j)] / self.mass - gradient[i] * gradient[j])
        });
        Jet { value: self.top + self.mass.ln(), gradient, hessian }
    }
}
