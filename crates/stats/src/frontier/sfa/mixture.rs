//! Rows that are not all alike: stretched by their environment, efficient or not, of one class or another, seen or
//! not.

use super::density::{Exponential, HalfNormal, Scaled, TruncatedNormal};
use super::latent_class::LatentClass;
use super::scaling::Scaling;
use super::selection::Selection;
use super::zero_inefficiency::ZeroInefficiency;
use super::{Data, Distribution, Index, LeastSquares, Likelihood, Model, Sfa};
use crate::Result;

/// The likelihood of such a model.
pub(super) fn model<'a>(
    data: &'a Data,
    frontier: &Index,
    ols: &'a LeastSquares,
    options: &Sfa,
) -> Result<Box<dyn Likelihood + 'a>> {
    let sign = options.frontier.sign();
    if options.model == Model::Selection {
        return Ok(Box::new(Selection::new(data, frontier, ols, options)?));
    }
    Ok(match (options.model, options.distribution) {
        (Model::Scaling, Distribution::HalfNormal) => {
            let density = Scaled::<_, 3> { density: HalfNormal, location: None };
            Box::new(Scaling::<4, _>::new(data, frontier, ols, sign, density)?)
        }
        (Model::Scaling, Distribution::Exponential) => {
            let density = Scaled::<_, 3> { density: Exponential, location: None };
            Box::new(Scaling::<4, _>::new(data, frontier, ols, sign, density)?)
        }
        (Model::Scaling, Distribution::TruncatedNormal) => {
            let density = Scaled::<_, 4> { density: TruncatedNormal, location: Some(3) };
            Box::new(Scaling::<5, _>::new(data, frontier, ols, sign, density)?)
        }
        (Model::ZeroInefficiency, Distribution::HalfNormal) => {
            Box::new(ZeroInefficiency::<4, _>::new(data, frontier, ols, sign, HalfNormal)?)
        }
        (Model::ZeroInefficiency, Distribution::Exponential) => {
            Box::new(ZeroInefficiency::<4, _>::new(data, frontier, ols, sign, Exponential)?)
        }
        (Model::ZeroInefficiency, Distribution::TruncatedNormal) => {
            Box::new(ZeroInefficiency::<5, _>::new(data, frontier, ols, sign, TruncatedNormal)?)
        }
        (_, Distribution::HalfNormal) => Box::new(LatentClass::new(data, frontier, ols, options, HalfNormal)?),
        (_, Distribution::Exponential) => Box::new(LatentClass::new(data, frontier, ols, options, Exponential)?),
        (_, Distribution::TruncatedNormal) => {
            Box::new(LatentClass::new(data, frontier, ols, options, TruncatedNormal)?)
        }
    })
}
