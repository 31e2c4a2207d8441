//! Tables for the terminal: fixed pitch, ASCII rules, columns aligned by display width.

use crate::escape::{plain, width};
use crate::table::{Align, Entry, Table};

/// Space between columns.
const GAP: usize = 2;
/// Notes are wrapped at the width of the table, but not below this.
const LEAST_NOTE: usize = 60;

/// The table as text, a newline at its end.
pub fn render(table: &Table) -> String {
    let label_width =
        (table.rows().map(|r| width(&plain(&r.label)))).chain([width(&plain(&table.stub))]).max().unwrap_or(0);
    let columns: Vec<Layout> = (0..table.columns.len()).map(|j| Layout::of(table, j)).collect();
    let columns = widen(table, columns);
    let total = (label_width + columns.iter().map(|c| GAP + c.width()).sum::<usize>())
        .max(table.sections.iter().filter_map(|s| s.title.as_deref()).map(|t| width(&plain(t))).max().unwrap_or(0));

    let mut out = Vec::new();
    if !table.title.is_empty() {
        out.push(plain(&table.title));
    }
    out.push("=".repeat(total));
    for spanners in &table.spanners {
        let (mut heads, mut rules, mut at) = (" ".repeat(label_width), " ".repeat(label_width), 0);
        for s in spanners {
            let columns = &columns[at..at + s.len];
            let span = columns.iter().map(|c| GAP + c.width()).sum::<usize>().saturating_sub(GAP);
            let label = plain(&s.label);
            heads += &format!("{:GAP$}{}", "", centered(&label, span));
            let rule = if s.len > 1 && !label.is_empty() { "-" } else { " " };
            rules += &format!("{:GAP$}{}", "", rule.repeat(span));
            at += s.len;
        }
        out.push(heads);
        if rules.contains('-') {
            out.push(rules);
        }
    }
    if !table.stub.is_empty() || table.columns.iter().any(|c| !c.label.is_empty()) {
        let mut head = padded(&plain(&table.stub), label_width);
        for (column, layout) in table.columns.iter().zip(&columns) {
            head += &format!("{:GAP$}{}", "", layout.head(&plain(&column.label)));
        }
        out.push(head);
    }
    for section in &table.sections {
        out.push("-".repeat(total));
        out.extend(section.title.as_deref().map(plain));
        for row in &section.rows {
            for k in 0..row.height() {
                let mut text = padded(&if k == 0 { plain(&row.label) } else { String::new() }, label_width);
                for (cell, layout) in row.cells.iter().zip(&columns) {
                    text += &format!("{:GAP$}{}", "", layout.cell(cell.0.get(k)));
                }
                out.push(text);
            }
        }
    }
    out.push("=".repeat(total));
    for note in &table.notes {
        out.extend(wrap(&plain(note), total.max(LEAST_NOTE)));
    }
    out.iter().map(|l| l.trim_end().to_owned() + "\n").collect()
}

/// Widths of a column: what aligns and what hangs.
struct Layout {
    align: Align,
    body: usize,
    trail: usize,
}

impl Layout {
    fn of(table: &Table, j: usize) -> Self {
        let (mut body, mut trail) = (0, 0);
        for entry in table.rows().filter_map(|r| r.cells.get(j)).flat_map(|c| &c.0) {
            let (b, t) = entry.parts();
            body = body.max(width(&plain(b)));
            trail = trail.max(width(&plain(t)));
        }
        let head = width(&plain(&table.columns[j].label));
        Layout { align: table.columns[j].align, body: body.max(head.saturating_sub(trail)), trail }
    }

    fn width(&self) -> usize {
        self.body + self.trail
    }

    fn head(&self, label: &str) -> String {
        match self.align {
            Align::Left => padded(label, self.width()),
            Align::Center => centered(label, self.width()),
            // Over the numbers, reaching over what hangs only where it must.
            Align::Number => padded(&flush_right(label, self.body), self.width()),
        }
    }

    fn cell(&self, entry: Option<&Entry>) -> String {
        let (body, trail) = entry.map_or(("", ""), Entry::parts);
        let (body, trail) = (plain(body), plain(trail));
        match self.align {
            Align::Left => padded(&(body + &trail), self.width()),
            Align::Center => centered(&(body + &trail), self.width()),
            Align::Number => padded(&(flush_right(&body, self.body) + &trail), self.width()),
        }
    }
}

/// Gives the columns under a spanner the room its heading needs.
fn widen(table: &Table, mut columns: Vec<Layout>) -> Vec<Layout> {
    for spanners in &table.spanners {
        let mut at = 0;
        for s in spanners {
            let span: usize = columns[at..at + s.len].iter().map(|c| GAP + c.width()).sum();
            let lacking = (width(&plain(&s.label)) + GAP).saturating_sub(span);
            for k in 0..lacking {
                columns[at + k % s.len.max(1)].body += 1;
            }
            at += s.len;
        }
    }
    columns
}

fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

fn flush_right(text: &str, to: usize) -> String {
    format!("{}{text}", " ".repeat(to.saturating_sub(width(text))))
}

fn centered(text: &str, to: usize) -> String {
    let spare = to.saturating_sub(width(text));
    format!("{}{text}{}", " ".repeat(spare / 2), " ".repeat(spare - spare / 2))
}

/// Breaks at spaces, and between wide characters, which need none.
fn wrap(text: &str, to: usize) -> Vec<String> {
    let (mut lines, mut current) = (Vec::new(), String::new());
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let joined = width(&current) + usize::from(!current.is_empty()) + width(word);
        if joined > to && !current.is_empty() {
            lines.push(std::mem::take(&mut current));
        }
        if !current.is_empty() {
            current.push(' ');
        }
        for c in word.chars() {
            if width(&current) + width(c.encode_utf8(&mut [0; 4])) > to {
                lines.push(std::mem::take(&mut current));
            }
            current.push(c);
        }
    }
    lines.push(current);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_wrap_by_display_width() {
        assert_eq!(wrap("ab cd ef", 5), ["ab cd", "ef"]);
        assert_eq!(wrap("数字经济", 5), ["数字", "经济"]);
        assert_eq!(wrap("abcdefg", 3), ["abc", "def", "g"]);
    }
}
