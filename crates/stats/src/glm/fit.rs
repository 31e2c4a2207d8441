//! The estimator and its fit.

use super::bias::{BiasCorrection, corrected};
use super::family::bernoulli;
use super::irls::{Climb, null_constant};
use super::sample::{Screened, check_outcome, screen};
use super::{Family, negbin};
use crate::absorb::{Absorber, Singletons};
use crate::linear::least_squares::Orthogonal;
use crate::linear::{Collinear, Dropped};
use crate::math::{Mat, linalg};
use crate::vcov::{Covariance, Ssc, Vcov, vcov};
use crate::{Design, Error, Fit, Kind, Result, Sandwich};

/// Name of the dispersion among the coefficients of a negative binomial fit.
pub const THETA: &str = "theta";

/// The estimator: a family and the rules for the sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glm {
    /// The family; θ of the negative binomial is estimated, whatever is given here.
    pub family: Family,
    /// Rule for observations alone in a level of an effect.
    pub singletons: Singletons,
    /// Rule for collinear regressors.
    pub collinear: Collinear,
    /// Correction for incidental parameters; for binary outcomes only.
    pub bias_correction: BiasCorrection,
}

/// A fitted model.
#[derive(Debug, Clone)]
pub struct GlmFit {
    /// The family, with the estimate of θ.
    pub family: Family,
    /// Estimates of the kept regressors, then θ where there is one.
    pub coef: Vec<f64>,
    /// Their names.
    pub names: Vec<String>,
    /// Regressors that left.
    pub dropped: Vec<Dropped>,
    /// Positions of the observations used, in the design that was given.
    pub sample: Vec<usize>,
    /// Singletons dropped.
    pub singletons: usize,
    /// Name of each effect and how many of its levels had no finite effect; those without such levels are left out.
    pub removed: Vec<(String, usize)>,
    /// Observations in those levels.
    pub uniform: usize,
    /// Positions of the separated observations, in the design that was given.
    pub separated: Vec<usize>,
    /// Linear predictor, n.
    pub eta: Vec<f64>,
    /// Inverse of the information of the estimates, effects concentrated out.
    pub bread: Mat<f64>,
    /// Score of each observation, effects concentrated out.
    pub scores: Mat<f64>,
    /// Twice the log-likelihood missing to a perfect fit.
    pub deviance: f64,
    /// Log-likelihood, all terms.
    pub loglik: f64,
    /// Log-likelihood of a constant (and the offset) alone.
    pub loglik_null: f64,
    /// Squared correlation of outcome and fitted mean.
    pub r2: f64,
    /// Name and levels of each effect in the sample.
    pub effects: Vec<(String, usize)>,
    /// Exact rank of the effects, where known; zero without effects.
    pub rank: Option<usize>,
    /// Steps taken.
    pub iterations: usize,
    /// Cosine between the working residual and the space of regressors and effects: the certificate.
    pub certificate: f64,
    /// Gain of the last step in the deviance, relative.
    pub deviance_change: f64,
    /// Whether the coefficients are corrected for incidental parameters.
    pub corrected: bool,
}

impl Fit for GlmFit {
    fn coef(&self) -> &[f64] {
        &self.coef
    }
    fn names(&self) -> &[String] {
        &self.names
    }
    fn nobs(&self) -> usize {
        self.eta.len()
    }
    fn dof_residual(&self) -> usize {
        let effects = self.rank.unwrap_or_else(|| self.effects_counted());
        self.nobs().saturating_sub(self.coef.len() + effects)
    }
}

impl Sandwich for GlmFit {
    fn bread(&self) -> &Mat<f64> {
        &self.bread
    }
    fn scores(&self) -> &Mat<f64> {
        &self.scores
    }
    /// n/(n - parameters): the dispersion is one, and `iid` multiplies by the degrees of freedom over n.
    fn sigma2(&self) -> f64 {
        self.nobs() as f64 / self.dof_residual().max(1) as f64
    }
    fn sample(&self) -> Option<&[usize]> {
        Some(&self.sample)
    }
    fn rank(&self) -> Option<usize> {
        self.rank
    }
}

impl GlmFit {
    /// Parameters of the effects as fixest counts them: every level, less one for each effect after the first.
    pub fn effects_counted(&self) -> usize {
        let levels: usize = self.effects.iter().map(|(_, l)| l).sum();
        levels - self.effects.len().saturating_sub(1)
    }

    /// McFadden's 1 - ℓ/ℓ₀.
    pub fn pseudo_r2(&self) -> f64 {
        1.0 - self.loglik / self.loglik_null
    }

