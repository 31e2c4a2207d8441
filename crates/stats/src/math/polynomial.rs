//! Real roots of a polynomial.

/// Halvings of a bracket: enough to reach neighboring numbers from any width.
const HALVINGS: usize = 2_200;

/// The real roots of Σ cᵢ xⁱ, ascending; those at which the polynomial only touches zero may be missed by rounding.
///
/// Between two neighboring extremes a polynomial is monotone: the roots of the derivative, found in the same way,
/// bracket its own, and halving each bracket leaves nothing but the rounding of the polynomial itself.
///
/// ```
/// use plim_stats::math::polynomial::real_roots;
/// // (x - 1)(x - 2)(x + 3) and x² + 1
/// let roots = real_roots(&[6.0, -7.0, 0.0, 1.0]);
/// assert!(roots.iter().zip([-3.0, 1.0, 2.0]).all(|(r, x)| (r - x).abs() < 1e-14));
/// assert!(real_roots(&[1.0, 0.0, 1.0]).is_empty());
/// ```
pub fn real_roots(coefficients: &[f64]) -> Vec<f64> {
    let Some(degree) = coefficients.iter().rposition(|c| *c != 0.0) else { return Vec::new() };
    let c = &coefficients[..=degree];
    if degree == 0 || c.iter().any(|c| !c.is_finite()) {
        return Vec::new();
    }
    // Cauchy's bound on every root.
    let bound = 1.0 + c[..degree].iter().map(|a| (a / c[degree]).abs()).fold(0.0, f64::max);
    if !bound.is_finite() {
        // The leading term is lost beside the others.
        return real_roots(&c[..degree]);
    }
    let derivative: Vec<f64> = (1..=degree).map(|i| i as f64 * c[i]).collect();
    let mut ends = vec![-bound];
    ends.extend(real_roots(&derivative).into_iter().filter(|x| x.abs() < bound));
    ends.push(bound);
    let mut roots: Vec<f64> = ends.windows(2).filter_map(|w| bracketed(c, w[0], w[1])).collect();
    roots.dedup();
    roots
}

/// Σ cᵢ xⁱ by Horner's rule.
pub fn value(c: &[f64], x: f64) -> f64 {
    c.iter().rev().fold(0.0, |v, c| v * x + c)
}

/// The root between two points at which the values differ in sign.
fn bracketed(c: &[f64], mut low: f64, mut high: f64) -> Option<f64> {
    let (at_low, at_high) = (value(c, low), value(c, high));
    if at_low == 0.0 || at_high == 0.0 {
        return Some(if at_low == 0.0 { low } else { high });
    }
    if (at_low > 0.0) == (at_high > 0.0) {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        match value(c, middle) {
            0.0 => return Some(middle),
            v if (v > 0.0) == (at_low > 0.0) => low = middle,
            _ => high = middle,
        }
    }
    let nearest = if value(c, low).abs() <= value(c, high).abs() { low } else { high };
    Some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_of_any_degree_and_size() {
        // A leading coefficient that has all but vanished puts one root far out and leaves the others exact.
        let roots = real_roots(&[-2.0, 1.0, 1.0, 1e-18]);
        assert!((roots[1] + 2.0).abs() < 1e-14 && (roots[2] - 1.0).abs() < 1e-14, "{roots:?}");
        assert!((roots[0] + 1e18).abs() < 1e4);
        assert_eq!(real_roots(&[0.0, 0.0, 3.0]), [0.0]);
        assert_eq!(real_roots(&[1.0, 2.0]), [-0.5]);
        assert!(real_roots(&[]).is_empty() && real_roots(&[4.0]).is_empty() && real_roots(&[f64::NAN, 1.0]).is_empty());
    }
}
