//! Permutation and bootstrap over units.

pub mod assignment;
pub mod bootstrap;
pub mod permutation;
pub mod placebo;
pub mod wild;
