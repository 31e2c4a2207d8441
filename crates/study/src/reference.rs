//! The reference of the study file as a page: every option of every method, from the structs that declare them.
//!
//! `plim explain all` prints it, `make reference` writes it to `docs/guide/reference.md`, and a test holds the two
//! against each other, so that the page cannot fall behind the program.

use crate::chain::multiverse::Multiverse;
use crate::chain::power::Power;
use crate::chain::resample::Resample;
use crate::document::ROLES;
use crate::method::{Entry, Role};
use crate::methods::METHODS;
use crate::plan::{Source, Study};
use crate::schema::{self, OptionDoc};
use crate::step::{Regression, Rows};
use std::fmt::Write;

const HEAD: &str = "\
<!-- Written by `make reference` from the option structs. Change the doc comments there, not this page. -->

# Reference: every option

What stands here is what `plim explain` prints, on one page. A step of the study file takes the options of its method and \
those of [every step](#every-step); a method that estimates takes those of [every regression](#every-regression) too. \
On the command line an option is a flag: `--quantile-type 7`. Where the default is empty there is none, or it \
is what the text says.
";

/// The whole reference in Markdown.
pub fn markdown() -> String {
    let mut out = HEAD.to_string();
    section(&mut out, "The study", "Keys at the top of the file.", schema::options::<Study>());
    section(&mut out, "A table", "Keys under `[data.NAME]`.", schema::options::<Source>());
    for (_, title, keys, options) in sections() {
        section(&mut out, title, keys, options);
    }
    let step = "Keys of each `[[step]]` beside `method`, `name` and the method's own.";
    section(&mut out, "Every step", step, schema::options::<Rows>());
    section(&mut out, "Every regression", "Of methods that estimate.", schema::options::<Regression>());
    for (role, title) in ROLES {
        let _ = write!(out, "\n## {}\n", capital(title));
        for entry in METHODS.iter().filter(|m| m.role == role) {
            let _ = write!(out, "\n### {}\n\n{}: [its page]({}).\n", entry.name, entry.about, page(entry));
            table(&mut out, (entry.options)());
        }
    }
    out
}

/// What governs a whole study: name, title, where its keys stand, its options.
type Governing = (&'static str, &'static str, &'static str, &'static [OptionDoc]);

/// The sections that govern a whole study.
pub fn sections() -> [Governing; 3] {
    let (resample, multiverse) = (schema::options::<Resample>(), schema::options::<Multiverse>());
    [
        ("resample", "Resampling", "Keys under `[resample]`: the whole chain on draws of the units.", resample),
        ("multiverse", "Multiverse", "Keys under `[multiverse]`: every defensible choice.", multiverse),
        ("power", "Power", "Flags of `plim simulate power STUDY`.", schema::options::<Power>()),
    ]
}

/// The page that is about a method, seen from `docs/guide/`.
pub fn page(entry: &Entry) -> String {
    let name = match (entry.name, entry.role) {
        ("liml" | "gmm", _) => "iv",
        ("truncreg", _) => "simar_wilson",
        ("hsieh_klenow" | "factor_flows" | "coupling", _) => "misallocation",
        ("rts_test", _) => "dea_bootstrap",
        ("lr_test" | "composed_error", _) => "sfa",
        ("rd_stock" | "agreement", _) => entry.name,
        ("truth", _) => return "simulate.md".into(),
        ("text", _) => return "study.md".into(),
        (_, Role::Prepare) => return "data.md".into(),
        (_, Role::Show) => return "tables.md".into(),
        (name, _) => name,
    };
    format!("../methods/{name}.md")
}

fn section(out: &mut String, title: &str, about: &str, options: &[OptionDoc]) {
    let _ = write!(out, "\n## {title}\n\n{about}\n");
    table(out, options);
}

fn table(out: &mut String, options: &[OptionDoc]) {
    if options.is_empty() {
        return;
    }
    out.push_str("\n| option | takes | default | meaning |\n|---|---|---|---|\n");
    for o in options {
        // In a step `method` names the method; an option of that name is written `using`.
        let name = match o.name.as_str() {
            "method" => "`using` (flag `--method`)".to_string(),
            name => format!("`{name}`"),
        };
        let default = if o.default.is_empty() { String::new() } else { format!("`{}`", o.default) };
        let _ = writeln!(out, "| {name} | {} | {} | {} |", takes(&o.takes), cell(&default), cell(&o.doc));
    }
}

/// Kinds in words, choices in code.
fn takes(takes: &str) -> String {
    let one = |kind: &str| match kind {
        "text" | "list" | "number" | "integer" | "table" => kind.to_string(),
        choice => format!("`{choice}`"),
    };
    takes.split(" | ").map(one).collect::<Vec<_>>().join(", ")
}

/// Text in a cell: one line, no bar of its own.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
