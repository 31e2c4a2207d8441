//! Data as a node of a cluster sees them: what lies below its roots, to be read and not written.

use crate::remote::{Place, is_remote};
use async_trait::async_trait;
use datafusion::common::DataFusionError;
use datafusion::datasource::object_store::ObjectStoreRegistry;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures::stream::{self, BoxStream, StreamExt};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// How the refusal of a path begins, so that a client can tell it from other failures.
pub(super) const OUTSIDE: &str = "not below a folder that this node may read";

/// Data below some folders, on disk or in object stores, and nothing else.
#[derive(Debug, Clone)]
pub(super) struct Roots {
    files: Below,
    /// Names of buckets, and what may be read of each.
    buckets: Vec<(String, Below)>,
}

impl Roots {
    /// Folders on disk must exist.
    pub(super) fn new(roots: &[PathBuf]) -> crate::Result<Roots> {
        let mut folders = Vec::new();
        let mut buckets: Vec<(String, Below)> = Vec::new();
        for root in roots {
            if is_remote(root) {
                let Place { bucket, key, store } = Place::of(root)?;
                let name = bucket.host_str().unwrap_or_default();
                match buckets.iter_mut().find(|(known, _)| known == name) {
                    Some((_, Below { within: Within::Keys(keys), .. })) => keys.push(key),
                    _ => buckets.push((name.into(), Below { store, within: Within::Keys(vec![key]) })),
                }
                continue;
            }
            match std::fs::canonicalize(root) {
                Ok(path) if path.is_dir() => folders.push(path),
                Ok(_) => return Err(crate::Error::file(root.display(), "is no folder; a root is a folder of data")),
                Err(e) => return Err(crate::Error::file(root.display(), e)),
            }
        }
        let files = Arc::new(LocalFileSystem::new());
        Ok(Roots { files: Below { store: files.clone(), within: Within::Folders(files, folders) }, buckets })
    }
}

/// The only stores of a node: no plan can register or reach another one.
impl ObjectStoreRegistry for Roots {
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> std::result::Result<Arc<dyn ObjectStore>, DataFusionError> {
        let found = match url.scheme() {
            "file" => Some(&self.files),
            "s3" => self.buckets.iter().find(|(name, _)| url.host_str() == Some(name)).map(|(_, store)| store),
            _ => None,
        };
        match found {
            Some(store) => Ok(Arc::new(store.clone())),
            None => Err(DataFusionError::Execution(format!("{url}: {OUTSIDE}"))),
        }
    }
}

/// What a store has below some of its folders.
#[derive(Debug, Clone)]
struct Below {
    store: Arc<dyn ObjectStore>,
    within: Within,
}

#[derive(Debug, Clone)]
enum Within {
    /// Folders of the file system, links resolved.
    Folders(Arc<LocalFileSystem>, Vec<PathBuf>),
    /// How names of objects begin, folder by folder.
    Keys(Vec<Path>),
}

impl Below {
    /// Refuses what does not lie below a root once its links are followed. What does not exist is refused alike, so
    /// that an answer never tells what there is elsewhere.
    fn permit(&self, location: &Path) -> Result<()> {
        let (path, permitted) = match &self.within {
            Within::Folders(files, folders) => {
                let path = files.path_to_filesystem(location)?;
                let real = std::fs::canonicalize(&path);
                let permitted = real.is_ok_and(|real| folders.iter().any(|root| real.starts_with(root)));
                (path.display().to_string(), permitted)
            }
            Within::Keys(keys) => (location.to_string(), keys.iter().any(|key| location.prefix_matches(key))),
        };
        match permitted {
            true => Ok(()),
            false => Err(Error::PermissionDenied { path, source: OUTSIDE.into() }),
        }
    }
}

/// Nothing is written through a node: what its work leaves goes to its own scratch folder.
fn read_only<T>() -> Result<T> {
    Err(Error::NotSupported { source: "a node of a cluster only reads".into() })
}

impl fmt::Display for Below {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} below {:?}", self.store, self.within)
    }
}

