//! Least squares with absorbed fixed effects.

pub mod least_squares;
pub mod ols;
mod regression;

pub use ols::{Collinear, Dropped, INTERCEPT, Ols, OlsFit, Prepared};
pub use regression::{Estimated, Regression};
