//! Beta convergence: growth against the initial level, its speed and half-life.
//!
//! ```text
//! (ln y_{i,t+h} - ln y_it) / h = a + β ln y_it + γ'x_it + effects + e
//! β = -(1 - e^{-λ h}) / h,    λ = -ln(1 + β h) / h,    half-life = ln 2 / λ
//! ```
//!
//! Without x and effects convergence is absolute, with them conditional on each unit's own steady state. The equation is
//! an ordinary regression (`feols`, with its covariances); here is what follows from β, with standard errors by the delta
//! method. Unit effects over few years bias β downward (Nickell 1981) and make convergence look fast. Barro and
//! Sala-i-Martin (1992), "Convergence", Journal of Political Economy 100(2).

/// Speed of convergence and half-life from β.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    /// λ, a unit of time; negative where units diverge, NaN where β h ≤ -1 (the gap is closed, or changes sign, within
    /// the horizon).
    pub speed: f64,
    /// Its standard error.
    pub speed_std_error: f64,
    /// Time in which half of the gap closes; NaN without convergence.
    pub half_life: f64,
    /// Its standard error.
    pub half_life_std_error: f64,
}

/// Speed and half-life of growth over `horizon`, from β and its standard error.
///
/// ```
/// // λ = 2 % a year, the rate that Barro and Sala-i-Martin find, halves a gap in 34.66 years.
/// let beta = -(1.0 - (-0.02f64 * 10.0).exp()) / 10.0;
/// let found = plim_stats::distribution::speed(beta, 0.001, 10.0);
/// assert!((found.speed - 0.02).abs() < 1e-15 && (found.half_life - 34.657359).abs() < 1e-6);
/// ```
pub fn speed(beta: f64, std_error: f64, horizon: f64) -> Speed {
    let left = 1.0 + beta * horizon;
    let (speed, speed_std_error) = match left > 0.0 {
        true => (-(beta * horizon).ln_1p() / horizon, std_error / left),
        false => (f64::NAN, f64::NAN),
    };
    let (half_life, half_life_std_error) = match speed > 0.0 {
        true => (std::f64::consts::LN_2 / speed, std::f64::consts::LN_2 / (speed * speed) * speed_std_error),
        false => (f64::NAN, f64::NAN),
    };
    Speed { speed, speed_std_error, half_life, half_life_std_error }
}
