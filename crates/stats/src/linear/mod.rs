//! Least squares with absorbed fixed effects, and with instruments.

mod anderson_rubin;
mod family;
mod gmm;
mod iv;
pub mod least_squares;
pub mod moments;
pub mod ols;
mod regression;
mod system;
mod weakiv;

pub use anderson_rubin::{ArSet, Shape};
pub use family::{Model, Pool};
pub use gmm::Overidentification;
pub use iv::{Estimator, GmmOptions, Instrumental, InstrumentalFit, IvOptions, LimlOptions};
pub use ols::{Accuracy, Collinear, Dropped, INTERCEPT, Ols, OlsFit, Precision, Prepared};
pub use regression::{Estimated, Regression};
pub use weakiv::{Critical, FirstStage, Weak};
