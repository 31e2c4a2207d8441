//! u uniform on (0, θ), θ = √12 σ_u, so that σ_u is its standard deviation (Li 1996).
//!
//! ```text
//! ln f = ln[Φ(p) - Φ(q)] - ln θ,   q = e/σ_v,   p = (e + θ)/σ_v
//! ```
//!
//! u has no skewness, so that the residuals' own says nothing about it; inefficiency is told from noise by thin tails
//! alone. Given e, u is N(-e, σ_v²) truncated to (0, θ).

use super::super::Score;
use super::{Density, GRID, split};
use crate::math::jet::Jet;
use crate::math::normal::{LN_SQRT_TAU, ln_cdf};

pub(in super::super) struct Uniform;

/// A smaller share of σ² than this is noise to the fourth order: it moves ln f by its square, 1e-8 of a row.
const LOW: f64 = 1e-4;
/// √12.
const ROOT: f64 = 3.464_101_615_137_754_5;

/// ln[Φ(p) - Φ(q)], p > q, from the tail that both are nearer to.
fn ln_between(p: f64, q: f64) -> f64 {
    let (high, low) = if q > 0.0 { (-q, -p) } else { (p, q) };
    let top = ln_cdf(high);
    top + (-(ln_cdf(low) - top).exp_m1()).ln()
}

/// ln φ(x).
fn ln_pdf(x: f64) -> f64 {
    -0.5 * x * x - LN_SQRT_TAU
}

impl Density<3> for Uniform {
    fn ln(&self, at: [f64; 3]) -> Jet<3> {
        let [e, a, b] = Jet::variables(at);
        let (precision, theta) = ((a * -0.5).exp(), (b * 0.5).exp() * ROOT);
        let (q, p) = (e * precision, (e + theta) * precision);
        let (x, y) = (p.value, q.value);
        let ln = ln_between(x, y);
        // Slopes in p and q, and the curvatures.
        let (A, B) = ((ln_pdf(x) - ln).exp(), (ln_pdf(y) - ln).exp());
        let (second_p, second_q, cross) = (-A * (x + A), B * (y - B), A * B);
        let mut out = Jet::constant(ln);
        for i in 0..3 {
            out.gradient[i] = A * p.gradient[i] - B * q.gradient[i];
            for j in 0..3 {
                out.hessian[i][j] = A * p.hessian[i][j] - B * q.hessian[i][j]
                    + second_p * p.gradient[i] * p.gradient[j]
                    + second_q * q.gradient[i] * q.gradient[j]
                    + cross * (p.gradient[i] * q.gradient[j] + q.gradient[i] * p.gradient[j]);
            }
        }
        out - theta.ln()
    }

    fn score(&self, [e, a, b]: [f64; 3], level: f64) -> Score {
        let (sv, theta) = ((0.5 * a).exp(), ROOT * (0.5 * b).exp());
        let (q, p) = (e / sv, (e + theta) / sv);
        let ln = ln_between(p, q);
        let mean = -e + sv * ((ln_pdf(q) - ln).exp() - (ln_pdf(p) - ln).exp());
        let bc = (e + 0.5 * sv * sv + ln_between(p + sv, q + sv) - ln).exp();
        let mode = (-e).clamp(0.0, theta);
        // P(u > x) falls from one to zero between 0 and θ.
        let quantile = |share: f64| {
            let (mut low, mut high) = (0.0, theta);
            while high - low > 1e-14 * theta {
                let x = 0.5 * (low + high);
                let above = ln_between(p, (e + x) / sv) - ln;
                if above > (1.0 - share).ln() { low = x } else { high = x }
            }
            0.5 * (low + high)
        };
        let tail = 0.5 * (1.0 - level);
        let [low, high] = [1.0 - tail, tail].map(|share| (-quantile(share)).exp());
        Score::sound([bc, (-mean).exp(), (-mode).exp(), low, high])
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 3]> {
        let at = |gamma: f64| {
            let (a, b) = split(variance, gamma, 1.0);
            [0.5 * ROOT * (0.5 * b).exp(), a, b]
        };
        GRID.map(at).to_vec()
    }

    fn own(&self) -> &'static [&'static str] {
        &[]
    }

    fn limit(&self, [_, a, b]: [f64; 3]) -> Option<&'static str> {
        (b.exp() < LOW * (a.exp() + b.exp())).then_some("no inefficiency, which noise takes up (sigma_u falls to zero)")
    }

    fn skewed(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        for at in [[-0.4, -1.0, -0.3], [0.9, 0.4, -1.2], [-3.0, -3.0, 0.5], [2.5, -1.5, 0.2]] {
            check::derivatives(&Uniform, at);
            let theta = ROOT * (0.5 * at[2]).exp();
            check::integrates(&Uniform, at, 0.5 * theta);
            // f, E exp(-u) and E u by the midpoint rule over (0, θ), whose error is of order h².
            let (sv, n) = ((0.5 * at[1]).exp(), 200_000);
            let h = theta / f64::from(n);
            let mut sums = [0.0; 3];
            for k in 0..n {
                let u = (f64::from(k) + 0.5) * h;
                let mass = (ln_pdf((at[0] + u) / sv)).exp() / (sv * theta) * h;
                sums = [sums[0] + mass, sums[1] + mass * (-u).exp(), sums[2] + mass * u];
            }
            let score = Uniform.score(at, 0.95);
            plim_golden::close(Uniform.ln(at).value, sums[0].ln(), 1e-9, "ln f");
            plim_golden::close(score.efficiency.unwrap(), sums[1] / sums[0], 1e-9, "E exp(-u)");
            plim_golden::close(score.efficiency_jlms.unwrap(), (-sums[2] / sums[0]).exp(), 1e-9, "exp(-E u)");
        }
    }

    #[test]
    fn scores_stay_sound_in_both_tails() {
        for e in [-60.0, -8.0, 8.0, 60.0] {
            let score = Uniform.score([e, -1.0, -0.3], 0.9);
            let [bc, low, high] = [score.efficiency, score.conf_low, score.conf_high].map(Option::unwrap);
            assert!(low < bc && bc < high, "{e}: {low} {bc} {high}");
        }
    }
}
