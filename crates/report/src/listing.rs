//! Long lists of a measure: held by columns, written as an array of objects.
//!
//! The cells of a product space are a million a year. As a tree of JSON values each would be a map with a string for
//! every key, a kilobyte in all; by columns it is its numbers and a code for each of its texts.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// A list of objects that have the same fields in the same order.
///
/// ```
/// use plim_report::listing::{Field, Listing};
/// let city = Field::Texts { codes: vec![1, 0], levels: ["Wuhan".to_string(), "Yichang".into()].into() };
/// let cells = Listing::new(2).with("city", city).numbers("rca", vec![1.5, f64::NAN]);
/// assert_eq!((cells.column("rca").unwrap()[0], cells.text("city", 0)), (1.5, "Yichang".into()));
/// let written = serde_json::to_string(&cells).unwrap();
/// assert_eq!(written, r#"[{"city":"Yichang","rca":1.5},{"city":"Wuhan","rca":null}]"#);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    len: usize,
    fields: Vec<(String, Field)>,
}

/// One field of all objects.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Texts, by their places among the levels; a place beyond them is missing.
    Texts {
        /// Of each object.
        codes: Vec<u32>,
        /// What they stand for.
        levels: Arc<[String]>,
    },
    /// Numbers; one that is not finite is missing.
    Numbers(Vec<f64>),
}

impl Listing {
    /// A list of so many objects, without fields yet.
    pub fn new(len: usize) -> Self {
        Listing { len, fields: Vec::new() }
    }

    /// With one more field.
    ///
    /// # Panics
    /// Where it has not as many values as there are objects: a mistake of the caller, not of data.
    pub fn with(mut self, name: impl Into<String>, field: Field) -> Self {
        let values = match &field {
            Field::Texts { codes, .. } => codes.len(),
            Field::Numbers(values) => values.len(),
        };
        assert_eq!(values, self.len, "values of a listing");
        self.fields.push((name.into(), field));
        self
    }

    /// With a field of numbers.
    pub fn numbers(self, name: impl Into<String>, values: Vec<f64>) -> Self {
        self.with(name, Field::Numbers(values))
    }

    /// With a field of numbers, unless no object has it.
    pub fn optional(self, name: &str, values: impl Iterator<Item = Option<f64>> + Clone) -> Self {
        match values.clone().any(|v| v.is_some()) {
            true => self.numbers(name, values.map(|v| v.unwrap_or(f64::NAN)).collect()),
            false => self,
        }
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The fields in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.fields.iter().map(|(name, field)| (name.as_str(), field))
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields().find(|(own, _)| *own == name).map(|(_, field)| field)
    }

    /// A field of numbers.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        match self.field(name)? {
            Field::Numbers(values) => Some(values),
            Field::Texts { .. } => None,
        }
    }

    /// What a field says of an object, as text; empty where that is missing.
    pub fn text(&self, name: &str, row: usize) -> String {
        match self.field(name) {
            Some(Field::Texts { codes, levels }) => levels.get(codes[row] as usize).cloned().unwrap_or_default(),
            Some(Field::Numbers(values)) if values[row].is_finite() => values[row].to_string(),
            _ => String::new(),
        }
    }
}

impl Serialize for Listing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.len).map(|row| Object { list: self, row }))
    }
}

/// One object of a list.
struct Object<'l> {
    list: &'l Listing,
    row: usize,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.list.fields.len()))?;
        for (name, field) in &self.list.fields {
            match field {
                Field::Texts { codes, levels } => map.serialize_entry(name, &levels.get(codes[self.row] as usize))?,
                // Counts and years without a point, as everywhere in results.
                Field::Numbers(v) if v[self.row].fract() == 0.0 && v[self.row].abs() < 9e15 => {
                    map.serialize_entry(name, &(v[self.row] as i64))?;
                }
                Field::Numbers(v) => map.serialize_entry(name, &v[self.row])?,
            }
        }
        map.end()
    }
}
