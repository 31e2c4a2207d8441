//! Composite indices.

mod entropy;
