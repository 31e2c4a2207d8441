//! Parquet files in an object store: `s3://BUCKET/KEY` in place of a path (feature `s3`).
//!
//! Where the store is and who asks is told by the environment, in the words that its own tools have: `AWS_REGION`,
//! `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and for stores of other makes `AWS_ENDPOINT`, with
//! `AWS_ALLOW_HTTP=true` where they speak without TLS. Objects are only read.

#[cfg(feature = "s3")]
mod object;
#[cfg(feature = "s3")]
mod store;

#[cfg(feature = "s3")]
pub(crate) use object::{Input, again, open};
#[cfg(feature = "s3")]
pub use store::stamp;
#[cfg(feature = "s3")]
pub(crate) use store::{Place, fault, list};

use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// How the name of an object begins.
const SCHEME: &str = "s3://";

/// How messages of a store's failures begin, by which they are known among those of the files in it.
pub(crate) const STORE: &str = "the object store ";

/// Whether a path is the name of an object, or of a folder of objects.
pub fn is_remote(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with(SCHEME))
}

/// Whether a table at this path is a folder of Parquet files: on disk by what is there, in a store by a name that is
/// not a Parquet file's.
pub fn is_folder(path: &Path) -> bool {
    match is_remote(path) {
        true => !is_parquet(path),
        false => path.is_dir(),
    }
}

/// Whether the extension is that of a Parquet file.
pub(crate) fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet") || e.eq_ignore_ascii_case("pq"))
}

/// Versions of objects that something is made of.
pub(crate) struct Versions(Vec<(PathBuf, String)>);

impl Versions {
    /// Those of the objects among some paths; files have none.
    pub fn of<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<Versions> {
        let remote = paths.filter(|path| is_remote(path));
        Ok(Versions(remote.map(|path| Ok((path.to_path_buf(), stamp(path)?))).collect::<Result<_>>()?))
    }

    /// Refuses what was made while one of them was replaced: it may be half of one version and half of the next.
    pub fn unchanged(&self) -> Result<()> {
        match self.0.iter().try_fold(None, |changed, (path, before)| match changed {
            None => Ok((stamp(path)? != *before).then_some(path)),
            found => Ok(found),
        })? {
            None => Ok(()),
            Some(path) => {
                Err(Error::file(path.display(), format!("{STORE}has another version of it than when reading began")))
            }
        }
    }
}

#[cfg(not(feature = "s3"))]
mod without {
    use super::is_remote;
    use crate::{Error, Result};
    use std::path::Path;

    pub(crate) use std::fs::File as Input;

    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Input> {
        match is_remote(path) {
            true => Err(missing(path)),
            false => Input::open(path).map_err(|e| Error::file(path.display(), e)),
        }
    }

    /// The same file once more.
    pub(crate) fn again(_: &Input, path: &Path) -> Result<Input> {
        open(path)
    }

    /// The names of all objects below a folder.
    pub(crate) fn list(folder: &Path) -> Result<Vec<String>> {
        Err(missing(folder))
    }

    /// What tells whether an object, or a folder of them, is the same as before.
    pub fn stamp(path: &Path) -> Result<String> {
        Err(missing(path))
    }

    fn missing(path: &Path) -> Error {
        Error::invalid(
            format!("{}: this plim reads no object store", path.display()),
            "build one that does: cargo build --release -p plim-cli --features s3",
        )
    }
}

#[cfg(not(feature = "s3"))]
pub use without::stamp;
#[cfg(not(feature = "s3"))]
pub(crate) use without::{Input, again, list, open};
