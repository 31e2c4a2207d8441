//! Outcomes of which a part is not seen: censoring and truncation.

pub mod tobit;
pub mod truncated;

pub use tobit::{Tobit, TobitFit, tobit};
pub use truncated::{Truncated, TruncatedFit, truncated};
