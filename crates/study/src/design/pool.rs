//! The bridge for many models at once: each variable is evaluated, and each effect coded, a single time.

use super::{Built, Numbers, Rows, account, codes, covariance, explains_itself, is_category, regressors, value};
use crate::error::{Error, Result};
use crate::expression::{Expr, Scope};
use crate::formula::{Formula, Part, Term};
use crate::method::Context;
use plim_stats::linear::{Estimated, INTERCEPT, Model, Pool, Regression};
use plim_stats::vcov::Vcov;
use plim_stats::{Design, Factor};
use plim_table::MISSING;
use std::collections::HashMap;
use std::sync::Arc;

/// Models of the same rows and options, over their common variables.
pub struct Pooled<'c> {
    contexts: &'c [Context<'c>],
    pool: Pool,
    models: Vec<Model>,
}

impl<'c> Pooled<'c> {
    /// Pools the models, or `None` where they ask for what a pool does not hold: instruments, slopes, dummies, an
    /// offset, keys of time or place, effects or weights with gaps. Each such model is then estimated by itself.
    pub fn new(contexts: &'c [Context<'c>]) -> Result<Option<Self>> {
        let [first, ..] = contexts else { return Ok(None) };
        let options = &first.step.regression;
        let formulas: Option<Vec<&Formula>> = contexts.iter().map(|cx| cx.formula).collect();
        let Some(formulas) =
            formulas.filter(|_| contexts.len() > 1 && options.offset.is_none() && first.draw.is_none())
        else {
            return Ok(None);
        };
        let keyed = matches!(
            options.vcov,
            Some(Vcov::NeweyWest(_) | Vcov::DriscollKraay(_) | Vcov::Conley { .. } | Vcov::Cr2(_) | Vcov::Crv3(_))
        );
        let plain = |part: &Part| match part {
            Part::Dummies { .. } => false,
            Part::Value(v) => !matches!(&v.expr, Expr::Name(name) if is_category(first.table, name)),
        };
        let simple = |f: &&Formula| {
            f.instruments.is_empty()
                && f.effects.iter().all(|e| e.slopes.is_empty())
                && f.terms.iter().flat_map(|t| &t.0).all(plain)
        };
        if keyed || !formulas.iter().all(simple) {
            return Ok(None);
        }
        let mut variables =
            Variables { scope: Scope { table: first.table, panel: first.panel }, all: Vec::new(), at: HashMap::new() };
        let mut effects: Vec<Factor> = Vec::new();
        let mut models = Vec::new();
        for formula in &formulas {
            let constant = (formula.intercept && formula.effects.is_empty()).then(|| Term(Vec::new()));
            let terms = constant.iter().chain(&formula.terms);
            let regressors = terms.map(|t| variables.position(t)).collect::<Result<Vec<_>>>()?;
            let outcome = variables.position(&Term(vec![Part::Value(formula.outcome.clone())]))?;
            let mut fe = Vec::new();
            for effect in &formula.effects {
                let name = effect.name();
                fe.push(match effects.iter().position(|f| f.name == name) {
                    Some(known) => known,
                    None => {
                        effects.push(codes(first.table, &effect.columns)?);
                        effects.len() - 1
                    }
                });
            }
            models.push(Model { outcome, regressors, fe });
        }
        let clusters = options.vcov.as_ref().map(Vcov::clusters).unwrap_or_default();
        let clusters: Vec<Factor> = (clusters.iter())
            .map(|c| codes(first.table, &c.split('^').map(str::to_string).collect::<Vec<_>>()))
            .collect::<Result<_>>()?;
        let weights = options.weights.as_deref().map(|text| value(&variables.scope, text)).transpose()?;
        let rows = first.rows;
        let gap = |f: &Factor| rows.iter().any(|&i| f.codes[i] == MISSING);
        let unusable = |w: &[f64]| rows.iter().any(|&i| !(w[i].is_finite() && w[i] > 0.0));
        if effects.iter().chain(&clusters).any(gap) || weights.as_deref().is_some_and(unusable) {
            return Ok(None);
        }
        let pick = |v: &[f64]| -> Vec<f64> { rows.iter().map(|&i| v[i]).collect() };
        let pool = Pool {
            variables: variables.all.iter().map(|(name, v)| (name.clone(), pick(v))).collect(),
            fe: effects.iter().map(|f| f.at(rows)).collect(),
            cluster: clusters.iter().map(|f| f.at(rows)).collect(),
            w: weights.as_deref().map(pick),
            rows: rows.to_vec(),
        };
        Ok(Some(Pooled { contexts, pool, models }))
    }

    /// Estimates every model and makes of each, with the account of its rows, what `each` does.
    pub fn each<T: Send>(
        &self,
        rules: &Regression,
        each: impl Fn(&Context, &Built, &Estimated) -> T + Sync,
    ) -> Vec<Result<T>> {
        let gaps: Vec<bool> = self.pool.variables.iter().map(|(_, v)| v.iter().any(|x| !x.is_finite())).collect();
        let all: Arc<[usize]> = (0..self.pool.rows.len()).collect();
        let built = |(cx, model): (&Context, &Model)| -> Result<Built> {
            let name = |v: &usize| &self.pool.variables[*v].0;
            explains_itself(name(&model.outcome), model.regressors.iter().map(name))?;
            let mut rows = Rows::new(&all);
            for &v in [model.outcome].iter().chain(&model.regressors).filter(|&&v| gaps[v]) {
                rows.lose(name(&v), |i| !self.pool.variables[v].1[i].is_finite());
            }
            let (_, lost) = rows.kept()?;
            let formula = cx.formula.ok_or_else(|| Error::plan("`formula` is not given", "write one"))?;
            Ok(Built {
                design: Design { w: self.pool.w.clone(), ..Design::default() },
                extra: Vec::new(),
                sample: account(cx, lost),
                vcov: covariance(formula, &cx.step.regression),
            })
        };
        let built: Vec<Result<Built>> = self.contexts.iter().zip(&self.models).map(built).collect();
        let sound: Vec<(&Context, &Built, &Model)> = (self.contexts.iter().zip(&built).zip(&self.models))
            .filter_map(|((cx, built), model)| Some((cx, built.as_ref().ok()?, model)))
            .collect();
        let models: Vec<Model> = sound.iter().map(|(_, _, model)| (*model).clone()).collect();
        let made = self.pool.each(&models, rules, |at, estimated| {
            let (cx, built, _) = sound[at];
            estimated.map(|e| each(cx, built, &e)).map_err(|e| Error::from(e).at_rows(cx.table))
        });
        let mut made = made.into_iter();
        let none = || Err(Error::plan("a model was not estimated", "report this"));
        built.into_iter().map(|built| built.and_then(|_| made.next().unwrap_or_else(none))).collect()
    }
}

/// The variables met so far, each once.
struct Variables<'t> {
    scope: Scope<'t>,
    all: Vec<Numbers<'t>>,
    /// Position of each by the name that its column carries.
    at: HashMap<String, usize>,
}

impl<'t> Variables<'t> {
    /// Position of a term; the empty product is the constant.
    fn position(&mut self, term: &Term) -> Result<usize> {
        let column: Numbers<'t> = match term.0.is_empty() {
            true => (INTERCEPT.into(), vec![1.0; self.scope.table.rows()].into()),
            false => {
                if let Some(&known) = self.at.get(&term.label()) {
                    return Ok(known);
                }
                let mut columns = regressors(&self.scope, term, std::slice::from_ref(term), &[])?;
                columns.pop().ok_or_else(|| Error::plan("a term stands for no column", "leave it out"))?
            }
        };
        if let Some(&known) = self.at.get(&column.0) {
            return Ok(known);
        }
        self.at.insert(column.0.clone(), self.all.len());
        self.all.push(column);
        Ok(self.all.len() - 1)
    }
}