    /// -2ℓ + K ln n, all parameters counted.
    pub fn bic(&self) -> f64 {
        -2.0 * self.loglik + (self.coef.len() + self.effects_counted()) as f64 * (self.nobs() as f64).ln()
    }

    /// Fitted means, n.
    pub fn fitted(&self) -> Vec<f64> {
        self.eta.iter().map(|&e| self.family.mean(e)).collect()
    }

    /// The estimate of this name.
    pub fn coefficient(&self, name: &str) -> Option<f64> {
        self.names.iter().position(|n| n == name).map(|j| self.coef[j])
    }

    /// What a reader must know of the regressors and of the effects.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.dropped.iter().map(ToString::to_string).collect();
        let values = if self.family.binary() { "all 0 or all 1" } else { "all 0" };
        for (effect, levels) in &self.removed {
            notes.push(format!("{levels} levels of `{effect}` removed: their outcomes are {values}"));
        }
        if self.family.binary() && !self.effects.is_empty() {
            notes.push(match self.corrected {
                true => "corrected for the incidental parameters of the effects (analytically)".into(),
                false => "the fixed effects of a binary outcome are incidental parameters: estimates are biased away \
                          from zero by the order of one over the observations of a level; see `bias_correction`"
                    .into(),
            });
        }
        notes
    }
}

/// Rounds of taking out separated observations; each takes out at least one.
const ROUNDS: usize = 50;

impl Glm {
    /// The estimator of a family with the default rules.
    pub fn new(family: Family) -> Self {
        Glm {
            family,
            singletons: Singletons::default(),
            collinear: Collinear::default(),
            bias_correction: BiasCorrection::default(),
        }
    }

    /// Fits a design.
    pub fn fit(&self, design: &Design) -> Result<GlmFit> {
        design.check()?;
        if let Some(slope) = design.slopes.first() {
            return Err(Error::invalid("slopes that vary by level are not absorbed here", "leave them out")
                .at_column(slope.label()));
        }
        check_outcome(design, self.family)?;
        let mut account = Screened { levels: vec![0; design.fe.len()], ..Screened::default() };
        account.keep = (0..design.nobs()).collect();
        let mut separated: Vec<usize> = Vec::new();
        let mut start: Option<Vec<f64>> = None;
        for _ in 0..ROUNDS {
            let now = screen(design, &account.keep, self.family, self.singletons);
            account.singletons += now.singletons;
            account.uniform += now.uniform;
            account.levels.iter_mut().zip(&now.levels).for_each(|(all, new)| *all += new);
            // The predictor of the round before, at the observations that are left.
            let start_eta = start.take().map(|eta: Vec<f64>| {
                let stays = account.keep.iter().zip(eta).filter(|(i, _)| now.keep.binary_search(i).is_ok());
                stays.map(|(_, e)| e).collect::<Vec<f64>>()
            });
            account.keep = now.keep;
            self.check_left(design, &account, &separated)?;
            let at_sample = design.at(&account.keep);
            let (mut climb, gone) = self.climb(&at_sample, start_eta)?;
            match gone {
                None => return self.finish(&at_sample, &mut climb, account, separated, design),
                Some(gone) => {
                    separated.extend(gone.iter().map(|&g| account.keep[g]));
                    separated.sort_unstable();
                    let stays: Vec<usize> =
                        (0..account.keep.len()).filter(|g| gone.binary_search(g).is_err()).collect();
                    start = Some(stays.iter().map(|&g| climb.eta[g]).collect());
                    account.keep = stays.iter().map(|&g| account.keep[g]).collect();
                }
            }
        }
        Err(Error::new(Kind::NotConverged {
            what: "taking out separated observations".into(),
            iterations: ROUNDS,
            reached: separated.len() as f64,
            wanted: 0.0,
        }))
    }

    /// Refuses a sample in which nothing varies.
    fn check_left(&self, design: &Design, account: &Screened, separated: &[usize]) -> Result<()> {
        let y = |&i: &usize| design.y[i];
        let Some(first) = account.keep.first().map(y) else {
            return Err(match (separated.is_empty(), account.uniform) {
                (false, _) => Error::invalid(
                    format!(
                        "regressors and effects predict every outcome perfectly ({} observations are separated), so that no maximum is finite",
                        separated.len()
                    ),
                    "leave out the regressor that separates the outcomes",
                ),
                (true, 0) => Error::invalid(
                    "every observation is alone in a level of a fixed effect",
                    "use a coarser effect, or set `singletons = \"keep\"`",
                ),
                (true, _) => Error::invalid(
                    format!(
                        "no level of the fixed effects is left: the outcomes of each are {}",
                        if self.family.binary() { "all 0 or all 1" } else { "all 0" }
                    ),
                    "use a coarser effect",
                ),
            }
            .at_column(design.outcome.clone()));
        };
        let constant = account.keep.iter().all(|i| y(i) == first);
        // With exposures of its own each observation has a rate, and a constant count is no constant.
        if constant && (first == 0.0 || design.offset.is_none()) {
            return Err(Error::new(Kind::Constant).at_column(design.outcome.clone()));
        }
        Ok(())
    }

