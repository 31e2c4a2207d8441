//! The only folder that names the linear-algebra library, the special functions and the random stream.

pub mod bivariate;
pub mod dist;
pub mod double;
pub mod gamma;
pub mod jet;
pub mod least_distance;
pub mod linalg;
pub mod lp;
pub mod normal;
pub mod optimize;
pub mod orthonormal;
pub mod polynomial;
pub mod quantile;
pub mod rng;
pub mod semidefinite;
pub mod sobol;
pub mod sparse;
pub mod truncated_normal;

pub use faer::Mat;
