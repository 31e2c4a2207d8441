//! The values of the effects: the coefficients a in v = D a + residual.
//!
//! They are not unique: each redundant column of D leaves one free. The normalization is that of fixest's `fixef()`:
//! the constants of the first effect of the formula are free, and in every later effect the level that comes first in
//! the data has the constant zero, in each connected component that the two form. Where more is redundant
//! ([`Absorber::rank`]), the values are one solution of many. Slopes are the coefficients of their variable as given.

use super::Absorber;
use super::rank::Forest;
use crate::{Factor, Result, Slope};

/// Coefficients by level.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectValues {
    /// One list for each effect, in formula order: the constant of every level.
    pub constants: Vec<Vec<f64>>,
    /// One list for each slope, in formula order: the slope of every level.
    pub slopes: Vec<Vec<f64>>,
}

impl Absorber {
    /// The values of the effects in `v` (n), say y - Xβ̂. `fe` and `slopes` are those that the absorber was made of.
    pub fn effects_of(&self, v: &[f64], fe: &[Factor], slopes: &[Slope]) -> Result<EffectValues> {
        let mut residual = v.to_vec();
        let mut a = self.project(vec![&mut residual], true)?.swap_remove(0).a;
        let mut values = EffectValues {
            constants: fe.iter().map(|f| vec![0.0; f.levels as usize]).collect(),
            slopes: slopes.iter().map(|s| vec![0.0; s.factor.levels as usize]).collect(),
        };
        let mut rest = a.as_mut_slice();
        for effect in &self.effects {
            let (own, after) = rest.split_at_mut(effect.mass.len());
            rest = after;
            effect.as_given(own);
            let width = effect.width();
            let mut lists: Vec<&mut Vec<f64>> = Vec::new();
            lists.extend(effect.constant.map(|e| &mut values.constants[e]));
            for (s, list) in values.slopes.iter_mut().enumerate() {
                if effect.slopes.contains(&s) {
                    lists.push(list);
                }
            }
            for (k, list) in lists.into_iter().enumerate() {
                list.iter_mut().enumerate().for_each(|(l, value)| *value = own[l * width + k]);
            }
        }
        normalize(&mut values.constants, fe);
        Ok(values)
    }
}

/// Moves constants between the first effect and each other one.
fn normalize(constants: &mut [Vec<f64>], fe: &[Factor]) {
    let Some((base, others)) = constants.split_first_mut() else { return };
    for (own, factor) in others.iter_mut().zip(&fe[1..]) {
        let first = &fe[0];
        let mut forest = Forest::new(base.len() + own.len());
        for (&a, &b) in first.codes.iter().zip(&factor.codes) {
            forest.join(a as usize, base.len() + b as usize);
        }
        let roots: Vec<usize> = (0..base.len() + own.len()).map(|x| forest.root(x)).collect();
        let mut shift: Vec<Option<f64>> = vec![None; roots.len()];
        for &b in &factor.codes {
            shift[roots[base.len() + b as usize]].get_or_insert(own[b as usize]);
        }
        let of = |x: usize| shift[roots[x]].unwrap_or(0.0);
        let levels = base.len();
        base.iter_mut().enumerate().for_each(|(l, v)| *v += of(l));
        own.iter_mut().enumerate().for_each(|(l, v)| *v -= of(levels + l));
    }
}
