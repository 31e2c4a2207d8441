//! p-values and quantiles of the distributions that tables need (statrs underneath).

use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

/// P(|T| ≥ |t|) for Student's t with `df` degrees of freedom; NaN when undefined.
pub fn t_p(t: f64, df: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, df) {
        Ok(d) if t.is_finite() => (2.0 * d.sf(t.abs())).min(1.0),
        Ok(_) if t.is_infinite() => 0.0,
        _ => f64::NAN,
    }
}

/// Steps from the quantile of statrs to that of the tails; two or three do.
const NEWTON: usize = 20;

/// Quantile of Student's t.
///
/// The inverse of statrs loses digits as degrees of freedom grow (3e-6 relative at 1e5, 6 % at 1e7) and far out in heavy
/// tails: Newton steps on its tails, which are good, give the rest.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    let Ok(d) = StudentsT::new(0.0, 1.0, df) else { return f64::NAN };
    let mut t = d.inverse_cdf(p);
    for _ in 0..NEWTON {
        let missed = if p < 0.5 { p - d.cdf(t) } else { d.sf(t) - (1.0 - p) };
        let step = missed / d.pdf(t);
        if !step.is_finite() {
            break;
        }
        t += step;
        if step.abs() <= 1e-15 * t.abs() {
            break;
        }
    }
    t
}

