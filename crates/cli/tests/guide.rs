//! The guide and the replications do what they say: every `sh` block of a page runs, in the order of the page and in one
//! folder; where a `text` block follows at once, it is what the commands print.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

/// The fenced blocks of a page: language, content, and whether only blank lines part it from the block before.
fn blocks(text: &str) -> Vec<(&str, String, bool)> {
    let (mut found, mut open, mut follows) = (Vec::<(&str, String, bool)>::new(), false, false);
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => (open, follows) = (false, true),
            Some(language) => {
                found.push((language, String::new(), follows));
                open = true;
            }
            None if open => {
                if let Some((_, content, _)) = found.last_mut() {
                    content.push_str(line);
                    content.push('\n');
                }
            }
            None => follows &= line.is_empty(),
        }
    }
    found
}

/// Without blanks at the ends of lines, which a page does not keep.
fn trimmed(text: &str) -> String {
    text.lines().map(|l| l.trim_end().to_string() + "\n").collect::<String>().trim_end().to_string()
}

#[track_caller]
fn page_runs(page: &Path) {
    let text = std::fs::read_to_string(page).unwrap_or_else(|e| panic!("{}: {e}", page.display()));
    let dir = tempfile::tempdir().expect("a folder");
    let plim = Path::new(env!("CARGO_BIN_EXE_plim")).parent().expect("a folder");
    let path = format!("{}:{}", plim.display(), std::env::var("PATH").unwrap_or_default());
    let mut printed = String::new();
    let (mut ran, mut before) = (0, "");
    for (language, content, follows) in blocks(&text) {
        if language == "sh" {
            let shell =
                Command::new("sh").args(["-e", "-c", &content]).env("PATH", &path).current_dir(dir.path()).output();
            let out = shell.expect("a shell");
            let errors = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success(), "{}:\n{content}{errors}", page.display());
            printed = String::from_utf8_lossy(&out.stdout).into_owned();
            ran += 1;
        } else if language == "text" && before == "sh" && follows {
            assert_eq!(trimmed(&printed), trimmed(&content), "{}: what follows a command", page.display());
        }
        before = language;
    }
    assert!(ran > 0, "{}: no command", page.display());
}

fn docs() -> std::path::PathBuf {
    plim_golden::root().join("docs")
}

#[test]
fn the_first_study() {
    page_runs(&docs().join("guide/start.md"));
}

#[test]
fn the_first_study_in_chinese() {
    page_runs(&docs().join("zh/guide/start.md"));
}

#[test]
fn every_command() {
    page_runs(&docs().join("guide/commands.md"));
}

/// Replications that bring their data along.
#[test]
fn replications() {
    for page in ["tone2001", "tone2002", "tone2003", "coelli1998", "grifell_lovell1999"] {
        page_runs(&docs().join(format!("replications/{page}.md")));
    }
}
