//! Many defensible specifications at once: what their spread comes from, and what they say together.

pub mod joint;
pub mod spread;
