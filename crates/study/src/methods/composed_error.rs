//! The figure of a frontier's fit: residuals under the density that was fitted to them.

use super::need;
use super::show::shown;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::density::composed;
use plim_report::page::{Block, Figure as Drawn};
use plim_stats::frontier::sfa;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Residuals of a stochastic frontier as a histogram, with the fitted density of noise and inefficiency over it.
///
/// Where the two part, the distribution of inefficiency does not fit. For models in which rows are independent: pooled,
/// bc95, scaling, zero_inefficiency.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ComposedError {
    /// The `sfa` step, by its name.
    pub fit: String,
    /// Caption below the figure.
    pub title: String,
}

impl Method for ComposedError {
    fn models(&self) -> Vec<String> {
        vec![self.fit.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let name = need(&self.fit, "fit")?;
        let fits = cx.results.fits(&[name.to_string()])?;
        let stored = fits.first().and_then(|(_, fit)| fit.more.get("composed_error"));
        let error = stored.and_then(|value| serde_json::from_value::<sfa::ComposedError>(value.clone()).ok());
        let Some(error) = error else {
            return Err(Error::plan(
                format!("`{name}` has no density of residuals to draw"),
                "name an `sfa` step in which rows are independent (pooled, bc95, scaling, zero_inefficiency)",
            ));
        };
        let bins: Vec<_> = error.bins.iter().map(|b| (b.from, b.to, b.density)).collect();
        let curve: Vec<_> = error.curve.iter().map(|p| (p.residual, p.density)).collect();
        let scene = composed(&bins, &curve, cx.study.lang)?;
        shown(vec![Block::Figure(Drawn { scene, caption: self.title.clone() })])
    }
}
