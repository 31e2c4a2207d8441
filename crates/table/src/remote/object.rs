//! An object as a file: read in blocks, some of which are kept.

use super::is_remote;
use super::store::{Place, wait};
use crate::{Error, Result};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that are asked for at a time: the answer takes longer than the question.
const BLOCK: u64 = 2 << 20;

/// Blocks of an object that are kept, for columns that are read side by side.
const KEPT: usize = 64;

/// Where a Parquet file is read from.
pub(crate) enum Input {
    File(File),
    Object(Object),
}

/// Opens a file or an object.
pub(crate) fn open(path: &Path) -> Result<Input> {
    match is_remote(path) {
        true => Object::open(path).map(Input::Object),
        false => File::open(path).map(Input::File).map_err(|e| Error::file(path.display(), e)),
    }
}

/// The same once more, of the same version.
pub(crate) fn again(input: &Input, path: &Path) -> Result<Input> {
    match input {
        Input::File(_) => open(path),
        Input::Object(object) => Ok(Input::Object(object.clone())),
    }
}

impl Length for Input {
    fn len(&self) -> u64 {
        match self {
            Input::File(file) => Length::len(file),
            Input::Object(object) => object.0.meta.size,
        }
    }
}

impl ChunkReader for Input {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ::parquet::errors::Result<Box<dyn Read>> {
        Ok(match self {
            Input::File(file) => Box::new(file.get_read(start)?),
            Input::Object(object) => Box::new(From { object: object.clone(), at: start }),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ::parquet::errors::Result<Bytes> {
        let object = match self {
            Input::File(file) => return file.get_bytes(start, length),
            Input::Object(object) => object,
        };
        let mut bytes = Vec::new();
        From { object: object.clone(), at: start }.take(length as u64).read_to_end(&mut bytes)?;
        match bytes.len() == length {
            true => Ok(bytes.into()),
            false => Err(ParquetError::EOF(format!("expected {length} bytes, found {}", bytes.len()))),
        }
    }
}

/// An object, of which the blocks read last are kept.
#[derive(Clone)]
pub(crate) struct Object(Arc<Blocks>);

struct Blocks {
    shown: String,
    place: Place,
    meta: ObjectMeta,
    /// Numbers and contents, the block used last at the end.
    kept: Mutex<VecDeque<(u64, Bytes)>>,
}

impl Object {
    fn open(path: &Path) -> Result<Object> {
        let (shown, place) = (path.display().to_string(), Place::of(path)?);
        let (store, key) = (place.store.clone(), place.key.clone());
        let meta = wait(&shown, async move { store.head(&key).await })?;
        if meta.size == 0 {
            return Err(Error::invalid(format!("{shown} is empty"), "was its upload cut short?"));
        }
        Ok(Object(Arc::new(Blocks { shown, place, meta, kept: Mutex::default() })))
    }

    /// The block of this number, which begins within the object.
    fn block(&self, number: u64) -> Result<Bytes> {
        let Blocks { shown, place, meta, kept } = &*self.0;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(of, _)| *of == number);
        let block = match at.and_then(|at| kept.remove(at)) {
            Some((_, block)) => block,
            None => {
                let (store, key) = (place.store.clone(), place.key.clone());
                let range = GetRange::Bounded(number * BLOCK..meta.size.min((number + 1) * BLOCK));
                // Half of one version and half of the next would be no table.
                let options = GetOptions { range: Some(range), if_match: meta.e_tag.clone(), ..GetOptions::default() };
                wait(shown, async move { store.get_opts(&key, options).await?.bytes().await })?
            }
        };
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((number, block.clone()));
        Ok(block)
    }
}

/// What follows a place of an object.
struct From {
    object: Object,
    at: u64,
}

impl Read for From {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.at >= self.object.0.meta.size {
            return Ok(0);
        }
        let block = self.object.block(self.at / BLOCK).map_err(std::io::Error::other)?;
        let rest = block.get((self.at % BLOCK) as usize..).unwrap_or_default();
        let n = rest.len().min(into.len());
        into[..n].copy_from_slice(&rest[..n]);
        self.at += n as u64;
        Ok(n)
    }
}
