//! Buckets and what is in them.

use super::SCHEME;
use crate::{Error, Result};
use futures::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::client::SpawnedReqwestConnector;
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// Time for which a request that fails is made again.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the requests run: connections outlive the query that opened them.
static RUNTIME: LazyLock<std::io::Result<Runtime>> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build());

fn runtime() -> Result<&'static Runtime> {
    RUNTIME.as_ref().map_err(|e| Error::file("object store", e))
}

/// The result of work on a store, for who cannot wait as futures do. It may be called from within a runtime, which
/// could not block on another by itself.
pub(super) fn wait<T: Send + 'static>(
    shown: impl Display,
    work: impl Future<Output = object_store::Result<T>> + Send + 'static,
) -> Result<T> {
    let (to, from) = sync_channel(1);
    runtime()?.spawn(async move { to.send(work.await) });
    match from.recv() {
        Ok(done) => done.map_err(|e| failed(shown, e)),
        Err(e) => Err(Error::file(shown, e)),
    }
}

/// A name below a bucket.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// `s3://BUCKET`.
    pub bucket: Url,
    /// What follows; nothing for the bucket itself.
    pub key: Key,
    pub store: Arc<dyn ObjectStore>,
}

impl Place {
    /// Reads `s3://BUCKET/KEY`.
    pub fn of(path: &Path) -> Result<Place> {
        let wrong = || {
            let what = format!("{} is no name of an object", path.display());
            Error::invalid(what, "write s3://BUCKET/FOLDER or s3://BUCKET/FILE.parquet")
        };
        let rest = path.to_str().and_then(|text| text.strip_prefix(SCHEME)).ok_or_else(wrong)?;
        let (name, key) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        if name.is_empty() || !name.chars().all(plain) {
            return Err(wrong());
        }
        let bucket = Url::parse(&format!("{SCHEME}{name}")).map_err(|_| wrong())?;
        let key = Key::parse(key).map_err(|_| wrong())?;
        Ok(Place { store: store(name)?, bucket, key })
    }
}

/// The client of a bucket; there is one for each.
fn store(bucket: &str) -> Result<Arc<dyn ObjectStore>> {
    static STORES: Mutex<Option<HashMap<String, Arc<dyn ObjectStore>>>> = Mutex::new(None);
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    let stores = stores.get_or_insert_default();
    if let Some(store) = stores.get(bucket) {
        return Ok(store.clone());
    }
    let retry = RetryConfig { retry_timeout: PATIENCE, ..RetryConfig::default() };
    let store = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retry)
        .with_http_connector(SpawnedReqwestConnector::new(runtime()?.handle().clone()))
        .build()
        .map_err(|e| failed(format!("{SCHEME}{bucket}"), e))?;
    let store: Arc<dyn ObjectStore> = Arc::new(store);
    stores.insert(bucket.into(), store.clone());
    Ok(store)
}

/// What went wrong with an object, in a line, and the way out.
pub(super) fn failed(shown: impl Display, error: object_store::Error) -> Error {
    use object_store::Error as E;
    match error {
        E::NotFound { .. } => Error::file(shown, "there is no such object"),
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
            Error::file(shown, "the store refuses access; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
        E::Precondition { .. } => Error::file(shown, "the object changed while it was read"),
        error => {
            // The innermost cause says what happened, the outer ones how often it was tried.
            let mut cause: &dyn std::error::Error = &error;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            let way = "see AWS_ENDPOINT, AWS_REGION and AWS_ALLOW_HTTP, and that the store runs";
            Error::file(shown, format!("the store does not answer: {cause}; {way}"))
        }
    }
}

/// All objects below a folder, with their names from there, in the order of their folders.
fn below(folder: &Path) -> Result<Vec<(String, ObjectMeta)>> {
    let Place { store, key, .. } = Place::of(folder)?;
    let prefix = key.clone();
    let found: Vec<ObjectMeta> = wait(folder.display(), async move { store.list(Some(&prefix)).try_collect().await })?;
    let relative = |object: ObjectMeta| {
        let name: Vec<String> = object.location.prefix_match(&key)?.map(|part| part.as_ref().to_string()).collect();
        Some((name.join("/"), object))
    };
    let mut found: Vec<_> = found.into_iter().filter_map(relative).collect();
    found.sort_by(|a, b| a.0.split('/').cmp(b.0.split('/')));
    Ok(found)
}

/// The names of all objects below a folder, from there, in the order of their folders.
pub(crate) fn list(folder: &Path) -> Result<Vec<String>> {
    Ok(below(folder)?.into_iter().map(|(name, _)| name).collect())
}

/// What tells whether an object, or a folder of them, is the same as before: names, sizes and what the store itself
/// keeps of their content.
pub fn stamp(path: &Path) -> Result<String> {
    let objects = match super::is_folder(path) {
        true => below(path)?,
        false => {
            let Place { store, key, .. } = Place::of(path)?;
            vec![(String::new(), wait(path.display(), async move { store.head(&key).await })?)]
        }
    };
    let line = |(name, object): (String, ObjectMeta)| {
        let content = object.e_tag.unwrap_or_else(|| object.last_modified.to_string());
        format!("{name}\0{}\0{content}\n", object.size)
    };
    Ok(objects.into_iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_bucket_and_a_key() {
        let place = Place::of(Path::new("s3://trade-data/海关/year=2011/part.parquet")).unwrap();
        assert_eq!((place.bucket.as_str(), place.key.as_ref()), ("s3://trade-data", "海关/year=2011/part.parquet"));
        assert_eq!(Place::of(Path::new("s3://b")).unwrap().key.as_ref(), "");
        for wrong in ["s3://", "s3:///a", "s3://B/a", "s3://b/../a", "s3://b/a//c", "s3://u@b/a", "/s3://b"] {
            assert!(Place::of(Path::new(wrong)).is_err(), "{wrong}");
        }
    }
}
