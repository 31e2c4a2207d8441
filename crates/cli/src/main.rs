//! The command `plim`. Options of methods come from their structs through `plim_study`; none is declared here.

mod args;
mod show;

use args::{Call, How};
use indicatif::{ProgressBar, ProgressStyle};
use plim_study::chain::power::power;
use plim_study::error::{Error, Result};
use plim_study::method::Role;
use plim_study::plan::Plan;
use plim_study::record::Folder;
use plim_study::run::Run;
use plim_study::{check, diff, document, lineage, output, run, schema, single, stored};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let call = match args::parse(std::env::args_os().collect()) {
        Ok(call) => call,
        Err(stop) => {
            let _ = stop.print();
            // Help and version are answers; anything else is a wrong request.
            return ExitCode::from(u8::from(stop.use_stderr()));
        }
    };
    match execute(call) {
        Ok(answer) => {
            let mut out = std::io::stdout().lock();
            let written = match answer {
                Answer::Words(words) => out.write_all(words.as_bytes()),
                Answer::Bytes(bytes) => out.write_all(&bytes),
                Answer::Json(result) => output::json(&result, &mut out),
            };
            match written.and_then(|()| out.flush()) {
                // A closed pipe (`plim … | head`) is not an error.
                Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
                    eprintln!("error: standard output: {e}");
                    ExitCode::from(3)
                }
                _ => ExitCode::SUCCESS,
            }
        }
        Err(e) => {
            show::error(&e);
            ExitCode::from(e.exit())
        }
    }
}

/// What is printed.
enum Answer {
    /// Words.
    Words(String),
    /// A table or figure.
    Bytes(Vec<u8>),
    /// A result, written as it is made into JSON: its lists may be long.
    Json(Box<single::Single>),
}

/// A table or figure of a run, for standard output or a file.
fn shown(
    dir: &Path,
    name: Option<&str>,
    medium: Option<&str>,
    into: Option<&Path>,
    font: Option<&str>,
) -> Result<Answer> {
    let ending = into.and_then(|p| p.extension()).and_then(|e| e.to_str());
    let medium = medium.or(ending);
    if into.is_none() && stored::binary(medium) && std::io::stdout().is_terminal() {
        return Err(Error::plan("this medium is no text for a terminal", "name a file with --into FILE"));
    }
    let (bytes, notes) = stored::show(dir, name, medium, font)?;
    notes.iter().for_each(|n| eprintln!("{n}"));
    match into {
        None => Ok(Answer::Bytes(bytes)),
        Some(path) => {
            output::write_bytes(path, &bytes)?;
            Ok(Answer::Words(format!("{}\n", path.display())))
        }
    }
}

/// Opens a file with the program that the system has for it; without one, the reader is told where it is.
fn open(path: &Path) -> String {
    let openers: &[&[&str]] = match std::env::consts::OS {
        "macos" => &[&["open"]],
        "windows" => &[&["explorer"]],
        _ => &[&["xdg-open"], &["gio", "open"]],
    };
    let quiet = std::process::Stdio::null;
    let opened = openers.iter().any(|command| {
        let mut call = std::process::Command::new(command[0]);
        let run = call.args(&command[1..]).arg(path).stdin(quiet()).stdout(quiet()).stderr(quiet()).status();
        // Explorer ends with 1 after it has opened the file.
        run.is_ok_and(|s| s.success() || command[0] == "explorer")
    });
    let hint = if opened { "" } else { "\nno program to open it was found: open it in a browser" };
    format!("{}{hint}\n", path.display())
}

/// Does what was asked and gives what to print.
fn execute(call: Call) -> Result<Answer> {
    let words = match call {
        Call::Show { dir, name, medium, into, font } => {
            return shown(&dir, name.as_deref(), medium.as_deref(), into.as_deref(), font.as_deref());
        }
        Call::Single { method, file, options, json, into } => {
            if let Some(path) = &into {
                output::not_the_data(&file, path)?;
            }
            let result = single::run(&method, &file, options)?;
            let said = into.map(|path| output::to_file(&result, &path)).transpose()?;
            match (json, said) {
                (true, _) => return Ok(Answer::Json(Box::new(result))),
                (false, Some(said)) => Ok(said),
                (false, None) => output::text(&result),
            }
        }
        Call::Run(how) => {
            let (plan, done) = how.run(None)?;
            Ok(output::summary(&plan, &done, &how.place(&plan)))
        }
        Call::Watch { how, once } => watch(&how, once),
        Call::Check { study, settings, roots } => {
            let plan = Plan::read(&study, &settings)?;
            let steps = check::check(&plan, &roots)?;
            Ok(format!("{}: {} steps, no error found\n", study.display(), steps.len()))
        }
        Call::New { dir } => output::new_study(&dir),
        Call::Simulate { world, options, dir } => output::simulate(&world, options, &dir),
        Call::Power { study, options, settings, roots, json } => {
            let plan = Plan::read(&study, &settings)?;
            let bar = progress();
            let made = power(&plan, &roots, &schema::read(options)?, &|i, n, name| report(&bar, i, n, name));
            bar.finish_and_clear();
            output::powered(&made?, json)
        }
        Call::Explain { what } => document::explain(&what),
        Call::Schema => document::schema(),
        // A study instead of a query: what it asks of the engine.
        Call::Sql { query, files } if files.is_empty() && query.ends_with(".toml") => {
            output::queries(&Plan::read(Path::new(&query), &[])?)
        }
        Call::Sql { query, files } => output::sql(&query, &files),
        Call::Cluster(node) => {
            if !node.host.is_loopback() {
                eprintln!("{} is open to the network, and asks for no password", node.host);
            }
            Ok(node.serve().map(|()| String::new())?)
        }
        Call::Why { dir, what } => lineage::why(&dir, &what),
        Call::Diff { first, second, tolerance } => diff::diff(&first, &second, tolerance),
        Call::Open { dir } => {
            let page = stored::folder(&dir)?.join("report.html");
            match page.is_file() {
                true => Ok(open(&page)),
                false => Err(Error::from(plim_table::Error::file(page.display(), "the run wrote no report"))),
            }
        }
    };
    words.map(Answer::Words)
}