#[async_trait]
impl ObjectStore for Below {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        read_only()
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        read_only()
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.permit(location)?;
        self.store.get_opts(location, options).await
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::iter([read_only()]).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(e) = self.permit(&prefix.cloned().unwrap_or_default()) {
            return stream::iter([Err(e)]).boxed();
        }
        // A link inside may lead outside.
        let below = self.clone();
        let permitted = move |entry: Result<ObjectMeta>| {
            let entry = entry?;
            below.permit(&entry.location).map(|()| entry)
        };
        self.store.list(prefix).map(permitted).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.permit(&prefix.cloned().unwrap_or_default())?;
        let listed = self.store.list_with_delimiter(prefix).await?;
        listed.objects.iter().try_for_each(|entry| self.permit(&entry.location))?;
        Ok(listed)
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        read_only()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::object_store::ObjectStoreExt;

    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(future)
    }

    fn location(path: &std::path::Path) -> Path {
        Path::from_absolute_path(path).unwrap()
    }

    /// The files below a root.
    fn files(root: &std::path::Path) -> Below {
        Roots::new(&[root.to_path_buf()]).unwrap().files
    }

    #[test]
    fn only_files_below_a_root_are_opened() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let (inside, outside) = (root.join("a.parquet"), place.path().join("b.parquet"));
        std::fs::write(&inside, "a").unwrap();
        std::fs::write(&outside, "b").unwrap();
        let roots = files(&root);
        assert!(wait(roots.get(&location(&inside))).is_ok());
        assert!(wait(roots.head(&location(&inside))).is_ok());
        for path in [outside.as_path(), std::path::Path::new("/etc/passwd")] {
            assert!(matches!(wait(roots.get(&location(path))), Err(Error::PermissionDenied { .. })));
            assert!(matches!(wait(roots.head(&location(path))), Err(Error::PermissionDenied { .. })));
        }
        assert!(wait(roots.list_with_delimiter(None)).is_err());
        let (of_root, all) = (location(&root), location(place.path()));
        let listed = |prefix: &Path| wait(roots.list(Some(prefix)).collect::<Vec<_>>());
        assert!(listed(&of_root).iter().all(Result::is_ok));
        assert!(listed(&all).iter().all(Result::is_err));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        std::fs::create_dir(&root).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.join("a.parquet")).unwrap();
        let roots = files(&root);
        let link = location(&root.canonicalize().unwrap()).join("a.parquet");
        assert!(matches!(wait(roots.get(&link)), Err(Error::PermissionDenied { .. })));
        let of_root = location(&root);
        assert!(wait(roots.list(Some(&of_root)).collect::<Vec<_>>()).iter().any(Result::is_err));
    }

    #[test]
    fn nothing_is_written_and_no_other_store_is_reached() {
        let place = tempfile::tempdir().unwrap();
        let roots = Roots::new(&[place.path().to_path_buf()]).unwrap();
        let store = files(place.path());
        let target = location(place.path()).join("new");
        assert!(wait(store.put(&target, "x".into())).is_err());
        assert!(wait(store.delete(&target)).is_err());
        let other = Url::parse("http://example.org/a.parquet").unwrap();
        assert!(roots.get_store(&other).is_err());
        roots.register_store(&other, Arc::new(LocalFileSystem::new()));
        assert!(roots.get_store(&other).is_err());
    }

    #[test]
    fn only_objects_below_a_root_are_opened() {
        let roots = ["s3://trade/customs", "s3://trade/baci/v2", "s3://other"].map(PathBuf::from);
        let roots = Roots::new(&roots).unwrap();
        let of = |name: &str| &roots.buckets.iter().find(|(known, _)| known == name).unwrap().1;
        let permitted = |name: &str, key: &str| of(name).permit(&Path::parse(key).unwrap()).is_ok();
        assert!(permitted("trade", "customs/year=2011/a.parquet") && permitted("trade", "baci/v2/a.parquet"));
        assert!(permitted("other", "a.parquet"));
        for key in ["a.parquet", "customs2/a.parquet", "baci/v1/a.parquet", "baci"] {
            assert!(!permitted("trade", key), "{key}");
        }
        let store = |url: &str| roots.get_store(&Url::parse(url).unwrap());
        assert!(store("s3://trade").is_ok() && store("s3://other/a").is_ok());
        assert!(store("s3://elsewhere").is_err() && store("gs://trade").is_err());
    }
}
