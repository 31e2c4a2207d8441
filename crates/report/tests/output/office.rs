//! Word, Excel, PNG and PDF: what the files hold, that text cannot break out, that the same input gives the same bytes.

use plim_report::figure::{Anchor, Ink, Scene};
use plim_report::fonts::Fonts;
use plim_report::results::{Results, Shown};
use plim_report::table::{Align, Cell, Column, Entry, Row, Section, Spanner, Table};
use plim_report::{Fit, docx, page::Block, pdf, png, xlsx};
use plim_report::{Lang, text};
use plim_stats::Coefficient;
use std::io::Read;

const BAD: &str = "<w:p>&\"]]>\u{1b}数字";

fn number(value: f64, body: &str, trail: &str) -> Entry {
    Entry::Number { value, body: body.into(), trail: trail.into() }
}

fn small() -> Table {
    let b = number(-0.982_140_132_9, "-0.982", "***");
    Table {
        title: format!("Main {BAD}"),
        columns: vec![Column::new("(1)", Align::Number), Column::new("(2)", Align::Number)],
        spanners: vec![vec![Spanner { label: "Resilience".into(), len: 2 }]],
        sections: vec![
            Section::titled(
                "Panel A",
                vec![Row::new(BAD, vec![Cell(vec![b, number(0.147_2, "(0.147", ")")]), Cell::text("Yes")])],
            ),
            Section::new(vec![Row::new("N", vec![Cell::number(3179.0, "3,179"), Cell::number(f64::NAN, "–")])]),
        ],
        notes: vec![format!("Note {BAD}.")],
        ..Table::default()
    }
}

/// A part of a zip file.
fn part(file: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(file)).expect("a zip file");
    let mut text = String::new();
    zip.by_name(name).expect(name).read_to_string(&mut text).expect("UTF-8");
    text
}