impl How {
    /// The folder of the output.
    fn place(&self, plan: &Plan) -> PathBuf {
        self.out.clone().unwrap_or_else(|| plan.folder.join("out"))
    }

    /// Runs the study and writes what came of it; with a cache, steps that have not changed are not run.
    fn run(&self, cache: Option<&Path>) -> Result<(Plan, Run)> {
        let mut plan = Plan::read(&self.study, &self.settings)?;
        plan.memory = self.memory;
        plan.engine = self.engine.clone();
        if let Some(n) = self.threads {
            // The pool is made once; nothing has asked for it before this.
            let _ = rayon::ThreadPoolBuilder::new().num_threads(n).build_global();
        }
        let out = self.place(&plan);
        Folder::permit(&out)?;
        plan.journal = Some(beside(&out, "unfinished"));
        plan.cache = cache.map(Path::to_path_buf);
        let bar = progress();
        let done = run::run(&plan, &self.roots, &|i, n, name| report(&bar, i, n, name));
        bar.finish_and_clear();
        // A run stops at its first error; what else is wrong with the study is said along with it.
        let done = done.map_err(|e| match check::check(&plan, &self.roots) {
            Err(all) if e.exit() == 1 => all,
            _ => e,
        })?;
        output::write(&plan, &done, &out)?.iter().for_each(|n| eprintln!("{n}"));
        Ok((plan, done))
    }
}

/// How often a watched study is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_millis(300);

/// Runs a study whenever one of its files changes, each time only the steps that the change reaches.
fn watch(how: &How, once: bool) -> Result<String> {
    let seen = |plan: Option<&Plan>| -> Vec<(PathBuf, Option<std::time::SystemTime>)> {
        let files = plan.map_or_else(|| vec![how.study.clone()], |plan| plan.files(&how.study, &how.roots));
        files.into_iter().map(|f| (f.clone(), f.metadata().and_then(|m| m.modified()).ok())).collect()
    };
    loop {
        let plan = Plan::read(&how.study, &how.settings);
        let before = seen(plan.as_ref().ok());
        let made = match &plan {
            Ok(plan) => how.run(Some(&beside(&how.place(plan), "cache"))).map(|(plan, done)| {
                // Steps that show are always made: they cost nothing.
                let shows = |step: &&serde_json::Map<String, serde_json::Value>| {
                    let method = step.get("method").and_then(|m| m.as_str()).unwrap_or_default();
                    plim_study::method::find(method).is_ok_and(|entry| entry.role == Role::Show)
                };
                let of = plan.study.step.len() - plan.study.step.iter().filter(shows).count();
                let steps = format!("{} of {of} steps unchanged\n", done.reused);
                output::summary(&plan, &done, &how.place(&plan)) + &steps
            }),
            Err(_) => plan.as_ref().map(|_| String::new()).map_err(Clone::clone),
        };
        match made {
            made if once => return made,
            Ok(said) => print!("{said}"),
            Err(e) => show::error(&e),
        }
        let _ = std::io::stdout().flush();
        let plan = plan.ok();
        while seen(plan.as_ref()) == before {
            std::thread::sleep(LOOK);
        }
    }
}

/// Where a run keeps things of its own: beside its output, so that the output stays whole.
fn beside(out: &Path, what: &str) -> PathBuf {
    let name = out.file_name().map_or_else(|| "out".into(), |n| n.to_string_lossy().into_owned());
    out.with_file_name(format!(".{name}.{what}"))
}

/// A bar on a terminal, nothing in a pipe.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Moves the bar; where there is much of one kind to do, with the time that is left.
fn report(bar: &ProgressBar, at: usize, of: usize, what: &str) {
    if bar.message() != what {
        bar.set_message(what.to_string());
        bar.set_length(of as u64);
        if matches!(what, "replications" | "universes")
            && let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}, {eta} left")
        {
            bar.set_style(style);
            bar.reset_eta();
        }
    }
    bar.set_position(at as u64);
}
