//! Many regressions of the same variables: a table of robustness checks, a multiverse of specifications.
//!
//! By the theorem of Frisch, Waugh and Lovell a variable off the effects is the same in every model of a sample, and
//! by the normal equations a model needs no more of the others than their moments. So models that share sample and
//! effects share one factorization of the effects, one absorption of each variable and one matrix of moments; what is
//! left for each is a triangle of its own size, its residual and its covariance. Models are grouped by the rows that
//! their variables leave and by their effects.
//!
//! Each result is that of [`Regression::run`] on the model alone, up to rounding (1e-12).
//!
//! ```
//! use plim_stats::linear::{INTERCEPT, Model, Pool, Regression};
//! let x = [1.0, 2.0, 4.0, 3.0, 5.0];
//! let pool = Pool {
//!     variables: vec![
//!         (INTERCEPT.into(), vec![1.0; 5]),
//!         ("x".into(), x.to_vec()),
//!         ("y".into(), x.iter().map(|x| 1.0 + 2.0 * x + 0.1 * (x * x).sin()).collect()),
//!         ("gap".into(), vec![1.0, f64::NAN, 0.0, 0.0, 2.0]),
//!     ],
//!     rows: (0..5).collect(),
//!     ..Pool::default()
//! };
//! let model = |regressors: &[usize]| Model { outcome: 2, regressors: regressors.to_vec(), fe: Vec::new() };
//! let fits = pool.run(&[model(&[0, 1]), model(&[0, 1, 3])], &Regression::default());
//! let nobs = |k: usize| fits[k].as_ref().unwrap().fit.residuals.len();
//! assert_eq!((nobs(0), nobs(1)), (5, 4));
//! ```

use super::moments::{self, Column, Moments, Solution};
use super::ols::Precision;
use super::prepared::{Sampled, prepare};
use super::within::Within;
use super::{Estimated, OlsFit, Regression};
use crate::absorb::Absorber;
use crate::math::Mat;
use crate::{Design, Error, Factor, Result};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// The variables that the models of a set are made of, on the same rows; NaN is missing.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    /// Name and values of each variable; a constant is `(Intercept)`.
    pub variables: Vec<(String, Vec<f64>)>,
    /// Effects that models may absorb.
    pub fe: Vec<Factor>,
    /// Clusters that the covariance may ask for.
    pub cluster: Vec<Factor>,
    /// Weights; positive.
    pub w: Option<Vec<f64>>,
    /// Row of the source table.
    pub rows: Vec<usize>,
}

/// One model: positions of its variables and effects in the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its outcome.
    pub outcome: usize,
    /// Its regressors, in the order of its formula.
    pub regressors: Vec<usize>,
    /// Its effects, in the order of its formula.
    pub fe: Vec<usize>,
}

impl Pool {
    /// Estimates all models; a model that fails has its own error.
    pub fn run(&self, models: &[Model], rules: &Regression) -> Vec<Result<Estimated>> {
        self.each(models, rules, |_, estimated| estimated)
    }

