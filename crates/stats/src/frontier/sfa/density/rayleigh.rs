//! u Rayleigh with scale σ_u (Hajargasht 2015): few observations at the frontier itself.
//!
//! ```text
//! f_u = u/σ_u² exp(-u²/2σ_u²),   E u = σ_u √(π/2),   Var u = (2 - π/2) σ_u²
//! ln f = ln σ_v - ln σ² - e²/2σ² + ln I(z),   I(z) = z Φ(z) + φ(z),   z = -e σ_u/(σ σ_v)
//! ```

use super::super::Score;
use super::quadrature::Grid;
use super::{Density, GRID, split};
use crate::math::jet::Jet;
use crate::math::normal::ln_cdf_mills;
use std::f64::consts::PI;

pub(in super::super) struct Rayleigh;

impl Density<3> for Rayleigh {
    fn ln(&self, at: [f64; 3]) -> Jet<3> {
        let [e, a, b] = Jet::variables(at);
        let sigma2 = a.exp() + b.exp();
        let z = -e * ((b - a) * 0.5).exp() / sigma2.sqrt();
        // I = Φ (z + m), whose derivatives are Φ and φ.
        let (ln, m, excess) = ln_cdf_mills(z.value);
        let slope = 1.0 / excess;
        let integral = z.chain(ln + excess.ln(), slope, slope * (m - slope));
        a * 0.5 - sigma2.ln() - e * e / sigma2 * 0.5 + integral
    }

    fn score(&self, [e, a, b]: [f64; 3], level: f64) -> Score {
        let (v, u2) = (a.exp(), b.exp());
        let ln = |u: f64, ln_u: f64| ln_u - 0.5 * (u * u / u2 + (e + u) * (e + u) / v);
        Grid::new(e, v, u2.sqrt(), 4.0).score(ln, level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 3]> {
        let at = |gamma: f64| {
            let (a, b) = split(variance, gamma, 2.0 - 0.5 * PI);
            [(0.5 * PI).sqrt() * (0.5 * b).exp(), a, b]
        };
        GRID.map(at).to_vec()
    }

    fn own(&self) -> &'static [&'static str] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        for at in [[-0.4, -1.0, -0.3], [0.9, 0.4, -1.2], [-3.0, -3.0, 0.5], [2.5, -1.5, 0.2]] {
            check::derivatives(&Rayleigh, at);
            let u2 = at[2].exp();
            check::integrates(&Rayleigh, at, (0.5 * PI * u2).sqrt());
            check::convolves(&Rayleigh, at, |u| u.ln() - u2.ln() - 0.5 * u * u / u2);
        }
    }
}
