//! Tables as a Word document: native tables of three rules that an author edits as typed ones.
//!
//! The file is the least that Word and LibreOffice read: content types, one relation, styles, the document
//! (ECMA-376, Transitional). Every length is in twentieths of a point. Fonts are Times New Roman and SimSun, as
//! journals in both languages ask; the reader's program takes its own where they are absent.

use crate::escape::{html as esc, width};
use crate::table::{Align, Cell, Entry, Row, Table};
use crate::words::Lang;
use crate::{Error, Result};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Width of the text on A4 between margins of 2.5 cm.
const TEXT: usize = 9_070;
/// The same with the page turned.
const TURNED: usize = 14_000;
/// Columns beyond which the page is turned even where narrow ones would fit.
const UPRIGHT: usize = 7;
/// Sizes of letters in half points: that of the document, then those of a table too wide even for a turned page.
const SIZES: [usize; 4] = [21, 18, 16, 14];
/// Margins left and right within a cell.
const MARGINS: usize = 140;
/// Thick and thin rules, in eighths of a point.
const THICK: u8 = 12;
const THIN: u8 = 6;
const HAIR: u8 = 4;

/// The tables as one document, each on a page of its own.
pub fn render(tables: &[&Table], lang: Lang) -> Result<Vec<u8>> {
    let mut body = String::new();
    for (i, table) in tables.iter().enumerate() {
        table.check()?;
        body += &part(table);
        let last = i + 1 == tables.len();
        let section = section(Layout::of(table).turned);
        // The last section's properties stand at the end of the body, those of the others in their last paragraph.
        body += &if last { section } else { format!("<w:p><w:pPr>{section}</w:pPr></w:p>") };
    }
    let document = format!("{HEAD}<w:document {SPACE}><w:body>{body}</w:body></w:document>");
    let styles = STYLES.replace("LANG", lang.tag());
    let parts = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATION),
        ("word/_rels/document.xml.rels", STYLED),
        ("word/styles.xml", &styles),
        ("word/document.xml", &document),
    ];
    archive(&parts).map_err(|e| Error::invalid(format!("the Word file cannot be put together: {e}"), "report this"))
}

