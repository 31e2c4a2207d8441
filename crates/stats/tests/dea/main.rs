//! Data envelopment analysis: references, identities, refusals, one file a family of models.

mod additive;
#[allow(dead_code)] // each family uses what it needs
mod data;
mod ebm;
mod radial;
mod russell;
mod sbm;
