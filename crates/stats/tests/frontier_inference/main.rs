//! Inference for nonparametric frontiers: references, identities, refusals.

mod partial;
