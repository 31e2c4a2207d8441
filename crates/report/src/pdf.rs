//! A scene as PDF: one page of vectors of the figure's own size, its words selectable.
//!
//! Each letter is a procedure of a Type 3 font, as matplotlib writes them by default, with a table back to Unicode:
//! the page carries the outlines that it shows and no more, Chinese included. PDF 1.4 (opacity of areas).

use crate::figure::{FONT, Scene};
use crate::fonts::{Fonts, Letter, Segment};
use crate::paint::{Painted, painted};
use crate::png::share;
use crate::{Error, Result};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::fmt::Write as _;
use std::io::Write as _;

/// Points to a unit of the canvas: 72 to an inch against 96.
const POINT: f64 = 0.75;
/// Letters that one Type 3 font holds.
const ROOM: usize = 255;
/// Units of an em in the fonts.
const EM: f64 = 1000.0;

/// The scene as a PDF file.
pub fn render(scene: &Scene, fonts: &Fonts) -> Result<Vec<u8>> {
    let mut page = Page { letters: Vec::new(), opacities: Vec::new(), out: String::new() };
    let (w, h) = (scene.width * POINT, scene.height * POINT);
    // The canvas counts downward, the page upward.
    let _ = writeln!(page.out, "{} 0 0 {} 0 {} cm", n(POINT), n(-POINT), n(h));
    let _ = writeln!(page.out, "1 1 1 rg 0 0 {} {} re f 1 j", n(scene.width), n(scene.height));
    for item in painted(scene) {
        page.item(item, fonts);
    }
    page.file((w, h), &scene.title)
        .map_err(|e| Error::invalid(format!("the PDF file cannot be put together: {e}"), "report this"))
}

struct Page {
    /// Letters in the order of their first use; the font and the code follow from the place.
    letters: Vec<(char, Letter)>,
    /// Opacities in hundredths.
    opacities: Vec<u32>,
    out: String,
}

impl Page {
    fn item(&mut self, item: Painted, fonts: &Fonts) {
        match item {
            Painted::Path { path, fill, stroke } => {
                let opacity = fill.map_or(100, |f| (f.1 * 100.0).round() as u32);
                let state = self.opacities.iter().position(|o| *o == opacity).unwrap_or_else(|| {
                    self.opacities.push(opacity);
                    self.opacities.len() - 1
                });
                let _ = write!(self.out, "/G{state} gs ");
                if let Some((rgb, _)) = fill {
                    let _ = write!(self.out, "{} rg ", color(rgb));
                }
                if let Some((rgb, width, dash)) = stroke {
                    let dash: Vec<String> = dash.iter().map(|d| n(*d)).collect();
                    let _ = write!(self.out, "{} RG {} w [{}] 0 d ", color(rgb), n(width), dash.join(" "));
                }
                outline(&mut self.out, &path, 1.0);
                self.out.push_str(match (fill.is_some(), stroke.is_some()) {
                    (true, true) => "B*\n",
                    (true, false) => "f*\n",
                    (false, true) => "S\n",
                    (false, false) => "n\n",
                });
            }
            Painted::Words { at, text, anchor, color: rgb } => {
                let places: Vec<usize> = text.chars().map(|c| self.place(c, fonts)).collect();
                let wide: f64 = places.iter().map(|p| self.letters[*p].1.advance * FONT).sum();
                let x = at.0 - wide * share(anchor);
                let _ = write!(self.out, "BT {} rg 1 0 0 -1 {} {} Tm ", color(rgb), n(x), n(at.1));
                for run in places.chunk_by(|a, b| a / ROOM == b / ROOM) {
                    let codes: String = run.iter().map(|p| format!("{:02x}", p % ROOM + 1)).collect();
                    let _ = write!(self.out, "/F{} {} Tf <{codes}> Tj ", run[0] / ROOM, n(FONT));
                }
                self.out.push_str("ET\n");
            }
        }
    }

    /// The place of a letter among those of the page.
    fn place(&mut self, c: char, fonts: &Fonts) -> usize {
        self.letters.iter().position(|(known, _)| *known == c).unwrap_or_else(|| {
            self.letters.push((c, fonts.letter_or_box(c)));
            self.letters.len() - 1
        })
    }

