//! Tables as LaTeX with `booktabs`: three rules, no vertical line, stars and closing brackets hanging.
//!
//! Chinese passes through as it is, for XeLaTeX or LuaLaTeX with `ctex`.

use crate::escape::line;
use crate::table::{Align, Entry, Table};

/// The table as a `table` environment.
pub fn render(table: &Table) -> String {
    let width = table.columns.len();
    let letters: String = (table.columns.iter())
        .map(|c| match c.align {
            Align::Left => 'l',
            Align::Center => 'c',
            Align::Number => 'r',
        })
        .collect();
    let mut out = String::from("% \\usepackage{booktabs}; Chinese text also needs \\usepackage{ctex} and XeLaTeX.\n");
    out += "\\begin{table}[htbp]\n\\centering\n";
    if !table.title.is_empty() {
        out += &format!("\\caption{{{}}}\n", escape(&table.title));
    }
    // Captions keep their size; tables are set smaller, as journals do.
    let hangs = table.rows().flat_map(|r| &r.cells).flat_map(|c| &c.0).any(|e| !e.parts().1.is_empty());
    let room = if hangs { "\\setlength{\\tabcolsep}{9pt}% room for hanging stars\n" } else { "" };
    out += &format!(
        "\\label{{tab:{}}}\n\\small\n{room}\\makebox[\\linewidth]{{% a wide table stays centered\n\\begin{{tabular}}{{l{letters}}}\n\\toprule\n",
        table.anchor()
    );
    for spanners in &table.spanners {
        let (mut heads, mut rules, mut at) = (String::new(), String::new(), 2);
        for s in spanners {
            heads += &match s.label.is_empty() {
                true => " &".repeat(s.len),
                false => format!(" & \\multicolumn{{{}}}{{c}}{{{}}}", s.len, escape(&s.label)),
            };
            if s.len > 1 && !s.label.is_empty() {
                rules += &format!("\\cmidrule(lr){{{}-{}}}", at, at + s.len - 1);
            }
            at += s.len;
        }
        out += &format!("{heads} \\\\\n");
        if !rules.is_empty() {
            out += &(rules + "\n");
        }
    }
    out += &escape(&table.stub);
    for column in &table.columns {
        out += &match column.align {
            Align::Left => format!(" & {}", escape(&column.label)),
            _ => format!(" & \\multicolumn{{1}}{{c}}{{{}}}", escape(&column.label)),
        };
    }
    out += " \\\\\n";
    for section in &table.sections {
        out += "\\midrule\n";
        if let Some(title) = &section.title {
            out += &format!("\\multicolumn{{{}}}{{l}}{{\\textit{{{}}}}} \\\\\n", width + 1, escape(title));
        }
        for row in &section.rows {
            for k in 0..row.height() {
                if k == 0 {
                    out += &escape(&row.label);
                }
                for (cell, column) in row.cells.iter().zip(&table.columns) {
                    out += &format!(" & {}", cell.0.get(k).map_or(String::new(), |e| entry(e, column.align)));
                }
                out += " \\\\\n";
            }
        }
    }
    out += "\\bottomrule\n\\end{tabular}}\n";
    if !table.notes.is_empty() {
        let notes: Vec<String> = table.notes.iter().map(|n| prose(n)).collect();
        out += "\\par\\medskip\n\\begin{minipage}{\\linewidth}\\footnotesize\n";
        out += &(notes.join("\\par\n") + "\n\\end{minipage}\n");
    }
    out + "\\end{table}\n"
}

/// Text with what stands between backticks set as code.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let set = |(i, part): (usize, &&str)| match i % 2 == 1 && i + 1 < parts.len() {
        true => format!("\\texttt{{{}}}", escape(part)),
        false => escape(part),
    };
    parts.iter().enumerate().map(set).collect()
}

fn entry(entry: &Entry, align: Align) -> String {
    let Entry::Number { body, trail, .. } = entry else {
        return escape(entry.parts().0);
    };
    // Inside a number a hyphen is a minus sign, but the exponent of 1.2e-9 keeps its own.
    let set = |part: &str| escape(&part.replace('-', "\u{2212}"));
    let body = match body.split_once('e') {
        Some((mantissa, exponent)) if exponent.parse::<i32>().is_ok() => {
            format!("{}$\\times10^{{{exponent}}}$", set(mantissa))
        }
        _ => set(body),
    };
    let trail = match trail.chars().all(|c| c == '*') {
        true if trail.is_empty() => return body,
        true => format!("$^{{{trail}}}$"),
        false => escape(trail),
    };
    if align == Align::Number { format!("{body}\\rlap{{{trail}}}") } else { body + &trail }
}

/// Text that LaTeX prints as it stands.
///
/// Brackets are wrapped because a row that starts with `[` or `*` would be read as an argument of `\\`.
pub fn escape(text: &str) -> String {
    let text = line(text);
    let mut out = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '&' | '%' | '$' | '#' | '_' => out.extend(['\\', c]),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("{''}"),
            '[' | ']' | '*' => out.push_str(&format!("{{{c}}}")),
            // Two in a row would become a dash or a quotation mark.
            '-' | '\'' | '`' if last == c => out.push_str(&format!("{{}}{c}")),
            // pdfLaTeX has no such character.
            '\u{FFFD}' => out.push('?'),
            '²' => out.push_str("$^2$"),
            '×' => out.push_str("$\\times$"),
            '−' => out.push_str("$-$"),
            '±' => out.push_str("$\\pm$"),
            '→' => out.push_str("$\\rightarrow$"),
            '′' => out.push_str("$'$"),
            'σ' => out.push_str("$\\sigma$"),
            'γ' => out.push_str("$\\gamma$"),
            'λ' => out.push_str("$\\lambda$"),
            'μ' => out.push_str("$\\mu$"),
            'η' => out.push_str("$\\eta$"),
            'χ' => out.push_str("$\\chi$"),
            '–' => out.push_str("--"),
            '\u{a0}' => out.push('~'),
            c => out.push(c),
        }
        last = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_character_is_escaped() {
        assert_eq!(
            escape(r"\ { } & % $ # _ ^ ~ < > | [a]"),
            r"\textbackslash{} \{ \} \& \% \$ \# \_ \textasciicircum{} \textasciitilde{} \textless{} \textgreater{} \textbar{} {[}a{]}"
        );
        assert_eq!(escape("数字经济 R² a--b"), "数字经济 R$^2$ a-{}-b");
        let number = |body: &str, trail: &str| Entry::Number { value: 0.0, body: body.into(), trail: trail.into() };
        assert_eq!(entry(&number("-0.982", "***"), Align::Number), r"$-$0.982\rlap{$^{***}$}");
        assert_eq!(entry(&number("(0.147", ")"), Align::Number), r"(0.147\rlap{)}");
        assert_eq!(entry(&number("-1.2e-9", ""), Align::Number), r"$-$1.2$\times10^{-9}$");
    }
}
