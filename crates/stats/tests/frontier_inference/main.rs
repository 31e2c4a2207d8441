//! Inference for nonparametric frontiers: references, identities, refusals.

mod bootstrap;
mod partial;
mod returns;
