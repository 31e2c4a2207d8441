//! Options read from their one definition: the struct beside the method, through its JSON schema.
//!
//! From the schema come the unknown-option message with near names, the command-line flags, the help,
//! and the documentation of every option with its default.

use crate::error::{Error, Result};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// One option, as help and documentation show it.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionDoc {
    /// Name, snake_case.
    pub name: String,
    /// What it takes: `number`, `text`, `list`, `true | false`, or the choices.
    pub takes: String,
    /// Default as TOML would write it; empty when there is none.
    pub default: String,
    /// The documentation, first paragraph first.
    pub doc: String,
    /// Whether a comma-separated text on the command line means a list.
    pub list: bool,
    /// Whether the items of a list are numbers.
    pub numeric_items: bool,
    /// Whether the flag may stand alone.
    pub flag: bool,
}

/// The options of a struct, in the order of its fields; made once, because every step of a study asks.
pub fn options<O: JsonSchema + Default + Serialize + 'static>() -> &'static [OptionDoc] {
    static MADE: Mutex<BTreeMap<TypeId, &'static [OptionDoc]>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(TypeId::of::<O>()).or_insert_with(|| Vec::leak(make_options::<O>()))
}

fn make_options<O: JsonSchema + Default + Serialize>() -> Vec<OptionDoc> {
    let schema = root::<O>();
    let defaults = serde_json::to_value(O::default()).unwrap_or_default();
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    let Some(Value::Object(properties)) = schema.get("properties") else { return Vec::new() };
    properties
        .iter()
        .map(|(name, property)| {
            let kinds = kinds(property, &definitions);
            OptionDoc {
                name: name.clone(),
                takes: match kinds.is_empty() {
                    true => "text".into(),
                    false => kinds.join(" | "),
                },
                default: defaults.get(name).map(show_default).unwrap_or_default(),
                doc: property.get("description").and_then(Value::as_str).unwrap_or_default().to_string(),
                list: kinds.iter().any(|k| k == "list"),
                numeric_items: items_are_numbers(property),
                flag: kinds.iter().any(|k| k == "true"),
            }
        })
        .collect()
}

/// The JSON schema of a struct as a plain object.
pub fn root<O: JsonSchema>() -> Map<String, Value> {
    let schema: Schema = schemars::schema_for!(O);
    match schema.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What a property takes, references and alternatives followed.
fn kinds(property: &Value, definitions: &Value) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(reference) = property.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or_default();
        if let Some(definition) = definitions.get(name) {
            return kinds(definition, definitions);
        }
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        for branch in property.get(key).and_then(Value::as_array).into_iter().flatten() {
            out.extend(kinds(branch, definitions));
        }
    }
    if let Some(choice) = property.get("const").and_then(Value::as_str) {
        out.push(choice.into());
    }
    if let Some(choices) = property.get("enum").and_then(Value::as_array) {
        out.extend(choices.iter().map(|c| c.as_str().map_or_else(|| c.to_string(), str::to_string)));
    } else {
        let types: Vec<&str> = match property.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for kind in types {
            match kind {
                "boolean" => out.extend(["true".to_string(), "false".to_string()]),
                "array" => out.push("list".into()),
                "object" => out.push("table".into()),
                "integer" => out.push("integer".into()),
                "number" => out.push("number".into()),
                "string" if property.get("const").is_none() => out.push("text".into()),
                _ => {}
            }
        }
    }
    out.dedup();
    out
}

/// Whether a list property holds numbers.
fn items_are_numbers(property: &Value) -> bool {
    let direct = property.get("items").and_then(|i| i.get("type")).and_then(Value::as_str);
    let nested = || property.get("anyOf").and_then(Value::as_array).into_iter().flatten().any(items_are_numbers);
    matches!(direct, Some("number" | "integer")) || nested()
}

fn show_default(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Array(a) if a.is_empty() => String::new(),
        Value::Object(o) if o.is_empty() => String::new(),
        other => other.to_string(),
    }
}

/// Reads a struct from named values; the error names the option and offers near names.
pub fn read<O: DeserializeOwned + JsonSchema + Default + Serialize + 'static>(
    mut values: Map<String, Value>,
) -> Result<O> {
    let docs = options::<O>();
    // A list may be written as one text, `a,b`, as on the command line.
    for doc in docs.iter().filter(|d| d.list && !d.takes.contains("text")) {
        if let Some(Value::String(text)) = values.get(&doc.name) {
            let list = crate::single::value(doc, text);
            values.insert(doc.name.clone(), list);
        }
    }
    if let Some(unknown) = values.keys().find(|k| docs.iter().all(|o| o.name != **k)) {
        return Err(unknown_option(unknown, docs.iter().map(|o| o.name.as_str())));
    }
    serde_path_to_error::deserialize(Value::Object(values)).map_err(|e| {
        let path = e.path().to_string();
        Error::plan(format!("option `{path}`: {}", e.inner()), "see `plim explain` for what it takes")
    })
}

/// The message for an option that does not exist.
pub fn unknown_option<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Error {
    let near = plim_table::near(name, known.clone());
    let remedy = match near.is_empty() {
        false => format!("did you mean `{}`?", near.join("` or `")),
        true => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Error::plan(format!("no option `{name}`"), remedy)
}
