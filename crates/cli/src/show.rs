//! Prints an error with the line of the study file that it is about.

use ariadne::{Color, Config, Label, Report, ReportKind, Source};
use plim_study::error::{Error, Kind};
use std::io::IsTerminal;

/// Prints to stderr.
pub fn error(e: &Error) {
    if let Kind::Many(errors) = &*e.kind {
        errors.iter().for_each(error);
        return;
    }
    let placed = e.plan.as_ref().and_then(|(file, span)| Some((file, span, std::fs::read_to_string(file).ok()?)));
    let Some((file, span, text)) = placed else {
        eprintln!("error: {e}");
        return;
    };
    // Spans count bytes; the report counts characters.
    let chars = |byte: usize| text.get(..byte).map_or(0, |t| t.chars().count());
    let range = chars(span.start)..chars(span.end).max(chars(span.start) + 1);
    let message = e.to_string();
    let colour = std::io::stderr().is_terminal();
    let report = Report::build(ReportKind::Error, (file.as_str(), range.clone()))
        .with_config(Config::default().with_color(colour))
        .with_message(&message)
        .with_label(Label::new((file.as_str(), range)).with_message("here").with_color(Color::Red))
        .finish();
    if report.eprint((file.as_str(), Source::from(text.as_str()))).is_err() {
        eprintln!("error: {message}");
    }
}
