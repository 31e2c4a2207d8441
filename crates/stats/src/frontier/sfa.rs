//! Stochastic frontiers: output below a frontier by inefficiency, on either side of it by noise.
//!
//! ```text
//! y = x'β + v - S u,   v ~ N(0, σ_v²),   u ≥ 0,   S = 1 production, -1 cost
//! σ² = σ_v² + σ_u²,    γ = σ_u²/σ²,      e = S(y - x'β)
//! ```
//!
//! (Aigner, Lovell and Schmidt 1977; γ of Battese and Corra 1977.) With y and x in logs, exp(-u) is the efficiency of an
//! observation. Two scores predict it from e, and the first is the larger (Jensen):
//!
//! ```text
//! Battese and Coelli (1988):   E[exp(-u) | e]
//! Jondrow et al. (1982):       exp(-E[u | e])
//! ```
//!
//! Where to find what: the distributions of u in `density/`, one file each; how rows make up a likelihood in `pooled`
//! and
//! `panel`, with unit effects beside inefficiency in `effects/`, other ways to mix or stretch its distribution in `mixture`; the climb to its certified maximum in `likelihood`. Assumed: u independent of x and v. A regression of
//! the scores on other variables afterwards is biased (Wang and Schmidt 2002): use `determinants`.
//!
//! The likelihood is maximized by damped Newton steps with exact derivatives on centered and scaled columns, from
//! several starts: least squares, its intercept and variances corrected for a grid of γ. Where it has no maximum inside,
//! the fit is refused and the border named: no inefficiency (residuals skewed to the wrong side, Waldman 1982), no
//! noise, or another distribution towards which it rises.
//!
//! ```
//! use plim_stats::frontier::sfa::{Data, Sfa, sfa};
//! use plim_stats::math::Mat;
//! let X = Mat::from_fn(5, 2, |i, j| [1.0, 0.5 * i as f64][j]);
//! let names = vec!["(Intercept)".to_string(), "x".to_string()];
//! let data = Data::new(vec![0.9, 1.1, 1.2, 1.9, 1.7], X, names);
//! let options = Sfa { at: Some(vec![1.2, 0.4, 0.25, 0.6]), ..Sfa::default() };
//! let fit = sfa(&data, &options).unwrap();
//! assert!((fit.stats.loglik + 0.418_902_039_9).abs() < 1e-10);
//! ```

mod conditional;
mod data;
mod density;
mod effects;
mod index;
mod latent_class;
mod least_squares;
mod likelihood;
mod mixture;
mod options;
mod panel;
mod pooled;
mod scaling;
mod selection;
mod zero_inefficiency;

pub use data::{Columns, Data, Panel, Selection};
pub use options::{ClassOf, Distribution, FirstStep, Frontier, Information, Model, Sfa};

use super::Status;
use crate::fit::{Coefficient, Fit, Sandwich, Spread};
use crate::math::optimize::Maximum;
use crate::math::{Mat, dist, linalg};
use crate::vcov::{Ssc, Vcov, cluster_at, vcov};
use crate::{Design, Error, Result};
use effects::{RandomEffects, Within};
use index::Index;
use least_squares::LeastSquares;
use likelihood::{Likelihood, best};
use panel::Persistent;
use serde::Serialize;
use std::collections::BTreeMap;

/// Where a parameter is listed in results.json.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// The frontier, σ², γ and single parameters of distributions.
    Coefficients,
    /// What moves ln σ_u².
    UVariance,
    /// What moves ln σ_v².
    VVariance,
    /// What moves the mean of inefficiency.
    Determinants,
    /// What moves the log odds of no inefficiency.
    ZeroProbability,
    /// What moves the log odds of the classes.
    Separating,
    /// What moves being selected.
    Selection,
}

impl Section {
    /// Its key in results.json.
    pub fn key(self) -> &'static str {
        match self {
            Section::Coefficients => "coefficients",
            Section::UVariance => "u_variance",
            Section::VVariance => "v_variance",
            Section::Determinants => "determinants",
            Section::ZeroProbability => "zero_probability",
            Section::Separating => "separating",
            Section::Selection => "selection",
        }
    }
}

/// A parameter as it is reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Where it is listed.
    pub section: Section,
    /// Its name there.
    pub name: String,
}

