//! The run: tables in, steps one after another, results out. Files are written only at the end.

use crate::chain::cache::Cache;
use crate::chain::replicate::{Chain, Kept};
use crate::chain::{report as multiverse, resample};
use crate::error::{Error, Result};
use crate::expression::{Expr, Scope};
use crate::formula::Formula;
use crate::made::Made;
use crate::method::{Context, Outcome, Role};
use crate::methods::cells::Store;
use crate::parts::{Part, parts};
use crate::plan::{Plan, Study};
use crate::step::Step;
use crate::stream::{self, Stream};
use indexmap::IndexMap;
use plim_report::Results;
use plim_report::results::Shown;
use plim_table::{Data, Panel, Table};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The version that results carry.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Called before each step with its place, the number of steps and its name.
pub type Progress<'p> = &'p (dyn Fn(usize, usize, &str) + Sync);

/// A table with its keys, as a study declares them.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// The rows.
    pub table: Table,
    /// Column of the units.
    pub unit: Option<String>,
    /// Column of the time.
    pub time: Option<String>,
}

/// What a run has made so far; after the last step, all of it.
#[derive(Clone, Default)]
pub struct Run {
    /// Tables as they stand, prepared and measured columns included.
    pub tables: IndexMap<String, Arc<Table>>,
    pub(crate) keys: IndexMap<String, (Option<String>, Option<String>)>,
    /// Files of the tables that are streamed and have no rows here.
    pub(crate) streams: IndexMap<String, Stream>,
    pub(crate) cells: Store,
    /// What is kept for running parts of it again.
    pub(crate) kept: Kept,
    /// Weights that a draw gives the rows of tables.
    pub(crate) weights: HashMap<String, Arc<[f64]>>,
    /// Bytes that queries and cells may take, if they are bounded.
    pub memory: Option<usize>,
    /// Where queries run.
    pub engine: plim_table::Engine,
    /// Measures, fits and notes.
    pub results: Results,
    /// Pieces of the report, in order.
    pub shown: Vec<Shown>,
    /// Tables that steps save, each with the ending of its file.
    pub saved: IndexMap<String, (Table, &'static str)>,
    /// Columns of each measure with their keys, for Parquet.
    pub measured: IndexMap<String, Table>,
    /// The measure's own name of the column that carries the step's name.
    pub main_columns: IndexMap<String, String>,
    /// Seconds of each step.
    pub seconds: IndexMap<String, f64>,
    /// Steps whose results were kept from an earlier run.
    pub reused: usize,
    /// Input files: name, path, SHA-256, rows.
    pub inputs: Vec<Value>,
}

impl Run {
    /// A run that holds one table, for the commands that run a single method on a single file.
    pub fn on(name: &str, held: Held) -> Run {
        let mut run = Run::default();
        run.hold(name, held);
        run
    }

    pub(crate) fn hold(&mut self, name: &str, held: Held) {
        self.cells.forget(name);
        self.tables.insert(name.into(), Arc::new(held.table));
        self.keys.insert(name.into(), (held.unit, held.time));
    }

    /// Runs one step and takes its outcome in.
    pub fn step(&mut self, step: &Step, study: &Study, folder: &Path) -> Result<()> {
        self.together(&[step], study, folder)
    }

    /// Runs steps that differ in name and formula only, so that their models share what they have in common.
    pub(crate) fn together(&mut self, steps: &[&Step], study: &Study, folder: &Path) -> Result<()> {
        let made = self.work(steps, study, folder)?;
        self.take(steps, made)
    }

    /// As [`Run::together`], unless a cache holds what the steps make.
    fn made_or_kept(&mut self, steps: &[&Step], plan: &Plan, cache: Option<&mut Cache>) -> Result<()> {
        let shows = steps.iter().any(|s| s.entry.role == Role::Show);
        steps.iter().try_for_each(|step| self.free(step))?;
        let Some(cache) = cache.filter(|_| !shows) else { return self.together(steps, &plan.study, &plan.folder) };
        let key = |step: &&Step| cache.origins.step(self, step, plan.study.seed, &plan.folder);
        let keys = steps.iter().map(key).collect::<Result<Vec<_>>>()?;
        let all = match cache.get(&keys).filter(|all| all.len() == steps.len()) {
            Some(all) => {
                self.reused += steps.len();
                all
            }
            None => {
                let all = self.work(steps, &plan.study, &plan.folder)?;
                cache.put(&keys, &all);
                all
            }
        };
        for ((step, own), made) in steps.iter().zip(keys).zip(&all) {
            cache.origins.take(step, own, made);
        }
        self.take(steps, all)
    }

