//! Placebo treatments: the estimate against those of treatments handed to other units.
//!
//! By Frisch, Waugh and Lovell the coefficient of a treatment d is d̃'ỹ/d̃'d̃, with ~ for "off the effects and the
//! controls". Effects, controls and outcome are the same for every placebo, so that they are factorized and
//! absorbed once, and a placebo costs one absorbed column.

use super::assignment::{Assignments, Permutation};
use crate::linear::Prepared;
use crate::linear::least_squares::{COLLINEAR, Orthogonal, dot};
use crate::{Error, Result};
use rayon::prelude::*;

/// The placebo distribution of a treatment effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Placebo {
    /// The p-value of the estimate.
    pub permutation: Permutation,
    /// Estimates under the placebo treatments, in the order of the arrangements; `None` where not defined.
    pub estimates: Vec<Option<f64>>,
}

/// Re-estimates the effect under other assignments of `labels`, one for each unit.
///
/// `prepared` holds the outcome, the controls (without the treatment) and the effects; `treatment` makes the
/// treatment column at its sample from the labels.
pub fn placebo(
    prepared: &Prepared,
    labels: &[u32],
    treatment: &(dyn Fn(&[u32]) -> Vec<f64> + Sync),
    assignments: &Assignments,
) -> Result<Placebo> {
    let mut columns: Vec<Vec<f64>> = prepared.design.regressors().into_iter().map(|(_, c)| c).collect();
    columns.push(prepared.design.y.clone());
    let (before, _) = prepared.absorb(&mut columns)?;
    let mut y = columns.pop().unwrap_or_default();
    let controls = Orthogonal::new(&columns, &before);
    controls.residual(&mut y);
    let estimate = |labels: &[u32]| -> Result<Option<f64>> {
        let mut d = [treatment(labels)];
        let (before, _) = prepared.absorb(&mut d)?;
        let [mut d] = d;
        controls.residual(&mut d);
        let squares = dot(&d, &d);
        Ok((squares > COLLINEAR * before[0]).then(|| dot(&d, &y) / squares))
    };
    let Some(observed) = estimate(labels)? else {
        return Err(Error::invalid(
            "the treatment is spanned by the fixed effects and the controls",
            "leave out the effect that absorbs it",
        ));
    };
    let estimates: Vec<Option<f64>> = assignments.draws.par_iter().map(|l| estimate(l)).collect::<Result<_>>()?;
    Ok(Placebo { permutation: assignments.p_value(observed, &estimates), estimates })
}