    /// Estimates all models and makes of each what `each` does, given its position: hundreds of fits with their columns
    /// would otherwise lie in memory at once.
    pub fn each<T: Send>(
        &self,
        models: &[Model],
        rules: &Regression,
        each: impl Fn(usize, Result<Estimated>) -> T + Sync,
    ) -> Vec<T> {
        // Models by their effects and the variables that decide on their rows.
        let gaps: Vec<bool> = self.variables.iter().map(|(_, v)| v.iter().any(|v| !v.is_finite())).collect();
        type Key<'m> = (&'m [usize], Vec<usize>);
        let mut groups: Vec<(Key, Vec<usize>)> = Vec::new();
        let mut known: HashMap<Key, usize> = HashMap::new();
        for (m, model) in models.iter().enumerate() {
            let used = model.regressors.iter().chain([&model.outcome]);
            let mut with_gaps: Vec<usize> = used.copied().filter(|&v| gaps.get(v) == Some(&true)).collect();
            with_gaps.sort_unstable();
            with_gaps.dedup();
            let key = (&model.fe[..], with_gaps);
            let at = *known.entry(key.clone()).or_insert(groups.len());
            if at == groups.len() {
                groups.push((key, Vec::new()));
            }
            groups[at].1.push(m);
        }
        let mut out: Vec<Option<T>> = models.iter().map(|_| None).collect();
        for ((fe, with_gaps), members) in groups {
            let mut used: Vec<usize> =
                members.iter().flat_map(|&m| models[m].regressors.iter().copied().chain([models[m].outcome])).collect();
            used.sort_unstable();
            used.dedup();
            let fits: Vec<T> = match self.family(&used, fe, &with_gaps, rules) {
                Ok(family) => {
                    let models: Vec<&Model> = members.iter().map(|&m| &models[m]).collect();
                    family.run(&models, rules, |at, estimated| each(members[at], estimated))
                }
                Err(e) => members.iter().map(|&m| each(m, Err(e.clone()))).collect(),
            };
            members.iter().zip(fits).for_each(|(&m, fit)| out[m] = Some(fit));
        }
        out.into_iter().flatten().collect()
    }

    /// The family of the models that use these variables and effects on the rows where `with_gaps` are present.
    fn family(&self, used: &[usize], fe: &[usize], with_gaps: &[usize], rules: &Regression) -> Result<Family> {
        let n = self.rows.len();
        let unknown = |what: &str| Error::invalid(format!("a model names {what} that the pool lacks"), "add it");
        for &v in used {
            let (name, values) = self.variables.get(v).ok_or_else(|| unknown("a variable"))?;
            if values.len() != n {
                return Err(Error::length(format!("`{name}`"), values.len(), n));
            }
        }
        let fe: Vec<&Factor> =
            fe.iter().map(|&f| self.fe.get(f)).collect::<Option<_>>().ok_or_else(|| unknown("an effect"))?;
        if let Some(bad) = fe.iter().copied().chain(&self.cluster).find(|f| f.codes.len() != n) {
            return Err(Error::length(format!("`{}`", bad.name), bad.codes.len(), n));
        }
        if let Some(w) = self.w.as_ref().filter(|w| w.len() != n) {
            return Err(Error::length("weights", w.len(), n));
        }
        let complete = |i: &usize| with_gaps.iter().all(|&v| self.variables[v].1[*i].is_finite());
        let keep: Vec<usize> = (0..n).filter(complete).collect();
        let mut X = Mat::zeros(keep.len(), used.len());
        for (j, &v) in used.iter().enumerate() {
            X.col_as_slice_mut(j).iter_mut().zip(&keep).for_each(|(to, &i)| *to = self.variables[v].1[i]);
        }
        let design = Design {
            // Outcomes are among the variables; this one is never used.
            y: vec![0.0; keep.len()],
            outcome: "(none)".into(),
            X,
            names: used.iter().map(|&v| self.variables[v].0.clone()).collect(),
            fe: fe.into_iter().map(|f| f.at(&keep)).collect(),
            cluster: self.cluster.iter().map(|f| f.at(&keep)).collect(),
            w: self.w.as_ref().map(|w| keep.iter().map(|&i| w[i]).collect()),
            rows: keep.iter().map(|&i| self.rows[i]).collect(),
            ..Design::default()
        };
        let Sampled { design, sample, absorber } = prepare(&design, rules.ols.singletons)?;
        let within = Within::new(&design, absorber.as_ref(), rules.ols.precision)?;
        let design = design.into_owned();
        let singletons = keep.len() - sample.len();
        let sample = sample.iter().map(|&i| keep[i]).collect();
        Ok(Family { used: used.to_vec(), design, sample, singletons, absorber, within })
    }
}

/// Models of one sample and the same effects.
struct Family {
    /// Positions in the pool of the columns of the design.
    used: Vec<usize>,
    design: Design,
    /// Positions in the pool of the observations.
    sample: Arc<[usize]>,
    singletons: usize,
    absorber: Option<Absorber>,
    within: Within,
}

