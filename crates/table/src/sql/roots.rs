//! Files as a node of a cluster sees them: those below its roots, to be read and not written.

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

/// Files below some folders, and nothing else.
#[derive(Debug, Clone)]
pub(super) struct Roots {
    /// The folders, links resolved.
    folders: Arc<[PathBuf]>,
    files: Arc<LocalFileSystem>,
}

impl Roots {
    /// The folders must exist.
    pub(super) fn new(folders: &[PathBuf]) -> crate::Result<Roots> {
        let real = |folder: &PathBuf| match std::fs::canonicalize(folder) {
            Ok(path) if path.is_dir() => Ok(path),
            Ok(_) => Err(crate::Error::file(folder.display(), "is no folder; a root is a folder of data")),
            Err(e) => Err(crate::Error::file(folder.display(), e)),
        };
        let folders = folders.iter().map(real).collect::<crate::Result<Vec<_>>>()?;
        Ok(Roots { folders: folders.into(), files: Arc::new(LocalFileSystem::new()) })
    }

    /// Refuses what does not lie below a root once its links are followed. What does not exist is refused alike, so
    /// that an answer never tells what there is elsewhere.
    fn permit(&self, location: &Path) -> Result<()> {
        let path = self.files.path_to_filesystem(location)?;
        match std::fs::canonicalize(&path) {
            Ok(real) if self.folders.iter().any(|root| real.starts_with(root)) => Ok(()),
            _ => Err(Error::PermissionDenied { path: path.display().to_string(), source: OUTSIDE.into() }),
        }
    }
}

/// Nothing is written through a node: what its work leaves goes to its own scratch folder.
fn read_only<T>() -> Result<T> {
    Err(Error::NotSupported { source: "a node of a cluster only reads".into() })
}

impl fmt::Display for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "files below {:?}", self.folders)
    }
}

#[async_trait]
impl ObjectStore for Roots {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        read_only()
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        read_only()
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.permit(location)?;
        self.files.get_opts(location, options).await
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::iter([read_only()]).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(e) = self.permit(&prefix.cloned().unwrap_or_default()) {
            return stream::iter([Err(e)]).boxed();
        }
        // A link inside may lead outside.
        let roots = self.clone();
        let permitted = move |entry: Result<ObjectMeta>| {
            let entry = entry?;
            roots.permit(&entry.location).map(|()| entry)
        };
        self.files.list(prefix).map(permitted).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.permit(&prefix.cloned().unwrap_or_default())?;
        let listed = self.files.list_with_delimiter(prefix).await?;
        listed.objects.iter().try_for_each(|entry| self.permit(&entry.location))?;
        Ok(listed)
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        read_only()
    }
}

/// The only store of a node: no plan can register or reach another one.
impl ObjectStoreRegistry for Roots {
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> std::result::Result<Arc<dyn ObjectStore>, DataFusionError> {
        match url.scheme() {
            "file" => Ok(Arc::new(self.clone())),
            _ => Err(DataFusionError::Execution(format!("{url}: {OUTSIDE}"))),
        }
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

    #[test]
    fn only_files_below_a_root_are_opened() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let (inside, outside) = (root.join("a.parquet"), place.path().join("b.parquet"));
        std::fs::write(&inside, "a").unwrap();
        std::fs::write(&outside, "b").unwrap();
        let roots = Roots::new(std::slice::from_ref(&root)).unwrap();
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
        let roots = Roots::new(std::slice::from_ref(&root)).unwrap();
        let link = location(&root.canonicalize().unwrap()).join("a.parquet");
        assert!(matches!(wait(roots.get(&link)), Err(Error::PermissionDenied { .. })));
        let of_root = location(&root);
        assert!(wait(roots.list(Some(&of_root)).collect::<Vec<_>>()).iter().any(Result::is_err));
    }

    #[test]
    fn nothing_is_written_and_no_other_store_is_reached() {
        let place = tempfile::tempdir().unwrap();
        let roots = Roots::new(&[place.path().to_path_buf()]).unwrap();
        let target = location(place.path()).join("new");
        assert!(wait(roots.put(&target, "x".into())).is_err());
        assert!(wait(roots.delete(&target)).is_err());
        let other = Url::parse("http://example.org/a.parquet").unwrap();
        assert!(roots.get_store(&other).is_err());
        roots.register_store(&other, Arc::new(LocalFileSystem::new()));
        assert!(roots.get_store(&other).is_err());
    }
}
