//! Generalized linear models with absorbed effects, against outside references, identities and refusals.

#[path = "../regression/data.rs"]
#[allow(dead_code)]
mod data;

mod bias;
mod cloglog;
mod dummies;
mod fixest;
mod identities;
mod refusals;
mod separation;
