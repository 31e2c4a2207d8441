//! The part of a study that a replication runs again.

use super::draw::{Clusters, Tables, effects};
use super::graph::Graph;
use super::quantity::quantities;
use crate::error::{Error, Result};
use crate::made::Made;
use crate::method::Role;
use crate::plan::{Plan, Study};
use crate::run::{Run, alike};
use crate::step::Step;
use indexmap::IndexMap;
use plim_report::Results;
use plim_stats::resample::scheme::Draw;
use plim_table::Table;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// What a full run keeps so that parts of it can be run again.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    /// Whether what a step makes is kept, by the place of the step.
    pub wanted: Vec<bool>,
    /// The tables before the first step that is run again.
    pub start: Option<Tables>,
    /// Columns and tables that steps have made.
    pub made: HashMap<usize, Made>,
}

/// How a replication treats a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Runs it on the draw.
    Again,
    /// Takes the rows of what it made: each row depends on its own unit only.
    Carried,
}

/// The steps that a replication runs, and what it starts from.
pub(crate) struct Chain<'s> {
    study: &'s Study,
    folder: &'s Path,
    memory: Option<usize>,
    /// The steps from the first that is run again, inference of their own left out.
    steps: Vec<(Step, Kind)>,
    /// Whether measures can be frozen: not where a query makes their table anew before they enter it.
    pub frozen: bool,
    /// Estimates that rest on what is made again, by the place of the step.
    generated: Vec<bool>,
    /// Places of steps that make columns again.
    pub remade: Vec<String>,
    /// Names of queries that are taken as they are.
    pub given: Vec<String>,
    /// Scores against a border that the sample itself draws.
    pub borders: Vec<String>,
    tables: Tables,
    keys: IndexMap<String, (Option<String>, Option<String>)>,
    made: HashMap<usize, Made>,
}

/// One number of the chain: estimate, path within it.
pub(crate) type Name = (String, String);

/// What a replication yields: each quantity with its conventional error, and with the measures frozen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replication {
    pub again: Vec<f64>,
    pub errors: Vec<f64>,
    pub frozen: Vec<f64>,
    /// What failed, and why.
    pub failures: Vec<String>,
}

