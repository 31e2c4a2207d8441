//! Least squares with absorbed fixed effects.

pub mod least_squares;
pub mod moments;
pub mod ols;
mod regression;

pub use ols::{Accuracy, Collinear, Dropped, INTERCEPT, Ols, OlsFit, Precision, Prepared};
pub use regression::{Estimated, Regression};
