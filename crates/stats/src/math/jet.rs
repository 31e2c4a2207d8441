//! Second-order jets: a number with its exact gradient and Hessian in N variables.
//!
//! Every operation carries the Taylor expansion to second order along, so that a formula written once gives its value
//! and derivatives to rounding (forward automatic differentiation; Griewank and Walther 2008, chapter 13). N is the
//! number of scalars that a likelihood contribution depends on, not the number of parameters: the chain rule through
//! linear indices is left to the caller.
//!
//! ```
//! use plim_stats::math::jet::Jet;
//! let [x, y] = Jet::variables([2.0, 3.0]);
//! let f = (x * y).ln() + y.powi(2);
//! assert_eq!(f.gradient, [0.5, 1.0 / 3.0 + 6.0]);
//! assert_eq!(f.hessian[1][1], 2.0 - 1.0 / 9.0);
//! ```

use super::gamma::{digamma, ln_gamma, trigamma};
use super::normal::{ln_cdf_mills, ln_mills};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A value with its derivatives in N variables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jet<const N: usize> {
    /// f.
    pub value: f64,
    /// ∂f/∂x_i.
    pub gradient: [f64; N],
    /// ∂²f/∂x_i∂x_j, symmetric.
    pub hessian: [[f64; N]; N],
}

impl<const N: usize> Jet<N> {
    /// A constant.
    pub fn constant(value: f64) -> Self {
        Jet { value, gradient: [0.0; N], hessian: [[0.0; N]; N] }
    }

    /// The variables themselves at a point.
    pub fn variables(at: [f64; N]) -> [Self; N] {
        std::array::from_fn(|i| {
            let mut jet = Self::constant(at[i]);
            jet.gradient[i] = 1.0;
            jet
        })
    }

    /// g(f) for a function g with value `g`, slope `g1` and curvature `g2` at f.
    pub fn chain(self, g: f64, g1: f64, g2: f64) -> Self {
        let mut out = Self::constant(g);
        for i in 0..N {
            out.gradient[i] = g1 * self.gradient[i];
            for j in 0..N {
                out.hessian[i][j] = g1 * self.hessian[i][j] + g2 * self.gradient[i] * self.gradient[j];
            }
        }
        out
    }

    /// Adds `share` of another one.
    pub fn add_scaled(&mut self, other: &Self, share: f64) {
        self.value += share * other.value;
        for i in 0..N {
            self.gradient[i] += share * other.gradient[i];
            for j in 0..N {
                self.hessian[i][j] += share * other.hessian[i][j];
            }
        }
    }

    /// Exponential.
    pub fn exp(self) -> Self {
        let e = self.value.exp();
        self.chain(e, e, e)
    }

    /// Natural logarithm.
    pub fn ln(self) -> Self {
        let r = 1.0 / self.value;
        self.chain(self.value.ln(), r, -r * r)
    }

    /// ln(1 + f).
    pub fn ln_1p(self) -> Self {
        let r = 1.0 / (1.0 + self.value);
        self.chain(self.value.ln_1p(), r, -r * r)
    }

    /// Square root.
    pub fn sqrt(self) -> Self {
        let s = self.value.sqrt();
        self.chain(s, 0.5 / s, -0.25 / (s * self.value))
    }

    /// 1/f.
    pub fn recip(self) -> Self {
        let r = 1.0 / self.value;
        self.chain(r, -r * r, 2.0 * r * r * r)
    }

    /// A whole power.
    pub fn powi(self, n: i32) -> Self {
        let (v, k) = (self.value, f64::from(n));
        self.chain(v.powi(n), k * v.powi(n - 1), k * (k - 1.0) * v.powi(n - 2))
    }

    /// ln Φ(f) of the standard normal.
    pub fn ln_cdf(self) -> Self {
        let (ln, m, excess) = ln_cdf_mills(self.value);
        self.chain(ln, m, -m * excess)
    }

    /// ln of the inverse Mills ratio φ(f)/Φ(f).
    pub fn ln_mills(self) -> Self {
        let [ln, slope, curvature] = ln_mills(self.value);
        self.chain(ln, slope, curvature)
    }

