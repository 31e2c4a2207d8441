//! Cycles of a series: Hodrick-Prescott and Hamilton.
//!
//! Hodrick and Prescott (1997), "Postwar U.S. business cycles", Journal of Money, Credit and Banking 29(1): the trend
//! τ minimizes Σ(y - τ)² + λ Σ(Δ²τ)². With D the second differences, (n - 2) × n, the cycle is
//!
//! ```text
//! c = y - τ = D'z,      (DD' + I/λ) z = Dy.
//! ```
//!
//! Solved for the cycle itself: y - τ would lose the digits that level and cycle do not share, and a large λ is
//! harmless (the limit is the deviation from the fitted line). DD' has the bands 6, -4, 1 throughout.
//!
//! λ = 6.25 for years corresponds to 1600 for quarters (Ravn and Uhlig 2002, Review of Economics and Statistics
//! 84(2)); 100 was usual before.
//!
//! Hamilton (2018), "Why you should never use the Hodrick-Prescott filter", Review of Economics and Statistics 100(5):
//! the cycle at t is the residual of y_t on a constant and y_{t-h}, …, y_{t-h-p+1}.

use crate::math::orthonormal::Orthonormal;

/// Least length of a series for [`hp_cycle`]: below there is no second difference.
pub const HP_LENGTH: usize = 3;

/// Least degrees of freedom of the regression of [`hamilton_cycle`].
pub const HAMILTON_FREE: usize = 5;

/// Cycle of a series (n) after the Hodrick-Prescott filter, n; `None` for fewer than [`HP_LENGTH`] values.
///
/// ```
/// use plim_stats::trade::resilience::hp_cycle;
/// // A line has no cycle.
/// assert!(hp_cycle(&[1.0, 3.0, 5.0, 7.0], 6.25).unwrap().iter().all(|c| c.abs() < 1e-14));
/// ```
pub fn hp_cycle(y: &[f64], lambda: f64) -> Option<Vec<f64>> {
    let n = y.len();
    if n < HP_LENGTH {
        return None;
    }
    let m = n - 2;
    let mut z: Vec<f64> = (0..m).map(|i| (y[i + 2] - y[i + 1]) - (y[i + 1] - y[i])).collect();
    // L D L' of the band matrix: pivot, and the first and second subdiagonal of L, row by row.
    let mut bands: Vec<[f64; 3]> = Vec::with_capacity(m);
    for i in 0..m {
        let far = if i >= 2 { 1.0 / bands[i - 2][0] } else { 0.0 };
        let near = if i >= 1 { (-4.0 - bands[i - 1][1]) / bands[i - 1][0] } else { 0.0 };
        let above = if i >= 1 { near * near * bands[i - 1][0] } else { 0.0 };
        bands.push([6.0 + 1.0 / lambda - far - above, near, far]);
    }
    for (i, [_, near, far]) in bands.iter().enumerate() {
        let before = if i >= 1 { near * z[i - 1] } else { 0.0 };
        let twice = if i >= 2 { far * z[i - 2] } else { 0.0 };
        z[i] -= before + twice;
    }
    z.iter_mut().zip(&bands).for_each(|(z, [pivot, ..])| *z /= pivot);
    for i in (0..m).rev() {
        let next = if i + 1 < m { bands[i + 1][1] * z[i + 1] } else { 0.0 };
        let after = if i + 2 < m { bands[i + 2][2] * z[i + 2] } else { 0.0 };
        z[i] -= next + after;
    }
    let mut cycle = vec![0.0; n];
    for (i, z) in z.into_iter().enumerate() {
        cycle[i] += z;
        cycle[i + 1] -= 2.0 * z;
        cycle[i + 2] += z;
    }
    Some(cycle)
}

/// Cycle of a series (n) by Hamilton's regression on `lags` values from `horizon` periods before, n; NaN in the first
/// `horizon + lags - 1` periods. `None` where the series is too short, or its lags are collinear.
pub fn hamilton_cycle(y: &[f64], horizon: usize, lags: usize) -> Option<Vec<f64>> {
    let first = (horizon + lags).checked_sub(1)?;
    let used = y.len().checked_sub(first)?;
    if used < lags + 1 + HAMILTON_FREE {
        return None;
    }
    // Off the first value, so that the constant and the lags are far from parallel.
    let y: Vec<f64> = y.iter().map(|v| v - y[0]).collect();
    let mut columns = vec![vec![1.0; used]];
    columns.extend((0..lags).map(|l| y[first - horizon - l..][..used].to_vec()));
    let basis = Orthonormal::new(&columns);
    if basis.kept.len() <= lags {
        return None;
    }
    let mut rest = y[first..].to_vec();
    basis.project(&mut rest);
    Some(std::iter::repeat_n(f64::NAN, first).chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cycle_solves_the_normal_equations() {
        let y: Vec<f64> = (0..40).map(|i| (f64::from(i) * 0.7).sin() + 0.1 * f64::from(i) + 20.0).collect();
        for lambda in [1e-3, 6.25, 1600.0, 1e6] {
            let c = hp_cycle(&y, lambda).unwrap();
            // c = λ D'D (y - c)
            let trend: Vec<f64> = y.iter().zip(&c).map(|(y, c)| y - c).collect();
            let d: Vec<f64> = trend.windows(3).map(|w| w[2] - 2.0 * w[1] + w[0]).collect();
            for t in 0..y.len() {
                let at = |i: usize| d.get(i).copied().unwrap_or(0.0);
                let back = |k: usize| t.checked_sub(k).map_or(0.0, at);
                let want = lambda * (back(2) - 2.0 * back(1) + at(t));
                assert!((c[t] - want).abs() < 1e-13 * lambda.max(1.0) * 20.0, "{lambda} {t}: {} {want}", c[t]);
            }
            // The cycle has neither level nor trend.
            assert!(c.iter().sum::<f64>().abs() < 1e-10);
            assert!(c.iter().enumerate().map(|(t, c)| t as f64 * c).sum::<f64>().abs() < 1e-9);
        }
        assert!(hp_cycle(&[1.0, 2.0], 6.25).is_none());
    }

    #[test]
    fn an_autoregression_without_error_has_no_hamilton_cycle() {
        let mut y = vec![1.0, 1.2];
        for t in 2..20 {
            y.push(0.5 + 0.6 * y[t - 2]);
        }
        let c = hamilton_cycle(&y, 2, 1).unwrap();
        assert!(c[..2].iter().all(|c| c.is_nan()) && c[2..].iter().all(|c| c.abs() < 1e-12), "{c:?}");
        assert!(hamilton_cycle(&y[..8], 2, 1).is_none(), "too short");
        assert!(hamilton_cycle(&[3.0; 20], 2, 1).is_none(), "constant");
    }
}
