//! Least squares with absorbed fixed effects, with instruments, and the classical panel estimators.

mod anderson_rubin;
pub mod between;
pub mod dynamic;
mod family;
pub mod first_difference;
mod gmm;
mod iv;
pub mod least_squares;
pub mod moments;
pub mod ols;
pub mod panel;
pub mod panel_tests;
mod prepared;
pub mod random_effects;
mod regression;
mod system;
mod weakiv;
mod within;

pub use anderson_rubin::{ArSet, Shape};
pub use between::{Between, BetweenFit};
pub use family::{Model, Pool};
pub use first_difference::{FirstDifference, FirstDifferenceFit, Gaps};
pub use gmm::Overidentification;
pub use iv::{Estimator, GmmOptions, Instrumental, InstrumentalFit, IvOptions, LimlOptions};
pub use ols::{Accuracy, Collinear, Dropped, INTERCEPT, Ols, OlsFit, Precision};
pub use panel_tests::panel_tests;
pub use prepared::Prepared;
pub use random_effects::{RandomEffects, RandomEffectsFit, Variance};
pub use regression::{Estimated, Regression};
pub use weakiv::{Critical, FirstStage, Weak};
