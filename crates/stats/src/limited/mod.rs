//! Outcomes of which a part is not seen: censoring and truncation.

pub mod tobit;
pub mod truncated;

pub use tobit::{Tobit, TobitFit, tobit};
pub use truncated::{Truncated, TruncatedFit, truncated};

use crate::fit::Spread;
use crate::vcov::{Ssc, Vcov, vcov};
use crate::{Design, Result, Sandwich};

/// The covariance of a maximum of the likelihood: for `iid` the inverse of minus the Hessian, with the normal
/// distribution; else a sandwich of the scores.
fn covariance(fit: &impl Sandwich, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Spread> {
    if *how == Vcov::Iid {
        let label = "iid (inverse of minus the Hessian, no factor, normal)".to_string();
        return Ok(Spread { V: fit.bread().clone(), df: None, label, warnings: Vec::new() });
    }
    let c = vcov(fit, how, ssc, design)?;
    Ok(Spread { V: c.V, df: Some(c.df), label: c.label, warnings: c.warnings })
}
