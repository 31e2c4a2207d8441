//! Tables as HTML that a screen reader can follow: caption, scopes, one `tbody` a section.

use crate::escape::html as esc;
use crate::table::{Align, Cell, Entry, Table};

/// The table as a `div` that scrolls when it must, its notes included; styles are the page's.
pub fn render(table: &Table) -> String {
    let id = table.anchor();
    let mut out = format!("<div class=\"table\" id=\"{id}\">\n");
    out += &format!(
        "<div class=\"scroll\" role=\"region\" aria-labelledby=\"{id}-caption\" tabindex=\"0\">\n<table{}{}>\n",
        if table.sortable { " class=\"sortable\"" } else { "" },
        if table.notes.is_empty() { String::new() } else { format!(" aria-describedby=\"{id}-notes\"") },
    );
    out += &format!("<caption id=\"{id}-caption\">{}</caption>\n<thead>\n", esc(&table.title));
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
    for column in &table.columns {
        out += &match column.label.is_empty() {
            true => "<td></td>".to_owned(),
            false => format!("<th scope=\"col\" class=\"{}\">{}</th>", class(column.align), esc(&column.label)),
        };
    }
    out += "</tr>\n</thead>\n";
    for section in &table.sections {
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
            for (cell, column) in row.cells.iter().zip(&table.columns) {
                out += &td(cell, column.align);
            }
            out += "</tr>\n";
        }
        out += "</tbody>\n";
    }
    out += "</table>\n</div>\n";
    if !table.notes.is_empty() {
        let notes: Vec<String> = table.notes.iter().map(|n| format!("<p>{}</p>\n", esc(n))).collect();
        out += &format!("<div class=\"notes\" id=\"{id}-notes\">\n{}</div>\n", notes.concat());
    }
    out + "</div>\n"
}

fn class(align: Align) -> &'static str {
    match align {
        Align::Left => "left",
        Align::Center => "center",
        Align::Number => "num",
    }
}

fn td(cell: &Cell, align: Align) -> String {
    let value = cell.value().map_or(String::new(), |v| format!(" data-value=\"{v}\""));
    let lines: Vec<String> = cell.0.iter().map(entry).collect();
    format!("<td class=\"{}\"{value}>{}</td>", class(align), lines.join("<br>"))
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
