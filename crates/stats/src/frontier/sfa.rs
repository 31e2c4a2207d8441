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
//! Where to find what: the distributions of u in `density/`, one file each; how rows make up a likelihood in `pooled` and
//! `panel`, with unit effects beside inefficiency in `effects/`, with endogenous regressors in `endogenous`, with noise that
//! inefficiency moves with in `dependence`, other ways to mix or stretch its distribution in `mixture`; frontiers without a distribution in `relative/`; the climb to its
//! certified maximum in `likelihood`; covariances in `covariance` and `bootstrap`. Assumed: u independent of x and v. A
//! regression of the scores on other variables afterwards is biased (Wang and Schmidt 2002): use `determinants`.
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

mod bootstrap;
mod composed;
mod conditional;
mod covariance;
mod data;
mod density;
mod dependence;
mod effects;
mod endogenous;
mod index;
mod latent_class;
mod least_squares;
mod likelihood;
mod marginal;
mod mixture;
mod options;
mod panel;
mod pooled;
mod propagation;
mod relative;
mod scaling;
mod selection;
mod zero_inefficiency;

pub use composed::{Bin, ComposedError, CurvePoint};
pub use data::{Columns, Data, Endogenous, Panel, Selection};
pub use density::Copula;
pub use marginal::Marginal;
pub use options::{ClassOf, Distribution, FirstStep, Frontier, Information, Model, Sfa};
pub use propagation::Propagation;

use super::Status;
use crate::fit::{Coefficient, Fit};
use crate::math::Mat;
use crate::{Error, Result};
use covariance::Top;
use effects::{RandomEffects, Within};
use endogenous::Control;
use index::Index;
use least_squares::LeastSquares;
use likelihood::{Likelihood, best, best_from};
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
    /// First stages of endogenous regressors: `REGRESSOR ~ INSTRUMENT`, their variances and covariances.
    FirstStage,
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
            Section::FirstStage => "first_stage",
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
/// transient inefficiency does not have, and all but the first, which efficiency relative to the best unit does not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// E[exp(-u) | e] of Battese and Coelli, or exp(-u) of an estimated u, in (0, 1].
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
    /// Estimated parameters k.
    pub parameters: usize,
    /// 2k - 2 loglik.
    pub aic: f64,
    /// k ln n - 2 loglik.
    pub bic: f64,
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
    /// The residuals against their fitted density, in models of independent rows.
    pub composed: Option<ComposedError>,
    /// Where the maximum is, in the model's own parameters; `None` for models without a likelihood.
    top: Option<Top>,
    /// What a frontier without a distribution has for a sandwich.
    moments: Option<Moments>,
}

/// The moments of least squares: bread (k × k), and scores of the rows (n × k), which add up to those of their unit.
#[derive(Debug, Clone)]
struct Moments {
    bread: Mat<f64>,
    scores: Mat<f64>,
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

impl SfaFit {
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

/// Fits a frontier.
pub fn sfa(data: &Data, options: &Sfa) -> Result<SfaFit> {
    data.check()?;
    options.check(data)?;
    if options.model.is_relative() {
        return relative::relative(data, options);
    }
    if options.model == Model::FourComponentSteps {
        return effects::four_component_steps(data, options);
    }
    let (frontier, ols) = least_squares(data, options)?;
    let model = model(data, &frontier, &ols, options)?;
    let mut fit = finish(data, options, &ols, &*model)?;
    if data.endogenous.is_some() {
        endogenous::add_exogeneity(&mut fit)?;
    }
    Ok(fit)
}

/// The frontier's index, and least squares on it.
fn least_squares(data: &Data, options: &Sfa) -> Result<(Index, LeastSquares)> {
    if options.model == Model::Selection {
        return selection::Selection::least_squares(data);
    }
    let frontier = Index::new(&data.frontier)?;
    let ols = match options.model {
        _ if data.endogenous.is_some() => Control::least_squares(data, &frontier)?,
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
    use density as d;
    use dependence::Dependence;
    use endogenous::Endogenous;
    use pooled::Pooled;
    if options.model.is_persistent() {
        return Ok(Box::new(Persistent::new(data, frontier, ols, options)?));
    }
    if options.model.has_effects() {
        return effects::model(data, frontier, ols, options);
    }
    if data.endogenous.is_some() {
        return Ok(match options.distribution {
            Distribution::Exponential => Box::new(Endogenous::new(data, frontier, ols, sign, d::Exponential)?),
            _ => Box::new(Endogenous::new(data, frontier, ols, sign, d::HalfNormal)?),
        });
    }
    if options.model.is_mixture() {
        return mixture::model(data, frontier, ols, options);
    }
    if let Some(copula) = options.copula {
        return Ok(match options.distribution {
            Distribution::Exponential => Box::new(Dependence::new(data, frontier, ols, sign, d::Exponential, copula)?),
            _ => Box::new(Dependence::new(data, frontier, ols, sign, d::HalfNormal, copula)?),
        });
    }
    let distribution = if options.model == Model::Bc95 { Distribution::TruncatedNormal } else { options.distribution };
    Ok(match distribution {
        Distribution::HalfNormal => Box::new(Pooled::new(data, frontier, ols, sign, d::HalfNormal)?),
        Distribution::Exponential => Box::new(Pooled::new(data, frontier, ols, sign, d::Exponential)?),
        Distribution::TruncatedNormal => Box::new(Pooled::new(data, frontier, ols, sign, d::TruncatedNormal)?),
        Distribution::Rayleigh => Box::new(Pooled::new(data, frontier, ols, sign, d::Rayleigh)?),
        Distribution::Uniform => Box::new(Pooled::new(data, frontier, ols, sign, d::Uniform)?),
        Distribution::GeneralizedExponential => {
            Box::new(Pooled::new(data, frontier, ols, sign, d::GeneralizedExponential)?)
        }
        Distribution::TruncatedSkewedLaplace => {
            Box::new(Pooled::new(data, frontier, ols, sign, d::TruncatedSkewedLaplace)?)
        }
        Distribution::Gamma => Box::new(Pooled::new(data, frontier, ols, sign, d::Integrated(d::Gamma))?),
        Distribution::Weibull => Box::new(Pooled::new(data, frontier, ols, sign, d::Integrated(d::Weibull))?),
        Distribution::Lognormal => Box::new(Pooled::new(data, frontier, ols, sign, d::Integrated(d::Lognormal))?),
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
        Some(at) => (model.internal(lengthy(at, &parameters, "at")?)?, None, [0; 3]),
        None => {
            let best = match &options.start {
                Some(start) => best_from(model, lengthy(start, &parameters, "start")?, options.climbs(n))?,
                None => best(model, options.climbs(n))?,
            };
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
        parameters: p,
        aic: 2.0 * p as f64 - 2.0 * loglik,
        bic: p as f64 * (n as f64).ln() - 2.0 * loglik,
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
        composed: model.composed(&theta),
        moments: None,
    })
}

/// Natural parameters as an option gives them: as many as the model has, and numbers.
fn lengthy<'v>(values: &'v [f64], parameters: &[Parameter], option: &str) -> Result<&'v [f64]> {
    if values.len() != parameters.len() {
        let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
        let what = format!("`{option}` ({})", names.join(", "));
        return Err(Error::length(what, values.len(), parameters.len()));
    }
    match values.iter().all(|v| v.is_finite()) {
        true => Ok(values),
        false => Err(Error::invalid(format!("`{option}` has a value that is not finite"), "give numbers")),
    }
}

/// a'b.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
