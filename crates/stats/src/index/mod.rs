//! Composite indices: orientation and normalization of indicators, weights by every convention, scores.

pub mod basis;
pub mod bootstrap;
pub mod entropy;
pub mod normalize;
pub mod principal;
pub mod scale;
pub mod topsis;
pub mod weighted;
pub mod weights;

pub use basis::Basis;
pub use entropy::{Entropy, EntropyIndex, entropy};
pub use normalize::{Direction, Goalpost, NormalizeScope, Oriented};
pub use principal::{Pca, PcaIndex, pca_index};
pub use scale::{Normalize, Scale};
pub use topsis::{Topsis, topsis};
pub use weighted::{Critic, IndexWeight, Scored, WeightedIndex, weighted_index};
pub use weights::{Convention, Indicators, Weighting, Weights, weigh};
