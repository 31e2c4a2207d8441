//! Covariances of a fitted frontier: by the information of the likelihood, as a sandwich of its gradients, by bootstrap.

use super::bootstrap::{Draws, REPLICATIONS, bootstrap};
use super::likelihood::Likelihood;
use super::{Data, Information, Moments, Panel, Sfa, SfaFit, least_squares, model};
use crate::fit::{Fit, Sandwich, Spread};
use crate::math::optimize::Maximum;
use crate::math::{Mat, linalg};
use crate::vcov::{Ssc, Vcov, cluster_at, vcov};
use crate::{Design, Error, Result};

/// The maximum in the model's own parameters θ.
#[derive(Debug, Clone)]
pub(super) struct Top {
    theta: Vec<f64>,
    /// Inverse of minus the Hessian in θ, and in the natural parameters.
    covariance: Mat<f64>,
    bread: Mat<f64>,
    /// Of the natural parameters in θ.
    jacobian: Mat<f64>,
}

impl Top {
    pub(super) fn new(model: &dyn Likelihood, maximum: &Maximum) -> Self {
        let (p, jacobian) = (maximum.at.len(), model.natural(&maximum.at).1);
        let bread = &jacobian * &maximum.covariance * jacobian.transpose();
        let bread = Mat::from_fn(p, p, |i, j| 0.5 * (bread[(i, j)] + bread[(j, i)]));
        Top { theta: maximum.at.clone(), covariance: maximum.covariance.clone(), bread, jacobian }
    }

    /// θ and its covariance.
    pub(super) fn place(&self) -> (&[f64], &Mat<f64>) {
        (&self.theta, &self.covariance)
    }

    /// Gradients of the contributions in the natural parameters, one row each, and the rows they are booked on.
    fn gradients(&self, model: &dyn Likelihood) -> Result<(Mat<f64>, Vec<usize>)> {
        let (contributions, owners) = model.contributions(&self.theta);
        // J⁻¹ = C J' (J C J')⁻¹ with the covariance C of θ.
        let inverse =
            &self.covariance * self.jacobian.transpose() * linalg::spd_inverse(&self.bread, "the covariance")?;
        Ok((contributions * inverse, owners))
    }

    /// The covariance of the natural parameters by this information.
    pub(super) fn information(&self, model: &dyn Likelihood, information: Information) -> Result<Mat<f64>> {
        match information {
            // What a bootstrap replaces, should there be none.
            Information::Hessian | Information::Bootstrap => Ok(self.bread.clone()),
            Information::Opg => {
                let (gradients, _) = self.gradients(model)?;
                linalg::spd_inverse(&(gradients.transpose() * &gradients), "the outer product of the gradients")
            }
        }
    }
}

/// A fit as the sandwich sees it.
struct Estimated<'a> {
    fit: &'a SfaFit,
    bread: &'a Mat<f64>,
    scores: Mat<f64>,
}

impl Fit for Estimated<'_> {
    fn coef(&self) -> &[f64] {
        &self.fit.coef
    }
    fn names(&self) -> &[String] {
        &self.fit.names
    }
    fn nobs(&self) -> usize {
        self.fit.nobs()
    }
    fn dof_residual(&self) -> usize {
        self.fit.dof_residual()
    }
}

impl Sandwich for Estimated<'_> {
    fn bread(&self) -> &Mat<f64> {
        self.bread
    }
    fn scores(&self) -> &Mat<f64> {
        &self.scores
    }
    /// One: the bread is in the units of the likelihood already.
    fn sigma2(&self) -> f64 {
        1.0
    }
}

