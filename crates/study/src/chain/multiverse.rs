//! `[multiverse]`: every defensible choice, in measurement and in specification, and the estimate that each leads to.
//!
//! A choice is an option path (`dig.zeros`, `eff.rts`, `m3.vcov`, `sets.controls`) with its alternatives; a universe
//! takes one alternative of each. What the study itself has is always among them: the universe that changes nothing is
//! the main one. A universe is the study with these options set: `plim run --set …` gives the same bits.

use super::graph::Graph;
use crate::error::{Error, Result};
use crate::method::Role;
use crate::plan::{Plan, expand};
use crate::step::Step;
use indexmap::IndexMap;
use plim_stats::math::rng::Stream;
use plim_stats::math::sobol::{DIMENSIONS, Sobol};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Alternatives to the choices of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Multiverse {
    /// The estimate that every universe makes, by the name of its step.
    pub main: String,
    /// The coefficient; the first of the estimate by default. Where alternatives rename it, a list of its names.
    pub coefficient: Names,
    /// The alternatives of each option path: `"dig.zeros" = ["none", "shift:0.0001"]`.
    ///
    /// Paths are `STEP.OPTION` and `sets.NAME`. For an option that is a list, `"leave_one_out"` stands for the list and
    /// the list without each of its members. What the study has is added where it is not among them.
    pub choices: IndexMap<String, Alternatives>,
    /// Paths whose alternatives go together, the first with the first and so on.
    pub together: Vec<Vec<String>>,
    /// Combinations that make no sense, each with its reason.
    pub exclude: Vec<Exclude>,
    /// Universes to draw (a scrambled Sobol sample); all of them by default.
    pub sample: Option<usize>,
    /// Draws of the joint inference under the null of no effect; 0 is none.
    pub draws: usize,
    /// Seed of sample and draws; the study's by default.
    pub seed: Option<u64>,
}

impl Default for Multiverse {
    fn default() -> Self {
        Multiverse {
            main: String::new(),
            coefficient: Names::default(),
            choices: IndexMap::new(),
            together: Vec::new(),
            exclude: Vec::new(),
            sample: None,
            draws: 0,
            seed: None,
        }
    }
}

/// One name or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Names {
    /// One.
    One(String),
    /// Several, the first that an estimate has.
    Several(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Names::Several(Vec::new())
    }
}

impl Names {
    /// As a list.
    pub fn list(&self) -> Vec<String> {
        match self {
            Names::One(one) => vec![one.clone()],
            Names::Several(all) => all.clone(),
        }
    }
}

/// The alternatives of an option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Alternatives {
    /// The values.
    Values(Vec<Value>),
    /// `leave_one_out`.
    Named(String),
}

/// A combination that is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Exclude {
    /// Values of option paths that do not go together.
    pub when: IndexMap<String, Value>,
    /// Why.
    pub reason: String,
}

/// Most universes that run without a sample size.
pub const MOST: usize = 20_000;

/// Most universes of a sample.
const MOST_SAMPLED: usize = 1_000_000;

/// An option path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An option of the step at this place.
    Step(usize, String),
    /// A set of columns.
    Set(String),
}

/// A question that universes answer differently: one path, or several that go together.
pub(crate) struct Question {
    /// The paths.
    pub paths: Vec<(String, Target)>,
    /// For each alternative, the value of each path; `None` is what the study has.
    pub alternatives: Vec<Vec<Option<Value>>>,
    /// The alternatives in words.
    pub labels: Vec<String>,
    /// The alternative that the study has.
    pub own: usize,
}

impl Question {
    /// Its paths in one word.
    pub fn name(&self) -> String {
        self.paths.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>().join(" + ")
    }
}

/// The universes of a study.
pub(crate) struct Universes {
    pub questions: Vec<Question>,
    /// Alternative of each question, universe by universe; the first is the study itself.
    pub choices: Vec<Vec<u16>>,
    /// Combinations left out, by reason.
    pub excluded: IndexMap<String, usize>,
    /// Steps that any universe needs.
    pub needed: Vec<bool>,
}