/// P(|Z| ≥ |z|) for a standard normal.
pub fn normal_p(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// Quantile of the standard normal.
pub fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// P(X ≥ x) for chi-square with `df` degrees of freedom.
pub fn chi2_p(x: f64, df: f64) -> f64 {
    match ChiSquared::new(df) {
        Ok(d) if x.is_finite() => d.sf(x.max(0.0)),
        _ => f64::NAN,
    }
}

/// P(LR ≥ x) under q restrictions of which `border` put a parameter on the border of its range, at least and at most.
///
/// One on the border: half chi-square(q - 1) and half chi-square(q). Of several the weights depend on the information,
/// and the p-value lies between those of the halves of (q - border, q - border + 1) and of (q - 1, q) degrees of freedom
/// (Kodde and Palm 1986).
pub fn chi_bar_p(x: f64, q: usize, border: usize) -> [f64; 2] {
    let tail = |df: usize| if df == 0 { f64::from(u8::from(x <= 0.0)) } else { chi2_p(x, df as f64) };
    match border.min(q) {
        0 => [tail(q); 2],
        border => [q - border, q - 1].map(|df| 0.5 * (tail(df) + tail(df + 1))),
    }
}

/// P(F ≥ f) for Fisher's F.
pub fn f_p(f: f64, df1: f64, df2: f64) -> f64 {
    match FisherSnedecor::new(df1, df2) {
        Ok(d) if f.is_finite() => d.sf(f.max(0.0)),
        _ => f64::NAN,
    }
}

/// x with P(F ≥ x) = `p` for Fisher's F; NaN when undefined.
pub fn f_critical(p: f64, df1: f64, df2: f64) -> f64 {
    root(|x| f_p(x, df1, df2) - p)
}

/// P(X ≤ x) for a noncentral chi-square: the mixture of central ones with Poisson weights of mean `noncentrality`/2.
pub fn noncentral_chi2_cdf(x: f64, df: f64, noncentrality: f64) -> f64 {
    let half = 0.5 * noncentrality;
    let weight = |j: f64| (if half > 0.0 { j * half.ln() } else { 0.0 } - half - libm::lgamma(j + 1.0)).exp();
    let term = |j: f64| ChiSquared::new(df + 2.0 * j).map_or(f64::NAN, |d| weight(j) * d.cdf(x.max(0.0)));
    if half == 0.0 {
        return term(0.0);
    }
    // From the heaviest weight outward, until weights no longer count.
    let mode = half.floor();
    let up = (0..).map(|s| mode + f64::from(s)).take_while(|&j| j < mode + 1.0 || weight(j) > 1e-18);
    let down = (1..).map(|s| mode - f64::from(s)).take_while(|&j| j >= 0.0 && weight(j) > 1e-18);
    up.chain(down).map(term).sum()
}

/// x with P(X ≥ x) = `p` for a noncentral chi-square; NaN when undefined.
pub fn noncentral_chi2_critical(p: f64, df: f64, noncentrality: f64) -> f64 {
    root(|x| 1.0 - noncentral_chi2_cdf(x, df, noncentrality) - p)
}

/// Zero of a decreasing function of a positive variable by false position with halving (Dowell and Jarratt 1971); NaN
/// when the function never falls below zero.
fn root(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut at_low) = (0.0, f(0.0));
    let (mut high, mut at_high) = (1.0, f(1.0));
    while at_high > 0.0 {
        (low, at_low, high) = (high, at_high, 2.0 * high);
        at_high = f(high);
        if high > 1e12 {
            return f64::NAN;
        }
    }
    let mut side = 0;
    for _ in 0..200 {
        let next = (low * at_high - high * at_low) / (at_high - at_low);
        let at_next = f(next);
        if !next.is_finite() || at_next == 0.0 || (high - low) <= 4.0 * f64::EPSILON * high {
            return next;
        }
        // The end that stays twice is given half its value, so that the bracket shrinks from both sides.
        match at_next > 0.0 {
            true => {
                (low, at_low) = (next, at_next);
                at_high *= if side == 1 { 0.5 } else { 1.0 };
                side = 1;
            }
            false => {
                (high, at_high) = (next, at_next);
                at_low *= if side == -1 { 0.5 } else { 1.0 };
                side = -1;
            }
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_agree_with_closed_forms_and_tables() {
        // F(1, m) is the square of t(m): R 4.2, qt(.975, 7).
        assert!((f_critical(0.05, 1.0, 7.0) - 2.364_624_251_592_784f64.powi(2)).abs() < 1e-10);
        // One degree of freedom: P((Z + m)² ≤ c²) = Φ(c - m) - Φ(-c - m).
        let (c, m) = (4.8f64, 10f64.sqrt());
        let phi = |z: f64| 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
        assert!((noncentral_chi2_cdf(c * c, 1.0, 10.0) - (phi(c - m) - phi(-c - m))).abs() < 1e-13);
        // scipy 1.17.1: f.isf(.05, 3, 40), ncx2.isf(.05, 3, 10), ncx2.isf(.05, 2.7, 9.3)
        assert!((f_critical(0.05, 3.0, 40.0) - 2.838_745_398_020_640_3).abs() < 1e-11);
        assert!((noncentral_chi2_critical(0.05, 3.0, 10.0) - 25.575_440_722_565_517).abs() < 1e-10);
        assert!((noncentral_chi2_critical(0.05, 2.7, 9.3) - 24.148_986_383_470_54).abs() < 1e-10);
        assert!(f_critical(0.05, f64::NAN, 3.0).is_nan());
    }

    #[test]
    fn quantiles_of_t_invert_its_tails() {
        for df in [0.5, 1.0, 2.0, 7.0, 40.0, 288.0, 782.0, 3000.0, 1e5, 1e7] {
            for p in [0.001, 0.05, 0.4, 0.6, 0.9, 0.975, 0.995, 0.999_999] {
                let back = t_p(t_quantile(p, df), df);
                let want: f64 = 2.0 * if p < 0.5 { p } else { 1.0 - p };
                // The tails of statrs keep about nine digits at ten million degrees of freedom.
                let digits = if df > 1e6 { 1e-8 } else { 1e-11 };
                assert!((back - want).abs() < digits * want, "{p} {df}: {back}");
            }
            assert_eq!(t_quantile(0.5, df), 0.0);
        }
        // Cornish-Fisher to the fourth order (Abramowitz and Stegun 26.7.5), whose error is below 1e-12 here.
        let (z, n) = (normal_quantile(0.975), 782.0);
        let g = [
            (z.powi(3) + z) / 4.0,
            (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
            (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
            (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5) - 1920.0 * z.powi(3) - 945.0 * z) / 92160.0,
        ];
        let series = z + g.iter().rev().fold(0.0, |sum, g| (sum + g) / n);
        assert!((t_quantile(0.975, n) - series).abs() < 1e-11, "{}", t_quantile(0.975, n));
        assert!(t_quantile(0.975, -1.0).is_nan());
    }

    #[test]
    fn tails_agree_with_tables() {
        // R 4.2: 2*pt(-2, 10), 2*pnorm(-1.96), pchisq(3.84, 1, lower = FALSE), qt(.975, 7)
        assert!((t_p(2.0, 10.0) - 0.073_388_034_770_740_4).abs() < 1e-12);
        assert!((normal_p(1.96) - 0.049_995_790_296_440_87).abs() < 1e-14);
        assert!((chi2_p(3.84, 1.0) - 0.050_043_521_248_705_1).abs() < 1e-11);
        assert!((t_quantile(0.975, 7.0) - 2.364_624_251_592_784).abs() < 1e-9);
        assert!(t_p(f64::NAN, 3.0).is_nan());
    }
}
