//! Inefficiency that moves with the noise: u half-normal or exponential, tied to v by a copula (Smith 2008).
//!
//! ```text
//! f(e) = ∫ f_u(u) φ(s)/σ_v c(F_u(u), Φ(s)) du,   s = (e + u)/σ_v
//! ```
//!
//! The integral is taken over the nodes of [`Grid`]. In (s, w = ln(u/σ_u), t), t the parameter of the copula, the log
//! integrand has few derivatives; those in (e, ln σ_v², ln σ_u², t) follow by the chain rule.
//!
//! Where the mass is: with the ranks as correlated normals x and s, and u near σ_u x, the integrand is largest around
//! the x that minimizes x² + (s - ρx)²/(1 - ρ²), which is linear in e.

use super::super::Score;
use super::copula::{Copula, Rank};
use super::prior::Sums;
use super::quadrature::Grid;
use super::{Density, Exponential, HalfNormal};
use crate::math::jet::Jet;
use crate::math::normal::{LN_SQRT_TAU, cdf, ln_cdf};
use std::f64::consts::{FRAC_1_SQRT_2, LN_2};

/// Values of t of the starts.
const STARTS: [f64; 4] = [-1.0, -0.3, 0.3, 1.0];
/// σ_v by which the dependence may move the peak of narrow noise.
const SHIFT: f64 = 1.0;

/// A distribution of u with one scale.
pub(in super::super) trait Margin: Density<3> {
    /// The density of u/σ_u: its logarithm, with two derivatives in w; and the rank.
    fn at(z: f64, w: f64) -> ([f64; 3], Rank);

    /// About how far out x standard errors are, in units of σ_u, x > 1.
    fn far(x: f64) -> f64;
}

impl Margin for HalfNormal {
    fn at(z: f64, w: f64) -> ([f64; 3], Rank) {
        let square = z * z;
        let rank = Rank {
            ln_tails: [libm::erf(z * FRAC_1_SQRT_2).ln(), LN_2 + ln_cdf(-z)],
            ln_slope: LN_2 - LN_SQRT_TAU - 0.5 * square + w,
            bend: 1.0 - square,
        };
        ([LN_2 - LN_SQRT_TAU - 0.5 * square, -square, -2.0 * square], rank)
    }

    fn far(x: f64) -> f64 {
        x
    }
}

impl Margin for Exponential {
    fn at(z: f64, w: f64) -> ([f64; 3], Rank) {
        let rank = Rank { ln_tails: [(-(-z).exp_m1()).ln(), -z], ln_slope: w - z, bend: 1.0 - z };
        ([-z; 3], rank)
    }

    fn far(x: f64) -> f64 {
        x * x
    }
}

/// The composed error; `sign` is S, for the copula is that of u and of the noise of the outcome, S v.
pub(in super::super) struct Dependent<D> {
    pub(in super::super) margin: D,
    pub(in super::super) copula: Copula,
    pub(in super::super) sign: f64,
}

impl<D: Margin> Dependent<D> {
    /// Where the nodes are.
    fn grid(&self, [e, a, b, t]: [f64; 4]) -> Grid {
        let (v, su) = (a.exp(), (0.5 * b).exp());
        let (sv, rho) = (v.sqrt(), self.copula.correlation(self.sign * t));
        let (d, rest) = (e / sv, (1.0 - rho * rho).sqrt());
        if d < 0.0 {
            let z = -e / su;
            let ([_, slope, curvature], rank) = D::at(z, z.ln());
            let shape = [1.0 + slope, -curvature];
            let moved = rho * rank.normal()[0];
            if let Some(grid) = Grid::narrow(e, v, shape).filter(|_| moved.abs() < SHIFT) {
                return grid.finer(rest);
            }
        }
        let tilt = su / sv - rho;
        let x = -d * tilt / (rest * rest + tilt * tilt);
        let out = su * D::far(x.max(1.0));
        let low = su * cdf(x.min(rho * d).min(0.0));
        Grid::soft(sv.min(su), [low.max(f64::MIN_POSITIVE), out.max(-e)], rest)
    }