/// The parts as a zip file with a fixed date: the same tables give the same bytes.
fn archive(parts: &[(&str, &str)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for (name, text) in parts {
        zip.start_file(*name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const SPACE: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";
const TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
    <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
    <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
    <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/>\
    <Override PartName=\"/word/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml\"/>\
    </Types>";
const RELATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/>\
    </Relationships>";
const STYLED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/>\
    </Relationships>";
const STYLES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <w:styles xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
    <w:docDefaults><w:rPrDefault><w:rPr>\
    <w:rFonts w:ascii=\"Times New Roman\" w:hAnsi=\"Times New Roman\" w:cs=\"Times New Roman\" w:eastAsia=\"SimSun\"/>\
    <w:sz w:val=\"21\"/><w:lang w:val=\"LANG\" w:eastAsia=\"zh-CN\"/></w:rPr></w:rPrDefault>\
    <w:pPrDefault><w:pPr><w:spacing w:before=\"0\" w:after=\"0\"/></w:pPr></w:pPrDefault></w:docDefaults>\
    <w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/></w:style>\
    <w:style w:type=\"paragraph\" w:styleId=\"Caption\"><w:name w:val=\"caption\"/><w:basedOn w:val=\"Normal\"/>\
    <w:pPr><w:keepNext/><w:spacing w:before=\"120\" w:after=\"80\"/><w:jc w:val=\"center\"/></w:pPr><w:rPr><w:b/></w:rPr></w:style>\
    <w:style w:type=\"paragraph\" w:customStyle=\"1\" w:styleId=\"TableNotes\"><w:name w:val=\"Table Notes\"/><w:basedOn w:val=\"Normal\"/>\
    <w:pPr><w:spacing w:before=\"60\"/></w:pPr><w:rPr><w:sz w:val=\"18\"/></w:rPr></w:style>\
    <w:style w:type=\"table\" w:default=\"1\" w:styleId=\"TableNormal\"><w:name w:val=\"Normal Table\"/><w:tblPr>\
    <w:tblCellMar><w:left w:w=\"70\" w:type=\"dxa\"/><w:right w:w=\"70\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr></w:style>\
    </w:styles>";

fn section(turned: bool) -> String {
    let page =
        if turned { "w:w=\"16838\" w:h=\"11906\" w:orient=\"landscape\"" } else { "w:w=\"11906\" w:h=\"16838\"" };
    let margins = "w:top=\"1418\" w:right=\"1418\" w:bottom=\"1418\" w:left=\"1418\" w:header=\"709\" w:footer=\"709\" w:gutter=\"0\"";
    format!("<w:sectPr><w:pgSz {page}/><w:pgMar {margins}/></w:sectPr>")
}

/// How wide a table and its columns are.
struct Layout {
    total: usize,
    stub: usize,
    each: usize,
    turned: bool,
    size: usize,
}

impl Layout {
    /// Columns in which no number breaks: upright where they fit, else turned, else turned in smaller letters.
    fn of(table: &Table) -> Layout {
        let columns = table.columns.len();
        // Half an em is a digit of Times and half of a Chinese letter: a quarter point in a letter of one half point.
        let wide = |text: &str, size: usize| width(text) * size * 5 + MARGINS;
        let number = |e: &Entry| match e {
            Entry::Number { body, trail, .. } => width(body) + width(trail),
            Entry::Text(text) => longest_word(text),
        };
        let cells = table.rows().flat_map(|r| &r.cells).flat_map(|c| &c.0).map(number);
        let heads = table.columns.iter().map(|c| c.label.as_str());
        let over = table.spanners.iter().flatten().filter(|s| s.len == 1).map(|s| s.label.as_str());
        let most = cells.chain(heads.chain(over).map(longest_word)).max().unwrap_or(0);
        let labels = table.rows().map(|r| r.label.as_str()).max_by_key(|l| width(l)).unwrap_or_default();
        let needs = |size: usize, page: usize| {
            let each = most * size * 5 + MARGINS;
            (wide(labels, size).min(page / 4) + each * columns <= page).then_some(each)
        };
        let set = |page: usize, size: usize, each: usize| {
            // The labels take what two and a half columns would, at least a quarter of the page, but never what
            // numbers need.
            let wanted = (page * 5 / (2 * columns + 5)).max(page / 4).max(wide(labels, size).min(page * 2 / 5));
            let stub = wanted.min(page.saturating_sub(each * columns));
            let each = (page - stub) / columns.max(1);
            Layout { total: page, stub: if columns == 0 { page } else { stub }, each, turned: page == TURNED, size }
        };
        if let (Some(each), true) = (needs(SIZES[0], TEXT), columns <= UPRIGHT) {
            return set(TEXT, SIZES[0], each);
        }
        let fits = SIZES.into_iter().find_map(|size| Some((size, needs(size, TURNED)?)));
        let (size, each) = fits.unwrap_or((SIZES[SIZES.len() - 1], 0));
        set(TURNED, size, each)
    }

    /// Words in the size of the table; what stands between backticks loses them, as a printed table has no code.
    fn run(&self, text: &str, face: Face) -> String {
        let size = if self.size == SIZES[0] { String::new() } else { format!("<w:sz w:val=\"{}\"/>", self.size) };
        let properties = match face {
            Face::Plain => size,
            Face::Italic => format!("<w:i/>{size}"),
            Face::Raised => format!("{size}<w:vertAlign w:val=\"superscript\"/>"),
        };
        run(text, &properties)
    }
}

/// How words are set.
#[derive(Clone, Copy)]
enum Face {
    Plain,
    Italic,
    Raised,
}

/// The width of what cannot break: a word, and of Chinese one letter.
fn longest_word(text: &str) -> usize {
    let wide = |c: char| width(c.encode_utf8(&mut [0; 4])) > 1;
    text.split(|c: char| c.is_whitespace() || c == '-' || wide(c)).map(width).max().unwrap_or(0).min(LONGEST)
}

/// Letters of a word of a heading that a column makes room for.
const LONGEST: usize = 14;

/// Title, table, notes.
fn part(table: &Table) -> String {
    let mut out = String::new();
    if !table.title.is_empty() {
        out += &paragraph("<w:pStyle w:val=\"Caption\"/>", &run(&table.title, ""));
    }
    let columns = table.columns.len();
    let layout = Layout::of(table);
    let Layout { total, stub, each, .. } = layout;
    out += &format!(
        "<w:tbl><w:tblPr><w:tblW w:w=\"{total}\" w:type=\"dxa\"/><w:jc w:val=\"center\"/><w:tblLayout w:type=\"fixed\"/></w:tblPr>\
         <w:tblGrid><w:gridCol w:w=\"{stub}\"/>{}</w:tblGrid>",
        format!("<w:gridCol w:w=\"{each}\"/>").repeat(columns)
    );
    let plain = |text: &str| layout.run(text, Face::Plain);
    let heads = table.spanners.len() + 1;
    for (k, spanners) in table.spanners.iter().enumerate() {
        let top = if k == 0 { THICK } else { 0 };
        let mut cells = cell(stub, 1, (top, 0), &paragraph("", ""));
        for s in spanners.iter().filter(|s| s.len > 0) {
            // A rule under a heading over several columns, as booktabs' \cmidrule.
            let below = if s.len > 1 && !s.label.is_empty() { HAIR } else { 0 };
            cells += &cell(each * s.len, s.len, (top, below), &paragraph(CENTER, &plain(&s.label)));
        }
        out += &row(&cells, true);
    }
    let top = if heads == 1 { THICK } else { 0 };
    let mut cells = cell(stub, 1, (top, THIN), &paragraph("", &plain(&table.stub)));
    for column in &table.columns {
        cells += &cell(each, 1, (top, THIN), &paragraph(side(column.align), &plain(&column.label)));
    }
    out += &row(&cells, true);
    let last = table.sections.len().saturating_sub(1);
    for (k, section) in table.sections.iter().enumerate() {
        let mut above = if k == 0 { 0 } else { HAIR };
        if let Some(title) = &section.title {
            let below = if k == last && section.rows.is_empty() { THICK } else { 0 };
            let words = paragraph("<w:keepNext/>", &layout.run(title, Face::Italic));
            out += &row(&cell(total, columns + 1, (above, below), &words), false);
            above = 0;
        }
        for (i, r) in section.rows.iter().enumerate() {
            let below = if k == last && i + 1 == section.rows.len() { THICK } else { 0 };
            out += &data(table, r, &layout, (if i == 0 { above } else { 0 }, below));
        }
    }
    out += "</w:tbl>";
    for note in &table.notes {
        out += &paragraph("<w:pStyle w:val=\"TableNotes\"/>", &run(note, ""));
    }
    out
}

const CENTER: &str = "<w:jc w:val=\"center\"/>";

fn side(align: Align) -> &'static str {
    match align {
        Align::Left => "",
        Align::Center | Align::Number => CENTER,
    }
}

/// A row of the body: the lines of a cell are paragraphs of it.
fn data(table: &Table, r: &Row, layout: &Layout, rules: (u8, u8)) -> String {
    let mut cells = cell(layout.stub, 1, rules, &paragraph("", &layout.run(&r.label, Face::Plain)));
    for (c, column) in r.cells.iter().zip(&table.columns) {
        cells += &bordered(layout.each, 1, rules, is_number(c), &lines(c, column.align, layout));
    }
    row(&cells, false)
}

fn is_number(c: &Cell) -> bool {
    c.0.iter().any(|e| matches!(e, Entry::Number { .. }))
}

fn lines(c: &Cell, align: Align, layout: &Layout) -> String {
    if c.0.is_empty() {
        return paragraph("", "");
    }
    let line = |e: &Entry| {
        let (body, trail) = e.parts();
        // Inside a number a hyphen is a minus sign, and no line ends.
        let body = match e {
            Entry::Number { .. } => body.replace('-', "\u{2212}").replace(' ', "\u{a0}"),
            Entry::Text(text) => text.clone(),
        };
        let face = if trail.chars().all(|c| c == '*') { Face::Raised } else { Face::Plain };
        paragraph(side(align), &(layout.run(&body, Face::Plain) + &layout.run(trail, face)))
    };
    c.0.iter().map(line).collect()
}

fn row(cells: &str, head: bool) -> String {
    let head = if head { "<w:tblHeader/>" } else { "" };
    format!("<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>{cells}</w:tr>")
}

fn cell(width: usize, span: usize, rules: (u8, u8), content: &str) -> String {
    bordered(width, span, rules, false, content)
}

/// A cell between its rules, whose lines may be kept whole.
fn bordered(width: usize, span: usize, (above, below): (u8, u8), whole: bool, content: &str) -> String {
    let span = if span > 1 { format!("<w:gridSpan w:val=\"{span}\"/>") } else { String::new() };
    let rule = |side: &str, size: u8| match size {
        0 => String::new(),
        size => format!("<w:{side} w:val=\"single\" w:sz=\"{size}\" w:space=\"0\" w:color=\"000000\"/>"),
    };
    let rules = rule("top", above) + &rule("bottom", below);
    let rules = if rules.is_empty() { rules } else { format!("<w:tcBorders>{rules}</w:tcBorders>") };
    let whole = if whole { "<w:noWrap/>" } else { "" };
    format!("<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/>{span}{rules}{whole}</w:tcPr>{content}</w:tc>")
}

fn paragraph(properties: &str, runs: &str) -> String {
    match properties.is_empty() {
        true => format!("<w:p>{runs}</w:p>"),
        false => format!("<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"),
    }
}

/// Words with properties.
fn run(text: &str, properties: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = esc(&crate::escape::line(text).replace('`', ""));
    let properties = if properties.is_empty() { String::new() } else { format!("<w:rPr>{properties}</w:rPr>") };
    format!("<w:r>{properties}<w:t xml:space=\"preserve\">{text}</w:t></w:r>")
}
