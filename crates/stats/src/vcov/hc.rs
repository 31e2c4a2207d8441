//! Exact leverages for `hc2` and `hc3`: that of the effects and that of the regressors off them.

use super::blocks::weights;
use crate::absorb::Absorber;
use crate::{Design, Error, Factor, Kind, Result, Sandwich, Slope};

/// An observation whose leverage is nearer to one than this fits itself.
const OWN_FIT: f64 = 1e-10;

/// Leverage of each observation: that of the effects and that of the regressors off them.
pub(super) fn leverages(fit: &dyn Sandwich, design: &Design, fe: &[Factor]) -> Result<Vec<f64>> {
    let Some(X) = fit.regressors() else {
        return Err(Error::invalid("hc2 and hc3 are not defined for this estimator", "set `vcov = \"hc1\"`"));
    };
    let source: Vec<usize> = fit.sample().map_or_else(|| (0..fit.nobs()).collect(), <[usize]>::to_vec);
    let w = weights(fit, design);
    let slopes: Vec<Slope> = design.slopes.iter().map(|s| s.at(&source)).collect();
    let mut h = match fe.is_empty() && slopes.is_empty() {
        true => vec![0.0; fit.nobs()],
        false => Absorber::new(fe, &slopes, w.as_deref())?.leverages().ok_or_else(|| {
            Error::invalid("the effects have too many levels for exact leverages", "set `vcov = \"hc1\"`")
        })?,
    };
    let XB = X * fit.bread();
    for (i, h) in h.iter_mut().enumerate() {
        let own: f64 = (0..X.ncols()).map(|j| XB[(i, j)] * X[(i, j)]).sum();
        *h += own * w.as_ref().map_or(1.0, |w| w[i]);
    }
    let fits_itself: Vec<usize> =
        (0..h.len()).filter(|&i| 1.0 - h[i] < OWN_FIT).map(|i| design.rows[source[i]]).collect();
    match fits_itself.is_empty() {
        true => Ok(h),
        false => Err(Error::new(Kind::Untrusted {
            message: format!(
                "{} observations have leverage one, so that hc2 and hc3 divide by zero",
                fits_itself.len()
            ),
            remedy: "set `singletons = \"drop\"`, or `vcov = \"hc1\"`".into(),
        })
        .at_rows(fits_itself)),
    }
}
