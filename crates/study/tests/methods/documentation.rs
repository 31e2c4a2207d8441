//! The documentation holds together: links lead somewhere, every page is in the book, every method has its page and its
//! Chinese name, the generated reference is that of the program, and a replication names tests that exist.

use plim_golden::root;
use plim_study::methods::METHODS;
use plim_study::reference;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The Markdown files below a folder, in order.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for path in entries.map(|e| e.unwrap().path()) {
        match path.is_dir() {
            true => found.extend(pages(&path)),
            false if path.extension().is_some_and(|e| e == "md") => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

/// The lines that are prose: neither fenced nor indented code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced && !line.starts_with("    ")
    })
}

/// A line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// Targets of the links and images of a page.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let line = without_code(line);
        found.extend(line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_string())));
    }
    found
}

/// Anchors of the headings, as mdBook makes them; GitHub's are the same for what stands here.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let headings = prose(text).filter_map(|l| l.strip_prefix('#')).map(|l| l.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let letter = |c: char| match c {
                c if c.is_whitespace() => Some('-'),
                c => (c.is_alphanumeric() || "_-".contains(c)).then_some(c),
            };
            let id: String = heading.to_lowercase().chars().filter_map(letter).collect();
            let n = seen.entry(id.clone()).and_modify(|n| *n += 1).or_insert(0);
            if *n == 0 { id } else { format!("{id}-{n}") }
        })
        .collect()
}

/// The file that a link leads to from a page; nothing for addresses of the web.
fn target(page: &Path, link: &str) -> Option<(PathBuf, Option<String>)> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(p, a)| (p, Some(a.to_string())));
    let file = if path.is_empty() { page.to_path_buf() } else { page.parent()?.join(path) };
    Some((file, anchor))
}

#[test]
fn links_lead_to_files_and_headings() {
    let docs = root().join("docs").canonicalize().unwrap();
    let mut dead = Vec::new();
    for page in pages(&docs).into_iter().chain([root().join("README.md"), root().join("CONTRIBUTING.md")]) {
        for link in links(&read(&page)) {
            let Some((file, anchor)) = target(&page, &link) else { continue };
            let what = format!("{}: ({link})", page.display());
            match file.canonicalize() {
                Err(_) => dead.push(format!("{what} has no file")),
                // The site holds docs/ and nothing else.
                Ok(file) if page.starts_with(&docs) && !file.starts_with(&docs) => {
                    dead.push(format!("{what} leaves docs/; name the file in backticks"))
                }
                Ok(file) if anchor.as_ref().is_some_and(|a| !anchors(&read(&file)).contains(a)) => {
                    dead.push(format!("{what} has no such heading"))
                }
                Ok(_) => {}
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn every_page_is_in_the_book_once() {
    let docs = root().join("docs");
    let summary = docs.join("SUMMARY.md");
    let mut listed: Vec<PathBuf> = links(&read(&summary)).iter().map(|l| docs.join(l)).collect();
    listed.sort();
    let all: Vec<PathBuf> = pages(&docs).into_iter().filter(|p| *p != summary).collect();
    let missing: Vec<_> = all.iter().filter(|p| !listed.contains(p)).collect();
    assert!(missing.is_empty(), "add to docs/SUMMARY.md: {missing:?}");
    assert_eq!(listed, all, "a page is listed twice, or does not exist");
}

#[test]
fn every_method_has_a_page_that_names_it() {
    let guide = root().join("docs/guide");
    let chinese = read(&root().join("docs/zh/methods.md"));
    for entry in METHODS {
        let page = guide.join(reference::page(entry));
        let text = read(&page);
        let title = text.lines().next().unwrap_or_default();
        let titled = title.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == entry.name);
        let name = format!("`{}`", entry.name);
        assert!(titled || text.contains(&name), "{} does not speak of {name}", page.display());
        assert!(chinese.contains(&name), "docs/zh/methods.md does not speak of {name}");
    }
}

#[test]
fn the_reference_is_that_of_the_program() {
    let page = read(&root().join("docs/guide/reference.md"));
    assert!(page == reference::markdown(), "docs/guide/reference.md is out of date: run `make reference`");
}

/// A page of docs/replications says which tests do it, as `crates/…/file.rs` and `test_name`: the files and tests exist.
#[test]
fn replications_name_tests_that_exist() {
    for page in pages(&root().join("docs/replications")) {
        let text = read(&page);
        let codes: Vec<&str> = prose(&text).flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
        let files = codes.iter().filter(|c| c.starts_with("crates/"));
        let source: String = files.map(|file| read(&root().join(file))).collect();
        let index = page.ends_with("replications/index.md");
        assert!(index || !source.is_empty(), "{} names no test file", page.display());
        for line in prose(&text).filter(|line| line.starts_with("Test")) {
            for name in line.split('`').skip(1).step_by(2).filter(|c| !c.contains('/')) {
                assert!(source.contains(&format!("fn {name}(")), "{}: no test `{name}`", page.display());
            }
        }
    }
}
