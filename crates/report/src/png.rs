//! A scene as PNG: pixels on white paper, three to a unit of the canvas, which is 288 to an inch.
//!
//! The file is the least of PNG (ISO/IEC 15948): header, resolution, one deflated image of 8-bit red, green and
//! blue with the `up` filter, end.

use crate::figure::{Anchor, FONT, Scene};
use crate::fonts::{Fonts, Segment};
use crate::paint::{Painted, painted};
use crate::{Error, Result};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;
use tiny_skia::{Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

/// Pixels to a unit: 3 × 96 to an inch, near the 300 that journals ask for.
const SCALE: f64 = 3.0;
/// Most pixels along a side.
const MOST: f64 = 20_000.0;

/// The scene as a PNG file.
pub fn render(scene: &Scene, fonts: &Fonts) -> Result<Vec<u8>> {
    let (w, h) = ((scene.width * SCALE).ceil(), (scene.height * SCALE).ceil());
    let mut pixels = match (1.0..=MOST).contains(&w) && (1.0..=MOST).contains(&h) {
        true => Pixmap::new(w as u32, h as u32),
        false => None,
    }
    .ok_or_else(|| {
        Error::invalid(format!("the figure measures {w} by {h} pixels"), "draw fewer things, or take SVG or PDF")
    })?;
    pixels.fill(Color::WHITE);
    let scale = Transform::from_scale(SCALE as f32, SCALE as f32);
    for item in painted(scene) {
        match item {
            Painted::Path { path, fill, stroke } => {
                let Some(path) = outline(&path, |x, y| (x, y)) else { continue };
                if let Some((rgb, opacity)) = fill {
                    // Even-odd: a ring within a ring is a hole, whichever way round it runs.
                    pixels.fill_path(&path, &paint(rgb, opacity), FillRule::EvenOdd, scale, None);
                }
                if let Some((rgb, width, pattern)) = stroke {
                    let pattern: Vec<f32> = pattern.iter().map(|d| *d as f32).collect();
                    let stroke = Stroke {
                        width: width as f32,
                        line_join: LineJoin::Round,
                        dash: StrokeDash::new(pattern, 0.0),
                        ..Stroke::default()
                    };
                    pixels.stroke_path(&path, &paint(rgb, 1.0), &stroke, scale, None);
                }
            }
            Painted::Words { at, text, anchor, color } => {
                let letters: Vec<_> = text.chars().map(|c| fonts.letter_or_box(c)).collect();
                let wide = letters.iter().map(|l| l.advance).sum::<f64>() * FONT;
                let mut x = at.0 - wide * share(anchor);
                for letter in letters {
                    // Letters point upward, the canvas downward.
                    if let Some(path) = outline(&letter.outline, |a, b| (x + a * FONT, at.1 - b * FONT)) {
                        pixels.fill_path(&path, &paint(color, 1.0), FillRule::Winding, scale, None);
                    }
                    x += letter.advance * FONT;
                }
            }
        }
    }
    encode(&pixels).map_err(|e| Error::invalid(format!("the PNG file cannot be put together: {e}"), "report this"))
}

/// The part of the words that lies before their anchor point.
pub(crate) fn share(anchor: Anchor) -> f64 {
    match anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5,
        Anchor::End => 1.0,
    }
}

fn paint([r, g, b]: [u8; 3], opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (opacity * 255.0).round() as u8);
    paint.anti_alias = true;
    paint
}

fn outline(segments: &[Segment], place: impl Fn(f64, f64) -> (f64, f64)) -> Option<Path> {
    let mut path = PathBuilder::new();
    let at = |x: f64, y: f64| {
        let (x, y) = place(x, y);
        (x as f32, y as f32)
    };
    for s in segments {
        match *s {
            Segment::Move(x, y) => path.move_to(at(x, y).0, at(x, y).1),
            Segment::Line(x, y) => path.line_to(at(x, y).0, at(x, y).1),
            Segment::Curve(a, b, c, d, x, y) => {
                let (p, q, e) = (at(a, b), at(c, d), at(x, y));
                path.cubic_to(p.0, p.1, q.0, q.1, e.0, e.1);
            }
            Segment::Close => path.close(),
        }
    }
    path.finish()
}

fn encode(pixels: &Pixmap) -> std::io::Result<Vec<u8>> {
    let (w, h) = (pixels.width(), pixels.height());
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    // 8 bits, red green blue, deflate, filters, no interlace.
    let header: Vec<u8> = [&w.to_be_bytes()[..], &h.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    chunk(&mut out, b"IHDR", &header);
    // Pixels to a meter.
    let density = ((SCALE * 96.0 / 0.0254).round() as u32).to_be_bytes();
    chunk(&mut out, b"pHYs", &[&density[..], &density, &[1]].concat());
    let mut image = ZlibEncoder::new(Vec::new(), Compression::new(6));
    let mut above = vec![0_u8; w as usize * 3];
    for row in pixels.data().chunks_exact(w as usize * 4) {
        // On white paper every pixel is opaque, so that nothing is left of the alpha.
        let now: Vec<u8> = row.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        let filtered: Vec<u8> = now.iter().zip(&above).map(|(a, b)| a.wrapping_sub(*b)).collect();
        image.write_all(&[2])?;
        image.write_all(&filtered)?;
        above = now;
    }
    chunk(&mut out, b"IDAT", &image.finish()?);
    chunk(&mut out, b"IEND", &[]);
    Ok(out)
}

/// Length, kind, data, checksum of kind and data.
fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(kind);
    out.extend(data);
    let mut sum = Crc::new();
    sum.update(kind);
    sum.update(data);
    out.extend(sum.sum().to_be_bytes());
}
