//! Buckets and what is in them.

use super::{SCHEME, STORE};
use crate::{Error, Result};
use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::SpawnedReqwestConnector;
use object_store::path::Path as Key;
use object_store::{ClientConfigKey, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// Time for which a request that fails is made again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Objects that a folder may hold, whatever they are.
const MOST: usize = 100_000;

/// Where the requests run: connections outlive the query that opened them.
static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(2).on_thread_start(crate::read::guard_thread).enable_all().build()
});

fn runtime() -> Result<&'static Runtime> {
    RUNTIME.as_ref().map_err(|e| Error::file("s3", e))
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
        Ok(done) => done.map_err(|e| Error::file(shown, fault(&e.to_string()))),
        Err(_) => Err(Error::file(shown, format!("{STORE}was asked in vain: its client broke off"))),
    }
}

/// What a store's failure means, in a line, and the way out.
///
/// Of what the store itself says only the code is told: the rest may repeat what signed the request.
pub(crate) fn fault(said: &str) -> String {
    let any = |marks: &[&str]| marks.iter().any(|mark| said.contains(mark));
    if any(&["precondition", "status code: 412"]) {
        return format!("{STORE}has another version of it than when reading began");
    }
    if any(&["necessary privileges", "authentication credentials", "status code: 403", "status code: 401"]) {
        return format!("{STORE}refuses access; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    }
    if any(&["not found", "status code: 404"]) {
        return format!("{STORE}has no such object or bucket; the name of a folder does not end in .parquet");
    }
    let first = said.split(['<', '\n']).next().unwrap_or_default().trim_end_matches([' ', ':']);
    let code = said.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    let way = "see AWS_ENDPOINT, AWS_REGION, AWS_ALLOW_HTTP and AWS_ACCESS_KEY_ID, and that the store runs";
    format!("{STORE}does not answer: {first} {code}; {way}").replace(" ;", ";")
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
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let inner = |c: char| plain(c) || matches!(c, '.' | '-');
        let ends = name.starts_with(plain) && name.ends_with(plain);
        if name.len() < 3 || !ends || !name.chars().all(inner) || name.contains("..") {
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
    let refuse = |what: String| Error::invalid(format!("{SCHEME}{bucket}: {what}"), "correct the environment");
    environment(bucket).map_err(refuse)?;
    // As often as the time allows.
    let retry = RetryConfig { max_retries: usize::MAX, retry_timeout: PATIENCE, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::from_env();
    if std::env::var_os("AWS_TIMEOUT").is_none() {
        // Of a whole answer: a row group at a time, which a slow line brings in minutes.
        builder = builder.with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), "300s");
    }
    let store = builder
        .with_bucket_name(bucket)
        .with_retry(retry)
        .with_http_connector(SpawnedReqwestConnector::new(runtime()?.handle().clone()))
        .build()
        .map_err(|e| refuse(e.to_string()))?;
    let store: Arc<dyn ObjectStore> = Arc::new(store);
    stores.insert(bucket.into(), store.clone());
    Ok(store)
}

/// Refuses an environment that the client would break over, or that names another bucket than is asked for.
fn environment(bucket: &str) -> std::result::Result<(), String> {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        if of(name).is_some_and(|value| value.chars().any(|c| c.is_control() || !c.is_ascii())) {
            return Err(format!("{name} has a line break or a letter that is not ASCII"));
        }
    }
    let own_host = of("AWS_VIRTUAL_HOSTED_STYLE_REQUEST").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    for name in ["AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        let Some(endpoint) = of(name) else { continue };
        let url = Url::parse(&endpoint).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(host) = url.as_ref().and_then(Url::host_str) else {
            return Err(format!("{name} is no address such as https://store.example.org"));
        };
        if own_host && !host.starts_with(&format!("{bucket}.")) {
            return Err(format!("{name} does not begin with the bucket, as AWS_VIRTUAL_HOSTED_STYLE_REQUEST asks"));
        }
    }
    Ok(())
}

/// All objects below a folder, with their names from there, in the order of their folders.
fn below(folder: &Path) -> Result<Vec<(String, ObjectMeta)>> {
    let Place { store, key, .. } = Place::of(folder)?;
    let prefix = key.clone();
    let objects = async move { store.list(Some(&prefix)).take(MOST + 1).try_collect().await };
    let found: Vec<ObjectMeta> = wait(folder.display(), objects)?;
    if found.len() > MOST {
        let what = format!("{}: more than {MOST} objects", folder.display());
        return Err(Error::invalid(what, "name a folder further down"));
    }
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
        assert_eq!(Place::of(Path::new("s3://abc")).unwrap().key.as_ref(), "");
        for wrong in [
            "s3://",
            "s3:///a",
            "s3://ABC/a",
            "s3://abc/../a",
            "s3://abc/a//c",
            "s3://u@abc/a",
            "s3://...",
            "/s3://abc",
        ] {
            assert!(Place::of(Path::new(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_tells_its_kind_and_nothing_that_signed_the_request() {
        let body = "<Error><Code>ExpiredToken</Code><Token-0>secret</Token-0></Error>";
        let said = fault(&format!("Generic S3 error: Server returned non-2xx status code: 400: {body}"));
        assert!(said.contains("400 ExpiredToken; see AWS_ENDPOINT") && !said.contains("secret"), "{said}");
        for (text, meant) in [
            ("Error performing list request: Server returned non-2xx status code: 403 Forbidden: x", "refuses access"),
            ("Object at location a not found: x", "no such object"),
            ("Request precondition failure for path a: x", "another version"),
        ] {
            assert!(fault(text).contains(meant), "{text}");
        }
    }
}
