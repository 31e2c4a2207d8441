//! What an index is made of: sums of q between an earlier (0) and a later (1) observation of a unit.
//!
//! With s ∈ {0, 1} the period of a frontier, c constant and v variable returns:
//!
//! ```text
//! fgnz            TC = ln M_c - EC_c,                    SEC = EC_c - EC_v
//! ray_desli       TC = ln M_v - EC_v,                    SEC = ln M_c - ln M_v
//! zofio           TC = ln M_v - EC_v,                    SEC = EC_c - EC_v,   STC = TC_c - TC_v
//! grifell_lovell  TC = q_v⁰(x1, y1) - q_v¹(x1, y1),      SEC = [q_c⁰ - q_v⁰](x1, y0) - [q_c⁰ - q_v⁰](x0, y0)
//! bias            TC = ½ [q⁰(x1, y1) - q¹(x1, y1) + q¹(x1, y0) - q⁰(x1, y0)]      output bias
//!                    + ½ [q¹(x0, y0) - q⁰(x0, y0) + q⁰(x1, y0) - q¹(x1, y0)]      input bias
//!                    + q⁰(x0, y0) - q¹(x0, y0)                                    magnitude
//! hicks_moorsteen ½ Σ_s { q_out^s(x_s, y1) - q_out^s(x_s, y0) + q_in^s(x1, y_s) - q_in^s(x0, y_s) }
//! ```
//!
//! Grifell-Tatjé and Lovell give theirs for outputs; oriented to inputs, scale is taken at (x0, y1).

use super::frontiers::{Frontiers, Pair};
use super::{Decomposition, Malmquist};
use crate::frontier::dea::Orientation;
use crate::frontier::dea::technology::Scored;

/// A part in logarithms, `None` where it is not asked for.
pub(super) type Part = Option<Scored<f64>>;

/// Parts of one index.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) index: Part,
    pub(super) efficiency: Part,
    pub(super) technical: Part,
    pub(super) pure: Part,
    pub(super) scale: Part,
    pub(super) scale_technical: Part,
    pub(super) output_bias: Part,
    pub(super) input_bias: Part,
    pub(super) magnitude: Part,
}

/// A difference of what may be missing.
pub(super) fn less(a: &Scored<f64>, b: &Scored<f64>) -> Scored<f64> {
    Ok(a.clone()? - b.clone()?)
}

/// Parts of a Malmquist index, of its directional kin and of the Luenberger indicator.
pub(super) fn malmquist(index: &Frontiers, variable: Option<&Frontiers>, pair: Pair, options: &Malmquist) -> Parts {
    let (total, efficiency) = (index.change(pair), index.catching_up(pair));
    let technical = less(&total, &efficiency);
    let mut parts = Parts::default();
    if options.decomposition == Decomposition::Bias {
        let [output, input, magnitude] = bias(index, pair);
        (parts.output_bias, parts.input_bias, parts.magnitude) = (Some(output), Some(input), Some(magnitude));
    }
    let Some(variable) = variable else {
        let pure = Some(efficiency.clone());
        return Parts { index: Some(total), efficiency: Some(efficiency), technical: Some(technical), pure, ..parts };
    };
    let pure = variable.catching_up(pair);
    let frontier = || less(&variable.change(pair), &pure);
    let (total, technical, scale) = match options.decomposition {
        Decomposition::Fgnz | Decomposition::Bias => (total, technical, less(&efficiency, &pure)),
        Decomposition::RayDesli => {
            let scale = less(&total, &variable.change(pair));
            (total, frontier(), scale)
        }
        Decomposition::Zofio => {
            let frontier = frontier();
            parts.scale_technical = Some(less(&technical, &frontier));
            (total, frontier, less(&efficiency, &pure))
        }
        Decomposition::GrifellLovell => {
            let technical = less(&variable.behind(pair), &variable.own(pair[1]));
            let scale = scale(index, variable, pair, options.orientation);
            let sum = |technical: f64| Ok(technical + pure.clone()? + scale.clone()?);
            (technical.clone().and_then(sum), technical, scale)
        }
    };
    Parts {
        index: Some(total),
        efficiency: Some(efficiency),
        technical: Some(technical),
        pure: Some(pure),
        scale: Some(scale),
        ..parts
    }
}

/// Change of scale efficiency on the earlier frontier, of inputs alone (or outputs, where inputs are oriented).
fn scale(constant: &Frontiers, variable: &Frontiers, pair: Pair, orientation: Orientation) -> Scored<f64> {
    let [earlier, later] = pair;
    let (inputs, outputs) = if orientation == Orientation::Input { (earlier, later) } else { (later, earlier) };
    let gap =
        |inputs, outputs| Ok(constant.mixed(earlier, inputs, outputs)? - variable.mixed(earlier, inputs, outputs)?);
    Ok(gap(inputs, outputs)? - (constant.own(earlier)? - variable.own(earlier)?))
}

/// Output bias, input bias and magnitude of technical change.
fn bias(index: &Frontiers, pair: Pair) -> [Scored<f64>; 3] {
    let [earlier, later] = pair;
    // Movement of the frontier at (x1, y1), (x1, y0) and (x0, y0).
    let last = less(&index.behind(pair), &index.own(later));
    let middle = less(&index.mixed(earlier, later, earlier), &index.mixed(later, later, earlier));
    let first = less(&index.own(earlier), &index.ahead(pair));
    let half = |a, b| less(a, b).map(|d| 0.5 * d);
    [half(&last, &middle), half(&middle, &first), first]
}

/// Parts of a Hicks-Moorsteen index: efficiency by `oriented`, one of the two.
pub(super) fn hicks_moorsteen(output: &Frontiers, input: &Frontiers, oriented: &Frontiers, pair: Pair) -> Parts {
    let [x0, x1] = pair;
    let [y0, y1] = pair;
    let total = || {
        let outputs = output.mixed(x0, x0, y1)? - output.own(x0)? + output.own(x1)? - output.mixed(x1, x1, y0)?;
        let inputs = input.mixed(x0, x1, y0)? - input.own(x0)? + input.own(x1)? - input.mixed(x1, x0, y1)?;
        Ok(0.5 * (outputs + inputs))
    };
    Parts { index: Some(total()), efficiency: Some(oriented.catching_up(pair)), ..Parts::default() }
}
