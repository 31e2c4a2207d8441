//! Generalized linear models with absorbed effects, against outside references, identities and refusals.

#[path = "../regression/data.rs"]
mod data;
mod fixest;