    /// ln Γ(f), f > 0.
    pub fn ln_gamma(self) -> Self {
        let v = self.value;
        self.chain(ln_gamma(v), digamma(v), trigamma(v))
    }

    /// ln(exp f + exp g), however far apart the two are.
    pub fn ln_add_exp(self, other: Self) -> Self {
        let (high, low) = if self.value >= other.value { (self, other) } else { (other, self) };
        high + (low - high).exp().ln_1p()
    }
}

impl<const N: usize> Add for Jet<N> {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self.value += other.value;
        for i in 0..N {
            self.gradient[i] += other.gradient[i];
            for j in 0..N {
                self.hessian[i][j] += other.hessian[i][j];
            }
        }
        self
    }
}

impl<const N: usize> Sub for Jet<N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<const N: usize> Neg for Jet<N> {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

impl<const N: usize> Mul for Jet<N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        let mut out = Self::constant(a * b);
        for i in 0..N {
            out.gradient[i] = a * other.gradient[i] + b * self.gradient[i];
            for j in 0..N {
                out.hessian[i][j] = a * other.hessian[i][j]
                    + b * self.hessian[i][j]
                    + self.gradient[i] * other.gradient[j]
                    + self.gradient[j] * other.gradient[i];
            }
        }
        out
    }
}

impl<const N: usize> Div for Jet<N> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self.mul(other.recip())
    }
}

impl<const N: usize> Add<f64> for Jet<N> {
    type Output = Self;
    fn add(mut self, c: f64) -> Self {
        self.value += c;
        self
    }
}

impl<const N: usize> Sub<f64> for Jet<N> {
    type Output = Self;
    fn sub(self, c: f64) -> Self {
        self + -c
    }
}

impl<const N: usize> Mul<f64> for Jet<N> {
    type Output = Self;
    fn mul(self, c: f64) -> Self {
        self.chain(self.value * c, c, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_dual::{DualNum, HyperDual64};

    /// A formula with every operation, in jets and in an independent implementation of dual numbers.
    #[test]
    fn derivatives_are_exact() {
        let at = [0.7, 1.3, 0.4];
        let f = |[x, y, z]: [Jet<3>; 3]| {
            (x * y - z).exp().ln_1p() + (x / y).sqrt() * 2.0 - z.powi(3).recip() + (x + y).ln() - (y * z) + 1.0
        };
        let got = f(Jet::variables(at));
        for i in 0..3 {
            for j in 0..3 {
                let mut d = at.map(HyperDual64::from);
                d[i].eps1 = 1.0;
                d[j].eps2 = 1.0;
                let [x, y, z] = d;
                let want = ((x * y - z).exp() + 1.0).ln() + (x / y).sqrt() * 2.0 - z.powi(3).recip() + (x + y).ln()
                    - y * z
                    + 1.0;
                let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-13 * (1.0 + b.abs()), "{i} {j}: {a} {b}");
                close(got.value, want.re);
                close(got.gradient[i], want.eps1);
                close(got.hessian[i][j], want.eps1eps2);
            }
        }
    }

    #[test]
    fn special_functions_have_the_derivatives_of_their_definition() {
        // Central differences: good to 1e-8 for the slope and 1e-5 for the curvature.
        let h = 1e-4;
        let functions: [fn(Jet<1>) -> Jet<1>; 5] =
            [Jet::ln_cdf, Jet::ln_mills, Jet::ln_gamma, |x| x.ln_add_exp(x * x), |x| (-x).ln_mills()];
        for f in functions {
            for x in [0.3, 1.7, 6.0] {
                let at = |x: f64| f(Jet::variables([x])[0]);
                let (low, mid, high) = (at(x - h), at(x), at(x + h));
                let slope = (high.value - low.value) / (2.0 * h);
                let curvature = (high.gradient[0] - low.gradient[0]) / (2.0 * h);
                assert!((mid.gradient[0] - slope).abs() < 1e-6 * (1.0 + slope.abs()));
                assert!((mid.hessian[0][0] - curvature).abs() < 1e-6 * (1.0 + curvature.abs()));
            }
        }
    }
}
