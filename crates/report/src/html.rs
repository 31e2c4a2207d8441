//! Tables as HTML that a screen reader can follow: caption, scopes, one `tbody` a section.

use crate::escape::{html as esc, prose};
use crate::table::{Align, Cell, Entry, Section, Table, Variant};

/// The table as a `div` that scrolls when it must, its notes included; styles are the page's.
pub fn render(table: &Table) -> String {
    framed(table, "")
}

/// The same with what a script offers the reader of a page: the table as LaTeX and Markdown to copy, and under other
/// conventions. All of it waits in templates, which show nothing by themselves.
pub fn interactive(table: &Table) -> String {
    let copy =
        |kind: &str, text: &str| format!("<template class=\"copy\" data-as=\"{kind}\">{}</template>\n", esc(text));
    let variant = |v: &Variant| {
        format!(
            "<template class=\"variant\" data-label=\"{}\"><table>{}</table><div>{}</div></template>\n",
            esc(&v.label),
            bodies(table, &v.sections),
            notes(&v.notes)
        )
    };
    let plain = Table { variants: Vec::new(), ..table.clone() };
    let mut extra = copy("LaTeX", &crate::latex::render(&plain)) + &copy("Markdown", &crate::markdown::render(&plain));
    extra.extend(table.variants.iter().map(variant));
    framed(table, &extra)
}

fn framed(table: &Table, extra: &str) -> String {
    let id = table.anchor();
    let mut out = format!("<div class=\"table\" id=\"{id}\">\n");
    out += &format!(
        "<div class=\"scroll\" role=\"region\" aria-labelledby=\"{id}-caption\" tabindex=\"0\">\n<table{}{}>\n",
        if table.sortable { " class=\"sortable\"" } else { "" },
        if table.notes.is_empty() { String::new() } else { format!(" aria-describedby=\"{id}-notes\"") },
    );
    out += &format!("<caption id=\"{id}-caption\">{}</caption>\n", esc(&table.title));
    // Few columns stay near the middle of the page instead of drifting apart.
    if let Some(stub) = [68, 55, 42].get(table.columns.len().wrapping_sub(1)) {
        out += &format!("<colgroup><col style=\"width:{stub}%\"><col span=\"{}\"></colgroup>\n", table.columns.len());
    }
    out += "<thead>\n";
    for spanners in &table.spanners {
        out += "<tr><td></td>";
        for s in spanners {
            out += &match s.label.is_empty() {
                true => "<td></td>".repeat(s.len),
                false if s.len == 1 => format!("<th scope=\"col\">{}</th>", esc(&s.label)),
                false => format!(
                    "<th scope=\"colgroup\" colspan=\"{}\" class=\"span\"><span>{}</span></th>",
                    s.len,
                    esc(&s.label)
                ),
            };
        }
        out += "</tr>\n";
    }
    out += &match table.stub.is_empty() {
        true => "<tr><td></td>".to_owned(),
        false => format!("<tr><th scope=\"col\" class=\"left\">{}</th>", esc(&table.stub)),
    };
    let classes: Vec<&str> = (0..table.columns.len()).map(|j| class(table, j)).collect();
    for (column, class) in table.columns.iter().zip(&classes) {
        out += &match column.label.is_empty() {
            true => "<td></td>".to_owned(),
            false => format!("<th scope=\"col\" class=\"{}\">{}</th>", class, esc(&column.label)),
        };
    }
    out += "</tr>\n</thead>\n";
    out += &bodies(table, &table.sections);
    out += "</table>\n</div>\n";
    if !table.notes.is_empty() {
        out += &format!("<div class=\"notes\" id=\"{id}-notes\">\n{}</div>\n", notes(&table.notes));
    }
    out + extra + "</div>\n"
}

fn notes(notes: &[String]) -> String {
    notes.iter().map(|n| format!("<p>{}</p>\n", prose(n))).collect()
}

/// The blocks of rows, a `tbody` each.
fn bodies(table: &Table, sections: &[Section]) -> String {
    let classes: Vec<&str> = (0..table.columns.len()).map(|j| class(table, j)).collect();
    let mut out = String::new();
    for section in sections {
        out += "<tbody>\n";
        if let Some(title) = &section.title {
            out += &format!(
                "<tr class=\"panel\"><th scope=\"rowgroup\" colspan=\"{}\">{}</th></tr>\n",
                table.columns.len() + 1,
                esc(title)
            );
        }
        for row in &section.rows {
            out += &format!("<tr><th scope=\"row\">{}</th>", esc(&row.label));
            for (j, (cell, class)) in row.cells.iter().zip(&classes).enumerate() {
                out += &td(cell, class, table.source(section, row, j));
            }
            out += "</tr>\n";
        }
        out += "</tbody>\n";
    }
    out
}

/// Class of a column; only where something hangs is there room for it.
fn class(table: &Table, column: usize) -> &'static str {
    let hangs = |c: &Cell| c.0.iter().any(|e| !e.parts().1.is_empty());
    match table.columns[column].align {
        Align::Left => "left",
        Align::Center => "center",
        Align::Number if table.rows().any(|r| hangs(&r.cells[column])) => "num hang",
        Align::Number => "num",
    }
}

/// A cell; scripts learn from it by what to sort, where its numbers come from, and the numbers in full.
fn td(cell: &Cell, class: &str, source: Option<String>) -> String {
    let mut value = cell.value().map_or(String::new(), |v| format!(" data-value=\"{v}\""));
    if let Some(source) = source.filter(|_| cell.value().is_some()) {
        let exact = cell.0.iter().filter_map(|e| match e {
            Entry::Number { value, .. } if value.is_finite() => Some(value.to_string()),
            _ => None,
        });
        value += &format!(" data-of=\"{}\" data-exact=\"{}\"", esc(&source), exact.collect::<Vec<_>>().join(" "));
    }
    let lines: Vec<String> = cell.0.iter().map(entry).collect();
    format!("<td class=\"{class}\"{value}>{}</td>", lines.join("<br>"))
}

fn entry(entry: &Entry) -> String {
    let Entry::Number { body, trail, .. } = entry else {
        return esc(entry.parts().0);
    };
    // Inside a number a hyphen is a minus sign.
    let body = esc(body).replace('-', "\u{2212}");
    match trail.as_str() {
        "" => body,
        stars if stars.chars().all(|c| c == '*') => format!("{body}<sup class=\"trail\">{stars}</sup>"),
        other => format!("{body}<span class=\"trail\">{}</span>", esc(other)),
    }
}