    /// Refuses a measure or a fit with scores whose main column would take the place of one that the data have: the
    /// outcome of a model, say, which would then be explained by itself.
    pub(crate) fn free(&self, step: &Step) -> Result<()> {
        let own = |name: &String| *name == step.name;
        if !matches!(step.entry.role, Role::Measure | Role::Estimate) || !step.method.adds(&step.name).iter().any(own) {
            return Ok(());
        }
        let into = match (&step.rows.into, step.on_records()) {
            (Some(into), _) => into.clone(),
            (None, true) => return Ok(()),
            (None, false) => self.source(step)?.0,
        };
        match self.tables.get(&into).is_some_and(|table| table.has(&step.name)) {
            false => Ok(()),
            true => Err(Error::plan(
                format!("`{into}` has a column `{}` already", step.name),
                "give the step another `name`: it names the column that the step adds",
            )
            .at_step(&step.name)),
        }
    }

    /// What such steps make.
    fn work(&mut self, steps: &[&Step], study: &Study, folder: &Path) -> Result<Vec<Made>> {
        let started = Instant::now();
        let outcomes = self.outcomes(steps, study, folder)?;
        let made = |(step, outcome): (&&Step, _)| self.made(step, outcome).map_err(|e| e.at_step(&step.name));
        let all = steps.iter().zip(outcomes).map(made).collect::<Result<_>>()?;
        let each = started.elapsed().as_secs_f64() / steps.len() as f64;
        self.seconds.extend(steps.iter().map(|s| (s.name.clone(), each)));
        Ok(all)
    }

    /// Takes in what they have made.
    fn take(&mut self, steps: &[&Step], all: Vec<Made>) -> Result<()> {
        if self.kept.start.is_none() && steps.iter().any(|s| self.kept.wanted.get(s.index) == Some(&true)) {
            self.kept.start = Some(self.tables.clone());
        }
        for (step, made) in steps.iter().zip(all) {
            if self.kept.wanted.get(step.index) == Some(&true) {
                self.kept.made.insert(step.index, made.read_by_others());
            }
            self.apply(step, made).map_err(|e| e.at_step(&step.name))?;
        }
        Ok(())
    }

    /// The table that a step reads.
    pub(crate) fn source(&self, step: &Step) -> Result<(String, &Table)> {
        let name = match (&step.rows.data, self.tables.first()) {
            (Some(name), _) => name.clone(),
            (None, Some((first, _))) => first.clone(),
            (None, None) => return Err(Error::plan("the study declares no table", "add [data.NAME] with file = …")),
        };
        match self.tables.get(&name) {
            Some(table) => Ok((name, table)),
            None => {
                let near = plim_table::near(&name, self.tables.keys().map(String::as_str));
                let remedy = match near.first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are: {}", self.tables.keys().cloned().collect::<Vec<_>>().join(", ")),
                };
                Err(Error::plan(format!("no table `{name}`"), remedy))
            }
        }
    }

