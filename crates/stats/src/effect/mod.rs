//! How and for whom an effect works: mediation, moderation, split samples.

pub mod mediation;
pub mod moderation;
pub mod split;

pub use mediation::{Mediation, MediationOptions, Steps, mediation};
pub use moderation::{Moderation, ModerationOptions, moderation};
pub use split::{Split, SplitOptions, split};
