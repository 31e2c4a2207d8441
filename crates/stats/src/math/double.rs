//! Double-double arithmetic: an unevaluated sum of two `f64`, about 32 significant digits.
//!
//! A sum or product of two `f64` is exact as such a pair (Dekker 1971; Knuth, "The Art of Computer Programming" 2,
//! 4.2.2). Least squares uses it where double precision would lose the digits: in the moments of nearly collinear
//! regressors, whose error is the square of their condition number times the rounding.
//!
//! ```
//! use plim_stats::math::double::Double;
//! let third = Double::from(1.0) / Double::from(3.0);
//! assert_eq!((third * Double::from(3.0) - Double::from(1.0)).to_f64().abs() < 1e-31, true);
//! ```

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// Largest relative error of one operation.
pub const EPSILON: f64 = 4.93e-32; // 2^-104

/// The number `high + low`, |low| at most half a unit in the last place of `high`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Double {
    /// The number rounded to `f64`.
    pub high: f64,
    /// What the rounding left.
    pub low: f64,
}

/// a + b exactly, whatever their order of size.
fn two_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    let part = high - a;
    Double { high, low: (a - (high - part)) + (b - part) }
}

/// a + b exactly, for |a| ≥ |b|.
fn quick_two_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    Double { high, low: b - (high - a) }
}

impl Double {
    /// Zero.
    pub const ZERO: Double = Double { high: 0.0, low: 0.0 };

    /// The product of two `f64`, exactly.
    pub fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        Double { high, low: a.mul_add(b, -high) }
    }

    /// The sum of a number and what was rounded off it.
    pub fn with_low(high: f64, low: f64) -> Self {
        two_sum(high, low)
    }

    /// Rounded.
    pub fn to_f64(self) -> f64 {
        self.high + self.low
    }

    /// Square root; of a negative number, NaN.
    pub fn sqrt(self) -> Self {
        if self.high == 0.0 {
            return Double::ZERO;
        }
        // One Newton step doubles the digits of the root in double precision (Karp and Markstein 1997).
        let root = self.high.sqrt();
        let rest = self - Double::product(root, root);
        quick_two_sum(root, rest.to_f64() / (2.0 * root))
    }

    /// x^k by repeated multiplication, k ≥ 0.
    pub fn powi(self, k: u32) -> Self {
        (0..k).fold(Double::from(1.0), |power, _| power * self)
    }
}

impl From<f64> for Double {
    fn from(high: f64) -> Self {
        Double { high, low: 0.0 }
    }
}

impl Neg for Double {
    type Output = Double;
    fn neg(self) -> Double {
        Double { high: -self.high, low: -self.low }
    }
}

impl Add for Double {
    type Output = Double;
    fn add(self, other: Double) -> Double {
        let high = two_sum(self.high, other.high);
        let low = two_sum(self.low, other.low);
        let first = quick_two_sum(high.high, high.low + low.high);
        quick_two_sum(first.high, first.low + low.low)
    }
}

impl Sub for Double {
    type Output = Double;
    fn sub(self, other: Double) -> Double {
        self + -other
    }
}

impl Mul for Double {
    type Output = Double;
    fn mul(self, other: Double) -> Double {
        let high = Double::product(self.high, other.high);
        quick_two_sum(high.high, high.low + (self.high * other.low + self.low * other.high))
    }
}

impl Div for Double {
    type Output = Double;
    fn div(self, other: Double) -> Double {
        // Long division, two digits of 53 bits and a third that rounds.
        let first = self.high / other.high;
        let rest = self - Double::from(first) * other;
        let second = rest.high / other.high;
        let rest = rest - Double::from(second) * other;
        quick_two_sum(first, second) + Double::from(rest.high / other.high)
    }
}

impl AddAssign for Double {
    fn add_assign(&mut self, other: Double) {
        *self = *self + other;
    }
}

impl SubAssign for Double {
    fn sub_assign(&mut self, other: Double) {
        *self = *self - other;
    }
}

impl Sum for Double {
    fn sum<I: Iterator<Item = Double>>(all: I) -> Double {
        all.fold(Double::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(v: f64) -> Double {
        Double::from(v)
    }

    #[test]
    fn thirty_digits() {
        // e by its series, to the 32 digits of the tables: 2.7182818284590452353602874713526625
        let mut term = d(1.0);
        let mut e = d(1.0);
        for k in 1..40 {
            term = term / d(f64::from(k));
            e += term;
        }
        let table = Double { high: std::f64::consts::E, low: 1.445_646_891_729_250_2e-16 };
        assert!((e - table).to_f64().abs() < 1e-30, "{e:?}");
        let root = d(2.0).sqrt();
        assert!((root * root - d(2.0)).to_f64().abs() < 1e-31);
        assert!((d(7.0) / d(3.0) * d(3.0) - d(7.0)).to_f64().abs() < 1e-30);
    }

    #[test]
    fn nothing_is_lost_where_f64_loses_all() {
        let sum: Double = [d(1e20), d(1.0), d(-1e20), d(1e-12)].into_iter().sum();
        assert_eq!(sum.to_f64(), 1.0 + 1e-12);
        // (1 + 2^-30)^2 - 1 - 2^-29 = 2^-60.
        let x = 1.0 + 2f64.powi(-30);
        assert_eq!((d(x).powi(2) - d(1.0) - d(2f64.powi(-29))).to_f64(), 2f64.powi(-60));
    }
}