/// Every element is closed in order: enough of XML for files that we write ourselves.
fn well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in xml.split('<').skip(1).map(|t| t.split('>').next().unwrap_or_default()) {
        let name = tag.split([' ', '/']).find(|n| !n.is_empty()).unwrap_or_default();
        match tag {
            t if t.starts_with('?') || t.ends_with('/') => {}
            t if t.starts_with('/') => assert_eq!(open.pop(), Some(name)),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(xml.chars().all(|c| !c.is_control() || c == '\n'));
}

#[test]
fn a_word_table_is_native_and_has_three_rules() {
    let table = small();
    let file = docx::render(&[&table, &table], Lang::Zh).unwrap();
    assert_eq!(file, docx::render(&[&table, &table], Lang::Zh).unwrap());
    for name in
        ["[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels", "word/styles.xml", "word/document.xml"]
    {
        well_formed(&part(&file, name));
    }
    let xml = part(&file, "word/document.xml");
    assert_eq!(xml.matches("<w:tbl>").count(), 2);
    // Thick above the head and below the body, thin under the head: a border a cell, three cells a row.
    let rules = |side: &str, size: u8| xml.matches(&format!("<w:{side} w:val=\"single\" w:sz=\"{size}\"")).count();
    assert_eq!((rules("top", 12), rules("bottom", 6), rules("bottom", 12)), (2 * 2, 2 * 3, 2 * 3));
    assert!(xml.contains("<w:gridSpan w:val=\"2\"/>") && xml.contains("<w:tblHeader/>"));
    assert!(xml.contains("\u{2212}0.982") && xml.contains("&lt;w:p&gt;&amp;&quot;") && !xml.contains(BAD));
    assert!(docx::render(&[], Lang::En).is_ok());
}

/// A column of Times at 10.5 points takes 105 twentieths of a point for a digit and 140 for the margins.
#[test]
fn numbers_of_a_wide_word_table_do_not_break() {
    let wide = |columns: usize, body: &str| Table {
        columns: (0..columns).map(|k| Column::new(format!("({k})"), Align::Number)).collect(),
        sections: vec![Section::new(vec![Row::new(
            "Digital economy",
            vec![Cell(vec![number(1.0, body, "***")]); columns],
        )])],
        ..Table::default()
    };
    let of = |columns: usize, body: &str| {
        let xml = part(&docx::render(&[&wide(columns, body)], Lang::En).unwrap(), "word/document.xml");
        let each: usize = xml.rsplit("<w:gridCol w:w=\"").next().unwrap().split('"').next().unwrap().parse().unwrap();
        let size = xml.split("<w:sz w:val=\"").nth(1).map_or(21, |s| s.split('"').next().unwrap().parse().unwrap());
        let (turned, whole) = (xml.contains("landscape"), xml.matches("<w:noWrap/>").count());
        assert_eq!(whole, columns);
        let need = (body.len() + 3) * size * 5 + 140;
        assert!(each >= need, "{columns} columns of {each}, wanted {need}");
        (turned, size)
    };
    assert_eq!(of(3, "-0.034"), (false, 21));
    // Seven columns of stars at four decimals find no room on an upright page.
    assert_eq!(of(7, "-0.0339"), (true, 21));
    assert_eq!(of(8, "0.03"), (true, 21));
    assert_eq!(of(12, "-0.0339"), (true, 18));
    assert!(docx::render(&[&wide(60, "-0.0339")], Lang::En).is_ok());
    let interval = part(&docx::render(&[&wide(2, "[0.1, 0.2")], Lang::En).unwrap(), "word/document.xml");
    assert!(interval.contains("[0.1,\u{a0}0.2"));
}

#[test]
fn an_excel_cell_holds_the_number_and_shows_it_as_printed() {
    let table = small();
    let tables = [("a/b:c", &table), ("A-b-c", &table), ("", &table)];
    let file = xlsx::render(&tables).unwrap();
    assert_eq!(file, xlsx::render(&tables).unwrap());
    let (sheet, styles, book) =
        (part(&file, "xl/worksheets/sheet1.xml"), part(&file, "xl/styles.xml"), part(&file, "xl/workbook.xml"));
    for value in ["<v>-0.9821401329</v>", "<v>0.1472</v>", "<v>3179</v>"] {
        assert!(sheet.contains(value), "{value} in {sheet}");
    }
    assert!(styles.contains("0.000&quot;***&quot;") && styles.contains("#,##0"), "{styles}");
    assert!(book.contains("name=\"a-b-c\"") && book.contains("name=\"A-b-c-2\"") && book.contains("name=\"table\""));
    assert!(part(&file, "xl/sharedStrings.xml").contains("&lt;w:p&gt;&amp;"));
}

#[test]
fn a_figure_is_drawn_without_a_font_and_says_what_is_missing() {
    let mut scene = Scene { width: 40.0, height: 20.0, title: "图".into(), ..Scene::default() };
    scene.bar((1.0, 1.0, 5.0, 5.0), Ink::Series(0), true);
    scene.dot((20.0, 10.0), 2, true);
    scene.text((30.0, 15.0), "数a", Anchor::Middle, Ink::Text);
    scene.hint((30.0, 15.0), "unseen");
    let fonts = Fonts::new(&[]);
    assert_eq!(fonts.missing(&scene).into_iter().collect::<String>(), "a数");
    let file = png::render(&scene, &fonts).unwrap();
    assert_eq!(&file[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!((&file[16..20], &file[20..24]), (&120_u32.to_be_bytes()[..], &60_u32.to_be_bytes()[..]));
    assert_eq!(&file[file.len() - 8..file.len() - 4], b"IEND");
    assert!(png::render(&Scene { width: 1e9, ..scene.clone() }, &fonts).is_err());
    assert!(png::render(&Scene { width: f64::NAN, ..scene.clone() }, &fonts).is_err());

    let file = pdf::render(&scene, &fonts).unwrap();
    assert_eq!(file, pdf::render(&scene, &fonts).unwrap());
    let text = String::from_utf8_lossy(&file).into_owned();
    assert!(text.starts_with("%PDF-1.4") && text.trim_end().ends_with("%%EOF") && text.contains("MediaBox[0 0 30 15]"));
    // Each entry of the table points at its object.
    let bytes = |from: usize| String::from_utf8_lossy(&file[from..from + 12]).into_owned();
    let at: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
    assert!(bytes(at).starts_with("xref"));
    let table = String::from_utf8_lossy(&file[at..]).into_owned();
    for (i, line) in table.lines().skip(3).take_while(|l| l.ends_with(" n ")).enumerate() {
        assert!(bytes(line[..10].parse().unwrap()).starts_with(&format!("{} 0 obj", i + 1)));
    }
}

#[test]
fn what_is_shown_survives_json_with_numbers_that_are_none() {
    let nan = f64::NAN;
    let c = Coefficient {
        std_error: nan,
        p_value: nan,
        conf_low: f64::NEG_INFINITY,
        ..Coefficient::new("x", 0.1 + 0.2, 1.0, None)
    };
    let fit = Fit { method: "feols".into(), coefficients: vec![c], ..Fit::default() };
    let shown = Shown { step: "t".into(), heading: None, blocks: vec![Block::Table(small())] };
    let results =
        Results { estimates: [("m".to_string(), fit)].into_iter().collect(), shown: vec![shown], ..Results::default() };
    let json = serde_json::to_string(&results).unwrap();
    assert!(!json.contains("NaN") && json.contains("\"std_error\":null"));
    let back: Results = serde_json::from_str(&json).unwrap();
    let c = &back.estimates["m"].coefficients[0];
    assert!(c.estimate == 0.1 + 0.2 && c.std_error.is_nan() && c.conf_low.is_nan());
    let Block::Table(table) = &back.shown[0].blocks[0] else { panic!("no table") };
    assert_eq!(text::render(table), text::render(&small()));
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
}

#[test]
fn chinese_readers_see_no_commas_between_thousands() {
    let mut table = small();
    table.sections[0].rows[0].cells[1] = Cell(vec![number(1.0, "[1,234.5, 2,345", "]")]);
    let printed = text::render(&table.localized(Lang::Zh));
    assert!(printed.contains("3179") && printed.contains("[1234.5, 2345]"), "{printed}");
}
