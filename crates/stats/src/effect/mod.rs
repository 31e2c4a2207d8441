//! How and for whom an effect works: mediation, moderation, split samples, thresholds.

pub mod mediation;
pub mod moderation;
pub mod murphy_topel;
pub mod split;
pub mod threshold;

pub use mediation::{Mediation, MediationOptions, Steps, mediation};
pub use moderation::{Moderation, ModerationOptions, moderation};
pub use split::{Split, SplitOptions, split};
pub use threshold::{Found, Threshold, ThresholdOptions, threshold};
