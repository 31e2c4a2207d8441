//! Documentation that writes itself from the options: `plim explain`, `plim schema`, the methods appendix.

use crate::error::{Error, Result};
use crate::method::{Entry, Role, find};
use crate::methods::METHODS;
use crate::plan::{Source, Study};
use crate::reference;
use crate::schema::{self, OptionDoc};
use crate::step::{Regression, Rows};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The kinds of step, in the order of a study.
pub(crate) const ROLES: [(Role, &str); 4] = [
    (Role::Prepare, "prepare columns and tables"),
    (Role::Measure, "measure: add columns"),
    (Role::Estimate, "estimate: yield fits"),
    (Role::Show, "show: tables, figures and text of the report"),
];

/// What `plim explain WHAT` prints.
pub fn explain(what: &str) -> Result<String> {
    let what = what.replace('-', "_");
    match what.as_str() {
        "methods" => Ok(list()),
        "all" => Ok(reference::markdown()),
        "study" => Ok(format!(
            "The study file\n\n{}\nA table under [data.NAME]\n\n{}\nA step under [[step]]: `method`, `name`, the options of the method, and\n\n{}",
            show(schema::options::<Study>()),
            show(schema::options::<Source>()),
            show(schema::options::<Rows>())
        )),
        what => match (find(what), reference::sections().into_iter().find(|s| s.0 == what)) {
            (Ok(entry), _) => Ok(method(entry)),
            (Err(_), Some((_, _, keys, options))) => Ok(format!("{keys}\n\n{}", show(options))),
            (Err(no_method), None) => option(what).ok_or(no_method_or_option(what, no_method)),
        },
    }
}

fn no_method_or_option(what: &str, e: Error) -> Error {
    let names = METHODS.iter().flat_map(|m| m.all_options()).map(|o| o.name.as_str());
    let mut near = plim_table::near(what, names);
    near.dedup();
    match near.first() {
        Some(near) => Error::plan(format!("no method or option `{what}`"), format!("did you mean `{near}`?")),
        None => e,
    }
}

fn list() -> String {
    let mut out = String::new();
    for (role, title) in ROLES {
        let _ = writeln!(out, "{title}");
        for entry in METHODS.iter().filter(|m| m.role == role) {
            let _ = writeln!(out, "  {:<14} {}", entry.name, entry.about);
        }
        out.push('\n');
    }
    out.push_str("plim explain METHOD shows the options of one; plim explain study shows the study file; plim explain all shows everything.\n");
    out
}

fn method(entry: &Entry) -> String {
    let mut out = format!("{}: {}\n\n", entry.name, entry.about);
    let own = (entry.options)();
    if !own.is_empty() {
        let _ = write!(out, "Its own options\n\n{}\n", show(own));
    }
    if entry.estimates {
        let _ = write!(out, "How to estimate\n\n{}\n", show(schema::options::<Regression>()));
    }
    let _ = write!(out, "Which rows\n\n{}", show(schema::options::<Rows>()));
    out
}

/// An option wherever it occurs.
fn option(name: &str) -> Option<String> {
    let mut out = String::new();
    for entry in METHODS {
        for doc in (entry.options)().iter().filter(|o| o.name == name) {
            let _ = write!(out, "in {}\n{}", entry.name, show(std::slice::from_ref(doc)));
        }
    }
    let common = schema::options::<Regression>().iter().chain(schema::options::<Rows>());
    for doc in common.filter(|o| o.name == name) {
        let _ = write!(out, "in every method that takes it\n{}", show(std::slice::from_ref(doc)));
    }
    (!out.is_empty()).then_some(out)
}

fn show(options: &[OptionDoc]) -> String {
    let mut out = String::new();
    for o in options {
        let default = if o.default.is_empty() { String::new() } else { format!(" (default {})", o.default) };
        let _ = writeln!(out, "  {} = {}{default}", o.name, o.takes);
        for line in o.doc.lines() {
            let _ = writeln!(out, "      {line}");
        }
    }
    out
}

/// JSON schema of the study file, one branch for each method.
pub fn schema() -> Result<String> {
    let mut root = schema::root::<Study>();
    let mut definitions = match root.remove("$defs") {
        Some(Value::Object(d)) => d,
        _ => Map::new(),
    };
    let mut branches = Vec::new();
    for entry in METHODS {
        let mut properties = Map::new();
        properties.insert("method".into(), json!({ "const": entry.name, "description": entry.about }));
        properties.insert("name".into(), json!({ "type": "string", "description": "Name of the step" }));
        let mut parts = vec![(entry.schema)(), schema::root::<Rows>()];
        if entry.estimates {
            parts.push(schema::root::<Regression>());
        }
        for mut part in parts {
            if let Some(Value::Object(inner)) = part.remove("$defs") {
                definitions.extend(inner);
            }
            if let Some(Value::Object(mut inner)) = part.remove("properties") {
                // In a step `method` names the method; an option of that name is written `using`.
                if let Some(own) = inner.remove("method") {
                    inner.insert("using".into(), own);
                }
                properties.extend(inner);
            }
        }
        branches.push(json!({
            "type": "object", "properties": properties, "required": ["method"], "additionalProperties": false,
        }));
    }
    if let Some(step) = root.get_mut("properties").and_then(|p| p.get_mut("step")) {
        *step = json!({ "type": "array", "items": { "oneOf": branches }, "description": "The steps, run in order" });
    }
    root.insert("$defs".into(), Value::Object(definitions));
    Ok(serde_json::to_string_pretty(&root).unwrap_or_default() + "\n")
}

/// The options of a step that differ from the default or matter to a reader, with their documentation.
pub fn appendix(entry: &Entry, given: &Map<String, Value>) -> Vec<(String, String)> {
    entry
        .all_options()
        .map(|o| if o.name == "method" { OptionDoc { name: "using".into(), ..o.clone() } } else { o.clone() })
        .filter_map(|o| {
            let (value, chosen) = match given.get(&o.name) {
                Some(Value::String(s)) => (s.clone(), true),
                Some(other) => (other.to_string(), true),
                None => (o.default.clone(), false),
            };
            if value.is_empty() {
                return None;
            }
            let first = o.doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
            let mark = if chosen { "" } else { " (default)" };
            Some((format!("{} = {value}{mark}", o.name), first))
        })
        .collect()
}
