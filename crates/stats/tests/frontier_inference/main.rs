//! Inference for nonparametric frontiers: references, identities, refusals.

mod environment;
mod partial;
