//! Generalized linear models with any number of absorbed fixed effects, by maximum likelihood.
//!
//! ```text
//! E(y_i | X, D) = g⁻¹(η_i),      η_i = offset_i + x_i'β + d_i'α
//! ```
//!
//! | file | what |
//! |---|---|
//! | `family` | likelihoods: Poisson, logit, probit, complementary log-log, negative binomial (NB2) |
//! | `irls` | the climb: weighted least squares with re-weighted absorption, and its certificate |
//! | `sample` | outcomes refused, levels of effects without a finite maximum, singletons |
//! | `separation` | observations that would send coefficients to infinity |
//! | `negbin` | the dispersion θ |
//! | `bias` | incidental parameters: the analytical correction for logit and probit |
//! | `options` | the options of `fepois`, `logit`, `probit`, `cloglog`, `negbin` |
//!
//! Poisson needs only the mean to be right, whatever the distribution (Gourieroux, Monfort and Trognon 1984; Santos
//! Silva and Tenreyro 2006), and its fixed effects are harmless. Those of logit and probit are incidental
//! parameters: with T observations in a level the bias is of order 1/T.
//!
//! ```
//! use plim_stats::{Design, Factor, Fit, glm::{Family, Glm}, math::Mat};
//! // Means 2 and 6 within each city, whatever its level: β = ln 3.
//! let design = Design {
//!     y: vec![2.0, 6.0, 20.0, 60.0],
//!     outcome: "y".into(),
//!     X: Mat::from_fn(4, 1, |i, _| [0.0, 1.0, 0.0, 1.0][i]),
//!     names: vec!["x".into()],
//!     fe: vec![Factor::from_keys("city", [1, 1, 2, 2])],
//!     rows: (0..4).collect(),
//!     ..Design::default()
//! };
//! let fit = Glm::new(Family::Poisson).fit(&design).unwrap();
//! assert!((fit.coef()[0] - 3f64.ln()).abs() < 1e-12);
//! ```

mod bias;
mod family;
mod fit;
mod irls;
mod negbin;
mod options;
mod sample;
mod separation;

pub use bias::BiasCorrection;
pub use family::Family;
pub use fit::{Glm, GlmFit, THETA, covariance};
pub use options::{Cloglog, Fepois, Logit, Negbin, Probit};