    /// Climbs on a sample; the negative binomial from the Poisson maximum.
    fn climb<'d>(&self, design: &'d Design, start: Option<Vec<f64>>) -> Result<(Climb<'d>, Option<Vec<usize>>)> {
        let first = match self.family {
            Family::NegativeBinomial(_) => Family::Poisson,
            family => family,
        };
        let eta = start.unwrap_or_else(|| starting(design, first));
        let mut climb = Climb::new(design, first, eta, self.collinear);
        let mut gone = climb.run()?;
        if let (None, Family::NegativeBinomial(_)) = (&gone, self.family) {
            climb.family = Family::NegativeBinomial(negbin::start(design, &climb.eta));
            gone = climb.run()?;
        }
        Ok((climb, gone))
    }

    /// Covariance ingredients and statistics at the end of a climb.
    fn finish(
        &self,
        design: &Design,
        climb: &mut Climb,
        account: Screened,
        separated: Vec<usize>,
        given: &Design,
    ) -> Result<GlmFit> {
        let mut coef = climb.coef.clone();
        if self.family == Family::Probit {
            climb.expect()?;
        }
        let correct = self.bias_correction == BiasCorrection::Analytical;
        if correct {
            coef = corrected(design, climb)?;
            refit_effects(design, climb, &coef)?;
        }
        let kept = climb.kept.clone().unwrap_or_default();
        let (n, k) = (design.nobs(), kept.len());
        let mut names: Vec<String> = kept.iter().map(|&j| design.names[j].clone()).collect();
        let mut bread = Orthogonal::of(&climb.scaled()).inverse_gram();
        let mut scores = Mat::from_fn(n, k, |i, j| climb.W[i] * climb.r[i] * climb.X[j][i]);
        if let Family::NegativeBinomial(theta) = climb.family {
            let joint = negbin::Joint::new(design, climb, theta)?;
            let information = Mat::from_fn(k + 1, k + 1, |i, j| match (i == k, j == k) {
                (true, true) => joint.theta,
                (true, false) => joint.cross[j],
                (false, true) => joint.cross[i],
                _ => super::irls::weighted(&climb.X[i], &climb.X[j], &climb.W),
            });
            bread = linalg::spd_inverse(&information, "the information of coefficients and dispersion")?;
            scores = Mat::from_fn(n, k + 1, |i, j| if j < k { scores[(i, j)] } else { joint.score[i] });
            names.push(THETA.into());
            coef.push(theta);
        }
        let family = climb.family;
        let w = |i: usize| design.w.as_ref().map_or(1.0, |w| w[i]);
        let total = |f: &dyn Fn(f64, f64) -> f64| (0..n).map(|i| w(i) * f(design.y[i], climb.eta[i])).sum::<f64>();
        let deviance = total(&|y, eta| family.deviance(y, eta));
        let fit = GlmFit {
            family,
            coef,
            names,
            dropped: (climb.dropped.iter())
                .map(|&(j, reason)| Dropped { name: design.names[j].clone(), reason, by: Vec::new() })
                .collect(),
            sample: account.keep,
            singletons: account.singletons,
            removed: (given.fe.iter().zip(&account.levels))
                .filter(|(_, l)| **l > 0)
                .map(|(f, &l)| (f.name.clone(), l))
                .collect(),
            uniform: account.uniform,
            separated,
            eta: climb.eta.clone(),
            bread,
            scores,
            deviance,
            loglik: total(&|y, eta| family.loglik(y, eta)),
            loglik_null: null_loglik(design, family)?,
            r2: correlation(&design.y, &climb.eta.iter().map(|&e| family.mean(e)).collect::<Vec<_>>()).powi(2),
            effects: design.fe.iter().map(|f| (f.name.clone(), f.levels as usize)).collect(),
            // A matter of the graph of the effects alone, so without the weights, which range widely here.
            rank: match design.fe.is_empty() {
                true => Some(0),
                false => Absorber::new(&design.fe, &[], None)?.rank(),
            },
            iterations: climb.iterations,
            certificate: climb.certificate,
            deviance_change: climb.gain / (deviance.abs() + 0.1),
            corrected: correct,
        };
        if fit.dof_residual() == 0 {
            return Err(Error::invalid(
                format!("{n} observations leave no degree of freedom for {k} regressors and the fixed effects"),
                "use fewer effects or regressors, or more data",
            ));
        }
        Ok(fit)
    }
}

