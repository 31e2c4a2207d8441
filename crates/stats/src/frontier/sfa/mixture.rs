//! Rows that are not all alike: stretched by their environment, efficient or not, of one class or another, seen or
//! not.

use super::density::{Exponential, HalfNormal, Scaled, TruncatedNormal};
use super::latent_class::LatentClass;
use super::scaling::Scaling;
use super::selection::Selection;
use super::zero_inefficiency::ZeroInefficiency;
use super::{ClassOf, Data, Distribution, Index, LeastSquares, Likelihood, Model, Sfa};
use crate::frontier::technology::Form;
use crate::{Error, Result};

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
        _ => return Err(super::options::pooled_only()),
    })
}

impl Sfa {
    /// The part of [`Sfa::check`] about these models.
    pub(super) fn check_mixture(&self, data: &Data) -> Result<()> {
        if self.model == Model::Scaling && data.u_variance.is_some() {
            return Err(Error::invalid(
                "`scaling` moves sigma_u by its determinants, and `u_variance` would move it once more",
                "name these columns in `determinants`",
            ));
        }
        if self.model != Model::ZeroInefficiency && data.zero_probability.is_some() {
            return Err(Error::invalid(
                "`zero_probability` moves the odds of no inefficiency, which this model does not have",
                "use model = \"zero_inefficiency\", or leave it out",
            ));
        }
        self.check_selection(data)?;
        self.check_classes(data)
    }

    /// The part of [`Sfa::check`] about sample selection.
    fn check_selection(&self, data: &Data) -> Result<()> {
        match self.model == Model::Selection {
            true if self.distribution != Distribution::HalfNormal => Err(Error::invalid(
                "inefficiency is half-normal under `selection` (Greene 2010)",
                "leave `distribution` out",
            )),
            true if self.technology != Form::AsGiven => Err(Error::invalid(
                "`technology` would look at rows that are not selected",
                "leave it out, and name the terms (squares, products) in the formula",
            )),
            false if data.selection.is_some() || self.selected.is_some() || !self.selection.is_empty() => {
                Err(Error::invalid(
                    "`selected` and `selection` are of sample selection, which this model does not have",
                    "use model = \"selection\", or leave them out",
                ))
            }
            _ => Ok(()),
        }
    }

    /// The part of [`Sfa::check`] about latent classes.
    fn check_classes(&self, data: &Data) -> Result<()> {
        if self.model == Model::LatentClass {
            if self.technology != Form::AsGiven {
                return Err(Error::invalid(
                    "`technology` reports the elasticities of one frontier, and each class has its own",
                    "leave it out, and name the terms (squares, products) in the formula",
                ));
            }
            return match self.class_count() {
                2..=5 => Ok(()),
                1 => Err(Error::invalid("`classes` is 1", "use model = \"pooled\"")),
                classes => Err(Error::invalid(format!("`classes` is {classes}"), "give 2 to 5")),
            };
        }
        let given = [
            ("classes", self.classes.is_some()),
            ("class_of", self.class_of != ClassOf::default()),
            ("separating", data.separating.is_some()),
        ];
        match given.into_iter().find(|g| g.1) {
            Some((name, _)) => Err(Error::invalid(
                format!("`{name}` is of latent classes, which this model does not have"),
                "use model = \"latent_class\", or leave it out",
            )),
            None => Ok(()),
        }
    }
}
