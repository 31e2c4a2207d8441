//! The study file: what it declares, and where in the file each thing stands.

use crate::error::{Error, Result};
use crate::schema;
use indexmap::IndexMap;
use plim_table::read::is_pattern;
use plim_table::remote::is_remote;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// A study: data, labels and a list of steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Study {
    /// Title of the report.
    pub title: String,
    /// What the study asks, in a paragraph or two; the report opens with it.
    pub description: String,
    /// Language of the report's headings and notes: `en` or `zh`.
    pub lang: plim_report::Lang,
    /// Customs of a journal that tables follow: `standard`, `aer`, `qje` or `chinese` (三线表).
    pub style: plim_report::style::Style,
    /// Font of figures in PNG and PDF: a family of the system, or a file below the study's folder.
    ///
    /// Where it lacks a letter, and by default, the fonts of the system follow.
    pub font: Option<String>,
    /// Seed of every random draw.
    pub seed: u64,
    /// The tables, by name.
    pub data: IndexMap<String, Source>,
    /// Labels of columns in tables and figures.
    pub labels: IndexMap<String, String>,
    /// Lists of columns by name: `controls` in a formula or in a list of columns stands for its members.
    pub sets: IndexMap<String, Vec<String>>,
    /// Runs the whole chain on draws of the units: standard errors that count the measures as estimates.
    pub resample: Option<crate::chain::resample::Resample>,
    /// Estimates one effect under every combination of defensible choices.
    pub multiverse: Option<crate::chain::multiverse::Multiverse>,
    /// The steps, run in order; each has `method`, mostly `name`, and the options of its method.
    pub step: Vec<Map<String, Value>>,
}

/// A table on disk.
///
/// Unknown keys are refused by [`Plan::parse`], with near names: serde cannot where structs are flattened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Source {
    /// Path below the study's folder, or below `root`: a file, a folder of files alike, or a pattern of their names
    /// (`raw/customs_*.csv`).
    pub file: String,
    /// Name of a folder given on the command line as `--root NAME=DIR`; `shared` is also found by itself.
    pub root: Option<String>,
    /// Column of the units (cities, countries).
    pub unit: Option<String>,
    /// Column of the time (years).
    pub time: Option<String>,
    /// How to read it.
    #[serde(flatten)]
    pub read: plim_table::ReadOptions,
}

/// A study file: the study, its text, and the place of each key.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The study.
    pub study: Study,
    /// Name of the file.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Folder of the file.
    pub folder: PathBuf,
    /// Bytes that queries and cells may take, if the command line bounds them.
    pub memory: Option<usize>,
    /// Where queries run.
    pub engine: plim_table::Engine,
    /// Folder where steps keep what they have made for later runs.
    pub cache: Option<PathBuf>,
    /// Folder where a long run keeps what it has finished until it is done.
    pub journal: Option<PathBuf>,
    /// The steps before sets were put in place of their names.
    raw: Vec<Map<String, Value>>,
    spans: HashMap<String, Range<usize>>,
}

