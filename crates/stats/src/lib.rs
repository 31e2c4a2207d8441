//! Numbers: estimators and measures. No files, no clock, no globals; `f64` in, structs out.
//!
//! | folder | what lives there |
//! |---|---|
//! | [`linear`] | least squares with absorbed fixed effects |
//! | [`absorb`] | the fixed-effect solver, singletons, rank of the effects |
//! | [`quantile`] | quantile regression, exact and by moments with absorbed effects |
//! | [`limited`] | censored outcomes |
//! | [`dummies`] | effects as dummies, where they cannot be absorbed |
//! | [`vcov`] | covariances applied after a fit, and the named small-sample rules |
//! | [`effect`] | mediation, moderation, split samples, thresholds |
//! | [`did`] | two-way difference in differences, event study, placebo |
//! | [`frontier`] | data envelopment analysis, stochastic frontiers, knowledge stocks |
//! | [`glm`] | Poisson, logit, probit, complementary log-log, negative binomial with absorbed fixed effects |
//! | [`misallocation`] | wedges, elasticities, revenue productivity, factor flows, coupling |
//! | [`index`] | normalization and weights of composite indices |
//! | [`distribution`] | how an index is spread over units and how the spread moves |
//! | [`spatial`] | whether near units are alike |
//! | [`audit`] | which convention made published weights; what is odd in data |
//! | [`trade`] | complexity, concentration, inertia, resilience, shift-share, episodes, survival |
//! | [`sensitivity`] | what a regression hangs on: omitted variables, single units and controls |
//! | [`resample`] | permutation and bootstrap over units |
//! | [`math`] | the only folder that names faer, libm, statrs, the random stream, the simplex |
//!
//! Every method has an options struct beside it. Its doc comments, types and `Default` are the one
//! definition from which the study file, the command line, the help and the schema derive.
//!
//! Same input, same bits, on any number of threads.

pub mod absorb;
pub mod audit;
pub mod design;
pub mod did;
pub mod distribution;
pub mod dummies;
pub mod effect;
pub mod error;
pub mod fit;
pub mod frontier;
pub mod glm;
pub mod index;
pub mod limited;
pub mod linear;
pub mod math;
pub mod misallocation;
pub mod multiverse;
pub mod quantile;
pub mod resample;
pub mod sensitivity;
pub mod spatial;
pub mod trade;
pub mod vcov;

pub use design::{Design, Factor, Instruments, PanelKeys, Slope};
pub use error::{Error, Kind, Result};
pub use fit::{Coefficient, Fit, Sandwich, Test};
