//! Inference for nonparametric frontiers: references, identities, refusals.

mod bootstrap;
mod environment;
mod partial;
mod returns;