impl Plan {
    /// Reads a study file and applies `path=value` settings on top.
    pub fn read(path: &Path, settings: &[String]) -> Result<Plan> {
        let text = std::fs::read_to_string(path).map_err(|e| plim_table::Error::file(path.display(), e))?;
        let folder = match path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p.to_path_buf(),
            _ => PathBuf::from("."),
        };
        Plan::parse(&text, &path.display().to_string(), folder, settings)
    }

    /// Parses the text of a study file.
    pub fn parse(text: &str, file: &str, folder: PathBuf, settings: &[String]) -> Result<Plan> {
        let document = toml::de::DeTable::parse(text).map_err(|e| {
            let span = e.span().unwrap_or(0..0);
            let message = e.message().trim();
            let remedy = match message.contains("unquoted key") {
                true => "put keys that are not of ASCII letters and digits in quotes: [data.\"城市\"], \"控制\" = […]",
                false => "correct the TOML",
            };
            Error::plan(message.to_string(), remedy).at_plan(file, span)
        })?;
        let mut spans = HashMap::new();
        let mut values = table(document.get_ref(), "", &mut spans);
        for setting in settings {
            set(&mut values, setting)?;
        }
        let mut plan = Plan {
            study: Study::default(),
            file: file.into(),
            text: text.into(),
            folder,
            memory: None,
            engine: plim_table::Engine::default(),
            cache: None,
            journal: None,
            raw: Vec::new(),
            spans,
        };
        let known: Vec<String> = schema::options::<Study>().iter().map(|o| o.name.clone()).collect();
        let mut errors: Vec<Error> = values
            .keys()
            .filter(|k| !known.contains(k))
            .map(|k| {
                schema::unknown_option(k, known.iter().map(String::as_str)).at_plan(file, plan.span(&format!("/{k}")))
            })
            .collect();
        values.retain(|k, _| known.contains(k));
        if let Some(Value::Object(data)) = values.get_mut("data") {
            let known: Vec<String> = schema::options::<Source>().iter().map(|o| o.name.clone()).collect();
            for (name, source) in data.iter_mut() {
                let Value::Object(source) = source else { continue };
                for key in source.keys().filter(|k| !known.contains(k)) {
                    let span = plan.span(&format!("/data/{name}/{key}"));
                    errors.push(schema::unknown_option(key, known.iter().map(String::as_str)).at_plan(file, span));
                }
                source.retain(|k, _| known.contains(k));
            }
        }
        match serde_path_to_error::deserialize(Value::Object(values)) {
            Ok(study) => {
                plan.study = study;
                plan.raw.clone_from(&plan.study.step);
                let sets = &plan.study.sets;
                plan.study.step.iter_mut().for_each(|step| expand(step, sets));
            }
            Err(e) => {
                let path = format!("/{}", e.path().to_string().replace(['.', '['], "/").replace(']', ""));
                let message = format!("`{}`: {}", e.path(), e.inner());
                errors.push(Error::plan(message, "see `plim explain study`").at_plan(file, plan.span(&path)));
            }
        }
        match errors.is_empty() {
            true => Ok(plan),
            false => Err(Error::many(errors)),
        }
    }

    /// The keys of a step as the file has them, names of sets included.
    pub(crate) fn raw_step(&self, step: usize) -> Map<String, Value> {
        self.raw.get(step).or(self.study.step.get(step)).cloned().unwrap_or_default()
    }

    /// Bytes of the file where a key stands (`/step/3/formula`); its nearest ancestor when it has none itself.
    pub fn span(&self, path: &str) -> Range<usize> {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return span.clone();
            }
            match path.rfind('/') {
                Some(cut) if cut > 0 => path = &path[..cut],
                _ => return 0..0,
            }
        }
    }

    /// The file of a declared table; a path that leaves its root is refused.
    pub fn locate(&self, source: &Source, roots: &[(String, PathBuf)]) -> Result<PathBuf> {
        let root = match &source.root {
            None => self.folder.clone(),
            Some(name) => match roots.iter().find(|(n, _)| n == name) {
                Some((_, dir)) => dir.clone(),
                None if name == "shared" => self.find_shared()?,
                None => {
                    return Err(Error::plan(
                        format!("root `{name}` is not known"),
                        format!("name its folder on the command line: --root {name}=DIR"),
                    ));
                }
            },
        };
        below(&root, &source.file)
    }

    /// The files that the study is made of: itself, its tables, and files that its steps name.
    pub fn files(&self, study: &Path, roots: &[(String, PathBuf)]) -> Vec<PathBuf> {
        fn texts<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
            match value {
                Value::String(text) if text.contains('.') => into.push(text),
                Value::Array(items) => items.iter().for_each(|v| texts(v, into)),
                Value::Object(map) => map.values().for_each(|v| texts(v, into)),
                _ => {}
            }
        }
        let mut named = Vec::new();
        self.study.step.iter().flat_map(Map::values).for_each(|v| texts(v, &mut named));
        let tables = self.study.data.values().filter_map(|source| self.locate(source, roots).ok());
        let tables = tables.flat_map(|path| plim_table::read::files(&path).unwrap_or_else(|_| vec![path]));
        let others = named.into_iter().filter_map(|text| below(&self.folder, text).ok()).filter(|path| path.is_file());
        std::iter::once(study.to_path_buf()).chain(tables).chain(others).collect()
    }

    /// The folder `shared` beside the repository: by `PLIM_SHARED`, else beside an ancestor of the study.
    fn find_shared(&self) -> Result<PathBuf> {
        if let Some(dir) = std::env::var_os("PLIM_SHARED") {
            return Ok(PathBuf::from(dir));
        }
        let here =
            std::fs::canonicalize(&self.folder).map_err(|e| plim_table::Error::file(self.folder.display(), e))?;
        here.ancestors().skip(1).take(4).map(|a| a.join("shared")).find(|p| p.is_dir()).ok_or_else(|| {
            Error::plan(
                "the folder `shared` is not beside the repository",
                "set PLIM_SHARED, or give --root shared=DIR",
            )
        })
    }
}

/// `file` below `root`, links followed; anything else is refused.
pub fn below(root: &Path, file: &str) -> Result<PathBuf> {
    let relative = Path::new(file);
    let plain = relative.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    let leaves = || {
        Error::plan(
            format!("`{file}` leaves the folder that the study may read"),
            "put the file below the study's folder, or name its folder with --root NAME=DIR",
        )
    };
    if file.is_empty() {
        return Err(Error::plan("a table has no `file`", "write file = \"cities.csv\""));
    }
    if !plain {
        return Err(leaves());
    }
    if is_remote(root) {
        let names = relative.components().filter(|c| matches!(c, Component::Normal(_)));
        return Ok(names.fold(root.to_path_buf(), |path, name| path.join(name)));
    }
    let full = root.join(relative);
    // A pattern stands for files of its folder; reading sees to it that they are in there.
    let place = full.parent().filter(|_| is_pattern(&full)).unwrap_or(&full);
    let canonical = std::fs::canonicalize(place).map_err(|e| plim_table::Error::file(full.display(), e))?;
    let root = std::fs::canonicalize(root).map_err(|e| plim_table::Error::file(root.display(), e))?;
    match canonical.starts_with(&root) {
        true => Ok(full),
        false => Err(leaves()),
    }
}

