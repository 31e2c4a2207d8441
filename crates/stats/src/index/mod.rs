//! Composite indices: orientation and normalization of indicators, weights by every convention, scores.

pub mod aggregate;
pub mod basis;
pub mod bootstrap;
pub mod composite;
pub mod entropy;
pub mod impute;
pub mod normalize;
pub mod presets;
pub mod principal;
pub mod scale;
pub mod sensitivity;
pub mod sheet;
pub mod topsis;
pub mod treat;
mod tree;
pub mod vintage;
pub mod weighted;
pub mod weights;

pub use aggregate::Aggregate;
pub use basis::Basis;
pub use composite::{Composite, Index, Inputs, TreeWeight, Vintage, index};
pub use entropy::{Entropy, EntropyIndex, entropy};
pub use normalize::{Direction, Goalpost, NormalizeScope, Oriented};
pub use principal::{Pca, PcaIndex, pca_index};
pub use scale::{Normalize, Scale};
pub use sensitivity::{Robustness, Sensitivity, sensitivity};
pub use sheet::{Sheet, SheetRow};
pub use topsis::{Topsis, topsis};
pub use weighted::{Critic, IndexWeight, Scored, Stat, WeightedIndex, weighted_index};
pub use weights::{Convention, Indicators, Weighting, Weights, weigh};
