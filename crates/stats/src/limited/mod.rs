//! Outcomes of which a part is not seen: censoring.

pub mod tobit;

pub use tobit::{Tobit, TobitFit, tobit};
