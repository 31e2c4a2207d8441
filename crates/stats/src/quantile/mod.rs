//! Quantiles of the outcome given the regressors.

pub mod mmqr;
pub mod regression;
pub mod simplex;

pub use mmqr::{Mmqr, MmqrFit, mmqr};
pub use regression::{Density, Quantile, QuantileFit, quantile};