fn wrong(message: impl std::fmt::Display, remedy: impl Into<String>) -> Error {
    Error::plan(format!("[multiverse]: {message}"), remedy)
}

impl Universes {
    /// Reads the choices, refuses those that lead nowhere, and lists the universes.
    pub fn new(plan: &Plan, steps: &[Step], options: &Multiverse) -> Result<Universes> {
        let main = main_step(steps, &options.main)?;
        if options.choices.is_empty() {
            return Err(wrong("there is no choice", "name alternatives under [multiverse.choices]"));
        }
        let mut singles: IndexMap<&str, Question> = IndexMap::new();
        for (path, alternatives) in &options.choices {
            singles.insert(path, question(plan, steps, path, alternatives)?);
        }
        let mut questions = Vec::new();
        for group in &options.together {
            questions.push(together(&mut singles, group)?);
        }
        questions.extend(singles.into_values());
        let needed = needed(plan, steps, &questions, main)?;
        for question in &questions {
            for (path, target) in &question.paths {
                if let Target::Step(step, _) = target
                    && !needed[*step]
                {
                    let (own, main) = (&steps[*step].name, &options.main);
                    return Err(wrong(
                        format!("`{path}`: `{main}` does not rest on `{own}`"),
                        "leave the choice out, or name it in the formula of an alternative",
                    ));
                }
            }
        }
        let all: f64 = questions.iter().map(|q| q.alternatives.len() as f64).product();
        if options.sample.is_none() && all > MOST as f64 {
            return Err(wrong(
                format!("there are {all} universes, and {MOST} run without a sample size"),
                "set `sample`, or name fewer alternatives",
            ));
        }
        let exclude = exclusions(&questions, &options.exclude)?;
        let own: Vec<u16> = questions.iter().map(|q| q.own as u16).collect();
        let mut excluded = IndexMap::new();
        let mut choices = match options.sample.filter(|&n| (n as f64) < all) {
            None => factorial(&questions),
            Some(n) if n == 0 || n > MOST_SAMPLED => {
                return Err(wrong(format!("`sample` is {n}"), format!("ask for 1 to {MOST_SAMPLED} universes")));
            }
            Some(n) => sample(&questions, n, options.seed.unwrap_or(plan.study.seed), all),
        };
        choices.retain(|c| match exclude.iter().find(|(when, _)| when.iter().all(|(q, a)| a.contains(&c[*q]))) {
            Some((_, reason)) => {
                *excluded.entry(reason.clone()).or_insert(0) += 1;
                false
            }
            None => true,
        });
        if !choices.contains(&own) {
            if exclude.iter().any(|(when, _)| when.iter().all(|(q, a)| a.contains(&own[*q]))) {
                return Err(wrong("what the study itself does is excluded", "correct `exclude`"));
            }
            choices.insert(0, own.clone());
        }
        if choices.len() < 2 && !excluded.is_empty() {
            return Err(wrong("every universe but the study itself is excluded", "correct `exclude`"));
        }
        let place = choices.iter().position(|c| *c == own).unwrap_or(0);
        let first = choices.remove(place);
        choices.insert(0, first);
        Ok(Universes { questions, choices, excluded, needed })
    }

    /// The questions that bear on a step: those on its options, and all on sets.
    pub fn bearing(&self, step: usize) -> Vec<usize> {
        let bears = |q: &Question| {
            q.paths.iter().any(|(_, t)| match t {
                Target::Step(s, _) => *s == step,
                Target::Set(_) => true,
            })
        };
        (0..self.questions.len()).filter(|&q| bears(&self.questions[q])).collect()
    }

    /// The keys of a step under alternatives of the questions.
    pub fn keys(&self, plan: &Plan, step: usize, choice: &[u16]) -> Map<String, Value> {
        variant(
            plan,
            step,
            self.questions
                .iter()
                .zip(choice)
                .flat_map(|(q, &a)| q.paths.iter().map(|(_, t)| t).zip(&q.alternatives[a as usize])),
        )
    }
}

