//! Long lists of a measure: held by columns, written as an array of objects.
//!
//! The cells of a product space are a million a year. As a tree of JSON values each would be a map with a string for
//! every key, a kilobyte in all; by columns it is its numbers and a code for each of its labels.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A list of objects that have the same fields in the same order.
///
/// ```
/// use plim_report::listing::Listing;
/// let cities = std::sync::Arc::from([serde_json::json!("Wuhan"), serde_json::json!("Yichang")]);
/// let cells = Listing::new(2).labels("city", vec![1, 0], cities).numbers("rca", vec![1.5, f64::NAN]);
/// assert_eq!(cells.column("rca").unwrap()[0], 1.5);
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
enum Field {
    Labels { codes: Vec<u32>, labels: Labels },
    Numbers(Vec<f64>),
}

/// The values that the codes of a field stand for.
pub type Labels = std::sync::Arc<[Value]>;

impl Listing {
    /// A list of so many objects, without fields yet.
    pub fn new(len: usize) -> Self {
        Listing { len, fields: Vec::new() }
    }

    /// With a field of labels; `codes` are places in `labels`.
    ///
    /// # Panics
    /// Where there are not as many codes as objects or a code has no label: a mistake of the caller, not of data.
    pub fn labels(mut self, name: impl Into<String>, codes: Vec<u32>, labels: Labels) -> Self {
        assert!(codes.len() == self.len && codes.iter().all(|&c| (c as usize) < labels.len()), "codes of a listing");
        self.fields.push((name.into(), Field::Labels { codes, labels }));
        self
    }

    /// With a field of numbers, `null` where one is not finite.
    ///
    /// # Panics
    /// Where there are not as many numbers as objects.
    pub fn numbers(mut self, name: impl Into<String>, values: Vec<f64>) -> Self {
        assert_eq!(values.len(), self.len, "numbers of a listing");
        self.fields.push((name.into(), Field::Numbers(values)));
        self
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

    /// A field of numbers.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.fields.iter().find_map(|(n, field)| match field {
            Field::Numbers(values) if n == name => Some(values.as_slice()),
            _ => None,
        })
    }

    /// A field of labels: the code of each object, and what codes stand for.
    pub fn coded(&self, name: &str) -> Option<(&[u32], &[Value])> {
        self.fields.iter().find_map(|(n, field)| match field {
            Field::Labels { codes, labels } if n == name => Some((codes.as_slice(), &labels[..])),
            _ => None,
        })
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
                Field::Labels { codes, labels } => map.serialize_entry(name, &labels[codes[self.row] as usize])?,
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