/// Efficiency of one observation; all are there or none is, but for mode and interval, which a sum of persistent and
/// transient inefficiency does not have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// E[exp(-u) | e] of Battese and Coelli, in (0, 1].
    pub efficiency: Option<f64>,
    /// exp(-E[u | e]) of Jondrow, Lovell, Materov and Schmidt, in (0, 1].
    pub efficiency_jlms: Option<f64>,
    /// exp(-u) at the most likely u given e.
    pub efficiency_mode: Option<f64>,
    /// Lower end of the interval of exp(-u) given e (Horrace and Schmidt 1996).
    pub conf_low: Option<f64>,
    /// Its upper end.
    pub conf_high: Option<f64>,
    /// Whether the scores are there.
    pub status: Status,
}

/// Statistics of the fit, by the names of results.json.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    /// Log-likelihood.
    pub loglik: f64,
    /// Log-likelihood without inefficiency: of least squares, with the unit effects that the model has.
    pub loglik_ols: f64,
    /// 2 (loglik - loglik_ols), a test of no inefficiency.
    pub lr: f64,
    /// Restrictions that it tests, q.
    pub lr_df: usize,
    /// Its p-value: on the border of σ_u = 0, half chi-square(q - 1) and half chi-square(q) (Kodde and Palm 1986;
    /// Coelli 1995). NaN under `at`.
    pub lr_p_value: f64,
    /// Mean of `efficiency`.
    pub mean_efficiency: f64,
    /// Skewness of the least-squares residuals; inefficiency makes it negative (production) or positive (cost).
    pub skewness: f64,
    /// √(n/6) times the skewness, normal without inefficiency (Coelli 1995).
    pub m3t: f64,
    /// Its one-sided p-value.
    pub m3t_p_value: f64,
    /// What the model has of its own: sigma2, gamma, sigma_u, sigma_v, mu, eta, ...
    #[serde(flatten)]
    pub own: BTreeMap<&'static str, f64>,
}