/// The keys of a step with settings on top, sets put in place of their names.
fn variant<'a>(
    plan: &Plan,
    step: usize,
    settings: impl Iterator<Item = (&'a Target, &'a Option<Value>)>,
) -> Map<String, Value> {
    let mut keys = plan.raw_step(step);
    let mut sets = plan.study.sets.clone();
    for (target, value) in settings {
        let Some(value) = value else { continue };
        match target {
            Target::Step(place, option) if *place == step => drop(keys.insert(option.clone(), value.clone())),
            Target::Set(name) => {
                let members = value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string);
                sets.insert(name.clone(), members.collect());
            }
            Target::Step(..) => {}
        }
    }
    expand(&mut keys, &sets);
    keys
}

/// The place of the main estimate.
fn main_step(steps: &[Step], name: &str) -> Result<usize> {
    let estimates: Vec<&Step> = steps.iter().filter(|s| s.entry.role == Role::Estimate).collect();
    let known = || estimates.iter().map(|s| s.name.as_str());
    if name.is_empty() {
        return Err(wrong("`main` is not given", "name the estimate that every universe makes"));
    }
    estimates.iter().find(|s| s.name == name).map(|s| s.index).ok_or_else(|| {
        let near = plim_table::near(name, known());
        let remedy = match near.first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known().collect::<Vec<_>>().join(", ")),
        };
        wrong(format!("no estimate `{name}`"), remedy)
    })
}

/// The question that a path asks, its alternatives read and tried.
fn question(plan: &Plan, steps: &[Step], path: &str, alternatives: &Alternatives) -> Result<Question> {
    let Some((head, option)) = path.split_once('.') else {
        return Err(wrong(format!("`{path}` is no option path"), "write STEP.OPTION, or sets.NAME"));
    };
    let (target, own) = match steps.iter().find(|s| s.name == head && s.entry.role != Role::Show) {
        Some(step) => {
            let step = step.index;
            (Target::Step(step, option.into()), plan.raw_step(step).get(option).cloned())
        }
        None if head == "sets" => match plan.study.sets.get(option) {
            Some(members) => (Target::Set(option.into()), Some(members.clone().into())),
            None => {
                let near = plim_table::near(option, plan.study.sets.keys().map(String::as_str));
                let remedy = near.first().map_or("declare it under [sets]".into(), |n| format!("did you mean `{n}`?"));
                return Err(wrong(format!("`{path}`: no set `{option}`"), remedy));
            }
        },
        None => {
            let near = plim_table::near(head, steps.iter().map(|s| s.name.as_str()));
            let remedy = match near.first() {
                Some(near) => format!("did you mean `{near}.{option}`?"),
                None => "write STEP.OPTION with the name of a step, or sets.NAME".into(),
            };
            return Err(wrong(format!("`{path}`: no step `{head}`"), remedy));
        }
    };
    let given: Vec<Value> = match alternatives {
        Alternatives::Values(values) => values.clone(),
        Alternatives::Named(name) if name == "leave_one_out" => match &own {
            Some(Value::Array(all)) if all.len() > 1 => {
                let without = |i: usize| all.iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, v)| v.clone());
                (0..all.len()).map(|i| Value::Array(without(i).collect())).collect()
            }
            _ => return Err(wrong(format!("`{path}` is no list of two or more"), "list the alternatives")),
        },
        Alternatives::Named(name) => {
            return Err(wrong(format!("`{path}` = \"{name}\""), "list the alternatives, or write \"leave_one_out\""));
        }
    };
    if given.is_empty() {
        return Err(wrong(format!("`{path}` has no alternative: the set of universes is empty"), "list some"));
    }
    // What the study has, or by default has, is one of them.
    let default = match &target {
        Target::Step(step, option) => {
            let doc = steps[*step]
                .entry
                .all_options()
                .find(|o| o.name == *option || *option == "using" && o.name == "method");
            doc.map(|o| o.default.clone()).unwrap_or_default()
        }
        Target::Set(_) => String::new(),
    };
    let is_own = |v: &Value| match &own {
        Some(own) => own == v,
        None => !default.is_empty() && written(v).trim_matches('"') == default,
    };
    let mut all: Vec<Option<Value>> = Vec::new();
    if !given.iter().any(is_own) {
        all.push(None);
    }
    for value in given {
        let value = if is_own(&value) { None } else { Some(value) };
        if !all.contains(&value) {
            all.push(value);
        }
    }
    for value in &all {
        let step = match &target {
            Target::Step(step, _) => *step,
            Target::Set(_) => continue,
        };
        Step::read(variant(plan, step, std::iter::once((&target, value))), step).map_err(|e| {
            let (what, remedy) = said(&e);
            wrong(format!("`{path}`: {what}"), remedy)
        })?;
    }
    let shown = own.unwrap_or_else(|| match default.is_empty() {
        true => Value::Null,
        false => Value::String(default),
    });
    let labels = all.iter().map(|v| label(v.as_ref(), &shown)).collect();
    let place = all.iter().position(Option::is_none).unwrap_or(0);
    Ok(Question {
        paths: vec![(path.into(), target)],
        alternatives: all.into_iter().map(|v| vec![v]).collect(),
        labels,
        own: place,
    })
}