    /// The log integrand.
    fn integrand(&self, [e, a, b, t]: [f64; 4], u: f64, ln_u: f64) -> Jet<4> {
        let inverse = (-0.5 * a).exp();
        let (s, w) = ((e + u) * inverse, ln_u - 0.5 * b);
        let ([m, m1, m2], rank) = D::at(w.exp(), w);
        let c = self.copula.ln(s, w, self.sign * t, &rank);
        let value = m + c.value - 0.5 * (s * s + a + b) - LN_SQRT_TAU;
        let [gs, gw, gt] = [c.gradient[0] - s, c.gradient[1] + m1, self.sign * c.gradient[2]];
        let [hss, hww] = [c.hessian[0][0] - 1.0, c.hessian[1][1] + m2];
        let [hsw, hst, hwt] = [c.hessian[0][1], self.sign * c.hessian[0][2], self.sign * c.hessian[1][2]];
        let gradient = [gs * inverse, -0.5 * (s * gs + 1.0), -0.5 * (gw + 1.0), gt];
        let [ea, eb, et] = [-0.5 * inverse * (s * hss + gs), -0.5 * inverse * hsw, inverse * hst];
        let [ab, at, bt] = [0.25 * s * hsw, -0.5 * s * hst, -0.5 * hwt];
        let hessian = [
            [hss * inverse * inverse, ea, eb, et],
            [ea, 0.25 * s * (s * hss + gs), ab, at],
            [eb, ab, 0.25 * hww, bt],
            [et, at, bt, c.hessian[2][2]],
        ];
        Jet { value, gradient, hessian }
    }
}

impl<D: Margin> Density<4> for Dependent<D> {
    fn ln(&self, at: [f64; 4]) -> Jet<4> {
        let mut sums = Sums::new();
        let whole = self.grid(at).trapezoid(|u, ln_u, ln_weight| {
            let mut node = self.integrand(at, u, ln_u);
            node.value += ln_weight;
            sums.add(node);
            node.value
        });
        if whole { sums.ln() } else { Jet::constant(f64::NAN) }
    }

    fn score(&self, at: [f64; 4], level: f64) -> Score {
        self.grid(at).score(|u, ln_u| self.integrand(at, u, ln_u).value, level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 4]> {
        let inner = self.margin.starts(variance);
        STARTS.iter().flat_map(|&t| inner.iter().map(move |&[e, a, b]| [e, a, b, t])).collect()
    }

    fn own(&self) -> &'static [&'static str] {
        self.copula.own()
    }

    /// Nothing moves the dependence.
    fn moved(&self) -> Option<usize> {
        None
    }

