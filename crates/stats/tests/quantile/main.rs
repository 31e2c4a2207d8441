//! Quantile regression, quantiles by moments and thresholds against outside references, identities, refusals.

#[allow(dead_code)] // Shared with the tests of regressions.
#[path = "../regression/data.rs"]
mod data;
mod exact;
mod moments;
mod threshold;
