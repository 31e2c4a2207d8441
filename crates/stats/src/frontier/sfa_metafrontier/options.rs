//! The options of a metafrontier, and which of them go together.

use crate::frontier::sfa::{Data, Distribution, Frontier, Model, Sfa};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stochastic frontier of each group, and the metafrontier over them: efficiency within the group, technology gap, both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SfaMetafrontier {
    /// Column of the groups.
    pub group: String,
    /// How the metafrontier envelops the frontiers of the groups.
    pub envelope: Enveloped,
    /// Whether inefficiency lowers the outcome (production) or raises it (cost).
    pub frontier: Frontier,
    /// Model of the group frontiers, one of sfa whose frontier has an intercept.
    pub model: Model,
    /// Distribution of inefficiency, and of the technology gap of a stochastic metafrontier.
    pub distribution: Distribution,
    /// Columns that move the mean of inefficiency within groups, as in sfa.
    pub determinants: Vec<String>,
    /// Columns that move ln sigma_u squared within groups, beside a constant.
    pub u_variance: Vec<String>,
    /// Columns that move ln sigma_v squared within groups, beside a constant.
    pub v_variance: Vec<String>,
    /// Columns that move the mean of the technology gap of a stochastic metafrontier, truncated normal then.
    pub gap_determinants: Vec<String>,
    /// Draws of the group frontiers for the standard errors of a deterministic metafrontier; 0 for none. 400 give them to
    /// 4 percent.
    pub replications: usize,
}

impl Default for SfaMetafrontier {
    fn default() -> Self {
        SfaMetafrontier {
            group: String::new(),
            envelope: Enveloped::default(),
            frontier: Frontier::default(),
            model: Model::default(),
            distribution: Distribution::default(),
            determinants: Vec::new(),
            u_variance: Vec::new(),
            v_variance: Vec::new(),
            gap_determinants: Vec::new(),
            replications: 400,
        }
    }
}

/// How a metafrontier envelops the group frontiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Enveloped {
    /// The smallest sum of distances to them (Battese, Rao and O'Donnell 2004). It always exists.
    #[default]
    Linear,
    /// The smallest sum of squared distances.
    Quadratic,
    /// A stochastic frontier of the fitted group frontiers (Huang, Huang and Liu 2014).
    Stochastic,
}

impl SfaMetafrontier {
    /// The options of the group frontiers.
    pub(super) fn within(&self) -> Sfa {
        Sfa { model: self.model, distribution: self.distribution, frontier: self.frontier, ..Sfa::default() }
    }

    pub(super) fn sign(&self) -> f64 {
        if self.frontier == Frontier::Production { 1.0 } else { -1.0 }
    }

    pub(super) fn check(&self, data: &Data, groups: &[usize], labels: &[String], gap: bool) -> Result<()> {
        if groups.len() != data.nobs() {
            return Err(Error::length("the groups", groups.len(), data.nobs()));
        }
        if labels.len() < 2 || groups.iter().any(|&g| g >= labels.len()) {
            return Err(Error::invalid(
                format!("{} groups for a metafrontier", labels.len()),
                "name in `group` a column with two or more values",
            ));
        }
        use Model::{CornwellSchmidtSickles, LeeSchmidt, SchmidtSickles, Tfe, WangHo, WithinMle};
        if matches!(self.model, Tfe | WithinMle | WangHo | SchmidtSickles | CornwellSchmidtSickles | LeeSchmidt) {
            return Err(Error::invalid(
                "a metafrontier compares frontiers, and this `model` has no intercept of its frontier",
                "use model = \"pooled\", \"bc92\", \"bc95\" or \"tre\"",
            ));
        }
        if gap && self.envelope != Enveloped::Stochastic {
            return Err(Error::invalid(
                "`gap_determinants` move the gap of a stochastic metafrontier",
                "set envelope = \"stochastic\", or leave them out",
            ));
        }
        if self.replications == 1 {
            return Err(Error::invalid("`replications` is 1, which has no spread", "give 0, or 100 and more"));
        }
        Ok(())
    }
}