    /// Noise that moves with inefficiency can skew the residuals to either side.
    fn skewed(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use std::f64::consts::PI;

    const COPULAS: [Copula; 3] = [Copula::Gaussian, Copula::Fgm, Copula::Frank];

    fn both(copula: Copula, sign: f64) -> (Dependent<HalfNormal>, Dependent<Exponential>) {
        (Dependent { margin: HalfNormal, copula, sign }, Dependent { margin: Exponential, copula, sign })
    }

    /// ∫ f(e) de = 1 and E e = -E u, by the trapezoidal rule.
    fn integrates(density: &impl Density<4>, [_, a, b, t]: [f64; 4], mean: f64) {
        let h = 0.125;
        let nodes = (-240..=80).map(|k| f64::from(k) * h);
        let sums = nodes.fold([0.0; 2], |[mass, first], e| {
            let f = density.ln([e, a, b, t]).value.exp() * h;
            [mass + f, first - f * e]
        });
        plim_golden::close(sums[0], 1.0, 1e-9, "mass");
        plim_golden::close(sums[1], mean, 1e-8, "mean inefficiency");
    }

    #[test]
    fn is_a_density_with_exact_derivatives() {
        for copula in COPULAS {
            // θ of Frank's is of another order.
            let scale = if copula == Copula::Frank { 6.0 } else { 1.0 };
            for [e, a, b, t] in [[-0.4f64, -1.0, -0.3, 0.7], [0.9, 0.4, -1.2, -1.1]] {
                let at = [e, a, b, t * scale];
                let (half, exponential) = both(copula, 1.0);
                let su = (0.5 * b).exp();
                check::derivatives(&half, at);
                check::derivatives(&exponential, at);
                integrates(&half, at, su * (2.0 / PI).sqrt());
                integrates(&exponential, at, su);
            }
            // Far out, strongly tied, and beside narrow noise.
            for [e, a, b, t] in
                [[-6.0, 0.0, 2.0, 1.7], [5.0, -1.0, 1.0, -1.5], [-2.0, -9.0, 0.1, 0.4], [-4.0, 1.0, -1.0, 1.6]]
            {
                let at = [e, a, b, t * scale];
                check::derivatives(&both(copula, 1.0).0, at);
                check::derivatives(&both(copula, 1.0).1, at);
            }
        }
    }

    /// ln f, E[exp(-u) | e] and exp(-E[u | e]) by mpmath 1.3 in 25 digits: `quad` over u with the copulas' densities as
    /// textbooks print them.
    #[test]
    fn integrals_agree_with_mpmath() {
        let cases = [
            (Copula::Gaussian, 0.6, true, [-0.2107768964390966, 0.5701953529042203, 0.5274916640340477]),
            (Copula::Gaussian, 0.6, false, [-0.3523830381861381, 0.5847210593984838, 0.5389772997735046]),
            (Copula::Gaussian, -0.8, true, [-0.8316412357432578, 0.5286198746818757, 0.5234194837041545]),
            (Copula::Gaussian, -0.8, false, [-1.004538541010703, 0.5183893240847914, 0.5118162108965513]),
            (Copula::Fgm, 0.7, true, [-0.4347317866469665, 0.5618658487465713, 0.5303753887916153]),
            (Copula::Fgm, 0.7, false, [-0.5841960983275758, 0.5700607237155563, 0.5332330096012171]),
            (Copula::Frank, 5.0, true, [-0.2520391706817759, 0.5667122787364826, 0.5243958071883564]),
            (Copula::Frank, -9.0, false, [-1.06412832091928, 0.5165931377086647, 0.5122450487026316]),
        ];
        for (copula, natural, half, [ln, efficiency, jlms]) in cases {
            let t = copula.internal(natural).unwrap();
            let at = [-0.8, 2.0 * 0.4f64.ln(), 2.0 * 0.7f64.ln(), t];
            let (of_half, of_exponential) = both(copula, 1.0);
            let (got, score) = match half {
                true => (of_half.ln(at), of_half.score(at, 0.95)),
                false => (of_exponential.ln(at), of_exponential.score(at, 0.95)),
            };
            plim_golden::close(got.value, ln, 1e-11, "ln f");
            plim_golden::close(score.efficiency.unwrap(), efficiency, 1e-11, "E exp(-u)");
            plim_golden::close(score.efficiency_jlms.unwrap(), jlms, 1e-11, "exp(-E u)");
        }
    }

    #[test]
    fn independent_it_is_the_plain_model() {
        for copula in COPULAS {
            let (half, exponential) = both(copula, 1.0);
            for at in [[-0.4f64, -1.0, -0.3], [0.9, 0.4, -1.2], [-3.0, -3.0, 0.2], [-2.0, -9.0, 0.1], [4.0, -1.0, 0.5]]
            {
                let [e, a, b] = at;
                let pairs = [
                    (
                        half.ln([e, a, b, 0.0]),
                        HalfNormal.ln(at),
                        half.score([e, a, b, 0.0], 0.9),
                        HalfNormal.score(at, 0.9),
                    ),
                    (
                        exponential.ln([e, a, b, 0.0]),
                        Exponential.ln(at),
                        exponential.score([e, a, b, 0.0], 0.9),
                        Exponential.score(at, 0.9),
                    ),
                ];
                for (got, want, score, plain) in pairs {
                    plim_golden::close(got.value, want.value, 1e-11, &format!("{copula:?} {at:?}"));
                    for (g, w) in got.gradient.iter().zip(&want.gradient) {
                        assert!((g - w).abs() < 1e-10 * (1.0 + w.abs()), "{copula:?} {at:?}: {g} {w}");
                    }
                    plim_golden::close(score.efficiency.unwrap(), plain.efficiency.unwrap(), 1e-10, "efficiency");
                    plim_golden::close(score.conf_low.unwrap(), plain.conf_low.unwrap(), 1e-8, "lower end");
                }
            }
        }
    }

    #[test]
    fn the_noise_of_a_cost_frontier_is_on_the_other_side() {
        for copula in COPULAS {
            let (production, cost) = (both(copula, 1.0).0, both(copula, -1.0).0);
            let [got, want] = [cost.ln([-0.4, -1.0, -0.3, -0.6]), production.ln([-0.4, -1.0, -0.3, 0.6])];
            assert_eq!((got.value, got.gradient[3]), (want.value, -want.gradient[3]));
        }
    }
}
