//! The record of a run: what went in, what was asked, how long each step took; and the writing of a run.

use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::run::{Run, VERSION};
use plim_table::read::{files, is_pattern};
use plim_table::remote::{is_remote, stamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// SHA-256 of a file, in hexadecimal; of objects in a store that of what the store says of them.
pub fn sha256(path: &Path) -> Result<String> {
    if is_remote(path) {
        let stamp = stamp(path)?;
        return Ok(Sha256::digest(stamp).iter().map(|b| format!("{b:02x}")).collect());
    }
    if path.is_dir() {
        return folder_sha256(path);
    }
    if is_pattern(path) {
        return listed_sha256(files(path)?);
    }
    let mut file = std::fs::File::open(path).map_err(|e| plim_table::Error::file(path.display(), e))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer).map_err(|e| plim_table::Error::file(path.display(), e))?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
    }
    Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// SHA-256 of a folder: that of the names and fingerprints of all that is in it.
fn folder_sha256(folder: &Path) -> Result<String> {
    let io = |e: std::io::Error| plim_table::Error::file(folder.display(), e);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        entries.push(entry.map_err(io)?.path());
    }
    entries.sort();
    listed_sha256(entries)
}

/// SHA-256 of the names and fingerprints of these files and folders.
fn listed_sha256(entries: Vec<PathBuf>) -> Result<String> {
    let mut hasher = Sha256::new();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        hasher.update(format!("{name}\0{}\n", sha256(&path)?));
    }
    Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// `record.json`: enough to run the study again and to know whether anything upstream changed.
pub fn record(plan: &Plan, run: &Run) -> Value {
    json!({
        "plimsoll": VERSION,
        "study_file": plan.file,
        "study": plan.study,
        "seed": plan.study.seed,
        "engine": plan.engine.to_string(),
        "inputs": run.inputs,
        "seconds": run.seconds,
    })
}

/// What a run writes into its folder.
const OWN: [&str; 6] = ["results.json", "record.json", "report.html", "tables", "figures", "data"];

/// A folder that appears whole or not at all: filled beside its place, then renamed into it.
pub struct Folder {
    place: PathBuf,
    draft: PathBuf,
}

impl Folder {
    /// Refuses a place that holds anything but the result of a run, since a run replaces what is there.
    pub fn permit(place: &Path) -> Result<()> {
        let refuse = |what: String| Err(Error::plan(what, "choose another folder with --out"));
        if place.is_file() {
            return refuse(format!("{} is a file", place.display()));
        }
        let Ok(entries) = std::fs::read_dir(place) else { return Ok(()) };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !OWN.iter().any(|own| name == *own) {
                let name = name.to_string_lossy().into_owned();
                return refuse(format!("{} holds `{name}`, which is not the result of a run", place.display()));
            }
        }
        Ok(())
    }

    /// Starts a draft of `place`; a folder there that is not a run's is left alone and refused.
    pub fn draft(place: &Path) -> Result<Folder> {
        Folder::permit(place)?;
        // A link to a folder stays a link: what it points to is replaced.
        let place = &std::fs::canonicalize(place).unwrap_or_else(|_| place.to_path_buf());
        let name = place.file_name().map_or_else(|| "out".into(), |n| n.to_string_lossy().into_owned());
        clear(place, &name);
        let draft = place.with_file_name(format!(".{name}.draft-{}", std::process::id()));
        make(&draft)?;
        Ok(Folder { place: place.to_path_buf(), draft })
    }

    /// Writes a text file below the draft.
    pub fn text(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name)?;
        std::fs::write(&path, text).map_err(|e| plim_table::Error::file(path.display(), e).into())
    }

    /// Writes a value as JSON into the draft.
    pub fn json(&self, name: &str, value: &impl serde::Serialize) -> Result<()> {
        let path = self.path(name)?;
        let write = |mut file: std::fs::File| crate::json::write(value, &mut file);
        std::fs::File::create(&path).and_then(write).map_err(|e| plim_table::Error::file(path.display(), e).into())
    }

    /// Writes a file into the draft.
    pub fn bytes(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name)?;
        std::fs::write(&path, bytes).map_err(|e| plim_table::Error::file(path.display(), e).into())
    }

    /// A path below the draft, its folder made.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        let path = self.draft.join(name);
        if let Some(parent) = path.parent() {
            make(parent)?;
        }
        Ok(path)
    }

    /// Moves the draft into its place.
    pub fn publish(self) -> Result<()> {
        let fail = |e: std::io::Error| Error::from(plim_table::Error::file(self.place.display(), e));
        let old = self.draft.with_extension(format!("old-{}", std::process::id()));
        // Another run may put its result there between the two renames: then that one makes room, too.
        for attempt in 0.. {
            if self.place.exists() {
                let _ = std::fs::remove_dir_all(&old);
                match std::fs::rename(&self.place, &old) {
                    Err(e) if attempt > 20 => return Err(fail(e)),
                    _ => {}
                }
            }
            match std::fs::rename(&self.draft, &self.place) {
                Ok(()) => break,
                Err(e) if attempt > 20 => return Err(fail(e)),
                Err(_) => {}
            }
        }
        if old.exists() {
            std::fs::remove_dir_all(&old).map_err(fail)?;
        }
        Ok(())
    }
}

/// Removes what runs into this place left beside it when they were killed.
fn clear(place: &Path, name: &str) {
    let folder = match place.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name().to_string_lossy().into_owned();
        let kinds = ["draft-", "old-"];
        let of = kinds.iter().find_map(|kind| found.strip_prefix(&format!(".{name}.{kind}"))?.parse::<u32>().ok());
        if of.is_some_and(|process| process != std::process::id() && !alive(process)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a process still runs; where that cannot be told, it is taken to.
fn alive(process: u32) -> bool {
    let processes = Path::new("/proc");
    !processes.join("self").exists() || processes.join(process.to_string()).exists()
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A draft that was not published leaves nothing behind.
        if self.draft.exists() {
            let _ = std::fs::remove_dir_all(&self.draft);
        }
    }
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| plim_table::Error::file(folder.display(), e).into())
}

/// A name as a file name: letters, digits, `-`, `_` and other scripts stay, the rest becomes `-`.
pub fn file_name(name: &str) -> String {
    let clean: String =
        name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' }).collect();
    match clean.trim_matches('-').is_empty() {
        true => "step".into(),
        false => clean.chars().take(80).collect(),
    }
}
