//! Frontiers: data envelopment analysis, stochastic frontiers, and the knowledge stocks that feed them.

pub mod dea;