/// Puts the members of sets in place of their names, in formulas and in lists of columns.
pub(crate) fn expand(step: &mut Map<String, Value>, sets: &IndexMap<String, Vec<String>>) {
    for (key, value) in step.iter_mut() {
        match value {
            Value::String(formula) if key == "formula" => {
                // From the last token to the first, so that the places of the earlier ones stay right.
                let tokens = crate::expression::tokens(formula).unwrap_or_default();
                for (token, at) in tokens.iter().rev() {
                    if let crate::expression::Token::Name(name) = token
                        && let Some(members) = sets.get(name)
                        && formula[*at..].starts_with(name.as_str())
                    {
                        formula.replace_range(*at..*at + name.len(), &members.join(" + "));
                    }
                }
            }
            Value::Array(items) => {
                let members = |item: &Value| item.as_str().and_then(|name| sets.get(name)).cloned();
                *items = items
                    .iter()
                    .flat_map(|item| match members(item) {
                        Some(members) => members.into_iter().map(Value::from).collect(),
                        None => vec![item.clone()],
                    })
                    .collect();
            }
            _ => {}
        }
    }
}

fn table(t: &toml::de::DeTable, path: &str, spans: &mut HashMap<String, Range<usize>>) -> Map<String, Value> {
    t.iter()
        .map(|(key, value)| {
            let here = format!("{path}/{}", key.get_ref());
            // The key alone marks a table's place; key and value mark an option's.
            let end = match value.get_ref() {
                toml::de::DeValue::Table(_) | toml::de::DeValue::Array(_) => key.span().end,
                _ => value.span().end,
            };
            spans.insert(here.clone(), key.span().start..end);
            (key.get_ref().to_string(), convert(value, &here, spans))
        })
        .collect()
}

fn convert(
    value: &serde_spanned::Spanned<toml::de::DeValue>,
    path: &str,
    spans: &mut HashMap<String, Range<usize>>,
) -> Value {
    use toml::de::DeValue;
    match value.get_ref() {
        DeValue::String(s) => Value::String(s.to_string()),
        // A number that JSON cannot hold stays text, so that its option refuses it: as null it would mean "not given".
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(v) => Value::from(v),
            Err(_) => Value::from(i.as_str()),
        },
        DeValue::Float(f) => match f.as_str().parse::<f64>() {
            Ok(v) if v.is_finite() => Value::from(v),
            _ => Value::from(f.as_str()),
        },
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Datetime(d) => Value::String(d.to_string()),
        DeValue::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| {
                let here = format!("{path}/{i}");
                spans.insert(here.clone(), item.span());
                convert(item, &here, spans)
            })
            .collect(),
        DeValue::Table(t) => Value::Object(table(t, path, spans)),
    }
}

/// Applies `path=value`: `seed=7`, `dig.zeros=shift:0.0001` (a step by its name), `data.cities.file=x.csv`.
fn set(values: &mut Map<String, Value>, setting: &str) -> Result<()> {
    let refuse = |why: &str| {
        Err(Error::plan(format!("--set {setting}: {why}"), "write --set STEP.OPTION=VALUE, or --set seed=7"))
    };
    let Some((path, text)) = setting.split_once('=') else { return refuse("`=` is missing") };
    let value = parse_value(text);
    let keys: Vec<&str> = path.trim().split('.').collect();
    let is_step = |step: &Value, name: &str| step.get("name").and_then(Value::as_str) == Some(name);
    let target = match keys.as_slice() {
        [step, option] if !values.contains_key(*step) => {
            let steps = values.get_mut("step").and_then(Value::as_array_mut);
            match steps.and_then(|all| all.iter_mut().find(|s| is_step(s, step))) {
                Some(Value::Object(found)) => {
                    found.insert((*option).into(), value);
                    return Ok(());
                }
                _ => return refuse(&format!("there is no step `{step}`")),
            }
        }
        keys => keys,
    };
    let mut place = values;
    for key in &target[..target.len() - 1] {
        match place.entry(*key).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(inner) => place = inner,
            _ => return refuse(&format!("`{key}` is not a table")),
        }
    }
    place.insert(target[target.len() - 1].into(), value);
    Ok(())
}

/// A value as TOML reads it; anything else is text.
pub fn parse_value(text: &str) -> Value {
    match toml::de::DeValue::parse(text.trim()) {
        Ok(value) => convert(&value, "", &mut HashMap::new()),
        Err(_) => Value::String(text.trim().into()),
    }
}
