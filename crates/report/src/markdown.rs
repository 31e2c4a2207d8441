//! Tables as Markdown pipe tables, which GitHub and pandoc both read.
//!
//! A pipe table has one header row and one line a cell, so that headings and the lines of a cell are
//! stacked with `<br>`; a section heading is a row in bold.

use crate::escape::plain;
use crate::table::{Align, Table};

/// The table as Markdown, a newline at its end.
pub fn render(table: &Table) -> String {
    let mut out = String::new();
    if !table.title.is_empty() {
        out += &format!("**{}**\n\n", escape(&table.title));
    }
    let heads = (0..table.columns.len()).map(|j| {
        let above = table.spanners.iter().map(|row| over(row, j)).filter(|l| !l.is_empty());
        let stack: Vec<String> = above.chain([table.columns[j].label.as_str()]).map(escape).collect();
        stack.join("<br>")
    });
    out += &row([escape(&table.stub)].into_iter().chain(heads));
    out += &row(["---".to_owned()].into_iter().chain(table.columns.iter().map(|c| match c.align {
        Align::Left => "---".to_owned(),
        Align::Center => ":---:".to_owned(),
        Align::Number => "---:".to_owned(),
    })));
    for section in &table.sections {
        if let Some(title) = &section.title {
            let blank = table.columns.iter().map(|_| String::new());
            out += &row([format!("**{}**", escape(title))].into_iter().chain(blank));
        }
        for r in &section.rows {
            let cells = r.cells.iter().map(|cell| {
                let lines: Vec<String> =
                    (cell.0.iter().map(|e| e.parts())).map(|(body, trail)| escape(body) + &escape(trail)).collect();
                lines.join("<br>")
            });
            out += &row([escape(&r.label)].into_iter().chain(cells));
        }
    }
    for note in &table.notes {
        out += &format!("\n{}\n", prose(note));
    }
    out
}

fn over(spanners: &[crate::table::Spanner], column: usize) -> &str {
    let mut end = 0;
    for s in spanners {
        end += s.len;
        if column < end {
            return &s.label;
        }
    }
    ""
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("| {} |\n", cells.join(" | "))
}

/// [`escape`], what stands between backticks kept as code, in which nothing is markup.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        out += &match (i % 2 == 1, i + 1 < parts.len() && !part.is_empty()) {
            (true, true) => format!("`{}`", plain(part)),
            // A backtick without a partner, or with nothing between, stands for itself.
            (true, false) if i + 1 < parts.len() => r"\`\`".to_owned(),
            (true, false) => format!(r"\`{}", escape(part)),
            _ => escape(part),
        };
    }
    out
}

/// Text that no Markdown reader takes for markup.
pub fn escape(text: &str) -> String {
    let text = plain(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '|' | '~' | '$' | '#' | '!' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_notes_are_code_and_the_rest_is_inert() {
        assert_eq!(prose("dropped `韧性_x` *now*"), r"dropped `韧性_x` \*now\*");
        assert_eq!(prose("a ` b_c"), r"a \` b\_c");
        assert_eq!(prose("`` <b>"), r"\`\` &lt;b&gt;");
    }
}