/// The effects and η at given coefficients, and the regressors off the effects there.
fn refit_effects(design: &Design, climb: &mut Climb, coef: &[f64]) -> Result<()> {
    let n = design.nobs();
    let kept = climb.kept.clone().unwrap_or_default();
    let known = |i: usize| -> f64 { kept.iter().zip(coef).map(|(&j, b)| b * design.X[(i, j)]).sum() };
    let offset = |i: usize| design.offset.as_ref().map_or(0.0, |o| o[i]);
    let given = Design {
        X: Mat::zeros(n, 0),
        names: Vec::new(),
        offset: Some((0..n).map(|i| offset(i) + known(i)).collect()),
        ..design.clone()
    };
    let mut effects = Climb::new(&given, climb.family, climb.eta.clone(), Collinear::Drop);
    if effects.run()?.is_some() {
        return Err(Error::new(Kind::Untrusted {
            message: "the effects have no finite maximum at the corrected coefficients".into(),
            remedy: "set `bias_correction = \"none\"`".into(),
        }));
    }
    climb.eta = effects.eta;
    climb.iterations += effects.iterations;
    climb.expect()
}

/// η to begin with.
fn starting(design: &Design, family: Family) -> Vec<f64> {
    let w = |i: usize| design.w.as_ref().map_or(1.0, |w| w[i]);
    let n = design.nobs();
    let mean = (0..n).map(|i| w(i) * design.y[i]).sum::<f64>() / (0..n).map(w).sum::<f64>();
    design.y.iter().map(|&y| family.start(y, mean)).collect()
}

/// Log-likelihood with a constant and the offset alone (and its own θ).
fn null_loglik(design: &Design, family: Family) -> Result<f64> {
    let n = design.nobs();
    let w = |i: usize| design.w.as_ref().map_or(1.0, |w| w[i]);
    let offset = |i: usize| design.offset.as_ref().map_or(0.0, |o| o[i]);
    if family.binary() && design.offset.is_none() {
        let mean = (0..n).map(|i| w(i) * design.y[i]).sum::<f64>() / (0..n).map(w).sum::<f64>();
        return Ok((0..n).map(|i| w(i) * bernoulli(design.y[i], mean)).sum());
    }
    let (family, eta) = match family {
        Family::NegativeBinomial(_) => {
            let constant = Design {
                X: Mat::from_fn(n, 1, |_, _| 1.0),
                names: vec![crate::linear::INTERCEPT.into()],
                fe: Vec::new(),
                ..design.clone()
            };
            let (climb, _) = Glm::new(family).climb(&constant, None)?;
            (climb.family, climb.eta)
        }
        family => {
            let constant = null_constant(design, family);
            (family, (0..n).map(|i| offset(i) + constant).collect())
        }
    };
    Ok((0..n).map(|i| w(i) * family.loglik(design.y[i], eta[i])).sum())
}

/// Pearson's correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let moment =
        |u: &[f64], mu: f64, v: &[f64], mv: f64| u.iter().zip(v).map(|(x, y)| (x - mu) * (y - mv)).sum::<f64>();
    moment(a, ma, b, mb) / (moment(a, ma, a, ma) * moment(b, mb, b, mb)).sqrt()
}

/// The covariance of a fit by likelihood, as fixest makes it.
///
/// Differs from [`vcov`] in two places: the dispersion is one, so that `iid` is the inverse information times
/// (n - 1)/(n - K) (no factor where the rule has none), and estimates over standard errors are compared with the
/// normal. `df` stays what t would have.
pub fn covariance(fit: &GlmFit, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Covariance> {
    let mut made = vcov(fit, how, ssc, design)?;
    let n = fit.nobs() as f64;
    if *how == Vcov::Iid && made.K.is_some() {
        made.V = Mat::from_fn(made.V.nrows(), made.V.ncols(), |i, j| made.V[(i, j)] * (n - 1.0) / n);
        made.factor *= (n - 1.0) / n;
    }
    if let Some((words, _)) = made.label.split_once(", t with ") {
        let words = match (words.split_once("factor "), made.K) {
            (Some((before, _)), Some(_)) if *how == Vcov::Iid => {
                format!("{before}factor (n - 1)/(n - K) = {:.7}", made.factor)
            }
            _ => words.to_string(),
        };
        made.label = format!("{words}, standard normal)");
    }
    Ok(made)
}
