//! The options of the five methods, beside those of every regression.

use super::BiasCorrection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Poisson pseudo-maximum likelihood with absorbed fixed effects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fepois {
    /// Column of exposures (population, time at risk): its logarithm is added to the offset.
    pub exposure: Option<String>,
}

/// Logit with absorbed fixed effects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logit {
    /// Correction of the bias that the fixed effects bring.
    pub bias_correction: BiasCorrection,
}

/// Probit with absorbed fixed effects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probit {
    /// Correction of the bias that the fixed effects bring.
    pub bias_correction: BiasCorrection,
}

/// Complementary log-log regression with absorbed fixed effects.
///
/// With effects of duration it is the grouped proportional hazard of Prentice and Gloeckler.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cloglog {
    /// Column of exposures (length of the period at risk): its logarithm is added to the offset.
    pub exposure: Option<String>,
}

/// Negative binomial (NB2) with absorbed fixed effects, the dispersion estimated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Negbin {
    /// Column of exposures (population, time at risk): its logarithm is added to the offset.
    pub exposure: Option<String>,
}