/// Message and remedy of an error.
fn said(e: &Error) -> (String, String) {
    match &*e.kind {
        crate::error::Kind::Plan { message, remedy } => (message.clone(), remedy.clone()),
        _ => (e.to_string(), "correct the value".into()),
    }
}

/// The questions of a group as one, alternative by alternative.
fn together(singles: &mut IndexMap<&str, Question>, group: &[String]) -> Result<Question> {
    let mut parts = Vec::new();
    for path in group {
        let part = singles.shift_remove(path.as_str());
        parts.push(part.ok_or_else(|| {
            wrong(format!("`together` names `{path}`, which is no choice or stands in another group"), "correct it")
        })?);
    }
    let count = parts.first().map_or(0, |p| p.alternatives.len());
    if parts.len() < 2 || parts.iter().any(|p| p.alternatives.len() != count) {
        let counts: Vec<String> = parts.iter().map(|p| format!("{} of {}", p.alternatives.len(), p.name())).collect();
        return Err(wrong(
            format!("alternatives that go together differ in number: {}", counts.join(", ")),
            "give each path of the group as many, what the study has among them at the same place",
        ));
    }
    let own = parts[0].own;
    if parts.iter().any(|p| p.own != own) {
        return Err(wrong(
            format!("what the study has stands at different places of {}", group.join(" and ")),
            "order the alternatives alike",
        ));
    }
    Ok(Question {
        alternatives: (0..count).map(|a| parts.iter().flat_map(|p| p.alternatives[a].clone()).collect()).collect(),
        labels: (0..count).map(|a| parts.iter().map(|p| p.labels[a].as_str()).collect::<Vec<_>>().join(", ")).collect(),
        paths: parts.into_iter().flat_map(|p| p.paths).collect(),
        own,
    })
}

/// The steps that the main estimate rests on in any universe.
fn needed(plan: &Plan, steps: &[Step], questions: &[Question], main: usize) -> Result<Vec<bool>> {
    let mut all = vec![false; steps.len()];
    let mut study = plan.study.clone();
    let mut mark = |study: &crate::plan::Study| -> Result<()> {
        let marked = Graph::new(study)?.upstream(&[main]);
        all.iter_mut().zip(marked).for_each(|(all, m)| *all = *all || m);
        Ok(())
    };
    mark(&study)?;
    for question in questions {
        for alternative in &question.alternatives {
            for ((_, target), value) in question.paths.iter().zip(alternative) {
                let set = |step: usize| variant(plan, step, std::iter::once((target, value)));
                match target {
                    Target::Step(step, _) => study.step[*step] = set(*step),
                    Target::Set(_) => (0..steps.len()).for_each(|step| study.step[step] = set(step)),
                }
            }
            mark(&study)?;
            study.step.clone_from(&plan.study.step);
        }
    }
    Ok(all)
}

/// Which alternatives of which questions are excluded together, and why.
type Exclusion = (Vec<(usize, Vec<u16>)>, String);

