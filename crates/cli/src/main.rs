//! The command `plim`. Options of methods come from their structs through `plim_study`; none is declared here.

mod args;
mod show;

use args::Call;
use indicatif::{ProgressBar, ProgressStyle};
use plim_study::error::Result;
use plim_study::plan::Plan;
use plim_study::record::Folder;
use plim_study::single;
use plim_study::{check, document, output, run};
use std::io::Write;
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
        Ok(text) => {
            let mut out = std::io::stdout();
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
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

/// Does what was asked and gives what to print.
fn execute(call: Call) -> Result<String> {
    match call {
        Call::Run { study, out, settings, roots, memory, threads } => {
            let mut plan = Plan::read(&study, &settings)?;
            plan.memory = memory;
            if let Some(n) = threads {
                // The pool is made once; nothing has asked for it before this.
                let _ = rayon::ThreadPoolBuilder::new().num_threads(n).build_global();
            }
            let out = out.unwrap_or_else(|| plan.folder.join("out"));
            Folder::permit(&out)?;
            let bar = progress();
            let done = run::run(&plan, &roots, &|i, n, name| {
                bar.set_length(n as u64);
                bar.set_position(i as u64);
                bar.set_message(name.to_string());
            });
            bar.finish_and_clear();
            // A run stops at its first error; what else is wrong with the study is said along with it.
            let done = done.map_err(|e| match check::check(&plan, &roots) {
                Err(all) if e.exit() == 1 => all,
                _ => e,
            })?;
            output::write(&plan, &done, &out)?;
            Ok(output::summary(&plan, &done, &out))
        }
        Call::Check { study, settings, roots } => {
            let plan = Plan::read(&study, &settings)?;
            let steps = check::check(&plan, &roots)?;
            Ok(format!("{}: {} steps, no error found\n", study.display(), steps.len()))
        }
        Call::New { dir } => output::new_study(&dir),
        Call::Simulate { world, options, dir } => output::simulate(&world, options, &dir),
        Call::Explain { what } => document::explain(&what),
        Call::Schema => document::schema(),
        Call::Single { method, file, options, json, into } => {
            if let Some(path) = &into {
                output::not_the_data(&file, path)?;
            }
            let result = single::run(&method, &file, options)?;
            let said = into.map(|path| output::to_file(&result, &path)).transpose()?;
            match (json, said) {
                (true, _) => output::json(&result),
                (false, Some(said)) => Ok(said),
                (false, None) => output::text(&result),
            }
        }
        Call::Sql { query, files } => output::sql(&query, &files),
    }
}

/// A bar on a terminal, nothing in a pipe.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}