/// A fitted (or, under `at`, an evaluated) frontier.
#[derive(Debug, Clone)]
pub struct SfaFit {
    /// Natural parameters, p: frontier in formula order, variances, the rest; as `at` takes them.
    pub coef: Vec<f64>,
    /// What each is.
    pub parameters: Vec<Parameter>,
    /// Their names.
    pub names: Vec<String>,
    /// Scores of the observations, n.
    pub rows: Vec<Score>,
    /// What the model says of each observation beside its scores: [`Sfa::columns`], n each.
    pub columns: Vec<(&'static str, Vec<f64>)>,
    /// Statistics.
    pub stats: Stats,
    /// Newton steps; none under `at`.
    pub iterations: usize,
    /// Largest scaled gradient at the maximum: standard errors away from the root of the score. Zero under `at`.
    pub gradient: f64,
    /// Climbs that ended on this maximum, on a lower one, on none.
    pub climbs: [usize; 3],
    /// What a reader must know.
    pub notes: Vec<String>,
    /// Covariance of `coef` by the information of the options, p × p; none under `at`.
    pub covariance: Option<Mat<f64>>,
    /// Where the maximum is, in the model's own parameters; `None` for models without a likelihood.
    top: Option<Top>,
}

/// The maximum in the model's own parameters θ.
#[derive(Debug, Clone)]
struct Top {
    theta: Vec<f64>,
    /// Inverse of minus the Hessian in θ, and in the natural parameters.
    covariance: Mat<f64>,
    bread: Mat<f64>,
    /// Of the natural parameters in θ.
    jacobian: Mat<f64>,
}

impl Top {
    fn new(model: &dyn Likelihood, maximum: &Maximum) -> Self {
        let (p, jacobian) = (maximum.at.len(), model.natural(&maximum.at).1);
        let bread = &jacobian * &maximum.covariance * jacobian.transpose();
        let bread = Mat::from_fn(p, p, |i, j| 0.5 * (bread[(i, j)] + bread[(j, i)]));
        Top { theta: maximum.at.clone(), covariance: maximum.covariance.clone(), bread, jacobian }
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
    fn information(&self, model: &dyn Likelihood, information: Information) -> Result<Mat<f64>> {
        match information {
            Information::Hessian => Ok(self.bread.clone()),
            Information::Opg => {
                let (gradients, _) = self.gradients(model)?;
                linalg::spd_inverse(&(gradients.transpose() * &gradients), "the outer product of the gradients")
            }
        }
    }
}

impl Fit for SfaFit {
    fn coef(&self) -> &[f64] {
        &self.coef
    }
    fn names(&self) -> &[String] {
        &self.names
    }
    fn nobs(&self) -> usize {
        self.rows.len()
    }
    fn dof_residual(&self) -> usize {
        self.rows.len().saturating_sub(self.coef.len())
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
    /// gradients, which are made again from the data and options of the fit. `None` under `at`.
    pub fn spread(&self, data: &Data, options: &Sfa, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Option<Spread>> {
        let Some(V) = &self.covariance else { return Ok(None) };
        if *how == Vcov::Iid {
            return Ok(Some(Spread { V: V.clone(), df: None, label: String::new(), warnings: Vec::new() }));
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

    /// Coefficient table with normal p-values; standard errors are NaN under `at`.
    pub fn table(&self) -> Vec<Coefficient> {
        self.table_with(self.covariance.as_ref(), None)
    }

    /// Coefficient table under a covariance of `coef`.
    pub fn table_with(&self, V: Option<&Mat<f64>>, df: Option<f64>) -> Vec<Coefficient> {
        let se = |j: usize| V.map_or(f64::NAN, |V| V[(j, j)].max(0.0).sqrt());
        (0..self.coef.len()).map(|j| Coefficient::new(&*self.names[j], self.coef[j], se(j), df)).collect()
    }
}

/// Refuses a sandwich of units whose rows have one likelihood together, unless it sums over clusters of whole units.
fn whole_units(fit: &dyn Sandwich, how: &Vcov, design: &Design, panel: &Panel) -> Result<()> {
    let way_out = "cluster by the unit, or by what never changes within a unit";
    if !matches!(how, Vcov::Cluster(_)) {
        let message = format!("`vcov = \"{how}\"` takes rows apart that have one likelihood together in this model");
        return Err(Error::invalid(message, way_out));
    }
    for way in how.clusters() {
        let cluster = cluster_at(fit, design, way)?;
        let mut of_unit = std::collections::HashMap::new();
        let differs = |i: &usize| *of_unit.entry(panel.unit[*i]).or_insert(cluster.codes[*i]) != cluster.codes[*i];
        if let Some(i) = (0..panel.unit.len()).find(differs) {
            let message =
                format!("`{way}` changes within a unit, whose rows have one likelihood together in this model");
            return Err(Error::invalid(message, way_out).at_rows([i]));
        }
    }
    Ok(())
}

/// Fits a frontier.
pub fn sfa(data: &Data, options: &Sfa) -> Result<SfaFit> {
    data.check()?;
    options.check(data)?;
    if options.model == Model::FourComponentSteps {
        return effects::four_component_steps(data, options);
    }
    let (frontier, ols) = least_squares(data, options)?;
    let model = model(data, &frontier, &ols, options)?;
    finish(data, options, &ols, &*model)
}

/// The frontier's index, and least squares on it.
fn least_squares(data: &Data, options: &Sfa) -> Result<(Index, LeastSquares)> {
    if options.model == Model::Selection {
        return selection::Selection::least_squares(data);
    }
    let frontier = Index::new(&data.frontier)?;
    let ols = match options.model {
        Model::Tfe => Within::least_squares(data, true)?,
        Model::WithinMle | Model::WangHo => Within::least_squares(data, false)?,
        Model::Tre | Model::FourComponent => RandomEffects::least_squares(data, &frontier)?,
        _ => LeastSquares::fit(&data.y, &frontier)?,
    };
    Ok((frontier, ols))
}

/// The likelihood of the options.
fn model<'a>(
    data: &'a Data,
    frontier: &Index,
    ols: &'a LeastSquares,
    options: &Sfa,
) -> Result<Box<dyn Likelihood + 'a>> {
    let sign = options.frontier.sign();
    use density::{Exponential, HalfNormal, TruncatedNormal};
    use pooled::Pooled;
    if options.model.is_persistent() {
        return Ok(Box::new(Persistent::new(data, frontier, ols, options)?));
    }
    if options.model.has_effects() {
        return effects::model(data, frontier, ols, options);
    }
    if options.model.is_mixture() {
        return mixture::model(data, frontier, ols, options);
    }
    let distribution = if options.model == Model::Bc95 { Distribution::TruncatedNormal } else { options.distribution };
    Ok(match distribution {
        Distribution::HalfNormal => Box::new(Pooled::new(data, frontier, ols, sign, HalfNormal)?),
        Distribution::Exponential => Box::new(Pooled::new(data, frontier, ols, sign, Exponential)?),
        Distribution::TruncatedNormal => Box::new(Pooled::new(data, frontier, ols, sign, TruncatedNormal)?),
    })
}

/// Maximizes (or evaluates), and reports in natural parameters.
fn finish(data: &Data, options: &Sfa, ols: &LeastSquares, model: &dyn Likelihood) -> Result<SfaFit> {
    let (n, parameters) = (data.nobs(), model.parameters());
    let p = parameters.len();
    if options.at.is_none() && n < p + 1 {
        return Err(Error::invalid(
            format!("{n} observations for {p} parameters"),
            "use fewer regressors or more observations",
        ));
    }
    let mut notes = model.notes();
    let (theta, top, climbs) = match &options.at {
        Some(at) if at.len() != p => {
            let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
            return Err(Error::length(format!("`at` ({})", names.join(", ")), at.len(), p));
        }
        Some(at) if at.iter().any(|v| !v.is_finite()) => {
            return Err(Error::invalid("`at` has a value that is not finite", "give numbers"));
        }
        Some(at) => (model.internal(at)?, None, [0; 3]),
        None => {
            let best = best(model, options.climbs(n))?;
            notes.extend(best.above);
            (best.top.at.clone(), Some(best.top), best.climbs)
        }
    };
    if climbs.iter().sum::<usize>() > climbs[0] {
        notes.push(format!(
            "of {} climbs from different starts {} ended on the highest maximum, {} on a lower one, {} on none",
            climbs.iter().sum::<usize>(),
            climbs[0],
            climbs[1],
            climbs[2]
        ));
    }
    let mut coef = model.natural(&theta).0;
    if let Some(at) = &options.at {
        coef.clone_from(at);
    }
    let at_top = top.as_ref().map(|top| Top::new(model, top));
    let covariance = at_top.as_ref().map(|top| top.information(model, options.information)).transpose()?;
    let rows = model.scores(&theta, options.level);
    let refused = rows.iter().filter(|r| r.status == Status::Refused).count() - model.outside();
    if refused > 0 {
        notes.push(format!("{refused} rows lie so far from the frontier that their efficiency is no number"));
    }
    let scored: Vec<f64> = rows.iter().filter_map(|r| r.efficiency).collect();
    let loglik = top.as_ref().map_or_else(|| model.value(&theta), |t| t.value);
    let lr = 2.0 * (loglik - ols.loglik);
    let q = model.restrictions();
    let [m3t, m3t_p_value] = ols.skewness_test(options.frontier.sign());
    let mut own: BTreeMap<&'static str, f64> = model.stats(&theta).into_iter().collect();
    if top.is_some() {
        let (compared, more) = model.comparisons(loglik);
        own.extend(compared);
        notes.extend(more);
        notes.extend(model.caveats(&theta));
    }
    let stats = Stats {
        loglik,
        loglik_ols: ols.loglik,
        lr,
        lr_df: q,
        lr_p_value: if top.is_some() { model.lr_p_value(lr) } else { f64::NAN },
        mean_efficiency: scored.iter().sum::<f64>() / scored.len() as f64,
        skewness: ols.skewness,
        m3t,
        m3t_p_value,
        own,
    };
    let (iterations, gradient) = top.map_or((0, 0.0), |m| (m.iterations, m.gradient));
    let names = parameters.iter().map(|p| p.name.clone()).collect();
    let columns = options.columns().into_iter().zip(model.columns(&theta)).collect();
    Ok(SfaFit {
        coef,
        parameters,
        names,
        rows,
        columns,
        stats,
        iterations,
        gradient,
        climbs,
        notes,
        covariance,
        top: at_top,
    })
}

/// P(LR ≥ x) when one of q restrictions is on the border: half chi-square(q - 1), half chi-square(q).
fn chi_bar_p(x: f64, q: usize) -> f64 {
    let less = if q == 1 { f64::from(u8::from(x <= 0.0)) } else { dist::chi2_p(x, (q - 1) as f64) };
    0.5 * (less + dist::chi2_p(x, q as f64))
}

/// a'b.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
