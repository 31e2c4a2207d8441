//! One small table in all four media, typed by hand, and text that tries to break out of each.

use plim_report::table::{Align, Cell, Column, Entry, Row, Section, Spanner, Table};
use plim_report::{html, latex, markdown, text};

fn number(value: f64, body: &str, trail: &str) -> Entry {
    Entry::Number { value, body: body.into(), trail: trail.into() }
}

/// Two models of one outcome, a panel heading, a Chinese label, a missing cell.
fn small() -> Table {
    Table {
        id: "main".into(),
        title: "Main results".into(),
        columns: vec![Column::new("(1)", Align::Number), Column::new("(2)", Align::Number)],
        spanners: vec![vec![Spanner { label: "Export resilience".into(), len: 2 }]],
        sections: vec![
            Section::new(vec![
                Row::new(
                    "数字经济",
                    vec![
                        Cell(vec![number(-0.982, "-0.982", "***"), number(0.147, "(0.147", ")")]),
                        Cell(vec![number(0.5, "0.500", ""), number(0.3, "(0.300", ")")]),
                    ],
                ),
                Row::new("x & y", vec![Cell::empty(), Cell::text("Yes")]),
            ]),
            Section::titled("Fit", vec![Row::new("N", vec![Cell::number(3179.0, "3,179"), Cell::number(40.0, "40")])]),
        ],
        notes: vec!["SE in parentheses.".into()],
        ..Table::default()
    }
}

#[test]
fn as_text() {
    let want = "\
Main results
============================
          Export resilience
          ------------------
             (1)        (2)
----------------------------
数字经济  -0.982***   0.500
          (0.147)    (0.300)
x & y                   Yes
----------------------------
Fit
N          3,179         40
============================
SE in parentheses.
";
    assert_eq!(text::render(&small()), want);
}

#[test]
fn as_markdown() {
    let want = "\
**Main results**

|  | Export resilience<br>(1) | Export resilience<br>(2) |
| --- | ---: | ---: |
| 数字经济 | -0.982\\*\\*\\*<br>(0.147) | 0.500<br>(0.300) |
| x &amp; y |  | Yes |
| **Fit** |  |  |
| N | 3,179 | 40 |

SE in parentheses.
";
    assert_eq!(markdown::render(&small()), want);
}

#[test]
fn as_latex() {
    let want = r"% \usepackage{booktabs}; Chinese text also needs \usepackage{ctex} and XeLaTeX.
\begin{table}[htbp]
\centering
\caption{Main results}
\label{tab:main}
\small
\setlength{\tabcolsep}{9pt}% room for hanging stars
\makebox[\linewidth]{% a wide table stays centered
\begin{tabular}{lrr}
\toprule
 & \multicolumn{2}{c}{Export resilience} \\
\cmidrule(lr){2-3}
 & \multicolumn{1}{c}{(1)} & \multicolumn{1}{c}{(2)} \\
\midrule
数字经济 & $-$0.982\rlap{$^{***}$} & 0.500 \\
 & (0.147\rlap{)} & (0.300\rlap{)} \\
x \& y &  & Yes \\
\midrule
\multicolumn{3}{l}{\textit{Fit}} \\
N & 3,179 & 40 \\
\bottomrule
\end{tabular}}
\par\medskip
\begin{minipage}{\linewidth}\footnotesize
SE in parentheses.
\end{minipage}
\end{table}
";
    assert_eq!(latex::render(&small()), want);
}

