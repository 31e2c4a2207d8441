//! The journal of a long run: what is finished is kept, so that a run that was killed goes on where it was.
//!
//! A line for each finished piece, its number and its numbers as bits. Each process writes a file of its own and reads
//! those of all: two runs at once help each other and harm neither. The name of the files is a fingerprint of all that
//! the numbers depend on; lines that were cut short are not read.

use crate::error::Result;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Finished pieces of one long run.
pub(crate) struct Journal {
    folder: PathBuf,
    key: String,
    done: HashMap<usize, Vec<f64>>,
    file: Mutex<Option<File>>,
}

impl Journal {
    /// The journal of the run with this fingerprint below a folder, with what earlier processes finished.
    pub fn open(folder: Option<&Path>, fingerprint: &str, width: usize) -> Result<Journal> {
        let key: String = Sha256::digest(fingerprint).iter().take(12).map(|b| format!("{b:02x}")).collect();
        let mut done = HashMap::new();
        let Some(folder) = folder else {
            return Ok(Journal { folder: PathBuf::new(), key, done, file: Mutex::new(None) });
        };
        let fail = |e: std::io::Error| plim_table::Error::file(folder.display(), e);
        std::fs::create_dir_all(folder).map_err(fail)?;
        for entry in std::fs::read_dir(folder).map_err(fail)?.flatten() {
            let own = entry.file_name().to_string_lossy().starts_with(&key);
            if let (true, Ok(file)) = (own, File::open(entry.path())) {
                let lines = BufReader::new(file).lines().map_while(std::io::Result::ok);
                done.extend(lines.filter_map(|line| parse(&line, width)));
            }
        }
        let path = folder.join(format!("{key}-{}", std::process::id()));
        let file = File::options().create(true).append(true).open(path).map_err(fail)?;
        Ok(Journal { folder: folder.to_path_buf(), key, done, file: Mutex::new(Some(file)) })
    }

    /// The numbers of a piece that is finished.
    pub fn get(&self, piece: usize) -> Option<&Vec<f64>> {
        self.done.get(&piece)
    }

    /// How many pieces earlier processes finished.
    pub fn finished(&self) -> usize {
        self.done.len()
    }

    /// Keeps the numbers of a piece; a journal that cannot be written costs a restart, not the run.
    pub fn put(&self, piece: usize, numbers: &[f64]) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.as_mut() {
            let mut line = piece.to_string();
            for x in numbers {
                let _ = write!(line, " {:x}", x.to_bits());
            }
            // The end is part of the line: without it the line is not whole.
            let _ = file.write_all((line + " .\n").as_bytes());
        }
    }

    /// Removes the journal: the run is done.
    pub fn close(self) {
        if self.folder.as_os_str().is_empty() {
            return;
        }
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&self.key) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        // Others may have their journals there.
        let _ = std::fs::remove_dir(&self.folder);
    }
}

fn parse(line: &str, width: usize) -> Option<(usize, Vec<f64>)> {
    let mut words = line.strip_suffix(" .")?.split(' ');
    let piece = words.next()?.parse().ok()?;
    let numbers: Vec<f64> =
        words.map(|w| u64::from_str_radix(w, 16).ok().map(f64::from_bits)).collect::<Option<_>>()?;
    (numbers.len() == width).then_some((piece, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_finished_is_found_again_and_broken_lines_are_not_read() {
        let folder = std::env::temp_dir().join(format!("plim-journal-{}", std::process::id()));
        let journal = Journal::open(Some(&folder), "a study", 2).unwrap();
        journal.put(3, &[0.1, f64::NAN]);
        journal.put(5, &[-0.0, 1e300]);
        let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str("7 3ff0000000000000 3ff00000");
        std::fs::write(&file, text).unwrap();
        let again = Journal::open(Some(&folder), "a study", 2).unwrap();
        assert_eq!((again.finished(), again.get(7)), (2, None));
        assert_eq!(again.get(3).unwrap()[0], 0.1);
        assert!(again.get(3).unwrap()[1].is_nan() && again.get(5).unwrap()[0].is_sign_negative());
        assert_eq!(Journal::open(Some(&folder), "another study", 2).unwrap().finished(), 0);
        again.close();
        Journal::open(Some(&folder), "another study", 2).unwrap().close();
        assert!(!folder.exists());
    }
}