    /// Objects, their table, the trailer.
    fn file(self, (w, h): (f64, f64), title: &str) -> std::io::Result<Vec<u8>> {
        let mut objects: Vec<Vec<u8>> = vec![Vec::new(); 5];
        let mut named = String::new();
        for (f, letters) in self.letters.chunks(ROOM).enumerate() {
            let (mut procedures, mut encoding, mut widths) = (String::new(), String::new(), String::new());
            for (i, (_, letter)) in letters.iter().enumerate() {
                let advance = letter.advance * EM;
                // An advance first, as the box that follows it; then the outline, filled.
                let mut procedure = format!("{} 0 -500 -500 1500 1500 d1 ", n(advance));
                outline(&mut procedure, &letter.outline, EM);
                procedure.push_str(if letter.outline.is_empty() { "" } else { "f" });
                objects.push(stream("", procedure.as_bytes())?);
                let _ = write!(procedures, "/g{i} {} 0 R ", objects.len());
                let _ = write!(encoding, "/g{i} ");
                let _ = write!(widths, "{} ", n(advance));
            }
            objects.push(stream("", unicode(letters).as_bytes())?);
            let back = objects.len();
            let last = letters.len();
            objects.push(
                format!(
                    "<</Type/Font/Subtype/Type3/FontBBox[-500 -500 1500 1500]/FontMatrix[0.001 0 0 0.001 0 0]\
                     /FirstChar 1/LastChar {last}/Widths[{widths}]/CharProcs<<{procedures}>>\
                     /Encoding<</Type/Encoding/Differences[1 {encoding}]>>/Resources<<>>/ToUnicode {back} 0 R>>"
                )
                .into_bytes(),
            );
            let _ = write!(named, "/F{f} {} 0 R ", objects.len());
        }
        let states: String = (self.opacities.iter().enumerate())
            .map(|(i, o)| format!("/G{i}<</ca {}/CA 1>>", n(f64::from(*o) / 100.0)))
            .collect();
        let title: String = title.encode_utf16().map(|u| format!("{u:04x}")).collect();
        objects[0] = b"<</Type/Catalog/Pages 2 0 R>>".to_vec();
        objects[1] = b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec();
        objects[2] = format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {} {}]/Contents 4 0 R/Resources<</Font<<{named}>>/ExtGState<<{states}>>>>>>",
            n(w),
            n(h)
        )
        .into_bytes();
        objects[3] = stream("", self.out.as_bytes())?;
        objects[4] = format!("<</Title<feff{title}>/Producer(Plimsoll)>>").into_bytes();

        // The second line tells that the file is not text.
        let mut out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut places = Vec::new();
        for (i, object) in objects.iter().enumerate() {
            places.push(out.len());
            out.extend(format!("{} 0 obj\n", i + 1).as_bytes());
            out.extend(object);
            out.extend(b"\nendobj\n");
        }
        let table = out.len();
        out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_bytes());
        for place in places {
            out.extend(format!("{place:010} 00000 n \n").as_bytes());
        }
        let size = objects.len() + 1;
        out.extend(format!("trailer\n<</Size {size}/Root 1 0 R/Info 5 0 R>>\nstartxref\n{table}\n%%EOF\n").as_bytes());
        Ok(out)
    }
}

/// A compressed stream.
fn stream(keys: &str, data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::new(6));
    packed.write_all(data)?;
    let packed = packed.finish()?;
    let mut out = format!("<<{keys}/Length {}/Filter/FlateDecode>>\nstream\n", packed.len()).into_bytes();
    out.extend(packed);
    out.extend(b"\nendstream");
    Ok(out)
}

/// The table from codes back to letters, by which words can be searched and copied.
fn unicode(letters: &[(char, Letter)]) -> String {
    let mut out = String::from(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /plim def /CMapType 2 def\n\
         1 begincodespacerange <00> <ff> endcodespacerange\n",
    );
    let lines: Vec<String> = (letters.iter().enumerate())
        .map(|(i, (c, _))| {
            let units: String = c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("{u:04x}")).collect();
            format!("<{:02x}> <{units}>", i + 1)
        })
        .collect();
    for part in lines.chunks(100) {
        let _ = writeln!(out, "{} beginbfchar\n{}\nendbfchar", part.len(), part.join("\n"));
    }
    out + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
}

fn outline(out: &mut String, segments: &[Segment], scale: f64) {
    let p = |v: f64| n(v * scale);
    for s in segments {
        let _ = match *s {
            Segment::Move(x, y) => write!(out, "{} {} m ", p(x), p(y)),
            Segment::Line(x, y) => write!(out, "{} {} l ", p(x), p(y)),
            Segment::Curve(a, b, c, d, x, y) => {
                write!(out, "{} {} {} {} {} {} c ", p(a), p(b), p(c), p(d), p(x), p(y))
            }
            Segment::Close => write!(out, "h "),
        };
    }
}

fn color(rgb: [u8; 3]) -> String {
    rgb.map(|v| n(f64::from(v) / 255.0)).join(" ")
}

/// A number as PDF takes it: no exponent, three decimals.
fn n(x: f64) -> String {
    let text = format!("{:.3}", if x.is_finite() { x.clamp(-1e6, 1e6) } else { 0.0 });
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}