    /// The rows of a step with their keys.
    fn sample(&self, step: &Step) -> Result<Sample<'_>> {
        let (name, table) = match (step.entry.role, self.tables.is_empty()) {
            (Role::Show, true) => (String::new(), None),
            _ => self.source(step).map(|(name, table)| (name, Some(table)))?,
        };
        let (unit, time) = self.keys.get(&name).cloned().unwrap_or_default();
        let unit = step.rows.unit.clone().or(unit);
        let time = step.rows.time.clone().or(time);
        let stream = self.streams.get(&name);
        let Some(table) = table.filter(|_| stream.is_none()) else {
            return Ok(Sample { name, table, stream, unit, time, panel: None, rows: Arc::default() });
        };
        let panel = match (&unit, &time) {
            (Some(u), Some(t)) if !step.on_records() && step.entry.role != Role::Show => Some(Panel::new(table, u, t)?),
            _ => None,
        };
        let rows: Arc<[usize]> = match &step.rows.filter {
            None => (0..table.rows()).collect(),
            Some(filter) => {
                let mask = Scope { table, panel: panel.as_ref() }.evaluate(&Expr::parse(filter)?)?;
                // A row whose condition is missing is not kept.
                (0..table.rows()).filter(|&i| mask[i] != 0.0 && !mask[i].is_nan()).collect()
            }
        };
        if rows.is_empty() && step.entry.role != Role::Show {
            return Err(match &step.rows.filter {
                Some(filter) => Error::plan(format!("no row satisfies `{filter}`"), "loosen the filter"),
                None => Error::plan(format!("the table `{name}` has no rows"), "check the file"),
            });
        }
        Ok(Sample { name, table: Some(table), stream, unit, time, panel, rows })
    }

    /// What each of the steps yields; their options agree but for name and formula.
    pub(crate) fn outcomes(&self, steps: &[&Step], study: &Study, folder: &Path) -> Result<Vec<Outcome>> {
        let Some(&first) = steps.first() else { return Ok(Vec::new()) };
        self.contexts(steps, study, folder, |contexts, models, formulas, parts| {
            let mut done = models.iter().zip(first.method.run_all(contexts));
            let mut outcomes = Vec::new();
            for (step, set) in steps.iter().zip(formulas) {
                let text = step.regression.formula.as_str();
                let count = parts.len() * set.len().max(1);
                let mut fits = Vec::new();
                for ((_, part, formula), outcome) in done.by_ref().take(count) {
                    let outcome = outcome.map_err(|e| e.in_formula(text).at_step(&step.name));
                    if count == 1 {
                        outcomes.push(outcome?);
                        break;
                    }
                    fits.push(part.fit(step, *formula, outcome)?);
                }
                if count > 1 {
                    outcomes.push(Outcome::Fits(fits));
                }
            }
            Ok(outcomes)
        })
    }

    /// Looks at a step of one model as it would run.
    pub(crate) fn look<T>(
        &self,
        step: &Step,
        study: &Study,
        folder: &Path,
        with: impl FnOnce(&Context) -> Result<T>,
    ) -> Result<T> {
        self.contexts(&[step], study, folder, |contexts, _, _, _| match contexts {
            [one] => with(one),
            _ => Err(Error::plan(format!("`{}` has several models", step.name), "give each a step of its own")),
        })
    }

    /// The contexts in which the models of these steps run: for each, the place of its step, its part and formula.
    fn contexts<T>(
        &self,
        steps: &[&Step],
        study: &Study,
        folder: &Path,
        with: impl FnOnce(&[Context], &[(usize, &Part, Option<&Formula>)], &[Vec<Formula>], &[Part]) -> Result<T>,
    ) -> Result<T> {
        let Some(&first) = steps.first() else { return with(&[], &[], &[], &[]) };
        let empty = Table::default();
        let at = |step: &Step, e: Error| e.at_step(&step.name);
        let Sample { name, table, stream, unit, time, panel, rows } = self.sample(first).map_err(|e| at(first, e))?;
        let table = table.unwrap_or(&empty);
        let parts = parts(&first.regression, table, rows).map_err(|e| at(first, e))?;
        let read_text = |file: &str| -> Result<String> {
            let path = crate::plan::below(folder, file)?;
            let most = plim_report::geojson::MOST_BYTES as u64;
            match std::fs::metadata(&path) {
                Ok(m) if m.len() > most => {
                    let message = format!("{file} has {} MB, and {} are read", m.len() >> 20, most >> 20);
                    return Err(Error::plan(message, "bring a smaller one"));
                }
                // Not there, or a folder: reading says so.
                _ => {}
            }
            std::fs::read_to_string(&path).map_err(|e| plim_table::Error::file(path.display(), e).into())
        };
        let mut formulas: Vec<Vec<Formula>> = Vec::new();
        for step in steps {
            let text = step.regression.formula.as_str();
            formulas.push(match step.entry.estimates && !text.trim().is_empty() {
                true => Formula::parse_set(text).map_err(|e| at(step, e))?,
                false => Vec::new(),
            });
        }
        let models: Vec<(usize, &Part, Option<&Formula>)> = (formulas.iter().enumerate())
            .flat_map(|(s, set)| {
                let set: Vec<Option<&Formula>> =
                    if set.is_empty() { vec![None] } else { set.iter().map(Some).collect() };
                parts.iter().flat_map(move |part| set.clone().into_iter().map(move |formula| (s, part, formula)))
            })
            .collect();
        let contexts: Vec<Context> = (models.iter())
            .map(|&(s, part, formula)| Context {
                step: steps[s],
                source: &name,
                table,
                stream,
                rows: &part.rows,
                formula,
                unit: unit.clone(),
                time: time.clone(),
                panel: panel.as_ref(),
                seed: steps[s].rows.seed.unwrap_or(study.seed),
                tables: &self.tables,
                streams: &self.streams,
                draw: self.weights.get(&name).map(|w| &**w),
                cells: &self.cells,
                memory: self.memory,
                engine: &self.engine,
                results: &self.results,
                study,
                read_text: &read_text,
            })
            .collect();
        with(&contexts, &models, &formulas, &parts)
    }
}

