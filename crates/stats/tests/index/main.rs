//! Composite indices.

mod audit;
mod entropy;
mod moves;
