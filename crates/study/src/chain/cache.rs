//! What steps have made, on disk: `plim watch` makes again only what has changed.
//!
//! An entry is a folder named by the fingerprint of its steps ([`super::memo`]): options, seed, origins of the columns
//! that they read down to the SHA-256 of the input files, and the program. It appears by rename, whole or not at all, so
//! that a run that is killed and two runs at once do no harm; an entry that cannot be read is made again.

use super::memo::{Key, Origins, key};
use crate::error::{Error, Result};
use crate::made::Made;
use crate::plan::Plan;
use crate::run::{Held, Run, VERSION};
use plim_report::{Fit, Measure};
use plim_table::{ReadOptions, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A cache below a folder.
pub(crate) struct Cache {
    folder: PathBuf,
    /// Where the columns of the run come from.
    pub origins: Origins,
}

/// What a step has made but for its tables, which are files beside.
#[derive(Default, Serialize, Deserialize)]
struct Entry {
    columns: Option<String>,
    table: Option<(String, Option<String>, Option<String>)>,
    measure: Option<Measure>,
    /// Names of the measure's long lists.
    lists: Vec<String>,
    fits: Vec<(String, Fit)>,
    notes: Vec<String>,
    measured: bool,
    main_column: Option<String>,
}

/// Entries kept; beyond, the oldest go.
const MOST: usize = 2_000;

impl Cache {
    /// The cache of a plan for a run that has read its tables.
    pub fn open(folder: &Path, plan: &Plan, run: &Run) -> Result<Cache> {
        std::fs::create_dir_all(folder).map_err(|e| plim_table::Error::file(folder.display(), e))?;
        let program = program();
        let content = |name: &str| {
            let input = run.inputs.iter().find(|i| i.get("name").and_then(Value::as_str) == Some(name));
            let sha = input.and_then(|i| i.get("sha256")).and_then(Value::as_str).unwrap_or_default();
            let source = plan.study.data.get(name).map(|s| serde_json::to_string(s).unwrap_or_default());
            format!("{sha} {} {program}", source.unwrap_or_default())
        };
        Ok(Cache { folder: folder.to_path_buf(), origins: Origins::of(run, content) })
    }

    /// What steps of these fingerprints made together, if it is kept.
    pub fn get(&self, keys: &[Key]) -> Option<Vec<Made>> {
        let entry = self.place(keys);
        if !entry.exists() {
            return None;
        }
        let kept = Cache::read(&entry);
        if kept.is_none() {
            // Damaged: it makes room for a whole one.
            let _ = std::fs::remove_dir_all(&entry);
        }
        kept
    }

    fn read(entry: &Path) -> Option<Vec<Made>> {
        let text = std::fs::read_to_string(entry.join("made.json")).ok()?;
        let all: Vec<Entry> = serde_json::from_str(&text).ok()?;
        let read = |name: String| -> Option<Table> {
            let mut table = plim_table::read(entry.join(name), &ReadOptions::default()).ok()?.table;
            table.origin = Default::default();
            Some(table)
        };
        all.into_iter()
            .enumerate()
            .map(|(i, e)| {
                let columns = match e.columns {
                    Some(into) => Some((into, read(format!("{i}-columns.parquet"))?.into_columns())),
                    None => None,
                };
                let table = match e.table {
                    Some((name, unit, time)) => {
                        Some((name, Held { table: read(format!("{i}-table.parquet"))?, unit, time }))
                    }
                    None => None,
                };
                let measured = if e.measured { Some(read(format!("{i}-measured.parquet"))?) } else { None };
                let Entry { mut measure, fits, notes, main_column, .. } = e;
                for (k, name) in e.lists.into_iter().enumerate() {
                    let list = crate::listing::list(read(format!("{i}-list-{k}.parquet"))?);
                    measure.as_mut()?.lists.insert(name, list);
                }
                Some(Made { columns, table, measure, fits, notes, measured, main_column, shown: None, saved: None })
            })
            .collect()
    }

    /// Keeps what steps have made together; a cache that cannot be written costs time, not the run.
    pub fn put(&self, keys: &[Key], all: &[Made]) {
        let draft = self.folder.join(format!("draft-{}-{}", std::process::id(), hex(&keys[0])));
        if self.write(&draft, all).is_ok() {
            // Another run may have been faster: its entry is the same.
            let _ = std::fs::rename(&draft, self.place(keys));
        }
        let _ = std::fs::remove_dir_all(&draft);
    }

    fn write(&self, draft: &Path, all: &[Made]) -> Result<()> {
        let fail = |e: std::io::Error| Error::from(plim_table::Error::file(draft.display(), e));
        std::fs::create_dir_all(draft).map_err(fail)?;
        let mut entries = Vec::new();
        for (i, made) in all.iter().enumerate() {
            if let Some((_, columns)) = &made.columns {
                plim_table::write(draft.join(format!("{i}-columns.parquet")), &Table::new(columns.clone())?)?;
            }
            if let Some((_, held)) = &made.table {
                plim_table::write(draft.join(format!("{i}-table.parquet")), &held.table)?;
            }
            if let Some(measured) = &made.measured {
                plim_table::write(draft.join(format!("{i}-measured.parquet")), measured)?;
            }
            let lists = made.measure.iter().flat_map(|m| &m.lists);
            for (k, (_, list)) in lists.clone().enumerate() {
                plim_table::write(draft.join(format!("{i}-list-{k}.parquet")), &crate::listing::table(list)?)?;
            }
            // The lists are the files beside.
            let small = |m: &Measure| {
                let (method, more, notes) = (m.method.clone(), m.more.clone(), m.notes.clone());
                Measure { method, more, notes, ..Measure::default() }
            };
            entries.push(Entry {
                columns: made.columns.as_ref().map(|(into, _)| into.clone()),
                table: made.table.as_ref().map(|(name, h)| (name.clone(), h.unit.clone(), h.time.clone())),
                measure: made.measure.as_ref().map(small),
                lists: lists.map(|(name, _)| name.clone()).collect(),
                fits: made.fits.clone(),
                notes: made.notes.clone(),
                measured: made.measured.is_some(),
                main_column: made.main_column.clone(),
            });
        }
        let text = serde_json::to_string(&entries).map_err(|e| Error::plan(e.to_string(), "report this"))?;
        std::fs::write(draft.join("made.json"), text).map_err(fail)
    }

    /// Lets the oldest entries go, and drafts of runs that were killed.
    pub fn tidy(&self) {
        let mut entries: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let Ok(at) = entry.metadata().and_then(|m| m.modified()) else { continue };
            let old = at.elapsed().is_ok_and(|age| age.as_secs() > 3600);
            match entry.file_name().to_string_lossy().starts_with("draft-") {
                true if old => drop(std::fs::remove_dir_all(entry.path())),
                true => {}
                false => entries.push((at, entry.path())),
            }
        }
        entries.sort();
        let many = entries.len().saturating_sub(MOST);
        entries.into_iter().take(many).for_each(|(_, path)| drop(std::fs::remove_dir_all(path)));
    }

    fn place(&self, keys: &[Key]) -> PathBuf {
        let parts: Vec<&[u8]> = keys.iter().map(|k| k.as_slice()).collect();
        self.folder.join(hex(&key(&parts)))
    }
}

fn hex(key: &Key) -> String {
    key.iter().map(|b| format!("{b:02x}")).collect()
}

/// This build of the program: another one may compute otherwise.
fn program() -> String {
    let file = std::env::current_exe().and_then(|path| path.metadata());
    let built = file.and_then(|m| Ok((m.len(), m.modified()?)));
    built.map_or_else(|_| VERSION.to_owned(), |(size, at)| format!("{VERSION} {size} {at:?}"))
}
