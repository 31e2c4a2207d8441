//! Assurance regions: what the ratio of two multipliers may be.
//!
//! A bound L ≤ w_a / w_b ≤ U on two inputs, or two outputs, is two rows w_a - U w_b ≤ 0 and L w_b - w_a ≤ 0 of the
//! multiplier program (Thompson, Singleton, Thrall and Smith 1986). In the envelopment program each is a trade-off, a
//! column ρ ≥ 0 outside Σλ: one unit of b may stand in for 1/U of a, as far as one likes (Podinovski 2004).
//! Ratios depend on the units of the columns.

use super::{Dea, DeaModel};
use crate::{Error, Result};

/// Coefficients in the rows of the technology of one trade-off.
pub(super) type TradeOff = Vec<(usize, f64)>;

/// The trade-offs of `options.assurance`, such as `x2/x1 in [0.5, 2]`.
pub(super) fn trade_offs(options: &Dea) -> Result<Vec<TradeOff>> {
    let mut all = Vec::new();
    for text in &options.assurance {
        let wrong = |what: &str| {
            Error::invalid(
                format!("`assurance` \"{text}\" {what}"),
                "write the ratio of two inputs or of two outputs and its bounds, as in \"x2/x1 in [0.5, 2]\"",
            )
        };
        let (ratio, bounds) = text.rsplit_once(" in [").ok_or_else(|| wrong("has no bounds"))?;
        let bounds = bounds.trim_end().strip_suffix(']').and_then(|bounds| bounds.split_once(','));
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let (low, high) = match bounds.map(|(low, high)| (number(low), number(high))) {
            Some((Some(low), Some(high))) if 0.0 <= low && low <= high && low.is_finite() && high > 0.0 => (low, high),
            _ => return Err(wrong("has no bounds 0 <= low <= high")),
        };
        let (a, b) = ratio.split_once('/').map(|(a, b)| (a.trim(), b.trim())).ok_or_else(|| wrong("has no ratio"))?;
        let place = |name: &str, of: &[String]| of.iter().position(|n| n == name);
        let (m, inputs, outputs) = (options.inputs.len(), &options.inputs, &options.outputs);
        // A column of the input rows is what it uses, of the output rows what it makes: w'(used) ≥ w'(made) is the bound.
        let (a, b, sign) = match (place(a, inputs), place(b, inputs), place(a, outputs), place(b, outputs)) {
            (Some(a), Some(b), _, _) if a != b => (a, b, -1.0),
            (_, _, Some(a), Some(b)) if a != b => (m + a, m + b, 1.0),
            _ => return Err(wrong("does not name two different inputs, or two different outputs")),
        };
        if high.is_finite() {
            all.push(vec![(a, sign), (b, -sign * high)]);
        }
        if low > 0.0 {
            all.push(vec![(a, -sign), (b, sign * low)]);
        }
    }
    Ok(all)
}

/// Options that assurance regions do not go with.
pub(super) fn check(options: &Dea) -> Result<()> {
    if options.assurance.is_empty() {
        return Ok(());
    }
    trade_offs(options)?;
    let refused = [
        ("a `model` other than `radial`", options.model != DeaModel::Radial),
        ("a free disposal hull", options.rts.is_hull()),
        ("`slacks`", options.slacks),
        ("`targets`", options.targets),
    ];
    match refused.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => Err(Error::invalid(
            format!("`assurance` bounds the radial multipliers and does not go with {option}"),
            "the target is then no combination of peers alone; leave one of them out",
        )),
    }
}
