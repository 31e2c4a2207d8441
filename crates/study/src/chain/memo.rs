//! What steps have made, by what it was made of: each distinct measure of a multiverse is made once.
//!
//! A column is known by its origin: a fingerprint of the step that made it, its options and the origins of the columns
//! that the step read. So equal fingerprints mean equal bits, and no value need be looked at.

use crate::error::Result;
use crate::made::Made;
use crate::run::Run;
use crate::step::Step;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A fingerprint.
pub(crate) type Key = [u8; 16];

pub(crate) fn key(parts: &[&[u8]]) -> Key {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut out = [0; 16];
    out.copy_from_slice(&hasher.finalize()[..16]);
    out
}

/// Where the columns of a run come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    /// Origin of a column of a table.
    columns: HashMap<(String, String), Key>,
    /// Origin of the rows of a table.
    rows: HashMap<String, Key>,
    /// Origins of measures and fits by name.
    results: HashMap<String, Key>,
}

impl Origins {
    /// Of tables as they were read; `content` tells apart what was read under one name.
    pub fn of(run: &Run, content: impl Fn(&str) -> String) -> Origins {
        let mut origins = Origins::default();
        for (name, table) in &run.tables {
            let own = key(&[b"table", name.as_bytes(), content(name).as_bytes()]);
            origins.rows.insert(name.clone(), own);
            for column in table.names() {
                origins.columns.insert((name.clone(), column.into()), key(&[&own, column.as_bytes()]));
            }
        }
        origins
    }

    /// The fingerprint of a step on a run: its options, its seed, the origins of all that it reads, and the files below
    /// `folder` that its options name.
    pub fn step(&self, run: &Run, step: &Step, seed: u64, folder: &Path) -> Result<Key> {
        let (source, table) = run.source(step)?;
        let options = serde_json::to_string(&step.given).unwrap_or_default();
        let seed = step.rows.seed.unwrap_or(seed);
        let mut parts: Vec<Vec<u8>> = vec![options.into_bytes(), seed.to_le_bytes().to_vec()];
        let mut texts = Vec::new();
        step.given.values().for_each(|value| texts_of(value, &mut texts));
        for text in &texts {
            if text.contains('.')
                && let Ok(file) = crate::plan::below(folder, text)
                && let Ok(content) = crate::record::sha256(&file)
            {
                parts.push(content.into_bytes());
            }
        }
        let mut reads = |table: &str, column: &str| {
            if let Some(origin) = self.columns.get(&(table.to_owned(), column.to_owned())) {
                parts.push(column.as_bytes().to_vec());
                parts.push(origin.to_vec());
            }
        };
        // A query may read everything; other steps read the tables that their options name.
        let named = |name: &String| step.entry.name == "sql" || texts.contains(&name.as_str());
        for (name, table) in run.tables.iter().filter(|(name, _)| named(name)) {
            table.names().for_each(|column| reads(name, column));
        }
        if step.entry.name != "sql" {
            let (unit, time) = run.keys.get(&source).cloned().unwrap_or_default();
            let mut names = step.columns(Some(table)).0;
            names.extend([&step.rows.unit, &step.rows.time, &unit, &time].into_iter().flatten().cloned());
            names.iter().for_each(|column| reads(&source, column));
            if let Some(into) = step.rows.into.as_ref().filter(|into| **into != source) {
                let (unit, time) = run.keys.get(into).cloned().unwrap_or_default();
                [unit, time].into_iter().flatten().for_each(|column| reads(into, &column));
                parts.extend(self.rows.get(into).map(|r| r.to_vec()));
            }
        }
        let rows = self.rows.iter().filter(|(name, _)| **name == source || named(name));
        let mut rows: Vec<(&String, &Key)> = rows.collect();
        rows.sort();
        parts.extend(rows.into_iter().map(|(_, r)| r.to_vec()));
        parts.extend(step.method.models().iter().filter_map(|m| self.results.get(m)).map(|r| r.to_vec()));
        Ok(key(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }

    /// Takes in what a step of this fingerprint has made.
    pub fn take(&mut self, step: &Step, own: Key, made: &Made) {
        if let Some((table, columns)) = &made.columns {
            for column in columns {
                let origin = key(&[&own, column.name.as_bytes()]);
                self.columns.insert((table.clone(), column.name.clone()), origin);
            }
        }
        if let Some((name, held)) = &made.table {
            self.columns.retain(|(table, _), _| table != name);
            self.rows.insert(name.clone(), own);
            for column in held.table.names() {
                self.columns.insert((name.clone(), column.into()), key(&[&own, column.as_bytes()]));
            }
        }
        self.results.insert(step.name.clone(), own);
    }
}

/// The texts in a value.
pub(crate) fn texts_of<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(items) => items.iter().for_each(|v| texts_of(v, into)),
        Value::Object(map) => map.values().for_each(|v| texts_of(v, into)),
        _ => {}
    }
}

/// One thing that is made once, by whoever comes first.
type Cell = Arc<OnceLock<Result<Arc<Made>>>>;

/// What has been made.
#[derive(Default)]
pub(crate) struct Memo {
    made: Mutex<HashMap<Key, Cell>>,
}

impl Memo {
    /// What the step of this fingerprint makes, made now if it was not before.
    ///
    /// Whoever asks meanwhile waits: callers are threads of their own and never workers of the pool that `make` uses.
    pub fn get(&self, key: Key, make: impl FnOnce() -> Result<Made>) -> Result<Arc<Made>> {
        let cell = self.made.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        cell.get_or_init(|| make().map(Arc::new)).clone()
    }

    /// How many distinct things were made.
    pub fn len(&self) -> usize {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
