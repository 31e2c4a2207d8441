//! Fixed-effects regression, its covariances, and the methods built on it, against outside references.

mod collinear;
mod data;
mod family;
mod fixest;
mod methods;

mod rules;
mod slopes;