impl Family {
    /// All models: those whose condition allows from moments in double precision, the others from more digits.
    fn run<T: Send>(
        &self,
        models: &[&Model],
        rules: &Regression,
        each: impl Fn(usize, Result<Estimated>) -> T + Sync,
    ) -> Vec<T> {
        let placed: Vec<Placed> = models.iter().map(|m| self.place(m)).collect();
        let solve = |moments: &Moments, placed: &Placed| {
            let which: Vec<usize> = placed.judged.iter().copied().chain([placed.outcome]).collect();
            let k = placed.judged.len();
            let local: Vec<usize> = (0..k).collect();
            moments::solve(&moments.select(&which), &local, k, &self.within.sizes(&placed.judged))
        };
        let mut solved: Vec<Option<Solution>> = vec![None; models.len()];
        for precision in [Precision::Double, Precision::Extended] {
            if solved.iter().all(Option::is_some) || precision < rules.ols.precision {
                continue;
            }
            let moments = self.moments(precision);
            solved = solved.into_par_iter().zip(&placed).map(|(s, p)| s.or_else(|| solve(&moments, p))).collect();
        }
        let estimate = |(at, (solution, placed))| each(at, self.estimate(placed, solution, rules));
        solved.into_par_iter().zip(&placed).enumerate().map(estimate).collect()
    }

    fn place(&self, model: &Model) -> Placed {
        // Every variable of a model is among those used.
        let at = |v: usize| self.used.partition_point(|&u| u < v);
        let order: Vec<usize> = model.regressors.iter().map(|&v| at(v)).collect();
        Placed { judged: self.within.off_effects(&order), outcome: at(model.outcome), order }
    }

    fn estimate(&self, placed: &Placed, solution: Option<Solution>, rules: &Regression) -> Result<Estimated> {
        let (d, outcome) = (&self.design, placed.outcome);
        if placed.order.contains(&outcome) {
            return Err(Error::invalid("the outcome is also a regressor", "leave it out on the right of `~`")
                .at_column(d.names[outcome].clone()));
        }
        // Without a solution the regressors are so nearly collinear that a second pass over the rows is needed.
        let solve = |chosen: &[usize], size: &[f64]| {
            solution.unwrap_or_else(|| self.within.solve(d, chosen, outcome, size, Precision::Extended))
        };
        let absorber = self.absorber.as_ref();
        let fit = (rules.ols.fit_within(d, absorber, &self.within, &placed.order, outcome, solve))
            .map(|(fit, kept)| OlsFit { X: self.within.matrix(d, &kept), ..fit });
        let fit = match rules.ols.wants_more(&fit, absorber) {
            true => rules.ols.fit_with(&self.alone(placed), absorber, Precision::Extended)?,
            false => fit?,
        };
        let mut estimated = rules.estimated(OlsFit { sample: (0..d.nobs()).collect(), ..fit }, d)?;
        estimated.fit.sample = self.sample.clone();
        estimated.fit.singletons = self.singletons;
        Ok(estimated)
    }

    /// The design of one model.
    fn alone(&self, placed: &Placed) -> Design {
        let (d, order) = (&self.design, &placed.order);
        Design {
            y: d.X.col_as_slice(placed.outcome).to_vec(),
            outcome: d.names[placed.outcome].clone(),
            X: Mat::from_fn(d.nobs(), order.len(), |i, j| d.X[(i, order[j])]),
            names: order.iter().map(|&j| d.names[j].clone()).collect(),
            ..d.clone()
        }
    }

    fn moments(&self, precision: Precision) -> Moments {
        let w = self.design.w.as_deref();
        let columns: Vec<Column> = (0..self.used.len()).map(|j| self.within.column(&self.design, j)).collect();
        match precision {
            Precision::Double => Moments::quick(&columns.iter().map(|c| c.high).collect::<Vec<_>>(), w),
            Precision::Extended => Moments::extended(&columns, w),
        }
    }
}

/// A model in its family: columns of the design.
struct Placed {
    order: Vec<usize>,
    /// Regressors that the effects do not span.
    judged: Vec<usize>,
    outcome: usize,
}
