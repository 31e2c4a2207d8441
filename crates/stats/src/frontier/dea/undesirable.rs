//! Undesirable outputs beyond B'λ = b and B'λ ≤ b.
//!
//! *Abatement* (Kuosmanen 2005). Under variable returns B'λ = b gives up undesirable and other outputs by one factor for
//! all units, which leaves the technology without convexity. With a factor of its own each unit's λ_j is an active part z_j
//! and an abated part μ_j that uses inputs and makes nothing:
//!
//! ```text
//! X'(z + μ) ≤ x,   Y'z ≥ y,   B'z = b,   Σ(z + μ) = 1,   z, μ ≥ 0
//! ```
//!
//! A peer's weight is z_j + μ_j.
//!
//! *Translation* (Seiford and Zhu 2002). W - b > 0 counts as an output. Under variable returns who is efficient does not
//! depend on W; the scores of the others do.

use super::{Dea, DeaModel, DeaScores, Disposability, Kind, Rts, Units, dea};
use crate::{Error, Result};

/// Scores with each undesirable output as an output W - b; the variables keep their order.
pub(super) fn translated(units: &Units, options: &Dea) -> Result<DeaScores> {
    let units = units.translated(&options.translate);
    let outputs = options.outputs.iter().chain(&options.bads).cloned().collect();
    let options = Dea { outputs, bads: Vec::new(), translate: Vec::new(), ..options.clone() };
    dea(&units, &options)
}

/// Options that exclude each other, and constants that are too small.
pub(super) fn check(units: &Units, options: &Dea) -> Result<()> {
    let abated = options.disposability == Disposability::Kuosmanen;
    let convex = options.rts == Rts::Vrs;
    let refuse = |why: &str, way_out: &str| Err(Error::invalid(why, way_out));
    match options.model {
        _ if abated && !convex => {
            return refuse("`disposability = \"kuosmanen\"` is made for variable returns", "set `rts = \"vrs\"`");
        }
        DeaModel::Radial | DeaModel::Directional | DeaModel::Nddf => {}
        _ if abated => {
            let way_out = "choose radial, directional or nddf, or another `disposability`";
            return refuse("this `model` cannot honor `disposability = \"kuosmanen\"`", way_out);
        }
        _ => {}
    }
    if abated && (options.super_efficiency || options.scale) {
        let way_out = "leave `super_efficiency` and `scale` out, or choose another `disposability`";
        return refuse(
            "`disposability = \"kuosmanen\"` has scores of units against all, under variable returns",
            way_out,
        );
    }
    if options.translate.is_empty() {
        return Ok(());
    }
    if options.translate.len() != options.bads.len() {
        return Err(Error::length("`translate`", options.translate.len(), options.bads.len()));
    }
    if options.model != DeaModel::Radial || !convex || options.scale || abated {
        let way_out =
            "set `model = \"radial\"` and `rts = \"vrs\"` without `scale` and `disposability`, or leave it out";
        return refuse(
            "`translate` moves the origin, which the radial model takes under variable returns only",
            way_out,
        );
    }
    let bads = (0..units.variables()).filter(|&i| units.kinds()[i] == Kind::Bad);
    for ((i, constant), name) in bads.zip(&options.translate).zip(&options.bads) {
        let large: Vec<usize> = (0..units.count()).filter(|&j| units.at(i, j) >= *constant).collect();
        if !large.is_empty() || !constant.is_finite() {
            let why = format!("`translate` gives {constant}, and W - b must be positive");
            return Err(Error::invalid(why, "give a number above the largest value").at_column(name).at_rows(large));
        }
    }
    Ok(())
}
