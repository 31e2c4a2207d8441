//! The logarithm of the gamma function and its first two derivatives.
//!
//! Below x = 10 the recurrences ψ(x) = ψ(x + 1) - 1/x and ψ'(x) = ψ'(x + 1) + 1/x² lift the argument; above, the
//! asymptotic series in the Bernoulli numbers is good to the last digits (Abramowitz and Stegun 1964, 6.3.18, 6.4.12).
//!
//! ```
//! use plim_stats::math::gamma::{digamma, trigamma};
//! assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-14);
//! assert!((trigamma(1.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
//! ```

/// Where the series takes over: its first omitted term is below 1e-16 from here on.
const SERIES: f64 = 10.0;

/// ln Γ(x), x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// ψ(x) = d ln Γ(x) / dx, x > 0.
pub fn digamma(mut x: f64) -> f64 {
    let mut lift = 0.0;
    while x < SERIES {
        lift -= 1.0 / x;
        x += 1.0;
    }
    let u = 1.0 / (x * x);
    let series = u
        * (1.0 / 12.0
            - u * (1.0 / 120.0 - u * (1.0 / 252.0 - u * (1.0 / 240.0 - u * (1.0 / 132.0 - u * 691.0 / 32760.0)))));
    lift + x.ln() - 0.5 / x - series
}

/// ψ'(x), x > 0.
pub fn trigamma(mut x: f64) -> f64 {
    let mut lift = 0.0;
    while x < SERIES {
        lift += 1.0 / (x * x);
        x += 1.0;
    }
    let u = 1.0 / (x * x);
    let series = 1.0 / 6.0
        - u * (1.0 / 30.0
            - u * (1.0 / 42.0 - u * (1.0 / 30.0 - u * (5.0 / 66.0 - u * (691.0 / 2730.0 - u * 7.0 / 6.0)))));
    lift + 1.0 / x + 0.5 * u + u / x * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_scipy() {
        // SciPy 1.17.1: psi(x), polygamma(1, x).
        let table = [
            (0.1, -10.423_754_940_411_076, 101.433_299_150_792_75),
            (0.5, -1.963_510_026_021_423_5, 4.934_802_200_544_68),
            (3.7, 1.167_153_539_361_511_3, 0.310_037_857_670_038_33),
            (25.0, 3.198_742_512_851_974, 0.040_810_663_257_225_58),
            (1e4, 9.210_290_371_142_85, 1.000_050_001_666_666_7e-4),
        ];
        for (x, psi, psi1) in table {
            assert!((digamma(x) - psi).abs() < 1e-13 * psi.abs(), "ψ({x}) = {}", digamma(x));
            assert!((trigamma(x) - psi1).abs() < 1e-13 * psi1, "ψ'({x}) = {}", trigamma(x));
        }
    }
}
