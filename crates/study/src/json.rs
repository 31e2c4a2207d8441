//! How results are laid out as JSON: a field a line, and each object of a list on a line of its own.
//!
//! A coefficient, a cell, a row of a table is read across, and `grep` finds it whole. Lists may be long: they are
//! written as they are made, and never held as text.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// Writes a value and ends its line; `out` gets it in large pieces.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, out);
    value.serialize(&mut Serializer::with_formatter(&mut out, Lines::default()))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The layout.
#[derive(Default)]
struct Lines {
    /// Whether each open bracket is a list; those on one line are counted by `across`.
    open: Vec<bool>,
    across: usize,
    /// Whether the innermost bracket holds something.
    filled: bool,
}

const INDENT: [u8; 64] = [b' '; 64];

impl Lines {
    fn open<W: Write + ?Sized>(&mut self, out: &mut W, list: bool, bracket: &[u8]) -> io::Result<()> {
        match self.across > 0 || !list && self.open.last() == Some(&true) {
            true => self.across += 1,
            false => self.open.push(list),
        }
        self.filled = false;
        out.write_all(bracket)
    }

    fn close<W: Write + ?Sized>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        match self.across {
            0 => {
                self.open.pop();
                if self.filled {
                    self.line(out)?;
                }
            }
            _ => self.across -= 1,
        }
        self.filled = true;
        out.write_all(bracket)
    }

    /// What goes before a value of a list, or a field of an object.
    fn before<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        match (self.across > 0, first) {
            (true, true) => Ok(()),
            (true, false) => out.write_all(b", "),
            (false, first) => {
                out.write_all(if first { b"" } else { b"," })?;
                self.line(out)
            }
        }
    }

    fn line<W: Write + ?Sized>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        out.write_all(&INDENT[..(2 * self.open.len()).min(INDENT.len())])
    }
}

impl Formatter for Lines {
    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, true, b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.before(out, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, false, b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.before(out, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use serde_json::{Value, json};

    #[test]
    fn objects_of_lists_have_a_line_each() {
        let value = json!({
            "rows": [{ "city": "武汉", "at": [1, { "x": 2 }], "none": {} }, {}],
            "sample": { "rows": 3, "by": {} },
            "empty": [],
            "numbers": [1, 2.5],
            "lists": [[1], [{ "a": "b" }]],
        });
        let mut out = Vec::new();
        write(&value, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let want = "{\n  \"rows\": [\n    {\"city\": \"武汉\", \"at\": [1, {\"x\": 2}], \"none\": {}},\n    {}\n  ],\n  \
            \"sample\": {\n    \"rows\": 3,\n    \"by\": {}\n  },\n  \"empty\": [],\n  \"numbers\": [\n    1,\n    2.5\n  \
            ],\n  \"lists\": [\n    [\n      1\n    ],\n    [\n      {\"a\": \"b\"}\n    ]\n  ]\n}\n";
        assert_eq!(text, want);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
