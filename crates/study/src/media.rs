//! One table or one figure in one medium: what a run writes and `plim show` prints.

use crate::error::{Error, Result};
use plim_report::figure::Scene;
use plim_report::fonts::{Font, Fonts};
use plim_report::page::Block;
use plim_report::results::Shown;
use plim_report::table::Table;
use plim_report::{Lang, docx, html, latex, markdown, pdf, png, svg, text, xlsx};

/// A medium, by the name that `--as` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Fixed pitch, for terminals.
    Text,
    /// Pipe tables.
    Markdown,
    /// `booktabs`.
    Latex,
    /// A fragment of a page.
    Html,
    /// Word.
    Docx,
    /// Excel.
    Xlsx,
    /// Vectors for the web.
    Svg,
    /// Pixels.
    Png,
    /// Vectors for print.
    Pdf,
}

/// Every medium: its name, the ending of its files, and whether it is one of figures.
pub const MEDIA: [(Medium, &str, &str, bool); 9] = [
    (Medium::Text, "text", "txt", false),
    (Medium::Markdown, "markdown", "md", false),
    (Medium::Latex, "latex", "tex", false),
    (Medium::Html, "html", "html", false),
    (Medium::Docx, "docx", "docx", false),
    (Medium::Xlsx, "xlsx", "xlsx", false),
    (Medium::Svg, "svg", "svg", true),
    (Medium::Png, "png", "png", true),
    (Medium::Pdf, "pdf", "pdf", true),
];

/// The medium of this name or file ending.
pub fn medium(name: &str) -> Result<Medium> {
    MEDIA.iter().find(|m| m.1 == name || m.2 == name).map(|m| m.0).ok_or_else(|| {
        let all: Vec<&str> = MEDIA.iter().map(|m| m.1).collect();
        Error::plan(format!("no medium `{name}`"), format!("there are: {}", all.join(", ")))
    })
}

/// A table in a medium; `name` is that of its file.
pub fn table(table: &Table, name: &str, medium: Medium, lang: Lang) -> Result<Vec<u8>> {
    Ok(match medium {
        Medium::Text => text::render(table).into_bytes(),
        Medium::Markdown => markdown::render(table).into_bytes(),
        Medium::Latex => latex::render(table).into_bytes(),
        Medium::Html => html::render(table).into_bytes(),
        Medium::Docx => docx::render(&[table], lang)?,
        Medium::Xlsx => xlsx::render(&[(name, table)])?,
        Medium::Svg | Medium::Png | Medium::Pdf => {
            return Err(Error::plan(
                format!("`{name}` is a table, which is no drawing"),
                "take it as text, markdown, latex, html, docx or xlsx",
            ));
        }
    })
}

/// A figure in a medium.
pub fn figure(scene: &Scene, name: &str, medium: Medium, fonts: &[Font]) -> Result<Vec<u8>> {
    Ok(match medium {
        Medium::Svg => svg::render(scene, name).into_bytes(),
        Medium::Png => png::render(scene, &Fonts::new(fonts))?,
        Medium::Pdf => pdf::render(scene, &Fonts::new(fonts))?,
        _ => return Err(Error::plan(format!("`{name}` is a figure"), "take it as svg, png or pdf")),
    })
}

/// The tables and figures of a run, each with the name of its file: that of its step, numbered where a step has more.
pub fn named(shown: &[Shown]) -> Vec<(String, &Block)> {
    let mut out: Vec<(String, &Block)> = Vec::new();
    for part in shown {
        for block in part.blocks.iter().filter(|b| matches!(b, Block::Table(_) | Block::Figure(_))) {
            let base = crate::record::file_name(&part.step);
            let mut name = base.clone();
            let mut k = 2;
            while out.iter().any(|(n, _)| *n == name) {
                name = format!("{base}-{k}");
                k += 1;
            }
            out.push((name, block));
        }
    }
    out
}
