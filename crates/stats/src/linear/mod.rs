//! Least squares with absorbed fixed effects.

pub mod least_squares;
pub mod ols;

pub use ols::{Collinear, Dropped, INTERCEPT, Ols, OlsFit, Prepared};
