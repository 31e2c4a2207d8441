//! Frontiers: data envelopment analysis, stochastic frontiers, and the knowledge stocks that feed them.

pub mod cross_efficiency;
pub mod dea;
pub mod dynamic;
pub mod inference;
pub mod malmquist;
pub mod network;
pub mod outliers;
mod prices;
pub mod sfa;
pub mod sfa_metafrontier;
mod shares;
pub mod stock;
pub mod technology;
pub mod tfp_growth;
pub mod two_stage;
pub mod window;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of a unit's score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The score is there and can be trusted.
    Optimal,
    /// Proven: the reference cannot reach the unit by scaling (super-efficiency under variable returns).
    Infeasible,
    /// The efficiency has no upper limit: nobody else makes any of the unit's outputs.
    Unbounded,
    /// No score: the data are outside the method, or the number failed its check; see the reason.
    Refused,
}