impl<'s> Chain<'s> {
    /// The chain behind these estimates of a study, all of them when none is named.
    ///
    /// `weighted` chains draw weights: borders of deterministic frontiers stay where they are.
    pub fn new(plan: &'s Plan, steps: &[Step], estimates: &[String], weighted: bool) -> Result<Chain<'s>> {
        let known: Vec<&str> =
            steps.iter().filter(|s| s.entry.role == Role::Estimate).map(|s| s.name.as_str()).collect();
        if let Some(wrong) = estimates.iter().find(|e| !known.contains(&e.as_str())) {
            return Err(Error::plan(format!("no estimate `{wrong}`"), format!("name one of: {}", known.join(", "))));
        }
        let chosen =
            |s: &&Step| s.entry.role == Role::Estimate && (estimates.is_empty() || estimates.contains(&s.name));
        let roots: Vec<usize> = steps.iter().filter(chosen).map(|s| s.index).collect();
        if roots.is_empty() {
            return Err(Error::plan("the study has no estimate to resample", "add one, or leave [resample] out"));
        }
        let graph = Graph::new(&plan.study)?;
        let needed = graph.upstream(&roots);
        let border = |s: &Step| s.method.border();
        let makes = |s: &Step| match s.entry.role {
            Role::Prepare | Role::Measure => s.method.across() && !(weighted && border(s)),
            Role::Estimate => !s.method.adds(&s.name).is_empty(),
            Role::Show => false,
        };
        let sources: Vec<bool> = steps.iter().map(|s| needed[s.index] && makes(s)).collect();
        let again = graph.downstream(&sources);
        let is_estimate = |s: &Step| s.entry.role == Role::Estimate;
        let runs = |s: &Step| again[s.index] && !(weighted && border(s)) || is_estimate(s);
        let first = steps.iter().find(|s| needed[s.index] && runs(s)).map_or(0, |s| s.index);
        let mut own = Vec::new();
        // Rows of a table that a step makes are not those of a table that is drawn: it is made from the draw.
        let whole = |s: &Step| {
            let records = s.entry.records && (s.entry.role == Role::Prepare || s.rows.into.is_none());
            s.entry.name == "sql" || records
        };
        let first_table = plan.study.data.keys().next().cloned().unwrap_or_default();
        let target = |s: &Step| match (&s.rows.into, whole(s)) {
            (Some(into), _) => into.clone(),
            (None, true) => s.name.clone(),
            (None, false) => s.rows.data.clone().unwrap_or_else(|| first_table.clone()),
        };
        // The rows of such a table have an order of their own: no column can be carried into it.
        let (mut new, mut frozen) = (Vec::<String>::new(), true);
        for step in steps.iter().filter(|s| needed[s.index] && s.index >= first) {
            let late = new.contains(&target(step));
            let kind = if runs(step) || whole(step) || late { Kind::Again } else { Kind::Carried };
            frozen &= !late || step.method.adds(&step.name).is_empty();
            if whole(step) {
                new.push(target(step));
            }
            let must = sources[step.index] || is_estimate(step);
            if weighted && kind == Kind::Again && must && !step.method.weighs() {
                return Err(Error::plan(
                    format!("`{}` ({}) has no weighted form", step.name, step.entry.name),
                    "use scheme = \"units\", or name other `estimates`",
                )
                .at_step(&step.name));
            }
            own.push((bare(step)?, kind));
        }
        let of = |test: &dyn Fn(&Step) -> bool| -> Vec<String> {
            steps.iter().filter(|s| needed[s.index] && test(s)).map(|s| s.name.clone()).collect()
        };
        Ok(Chain {
            study: &plan.study,
            folder: &plan.folder,
            memory: plan.memory,
            generated: steps.iter().map(|s| graph.rests_on(s.index, &again)).collect(),
            remade: of(&|s| again[s.index] && !is_estimate(s) || sources[s.index]),
            given: of(&|s| s.entry.name == "sql" && s.index < first),
            borders: of(&border),
            steps: own,
            frozen,
            tables: IndexMap::new(),
            keys: IndexMap::new(),
            made: HashMap::new(),
        })
    }

    /// What the full run must keep for it.
    pub fn keeps(&self, steps: usize) -> Kept {
        let mut wanted = vec![false; steps];
        self.steps.iter().for_each(|(s, _)| wanted[s.index] = true);
        Kept { wanted, ..Kept::default() }
    }

    /// Takes from a full run what replications start from: of the tables, the columns that they read.
    pub fn start(&mut self, run: &mut Run) -> Result<()> {
        let kept = std::mem::take(&mut run.kept);
        self.made = kept.made;
        self.keys = run.keys.clone();
        for (step, _) in self.steps.iter_mut() {
            let warm = run.results.estimates.get(&step.name).and_then(|fit| step.method.warm(fit));
            if let Some((option, value)) = warm {
                let mut keys = step.given.clone();
                keys.insert(option.into(), value);
                *step = Step::read(keys, step.index)?;
            }
        }
        let all = self.steps.iter().any(|(s, kind)| s.entry.name == "sql" && *kind == Kind::Again);
        let mut names: Vec<String> = self.steps.iter().flat_map(|(s, _)| s.columns(None).0).collect();
        for (step, _) in &self.steps {
            names.extend([&step.rows.unit, &step.rows.time].into_iter().flatten().cloned());
        }
        names.extend(self.keys.values().flat_map(|(unit, time)| [unit.clone(), time.clone()]).flatten());
        names.extend(self.study.resample.iter().flat_map(|r| [r.cluster.clone(), r.by.clone()]).flatten());
        let read: Vec<String> =
            self.steps.iter().flat_map(|(s, _)| [s.rows.data.clone(), s.rows.into.clone()]).flatten().collect();
        for (place, (name, table)) in kept.start.unwrap_or_default().into_iter().enumerate() {
            let origin = table.origin.clone();
            let used = all || place == 0 || read.contains(&name);
            let columns = table.columns().iter().filter(|c| used && (all || names.contains(&c.name))).cloned();
            let mut table = Table::new(columns.collect())?;
            table.origin = origin;
            self.tables.insert(name, Arc::new(table));
        }
        if let Some((step, _)) = self
            .steps
            .iter()
            .find(|(s, kind)| *kind == Kind::Again && s.rows.data.as_ref().is_some_and(|d| run.streams.contains_key(d)))
        {
            return Err(Error::plan(
                format!("`{}` streams its records, and a draw needs them in memory", step.name),
                "bring them as CSV, or reduce them first",
            ));
        }
        Ok(())
    }

    /// The clusters that draws are made of.
    pub fn clusters(&self, by: Option<&str>) -> Result<Clusters> {
        Clusters::new(&self.tables, &self.keys, by, &effects(self.steps.iter().map(|(s, _)| s)))
    }

    /// The names of all quantities of its estimates, with estimate and conventional error.
    pub fn names(&self, results: &Results) -> Vec<(Name, f64, f64)> {
        let mut out = Vec::new();
        for (step, _) in self.steps.iter().filter(|(s, _)| s.entry.role == Role::Estimate) {
            let fits = results.fits(std::slice::from_ref(&step.name)).unwrap_or_default();
            for (name, fit) in fits {
                let of = quantities(fit).into_iter();
                out.extend(of.map(|q| ((name.to_owned(), q.path), q.estimate, q.std_error)));
            }
        }
        out
    }

    /// Whether an estimate rests on measures that are made again.
    pub fn generated(&self, estimate: &str) -> bool {
        let base = |s: &Step| s.name == estimate || estimate.rsplit_once('.').is_some_and(|(b, _)| b == s.name);
        self.steps.iter().any(|(s, _)| base(s) && self.generated[s.index])
    }

    /// One replication: the chain on the draw, and where asked the estimates with the measures as they were.
    pub fn replicate(&self, clusters: &Clusters, draw: &Draw, names: &[Name], frozen: bool) -> Replication {
        let missing = || vec![f64::NAN; names.len()];
        let mut out = Replication { again: missing(), errors: missing(), frozen: missing(), failures: Vec::new() };
        let (tables, taken) = match clusters.take(&self.tables, draw) {
            Ok(made) => made,
            Err(e) => {
                out.failures.push(e.to_string());
                return out;
            }
        };
        let mut weights: HashMap<String, Arc<[f64]>> = HashMap::new();
        if let Draw::Weights(w) = draw {
            for name in clusters.tables() {
                let rows = self.tables.get(name).map_or(0, |t| t.rows());
                let of = clusters.of_rows(name, rows).unwrap_or_default();
                weights.insert(name.into(), of.iter().map(|g| g.map_or(0.0, |g| w[g as usize])).collect());
            }
        }
        let start = |tables: Tables| Run {
            tables,
            keys: self.keys.clone(),
            memory: self.memory,
            weights: weights.clone(),
            ..Run::default()
        };
        if frozen
            && self.frozen
            && self.steps.iter().any(|(s, _)| s.entry.role == Role::Estimate && self.generated[s.index])
        {
            let mut run = start(tables.clone());
            let rows = |name: &str| taken.get(name).cloned();
            let mut whole = true;
            for (step, _) in &self.steps {
                whole = whole
                    && match self.made.get(&step.index) {
                        Some(made) if made.table.is_some() => run.together(&[step], self.study, self.folder).is_ok(),
                        Some(made) => run.apply(step, made.at(rows)).is_ok(),
                        None => true,
                    };
            }
            let estimates = self.steps.iter().map(|(s, _)| s);
            let estimates = estimates.filter(|s| s.entry.role == Role::Estimate && self.generated[s.index]);
            if whole {
                // Failures of these are told by the others.
                self.estimate(&mut run, &estimates.collect::<Vec<_>>(), &mut Vec::new());
                fill(&run.results, names, &mut out.frozen, None);
            }
        }
        let mut run = start(tables);
        let mut rest: &[(Step, Kind)] = &self.steps;
        while let Some((first, kind)) = rest.first() {
            let count = rest.iter().take_while(|(s, k)| k == kind && alike(first, s)).count().max(1);
            let group: Vec<&Step> = rest[..count].iter().map(|(s, _)| s).collect();
            rest = &rest[count..];
            let outcome = match (kind, first.entry.role) {
                (Kind::Carried, _) => match self.made.get(&first.index) {
                    Some(made) => run.apply(first, made.at(|name| taken.get(name).cloned())),
                    None => Ok(()),
                },
                (Kind::Again, Role::Estimate) => {
                    self.estimate(&mut run, &group, &mut out.failures);
                    Ok(())
                }
                (Kind::Again, _) => run.together(&group, self.study, self.folder),
            };
            if let Err(e) = outcome {
                out.failures.push(reason(&e));
                return out;
            }
        }
        fill(&run.results, names, &mut out.again, Some(&mut out.errors));
        out
    }

    /// Runs estimates of which each may fail by itself.
    fn estimate(&self, run: &mut Run, steps: &[&Step], failures: &mut Vec<String>) {
        let groups = steps.chunk_by(|a, b| alike(a, b));
        for group in groups {
            if group.len() > 1 && run.together(group, self.study, self.folder).is_ok() {
                continue;
            }
            for step in group {
                if let Err(e) = run.together(&[step], self.study, self.folder) {
                    failures.push(reason(&e));
                }
            }
        }
    }
}

/// A failure in one line, the numbers of the draw left out, so that equal ones are counted together.
pub(crate) fn reason(e: &Error) -> String {
    let step = e.step.as_deref().unwrap_or_default();
    let first = e.to_string().lines().next().unwrap_or_default().to_owned();
    if step.is_empty() { first } else { format!("{step}: {first}") }
}

/// Puts the quantities of results where their names are.
fn fill(results: &Results, names: &[Name], values: &mut [f64], mut errors: Option<&mut [f64]>) {
    let mut known: BTreeMap<&str, HashMap<String, (f64, f64)>> = BTreeMap::new();
    for (i, (fit, path)) in names.iter().enumerate() {
        let Some(found) = results.estimates.get(fit) else { continue };
        let all = known
            .entry(fit)
            .or_insert_with(|| quantities(found).into_iter().map(|q| (q.path, (q.estimate, q.std_error))).collect());
        if let Some(&(estimate, error)) = all.get(path) {
            values[i] = estimate;
            if let Some(errors) = errors.as_deref_mut() {
                errors[i] = error;
            }
        }
    }
}

/// A step without the inference that it draws for itself: the chain's draws take its place.
fn bare(step: &Step) -> Result<Step> {
    let mut keys = step.given.clone();
    for (name, value) in step.method.inference() {
        match value {
            Some(value) => drop(keys.insert((*name).into(), (*value).into())),
            None => drop(keys.remove(*name)),
        }
    }
    Step::read(keys, step.index)
}