fn exclusions(questions: &[Question], exclude: &[Exclude]) -> Result<Vec<Exclusion>> {
    let mut out = Vec::new();
    for rule in exclude {
        if rule.when.is_empty() || rule.reason.trim().is_empty() {
            return Err(wrong("an exclusion has no `when` or no `reason`", "say what does not go together, and why"));
        }
        let mut when = Vec::new();
        for (path, value) in &rule.when {
            let found = questions.iter().enumerate().find_map(|(q, question)| {
                question.paths.iter().position(|(p, _)| p == path).map(|at| (q, question, at))
            });
            let Some((q, question, at)) = found else {
                let paths = questions.iter().flat_map(|q| &q.paths).map(|(p, _)| p.as_str());
                let near = plim_table::near(path, paths);
                let remedy = near
                    .first()
                    .map_or("name a path of [multiverse.choices]".into(), |n| format!("did you mean `{n}`?"));
                return Err(wrong(format!("`exclude` names `{path}`, which is no choice"), remedy));
            };
            let is = |a: &usize| match &question.alternatives[*a][at] {
                Some(own) => own == value,
                None => question.labels[*a] == written(value).trim_matches('"'),
            };
            let alternatives: Vec<u16> = (0..question.alternatives.len()).filter(is).map(|a| a as u16).collect();
            if alternatives.is_empty() {
                return Err(wrong(
                    format!("`exclude`: {} is no alternative of `{path}`", written(value)),
                    format!("there are: {}", question.labels.join("; ")),
                ));
            }
            when.push((q, alternatives));
        }
        out.push((when, rule.reason.clone()));
    }
    Ok(out)
}

/// Every combination, the last question fastest.
fn factorial(questions: &[Question]) -> Vec<Vec<u16>> {
    questions.iter().fold(vec![Vec::new()], |all, q| {
        let extended = |u: &Vec<u16>| {
            let u = u.clone();
            (0..q.alternatives.len() as u16).map(move |a| [&u[..], &[a]].concat()).collect::<Vec<_>>()
        };
        all.iter().flat_map(extended).collect()
    })
}

/// `n` distinct combinations at scrambled Sobol points; beyond the dimensions of the sequence, at random ones.
fn sample(questions: &[Question], n: usize, seed: u64, all: f64) -> Vec<Vec<u16>> {
    let sobol = Sobol::new(questions.len(), Some(seed));
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    let most = (n as f64).max(20.0 * (n as f64).min(all)).min(f64::from(1u32 << 24)) as u32;
    for index in 0..most {
        let mut stream = Stream::new(seed, u64::from(index));
        let point = |(q, question): (usize, &Question)| {
            let u = if q < DIMENSIONS { sobol.at(index, q) } else { stream.uniform() };
            (u * question.alternatives.len() as f64) as u16
        };
        let choice: Vec<u16> = questions.iter().enumerate().map(point).collect();
        if seen.insert(choice.clone()) {
            out.push(choice);
            if out.len() == n {
                break;
            }
        }
    }
    out
}

/// A value as `--set` takes it.
pub(crate) fn written(value: &Value) -> String {
    match value {
        // Text that TOML would read as something else keeps its quotes.
        Value::String(s) if crate::plan::parse_value(s) == *value => s.clone(),
        other => other.to_string(),
    }
}

/// An alternative in words: of a list, what it has less and more than the study's.
fn label(value: Option<&Value>, own: &Value) -> String {
    let text = |v: &Value| match v {
        Value::Null => "as in the study".into(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => plain(other),
    };
    let Some(value) = value else { return text(own) };
    if let (Value::Array(now), Value::Array(before)) = (value, own) {
        let names = |a: &[Value], b: &[Value]| a.iter().filter(|v| !b.contains(v)).map(plain).collect::<Vec<_>>();
        let (less, more) = (names(before, now), names(now, before));
        if !less.is_empty() && less.len() + more.len() < now.len() {
            let gone = format!("without {}", less.join(", "));
            return if more.is_empty() { gone } else { format!("{gone}, with {}", more.join(", ")) };
        }
    }
    text(value)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |s| s.trim().to_string())
}