impl SfaFit {
    /// The covariance: for `iid` by the information of the options, with the normal distribution; else a sandwich of the
    /// gradients, which are made again from the data and options of the fit, or a bootstrap of clusters. `seed` is of the
    /// bootstrap. `None` under `at`.
    pub fn spread(
        &self,
        data: &Data,
        options: &Sfa,
        how: &Vcov,
        ssc: Ssc,
        design: &Design,
        seed: u64,
    ) -> Result<Option<Spread>> {
        if options.information == Information::Bootstrap && options.at.is_none() {
            return self.by_bootstrap(data, options, how, design, seed).map(Some);
        }
        let Some(V) = &self.covariance else { return Ok(None) };
        if *how == Vcov::Iid {
            let least_squares = "least squares, errors independent with one variance";
            let label = if self.top.is_some() { String::new() } else { least_squares.to_string() };
            return Ok(Some(Spread { V: V.clone(), df: None, label, warnings: Vec::new() }));
        }
        if let Some(Moments { bread, scores }) = &self.moments {
            let estimated = Estimated { fit: self, bread, scores: scores.clone() };
            whole_units(&estimated, how, design, data.need_panel()?)?;
            let c = vcov(&estimated, how, ssc, design)?;
            return Ok(Some(Spread { V: c.V, df: None, label: c.label, warnings: c.warnings }));
        }
        let Some(top) = &self.top else {
            return Err(Error::invalid("this model has no likelihood, hence one covariance only", "leave `vcov` out"));
        };
        if options.information != Information::Hessian {
            return Err(Error::invalid(
                "`information` is of `vcov = iid`, and a sandwich is asked for",
                "leave out `information` or `vcov`",
            ));
        }
        let (frontier, ols) = least_squares(data, options)?;
        let (gradients, owners) = top.gradients(&*model(data, &frontier, &ols, options)?)?;
        let mut scores = Mat::zeros(data.nobs(), self.coef.len());
        for (g, &i) in owners.iter().enumerate() {
            (0..self.coef.len()).for_each(|j| scores[(i, j)] += gradients[(g, j)]);
        }
        let estimated = Estimated { fit: self, bread: &top.bread, scores };
        if owners.len() < data.nobs() {
            whole_units(&estimated, how, design, data.need_panel()?)?;
        }
        let c = vcov(&estimated, how, ssc, design)?;
        Ok(Some(Spread { V: c.V, df: None, label: c.label, warnings: c.warnings }))
    }

    /// Draws rows, units of a model of panels, or clusters.
    fn by_bootstrap(&self, data: &Data, options: &Sfa, how: &Vcov, design: &Design, seed: u64) -> Result<Spread> {
        let replications = options.replications.unwrap_or(REPLICATIONS);
        let spread = |groups: &[usize], what: String| {
            bootstrap(self, data, options, &Draws { groups, what, replications, seed })
        };
        let of_panels = options.rows_belong_together();
        match how {
            Vcov::Iid if of_panels => spread(&data.need_panel()?.unit, "units".into()),
            Vcov::Iid => spread(&(0..data.nobs()).collect::<Vec<_>>(), "rows".into()),
            Vcov::Cluster(ways) if ways.len() == 1 => {
                // The sandwich's sample is the fit's: all rows.
                let (bread, scores) = (Mat::zeros(0, 0), Mat::zeros(data.nobs(), 0));
                let estimated = Estimated { fit: self, bread: &bread, scores };
                if of_panels {
                    whole_units(&estimated, how, design, data.need_panel()?)?;
                }
                let clusters = cluster_at(&estimated, design, &ways[0])?;
                let codes: Vec<usize> = clusters.codes.iter().map(|&c| c as usize).collect();
                spread(&codes, format!("clusters of {}", ways[0]))
            }
            _ => Err(Error::invalid(
                format!("a bootstrap draws rows, units or the clusters of one name, not `vcov = \"{how}\"`"),
                "leave `vcov` out, or give one cluster",
            )),
        }
    }
}

/// Refuses a sandwich of units whose rows belong together (one likelihood, or an effect taken out), unless it sums over
/// clusters of whole units.
fn whole_units(fit: &dyn Sandwich, how: &Vcov, design: &Design, panel: &Panel) -> Result<()> {
    let way_out = "cluster by the unit, or by what never changes within a unit";
    if !matches!(how, Vcov::Cluster(_)) {
        let message = format!("`vcov = \"{how}\"` takes rows apart that belong together in this model");
        return Err(Error::invalid(message, way_out));
    }
    for way in how.clusters() {
        let cluster = cluster_at(fit, design, way)?;
        let mut of_unit = std::collections::HashMap::new();
        let differs = |i: &usize| *of_unit.entry(panel.unit[*i]).or_insert(cluster.codes[*i]) != cluster.codes[*i];
        if let Some(i) = (0..panel.unit.len()).find(differs) {
            let message = format!("`{way}` changes within a unit, whose rows belong together in this model");
            return Err(Error::invalid(message, way_out).at_rows([i]));
        }
    }
    Ok(())
}
