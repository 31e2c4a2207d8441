//! Separated observations, for which no finite maximum exists.
//!
//! With zeros a likelihood may rise for ever along a direction z of the space of regressors and effects:
//!
//! ```text
//! Poisson   z_i = 0 where y_i > 0,   z_i ≤ 0 where y_i = 0,   z_i < 0 for some i
//! binary    z_i ≥ 0 where y_i = 1,   z_i ≤ 0 where y_i = 0,   z_i ≠ 0 for some i
//! ```
//!
//! Correia, Guimarães and Zylkin (2019) show that a maximum exists exactly when there is no such z, and that the
//! observations with z_i ≠ 0 can be dropped: they fit perfectly in the limit and say nothing about the parameters
//! that remain. They find z by rectifying least squares repeatedly. Here Newton's own step is used: it lies in
//! the space by construction, vanishes quadratically wherever a maximum exists, and stays near one (the Mills
//! ratio, for probit) at separated observations, where the working residual does. Once a step satisfies the
//! conditions above to [`ZERO`], it *is* the z of the theorem and nothing further has to be proved; and as long as
//! any η still moves a fit does not count as converged. So a fit either has a finite maximum or names the
//! observations that prevent it.

use super::Family;

/// A direction counts as zero at an observation below this fraction of its largest value.
const ZERO: f64 = 1e-6;

/// Observations that move at least this fraction leave at once; slower ones in a later round.
const MOVES: f64 = 1e-3;

/// A step whose largest change is below this is the end of a convergence, not a recession.
pub(super) const STILL: f64 = 1e-6;

/// The observations separated along `step` (n), when it is a direction of recession.
pub(super) fn separated(family: Family, y: &[f64], step: &[f64]) -> Option<Vec<usize>> {
    let largest = step.iter().fold(0.0f64, |m, z| m.max(z.abs()));
    if largest.is_nan() || largest <= 1e3 * STILL {
        return None;
    }
    let recedes = |(y, z): (&f64, &f64)| family.recedes(*y, *z, ZERO * largest).is_some();
    if !y.iter().zip(step).all(recedes) {
        return None;
    }
    Some((0..y.len()).filter(|&i| step[i].abs() >= MOVES * largest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_must_satisfy_every_observation() {
        let y = [0.0, 0.0, 3.0, 0.0];
        assert_eq!(separated(Family::Poisson, &y, &[-1.0, 0.0, 1e-9, -0.4]), Some(vec![0, 3]));
        assert_eq!(separated(Family::Poisson, &y, &[-1.0, 0.0, 1e-3, -0.4]), None, "a positive outcome moves");
        assert_eq!(separated(Family::Poisson, &y, &[-1.0, 0.2, 0.0, -0.4]), None, "a zero rises");
        assert_eq!(separated(Family::Poisson, &y, &[-1e-8, 0.0, 0.0, 0.0]), None, "it stands still");
        let y = [0.0, 1.0, 1.0];
        assert_eq!(separated(Family::Logit, &y, &[-1.0, 1.0, 0.0]), Some(vec![0, 1]));
        assert_eq!(separated(Family::Logit, &y, &[-1.0, -1.0, 0.0]), None);
    }
}
