//! The command `plim`. Options of methods come from their structs through `plim_study`; none is declared here.

mod args;
mod show;

use args::Call;
use indicatif::{ProgressBar, ProgressStyle};
use plim_study::error::Result;
use plim_study::plan::Plan;
use plim_study::single::{self, Single};
use plim_study::{document, output, run};
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
            // A closed pipe (`plim … | head`) is not an error.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
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
        Call::Run { study, out, settings, roots } => {
            let plan = Plan::read(&study, &settings)?;
            let bar = progress();
            let done = run::run(&plan, &roots, &|i, n, name| {
                bar.set_length(n as u64);
                bar.set_position(i as u64);
                bar.set_message(name.to_string());
            });
            bar.finish_and_clear();
            let done = done?;
            let out = out.unwrap_or_else(|| plan.folder.join("out"));
            output::write(&plan, &done, &out)?;
            Ok(output::summary(&plan, &done, &out))
        }
        Call::Check { study, settings, roots } => {
            let plan = Plan::read(&study, &settings)?;
            let steps = run::check(&plan, &roots)?;
            Ok(format!("{}: {} steps, no error found\n", study.display(), steps.len()))
        }
        Call::New { dir } => output::new_study(&dir),
        Call::Simulate { world, options, dir } => output::simulate(&world, options, &dir),
        Call::Explain { what } => document::explain(&what),
        Call::Schema => document::schema(),
        Call::Single { method, file, options, json, into } => {
            let result = single::run(&method, &file, options)?;
            match (json, into) {
                (true, _) => output::json(&result),
                (false, Some(path)) => {
                    let table = match &result {
                        Single::Measure(_, table) | Single::Table(table) => table,
                        Single::Fit(_) => return output::fit_to_file(&result, &path),
                    };
                    plim_table::write(&path, table)?;
                    Ok(format!("{} rows in {}\n", table.rows(), path.display()))
                }
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
