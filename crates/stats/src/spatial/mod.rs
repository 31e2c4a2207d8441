//! Whether near units are alike.
//!
//! | file | what |
//! |---|---|
//! | [`weights`] | who is near whom: nearest neighbors, distance bands, inverse distances, lists |
//! | [`moran`](mod@moran) | Moran's I of all units and of each (LISA) |

pub mod moran;
pub mod weights;

pub use moran::{Moran, moran};
pub use weights::{Neighbors, Scheme, Weights};
