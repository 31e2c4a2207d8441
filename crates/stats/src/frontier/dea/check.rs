//! What the options of `dea` exclude, and what a reader must know of its scores.

use super::{Dea, DeaModel, Disposability, Kind, Orientation, Rts, Unit, Units};
use super::{
    additive, assurance, cost, directional, ebm, elasticity, hyperbolic, metafrontier, multidirectional, nonradial,
    radial, russell, undesirable,
};
use crate::frontier::Status;
use crate::{Error, Result};

/// Columns further apart than this make a sum of slacks a sum over the largest alone.
const COMPARABLE: f64 = 1e8;

/// Options that exclude each other, and data that they cannot take.
pub(super) fn check(units: &Units, options: &Dea) -> Result<()> {
    units.check(options)?;
    cost::check(units, options)?;
    assurance::check(options)?;
    metafrontier::check(units, options)?;
    elasticity::check(options)?;
    russell::check(options)?;
    ebm::check(options)?;
    directional::check(units, options)?;
    hyperbolic::check(options)?;
    nonradial::check(units, options)?;
    multidirectional::check(options)?;
    radial::check(options)?;
    undesirable::check(units, options)?;
    if options.model.is_additive() {
        additive::check(units, options)?;
    } else if !options.slack_weights.is_empty() {
        return Err(Error::invalid("`slack_weights` belong to `model = additive`", "leave `slack_weights` out"));
    }
    if options.multipliers && (options.model != DeaModel::Radial || options.rts.is_hull()) {
        return Err(Error::invalid(
            "`multipliers` are the weights of the radial linear program, which this `model` and `rts` do not have",
            "leave `multipliers` out, or use `model = \"radial\"` with an `rts` other than `fdh`",
        ));
    }
    let weights = options.multipliers || !options.assurance.is_empty() || options.scale_elasticity;
    if weights && !options.fixed.is_empty() {
        return Err(Error::invalid(
            "`multipliers`, `assurance` and `scale_elasticity` are about a program that scales all inputs or all outputs",
            "leave `fixed` out, or ask for the scores alone",
        ));
    }
    let abated = options.disposability == Disposability::Kuosmanen;
    if abated && (weights || options.targets) {
        return Err(Error::invalid(
            "with an abatement factor of each unit, weights of peers and prices are not those of a plain combination",
            "leave `multipliers`, `assurance`, `scale_elasticity` and `targets` out, or choose another `disposability`",
        ));
    }
    if options.rts.is_hull()
        && matches!(options.model, DeaModel::Radial | DeaModel::Directional)
        && !options.bads.is_empty()
        && options.disposability != Disposability::Strong
        && options.translate.is_empty()
    {
        return Err(Error::invalid(
            "one unit alone hardly ever has exactly the undesirable outputs of another, as `disposability = \"weak\"` asks",
            "set `disposability = \"strong\"`, or an `rts` other than `fdh`",
        ));
    }
    let [low, high] = options.fdh_range;
    if options.rts == Rts::FdhPlus && !(low > 0.0 && low <= 1.0 && high >= 1.0 && high.is_finite()) {
        return Err(Error::invalid(
            format!("`fdh_range` is {low}, {high}"),
            "give the smallest multiple, above 0 and at most 1, and the largest, at least 1, as in [0.85, 1.15]",
        ));
    }
    if options.rts == Rts::FdhPlus && options.model != DeaModel::Radial {
        return Err(Error::invalid(
            "`rts = \"fdh+\"` is of radial scores",
            "use `model = \"radial\"`, or another `rts`",
        ));
    }
    if options.rts.is_hull() && options.scale {
        return Err(Error::invalid(
            "`scale` compares returns to scale of combinations, which the free disposal hull has not",
            "leave `scale` out, or choose another `rts`",
        ));
    }
    if options.super_efficiency && options.scale {
        return Err(Error::invalid(
            "`scale` compares scores of the same reference and has no meaning with `super_efficiency`",
            "ask for one of them at a time",
        ));
    }
    if options.model == DeaModel::Radial && options.orientation == Orientation::None {
        return Err(Error::invalid(
            "a radial score has an orientation",
            "set `orientation` to `input` or `output`, or choose a `model` without one",
        ));
    }
    let [lower, upper] = options.grs;
    if options.rts == Rts::Grs && !((0.0..=1.0).contains(&lower) && 1.0 <= upper) {
        return Err(Error::invalid(
            format!("`grs` is [{lower}, {upper}], which does not hold the unit itself"),
            "give a lower bound from 0 to 1 and an upper bound of at least 1, for example `grs = [0.8, 1.2]`",
        ));
    }
    let means: Vec<f64> = (0..units.variables())
        .map(|i| units.variable(i).iter().map(|v| v.abs()).sum::<f64>())
        .filter(|&mean| mean > 0.0)
        .collect();
    let (least, most) = means.iter().fold((f64::INFINITY, 0.0), |(a, b): (f64, f64), &m| (a.min(m), b.max(m)));
    if options.slacks && most > COMPARABLE * least {
        return Err(Error::invalid(
            format!("`slacks` adds up columns whose sizes differ by a factor of {:.0e}", most / least),
            "express the columns in comparable units (people in thousands, money in millions) or leave `slacks` out",
        ));
    }
    Ok(())
}

/// What a reader must know of the scores.
pub(super) fn notes(scored: &[Unit], units: &Units) -> Vec<String> {
    let mut notes = Vec::new();
    let n = scored.len();
    let count = |status| scored.iter().filter(|u| u.status == status).count();
    match count(Status::Refused) {
        0 => {}
        k => notes.push(format!(
            "{k} of {n} units were refused (see `reason`); units whose data are outside the method do not span the frontier"
        )),
    }
    match count(Status::Infeasible) + count(Status::Unbounded) {
        0 => {}
        k => {
            notes.push(format!("{k} of {n} units cannot be reached by the others: no super-efficiency exists for them"))
        }
    }
    let endless = |u: &&Unit| u.elasticity.is_some_and(|e| e.high.is_none());
    match scored.iter().filter(endless).count() {
        0 => {}
        k => notes.push(format!(
            "{k} of {n} units have a scale elasticity without upper bound: the frontier has no smaller inputs in their proportions"
        )),
    }
    let inputs = units.number(Kind::Input) + units.number(Kind::Bad);
    let outputs = units.number(Kind::Output);
    let wanted = (inputs * outputs).max(3 * (inputs + outputs));
    if n < wanted {
        notes.push(format!(
            "{n} units for {inputs} inputs and {outputs} outputs: with fewer than {wanted} many units look efficient for want of peers"
        ));
    }
    let efficient = scored.iter().filter(|u| u.efficiency.is_some_and(|e| e >= 1.0)).count();
    notes.push(format!("{efficient} of {n} units ({:.1} %) are efficient", 100.0 * efficient as f64 / n as f64));
    notes
}
