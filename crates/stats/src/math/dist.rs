//! p-values and quantiles of the distributions that tables need (statrs underneath).

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

/// P(|T| ≥ |t|) for Student's t with `df` degrees of freedom; NaN when undefined.
pub fn t_p(t: f64, df: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, df) {
        Ok(d) if t.is_finite() => (2.0 * d.sf(t.abs())).min(1.0),
        Ok(_) if t.is_infinite() => 0.0,
        _ => f64::NAN,
    }
}

/// Quantile of Student's t.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |d| d.inverse_cdf(p))
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

/// P(F ≥ f) for Fisher's F.
pub fn f_p(f: f64, df1: f64, df2: f64) -> f64 {
    match FisherSnedecor::new(df1, df2) {
        Ok(d) if f.is_finite() => d.sf(f.max(0.0)),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
