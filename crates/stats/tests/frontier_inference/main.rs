//! Inference for nonparametric frontiers: references, identities, refusals.

mod bootstrap;
mod environment;
mod outliers;
mod partial;
mod returns;
