//! Letters as outlines, for media that must bring their own: PNG and PDF.
//!
//! Letters are set one after another by their advances. That is right for Latin, Greek, Cyrillic, Chinese and Japanese;
//! scripts whose letters join or run from right to left need shaping and count as missing, as does a letter that
//! no font has. What is missing is drawn as an empty box and named by [`Fonts::missing`], never left out in silence.

use crate::figure::{Mark, Scene};
use std::collections::BTreeSet;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// A font file, and which of its faces.
pub struct Font {
    /// Name for messages.
    pub name: String,
    /// The file.
    pub data: Vec<u8>,
    /// Face in a collection.
    pub index: u32,
}

/// Fonts in the order in which a letter is looked up.
pub struct Fonts<'f>(Vec<Face<'f>>);

/// A letter: its outline in units of one em, y upward, and its advance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Letter {
    /// Outline; empty for a space.
    pub outline: Vec<Segment>,
    /// Advance in em.
    pub advance: f64,
}

/// A piece of an outline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Segment {
    /// Begins a contour.
    Move(f64, f64),
    /// A straight line.
    Line(f64, f64),
    /// A cubic curve: two controls and the end.
    Curve(f64, f64, f64, f64, f64, f64),
    /// Ends a contour.
    Close,
}

impl<'f> Fonts<'f> {
    /// The fonts that can be read; a file that is none is left out.
    pub fn new(fonts: &'f [Font]) -> Self {
        Fonts(fonts.iter().filter_map(|f| Face::parse(&f.data, f.index).ok()).collect())
    }

    /// Whether a font file (face `index`) has the letter.
    pub fn has(data: &[u8], index: u32, c: char) -> bool {
        Face::parse(data, index).is_ok_and(|f| glyph(&f, c).is_some())
    }

    /// The letter; `None` where no font has it.
    pub fn letter(&self, c: char) -> Option<Letter> {
        if shaped(c) {
            return None;
        }
        let (face, id) = self.0.iter().find_map(|f| Some((f, glyph(f, c)?)))?;
        let em = f64::from(face.units_per_em().max(1));
        let mut pen = Pen { em, at: (0.0, 0.0), outline: Vec::new() };
        face.outline_glyph(id, &mut pen);
        Some(Letter { outline: pen.outline, advance: f64::from(face.glyph_hor_advance(id)?) / em })
    }

    /// The letter, or the box that stands for one that is missing.
    pub fn letter_or_box(&self, c: char) -> Letter {
        use Segment::{Close, Line, Move};
        let frame =
            |a: f64, b: f64, low: f64, high: f64| [Move(a, low), Line(b, low), Line(b, high), Line(a, high), Close];
        self.letter(c).unwrap_or_else(|| {
            // The inner frame runs the other way round, so that it is a hole.
            let inner = [Move(0.1, 0.05), Line(0.1, 0.65), Line(0.5, 0.65), Line(0.5, 0.05), Close];
            Letter { outline: frame(0.05, 0.55, 0.0, 0.7).into_iter().chain(inner).collect(), advance: 0.6 }
        })
    }

    /// The letters of a scene that no font has, or that need shaping.
    pub fn missing(&self, scene: &Scene) -> BTreeSet<char> {
        letters(scene).filter(|c| self.letter(*c).is_none()).collect()
    }
}

/// The letters of a scene.
pub fn letters(scene: &Scene) -> impl Iterator<Item = char> {
    let words = scene.marks.iter().filter_map(|m| match m {
        Mark::Text { text, .. } => Some(crate::escape::line(text)),
        _ => None,
    });
    words.flat_map(|w| w.chars().collect::<Vec<_>>()).collect::<BTreeSet<char>>().into_iter()
}

/// Scripts that run from right to left, join, or reorder: Hebrew to Thaana, the Indic and Southeast Asian ones.
fn shaped(c: char) -> bool {
    matches!(c as u32, 0x0590..=0x08FF | 0x0900..=0x0DFF | 0x0F00..=0x109F | 0x1780..=0x17FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFC)
}

fn glyph(face: &Face, c: char) -> Option<GlyphId> {
    // Fixed spaces look like spaces where a font has none of its own.
    let c = if c == '\u{a0}' && face.glyph_index(c).is_none() { ' ' } else { c };
    face.glyph_index(c).filter(|id| id.0 != 0)
}

struct Pen {
    em: f64,
    at: (f64, f64),
    outline: Vec<Segment>,
}

impl Pen {
    fn em(&self, x: f32, y: f32) -> (f64, f64) {
        (f64::from(x) / self.em, f64::from(y) / self.em)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.at = self.em(x, y);
        self.outline.push(Segment::Move(self.at.0, self.at.1));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.at = self.em(x, y);
        self.outline.push(Segment::Line(self.at.0, self.at.1));
    }

    fn quad_to(&mut self, a: f32, b: f32, x: f32, y: f32) {
        // A quadratic curve as the cubic that it is: PDF has no others.
        let ((a, b), (x, y), (p, q)) = (self.em(a, b), self.em(x, y), self.at);
        let two = 2.0 / 3.0;
        let segment = Segment::Curve(p + two * (a - p), q + two * (b - q), x + two * (a - x), y + two * (b - y), x, y);
        self.at = (x, y);
        self.outline.push(segment);
    }

    fn curve_to(&mut self, a: f32, b: f32, c: f32, d: f32, x: f32, y: f32) {
        let ((a, b), (c, d)) = (self.em(a, b), self.em(c, d));
        self.at = self.em(x, y);
        self.outline.push(Segment::Curve(a, b, c, d, self.at.0, self.at.1));
    }

    fn close(&mut self) {
        self.outline.push(Segment::Close);
    }
}
