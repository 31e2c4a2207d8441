//! Misallocation of factors: how far an allocation is from the one that equal wedges would give.
//!
//! | file | what |
//! |---|---|
//! | [`wedges`](mod@wedges) | relative distortion γ and wedge τ of any number of factors (Chen and Hu 2011, Ji et al. 2016) |
//! | [`elasticity`] | the output elasticities that they need: common, by unit, shrunken |
//! | [`hsieh_klenow`](mod@hsieh_klenow) | revenue productivity, its dispersion and the gain of equalizing it |
//! | [`flows`](mod@flows) | flows of a factor between places by gravity |
//! | [`coupling`](mod@coupling) | coupling coordination degree of subsystems |

pub mod coupling;
pub mod elasticity;
pub mod flows;
pub mod hsieh_klenow;
mod sample;
pub mod wedges;

pub use coupling::{Coupling, coupling};
pub use elasticity::{Elasticity, Estimate, Returns};
pub use flows::{FactorFlows, factor_flows};
pub use hsieh_klenow::{HsiehKlenow, hsieh_klenow};
pub use wedges::{Misallocation, misallocation};

use crate::{Error, Kind, Result};

/// Refuses a column of another length, with values that are not finite, or with negative ones.
fn nonnegative(name: &str, values: &[f64], n: usize) -> Result<()> {
    if values.len() != n {
        return Err(Error::length(format!("`{name}`"), values.len(), n));
    }
    let at = |bad: fn(&f64) -> bool| (0..n).filter(|&i| bad(&values[i])).collect::<Vec<_>>();
    let unfinished = at(|v| !v.is_finite());
    if !unfinished.is_empty() {
        return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(unfinished));
    }
    let negative = at(|v| *v < 0.0);
    if !negative.is_empty() {
        let e = Error::invalid("a value is negative; wanted zero or more", "correct or drop these rows");
        return Err(e.at_column(name).at_rows(negative));
    }
    Ok(())
}

/// The rows of each time, times ascending.
fn periods(time: &[i64], rows: impl Iterator<Item = usize>) -> std::collections::BTreeMap<i64, Vec<usize>> {
    let mut periods = std::collections::BTreeMap::<i64, Vec<usize>>::new();
    rows.for_each(|i| periods.entry(time[i]).or_default().push(i));
    periods
}
