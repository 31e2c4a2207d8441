//! Least squares with absorbed fixed effects, and the classical panel estimators.

pub mod between;
pub mod dynamic;
pub mod first_difference;
pub mod least_squares;
pub mod ols;
pub mod panel;
pub mod panel_tests;
pub mod random_effects;
mod regression;

pub use between::{Between, BetweenFit};
pub use first_difference::{FirstDifference, FirstDifferenceFit, Gaps};
pub use ols::{Collinear, Dropped, INTERCEPT, Ols, OlsFit, Prepared};
pub use panel_tests::panel_tests;
pub use random_effects::{RandomEffects, RandomEffectsFit, Variance};
pub use regression::{Estimated, Regression};
