//! The sample of a regression: checked, without singletons, its effects factorized.

use super::ols::Precision;
use super::within::absorb;
use crate::absorb::{Absorber, Singletons, without_singletons};
use crate::{Design, Error, Factor, Result};
use std::borrow::Cow;
use std::sync::Arc;

/// A design without singletons, its effects factorized: estimators that share a sample share this.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Positions of the observations used.
    pub sample: Arc<[usize]>,
    /// The design at the sample.
    pub design: Design,
    /// The effects, unless there are none.
    pub absorber: Option<Absorber>,
}

impl Prepared {
    /// Checks the design, takes the offset from the outcome, removes singletons, factorizes the effects.
    pub fn new(design: &Design, singletons: Singletons) -> Result<Self> {
        let Sampled { design, sample, absorber } = prepare(design, singletons)?;
        Ok(Prepared { sample, design: design.into_owned(), absorber })
    }

    /// Columns (each n) off the effects and times √w, their sums of squares before, and the certificate.
    pub fn absorb(&self, columns: &mut [Vec<f64>]) -> Result<(Vec<f64>, f64)> {
        let w = self.design.w.as_deref();
        let (before, orthogonality) = absorb(self.absorber.as_ref(), columns, w, Precision::Double)?;
        if let Some(w) = w {
            columns.iter_mut().for_each(|c| c.iter_mut().zip(w).for_each(|(v, w)| *v *= w.sqrt()));
        }
        Ok((before, orthogonality.into_iter().fold(0.0, f64::max)))
    }
}

/// A design at its sample, borrowed when nothing leaves it, and its effects.
pub(super) struct Sampled<'d> {
    pub design: Cow<'d, Design>,
    /// Positions of the observations used.
    pub sample: Arc<[usize]>,
    pub absorber: Option<Absorber>,
}

/// Checks a design, removes singletons and offset, factorizes the effects.
pub(super) fn prepare(design: &Design, singletons: Singletons) -> Result<Sampled<'_>> {
    design.check()?;
    let sample: Option<Vec<usize>> = match singletons {
        Singletons::Drop if !design.fe.is_empty() => Some(without_singletons(&design.fe)),
        _ => None,
    };
    let n = design.nobs();
    let sample: Arc<[usize]> = match sample.filter(|s| s.len() < n) {
        Some(some) => some.into(),
        // All of them: where the observations are all rows of the table, its index is the same list.
        None if design.rows.iter().enumerate().all(|(i, &r)| i == r) => design.rows.clone(),
        None => (0..n).collect(),
    };
    if sample.is_empty() {
        return Err(Error::invalid(
            "every observation is alone in a level of a fixed effect",
            "use a coarser effect, or set `singletons = \"keep\"`",
        ));
    }
    // Levels without observations would be counted: such factors are recoded even when no row leaves.
    let factors = design.fe.iter().chain(design.slopes.iter().map(|s| &s.factor));
    let whole = sample.len() == design.nobs() && factors.into_iter().all(Factor::compact);
    let mut design = if whole { Cow::Borrowed(design) } else { Cow::Owned(design.at(&sample)) };
    if design.offset.is_some() {
        let own = design.to_mut();
        let offset = own.offset.take().unwrap_or_default();
        own.y.iter_mut().zip(&offset).for_each(|(y, o)| *y -= o);
    }
    let absorber = match design.absorbs() {
        true => Some(Absorber::new(&design.fe, &design.slopes, design.w.as_deref())?),
        false => None,
    };
    Ok(Sampled { design, sample, absorber })
}
