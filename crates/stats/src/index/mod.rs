//! Composite indices: orientation and normalization of indicators, weights from the data, scores.

pub mod entropy;
pub mod normalize;

pub use entropy::{Entropy, EntropyIndex, entropy};
pub use normalize::{Direction, Goalpost, NormalizeScope, Oriented};
