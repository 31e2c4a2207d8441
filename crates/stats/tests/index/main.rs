//! Composite indices.

mod composite;
mod entropy;
mod measures;
mod sensitivity;
mod weights;