#[test]
fn as_html() {
    let want = r#"<div class="table" id="main">
<div class="scroll" role="region" aria-labelledby="main-caption" tabindex="0">
<table aria-describedby="main-notes">
<caption id="main-caption">Main results</caption>
<colgroup><col style="width:55%"><col span="2"></colgroup>
<thead>
<tr><td></td><th scope="colgroup" colspan="2" class="span"><span>Export resilience</span></th></tr>
<tr><td></td><th scope="col" class="num hang">(1)</th><th scope="col" class="num hang">(2)</th></tr>
</thead>
<tbody>
<tr><th scope="row">数字经济</th><td class="num hang" data-value="-0.982">−0.982<sup class="trail">***</sup><br>(0.147<span class="trail">)</span></td><td class="num hang" data-value="0.5">0.500<br>(0.300<span class="trail">)</span></td></tr>
<tr><th scope="row">x &amp; y</th><td class="num hang"></td><td class="num hang">Yes</td></tr>
</tbody>
<tbody>
<tr class="panel"><th scope="rowgroup" colspan="3">Fit</th></tr>
<tr><th scope="row">N</th><td class="num hang" data-value="3179">3,179</td><td class="num hang" data-value="40">40</td></tr>
</tbody>
</table>
</div>
<div class="notes" id="main-notes">
<p>SE in parentheses.</p>
</div>
</div>
"#;
    assert_eq!(html::render(&small()), want);
}

#[test]
fn chinese_columns_align_in_the_terminal() {
    let mut table = small();
    table.sections[0].rows[0].label = "政府干预程度".into();
    table.columns[0].label = "出口韧性".into();
    let out = text::render(&table);
    // The rules are ASCII: their length is the width that every full line must fill or stay below.
    let total = out.lines().nth(1).unwrap().len();
    let ends: Vec<usize> = (out.lines())
        .filter(|l| l.contains("(0.300)"))
        .map(|l| plim_report::escape::width(&l[..l.find("(0.300)").unwrap()]))
        .collect();
    let above: Vec<usize> = (out.lines())
        .filter(|l| l.contains("0.500"))
        .map(|l| plim_report::escape::width(&l[..l.find("0.500").unwrap()]))
        .collect();
    assert_eq!(ends[0] + 1, above[0], "the point of the estimate stands over that of its error:\n{out}");
    assert!(out.lines().all(|l| plim_report::escape::width(l) <= total.max(60)), "{out}");
}

#[test]
fn hostile_text_stays_text_in_every_medium() {
    let bad =
        "</td><script>alert(1)</script>\"><img onerror=x>|`${7*7}` \\end{tabular}\\input{x} \u{1b}[31m\n# h\u{202E}";
    let mut table = small();
    table.title = bad.into();
    table.stub = bad.into();
    table.columns[0].label = bad.into();
    table.spanners[0][0].label = bad.into();
    table.sections[1].title = Some(bad.into());
    table.sections[0].rows[0].label = bad.into();
    table.sections[0].rows[1].cells[0] = Cell::text(bad);
    table.sections[0].rows[0].cells[0] = Cell(vec![number(1.0, bad, bad)]);
    table.notes = vec![bad.into()];

    let page = html::render(&table);
    for tag in ["<script", "<img", "</td><script", "\u{1b}"] {
        assert!(!page.contains(tag), "{tag}");
    }
    for name in ["table", "tbody", "tr", "td", "th", "thead", "span", "sup", "code", "p", "div", "caption", "colgroup"]
    {
        let open = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
        assert_eq!(open, page.matches(&format!("</{name}>")).count(), "{name}");
    }
    let tex = latex::render(&table);
    assert_eq!(tex.matches("\\end{tabular}").count(), 1);
    assert!(!tex.contains("\\input"));
    assert!(!tex.contains('\u{1b}'));
    let md = markdown::render(&table);
    let cells = |l: &str| l.replace("\\|", "").matches('|').count();
    assert!(md.lines().filter(|l| l.starts_with('|')).all(|l| cells(l) == 4), "{md}");
    assert!(!md.contains("<script") && !md.contains("\n#") && !md.contains('\u{1b}'));
    let plain = text::render(&table);
    assert!(!plain.contains('\u{1b}') && !plain.contains('\u{202E}'));
}

#[test]
fn an_empty_table_is_no_panic() {
    let table = Table::default();
    for out in [text::render(&table), markdown::render(&table), latex::render(&table), html::render(&table)] {
        assert!(!out.is_empty());
    }
}
