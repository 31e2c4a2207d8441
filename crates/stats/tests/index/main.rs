//! Composite indices.

mod audit;
mod composite;
mod entropy;
mod measures;
mod moves;
mod sensitivity;
mod vintage;
mod weights;
