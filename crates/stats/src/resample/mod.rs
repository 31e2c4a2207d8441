//! Permutation and bootstrap over units.

pub mod assignment;
pub mod bootstrap;
pub mod chain;
pub mod permutation;
pub mod placebo;
pub mod scheme;
pub mod wild;
