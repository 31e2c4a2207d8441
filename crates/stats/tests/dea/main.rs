//! Data envelopment analysis: references, identities, refusals, one file a family of models.

#[allow(dead_code)] // each family uses what it needs
mod data;
mod directional;
mod hyperbolic;
mod nonradial;
mod radial;
mod undesirable;