/// The rows of a step with their keys.
struct Sample<'t> {
    name: String,
    table: Option<&'t Table>,
    stream: Option<&'t Stream>,
    unit: Option<String>,
    time: Option<String>,
    panel: Option<Panel>,
    rows: Arc<[usize]>,
}

/// Reads the steps of a plan; every step that cannot be read is an error of its own.
pub fn steps(plan: &Plan) -> (Vec<Step>, Vec<Error>) {
    let mut steps: Vec<Step> = Vec::new();
    let mut errors = Vec::new();
    for (i, keys) in plan.study.step.iter().enumerate() {
        match Step::read(keys.clone(), i) {
            Ok(step) => {
                if step.entry.role != Role::Show
                    && steps.iter().any(|s| s.name == step.name && s.entry.role != Role::Show)
                {
                    let e = Error::plan(format!("two steps are named `{}`", step.name), "give one another `name`");
                    errors.push(e.at_plan(&plan.file, plan.span(&format!("/step/{i}/name"))));
                }
                steps.push(step);
            }
            Err(e) => {
                let span = option_span(plan, i, &e.to_string());
                errors.push(e.at_plan(&plan.file, span));
            }
        }
    }
    (steps, errors)
}

/// The place of the option that a message names in backticks, else that of the step.
pub(crate) fn option_span(plan: &Plan, step: usize, message: &str) -> std::ops::Range<usize> {
    let named = message.split('`').skip(1).step_by(2).map(|name| format!("/step/{step}/{name}"));
    let exact = named.map(|path| (plan.span(&path), path)).find(|(span, path)| {
        plan.text.get(span.clone()).is_some_and(|t| t.trim_start().starts_with(path.rsplit('/').next().unwrap_or("")))
    });
    exact.map_or_else(|| plan.span(&format!("/step/{step}/method")), |(span, _)| span)
}

/// Reads the declared tables, but for those that the steps can stream.
pub fn load(plan: &Plan, steps: &[Step], roots: &[(String, PathBuf)]) -> (Run, Vec<Error>) {
    let mut run = Run { results: Results { plimsoll: VERSION.into(), ..Default::default() }, ..Default::default() };
    let mut errors = Vec::new();
    for (name, source) in &plan.study.data {
        let read = || -> Result<Held> {
            let path = plan.locate(source, roots)?;
            if stream::streams(&plan.study, steps, name, &path) {
                let stream = Stream { path };
                let (table, rows) = stream.head()?;
                for key in [&source.unit, &source.time].into_iter().flatten() {
                    table.column(key)?;
                }
                run.inputs.push(json!({
                    "name": name, "file": source.file, "root": source.root,
                    "sha256": crate::record::sha256(&stream.path)?, "rows": rows,
                }));
                run.streams.insert(name.clone(), stream);
                return Ok(Held { table, unit: source.unit.clone(), time: source.time.clone() });
            }
            let read = plim_table::read(&path, &source.read)?;
            for key in [&source.unit, &source.time].into_iter().flatten() {
                read.table.column(key)?;
            }
            // Trade records have many rows for a unit and time: they are no panel and have no balance.
            let balance = match (&source.unit, &source.time) {
                (Some(u), Some(t)) => Panel::new(&read.table, u, t).ok().map(|p| p.balance().to_string()),
                _ => None,
            };
            run.inputs.push(json!({
                "name": name, "file": source.file, "root": source.root, "sha256": crate::record::sha256(&path)?,
                "rows": read.table.rows(), "balance": balance, "notes": read.notes,
            }));
            let blanks = source.unit.iter().filter_map(|unit| blanks(&read.table, unit));
            run.results.notes.extend(read.notes.iter().cloned().chain(blanks).map(|n| format!("{name}: {n}")));
            Ok(Held { table: read.table, unit: source.unit.clone(), time: source.time.clone() })
        };
        let mut read = read;
        match read() {
            Ok(held) => run.hold(name, held),
            Err(e) => errors.push(e.at_plan(&plan.file, plan.span(&format!("/data/{name}/file")))),
        }
    }
    (run, errors)
}

