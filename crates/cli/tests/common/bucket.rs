//! A bucket for tests: the part of the S3 protocol that reading needs, over the files of a folder.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server of `s3://trade`; it ends with the process.
pub struct Bucket {
    port: u16,
    /// Requests so far; the content of objects is given as another one after this many.
    pub asked: Arc<AtomicUsize>,
}

impl Bucket {
    pub const NAME: &str = "trade";

    pub fn serve(folder: &Path) -> Bucket {
        Bucket::changing(folder, usize::MAX)
    }

    /// A bucket whose objects are replaced after some requests.
    pub fn changing(folder: &Path, after: usize) -> Bucket {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicUsize::new(0));
        let (folder, count) = (folder.to_path_buf(), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let version = usize::from(count.fetch_add(1, Ordering::SeqCst) >= after);
                let folder = folder.clone();
                std::thread::spawn(move || answer(&folder, stream, version));
            }
        });
        Bucket { port, asked }
    }

    /// What `plim` must find in its environment, whatever this one has.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let of = |text: &str| text.to_string();
        vec![
            ("AWS_ENDPOINT_URL_S3", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", of("true")),
            ("AWS_REGION", of("test-1")),
            ("AWS_ACCESS_KEY_ID", of("reader")),
            ("AWS_SECRET_ACCESS_KEY", of("of tests")),
            ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", of("false")),
            ("NO_PROXY", of("127.0.0.1")),
        ]
    }
}

/// Answers one request and closes.
fn answer(folder: &Path, mut stream: TcpStream, version: usize) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let request = lines.next()?;
    let headers: Vec<(String, String)> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':').map(|(k, v)| (k.to_lowercase(), v.trim().to_string())))
        .collect();
    let header = |name: &str| headers.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    let mut words = request.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = decoded(path.strip_prefix(&format!("/{}", Bucket::NAME))?.trim_start_matches('/'));
    let mut reply = |status: &str, more: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n", body.len());
        stream.write_all(head.as_bytes()).ok()?;
        if method == "GET" {
            stream.write_all(body).ok()?;
        }
        Some(())
    };
    if !header("authorization").is_some_and(|signed| signed.contains("Credential=reader/")) {
        return reply("403 Forbidden", "", b"<Error><Code>AccessDenied</Code></Error>");
    }
    if key.is_empty() {
        let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix=")).map(decoded).unwrap_or_default();
        return reply("200 OK", "Content-Type: application/xml\r\n", listing(folder, &prefix).as_bytes());
    }
    let Ok(content) = std::fs::read(folder.join(&key)) else {
        return reply("404 Not Found", "", b"<Error><Code>NoSuchKey</Code></Error>");
    };
    let tag = format!("\"{}-{version}\"", content.len());
    if header("if-match").is_some_and(|wanted| wanted != tag) {
        return reply("412 Precondition Failed", "", b"");
    }
    let about = format!("ETag: {tag}\r\nLast-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\n");
    match header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) {
        None => reply("200 OK", &about, &content),
        Some((first, last)) => {
            let (start, end) = match (first.parse::<usize>(), last.parse::<usize>()) {
                (Ok(first), Ok(last)) => (first, content.len().min(last + 1)),
                (Ok(first), Err(_)) => (first, content.len()),
                (Err(_), last) => (content.len().saturating_sub(last.ok()?), content.len()),
            };
            let range = format!("{about}Content-Range: bytes {start}-{}/{}\r\n", end - 1, content.len());
            reply("206 Partial Content", &range, content.get(start..end)?)
        }
    }
}

/// The objects whose keys begin with a prefix.
fn listing(folder: &Path, prefix: &str) -> String {
    let mut files = Vec::new();
    walk(folder, &mut files);
    let mut xml = String::from("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>");
    for file in files {
        let key = file.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        let size = file.metadata().map_or(0, |m| m.len());
        if key.starts_with(prefix) {
            let about = format!("<LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>\"{size}-0\"</ETag>");
            xml += &format!("<Contents><Key>{key}</Key>{about}<Size>{size}</Size></Contents>");
        }
    }
    xml + "</ListBucketResult>"
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => walk(&entry.path(), files),
            false => files.push(entry.path()),
        }
    }
}

/// A text without its `%41`.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16)).unwrap_or(0) as u8;
        bytes.push(if byte == b'%' { hex(rest.next()) * 16 + hex(rest.next()) } else { byte });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
