//! Composite indices.

mod entropy;
mod measures;
mod weights;