/// Units that are two by a blank alone, in words.
fn blanks(table: &Table, unit: &str) -> Option<String> {
    let Data::Text(text) = &table.column(unit).ok()?.data else { return None };
    let known: HashSet<&str> = text.levels.iter().map(String::as_str).collect();
    let doubled = |level: &&String| level.trim() != *level && known.contains(level.trim());
    let doubled: Vec<String> = text.levels.iter().filter(doubled).map(|level| format!("`{level}`")).collect();
    (!doubled.is_empty()).then(|| format!("{} of `{unit}` differ from another by a blank only", doubled.join(", ")))
}

/// Runs a whole study in memory.
pub fn run(plan: &Plan, roots: &[(String, PathBuf)], progress: Progress) -> Result<Run> {
    let (steps, mut errors) = steps(plan);
    let (mut run, more) = load(plan, &steps, roots);
    run.memory = plan.memory;
    run.engine = plan.engine.clone();
    errors.extend(more);
    if !errors.is_empty() {
        return Err(Error::many(errors));
    }
    let chain = plan.study.resample.as_ref().map(|options| Chain::of(plan, &steps, options)).transpose();
    let chain = chain.map_err(|e| e.at_plan(&plan.file, plan.span("/resample")))?;
    if let Some(chain) = &chain {
        run.kept = chain.keeps(steps.len());
    }
    let start = plan.study.multiverse.is_some().then(|| run.clone());
    let mut cache = plan.cache.as_deref().map(|folder| Cache::open(folder, plan, &run)).transpose()?;
    let mut rest = steps.iter().collect::<Vec<_>>();
    while let Some(&first) = rest.first() {
        // The main estimate of a multiverse runs alone, as its universes do: the same bits.
        let alone = |step: &Step| plan.study.multiverse.as_ref().is_some_and(|m| m.main == step.name);
        let joins = |step: &&Step| alike(first, step) && !alone(first) && !alone(step);
        let count = rest.iter().take_while(|step| joins(step)).count().max(1);
        let group: Vec<&Step> = rest.drain(..count).collect();
        progress(first.index, steps.len(), &first.name);
        run.made_or_kept(&group, plan, cache.as_mut()).map_err(|e| {
            let at = group.iter().find(|s| e.step.as_ref() == Some(&s.name)).unwrap_or(&first);
            let span = option_span(plan, at.index, &e.to_string());
            e.at_plan(&plan.file, span)
        })?;
    }
    if let Some(cache) = &cache {
        cache.tidy();
    }
    if let (Some(start), Some(options)) = (start, &plan.study.multiverse) {
        multiverse::run(&mut run, start, plan, &steps, options, progress)
            .map_err(|e| e.at_plan(&plan.file, plan.span("/multiverse")))?;
    }
    if let (Some(chain), Some(options)) = (chain, &plan.study.resample) {
        resample::resample(&mut run, chain, options, plan, progress)
            .map_err(|e| e.at_plan(&plan.file, plan.span("/resample")))?;
    }
    Ok(run)
}

/// Whether two steps estimate by one method, add no columns that the other may read, and differ in name and formula only.
pub(crate) fn alike(a: &Step, b: &Step) -> bool {
    let same = |key: &String| matches!(key.as_str(), "name" | "formula") || a.given.get(key) == b.given.get(key);
    a.entry.estimates
        && a.entry.name == b.entry.name
        && a.method.adds(&a.name).is_empty()
        && a.given.keys().chain(b.given.keys()).all(same)
}

/// A number for JSON: whole numbers without a point, missing and infinite as `null`.
pub fn number(v: f64) -> Value {
    match v {
        v if v.fract() == 0.0 && v.abs() < 9e15 => json!(v as i64),
        v => json!(v),
    }
}
