//! Making text inert: what a user wrote is shown, never run.

/// Text for HTML and SVG, in content as well as in quoted attributes.
///
/// Control characters, which neither HTML nor XML may hold, become U+FFFD.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(printable(c)),
        }
    }
    out
}

/// [`html`], what stands between backticks set as code.
pub fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        out += &match (i % 2 == 1, i + 1 < parts.len()) {
            (true, true) => format!("<code>{}</code>", html(part)),
            // A backtick without a partner stands for itself.
            (true, false) => format!("`{}", html(part)),
            _ => html(part),
        };
    }
    out
}

/// An id for anchors and labels: letters and digits of any script, everything else a hyphen.
pub fn anchor(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ if out.is_empty() || out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    match out.trim_end_matches('-') {
        "" => "x".into(),
        id => id.into(),
    }
}

/// A name as one part of a path into results: a slash within it is no separator.
pub fn part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The character, or U+FFFD when it would steer a terminal or break a document.
///
/// Beside the controls these are the two non-characters and the marks that reorder text.
pub fn printable(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        c if c.is_control() => '\u{FFFD}',
        '\u{FFFE}' | '\u{FFFF}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        c => c,
    }
}

/// One line of printable text: line breaks become spaces.
pub fn line(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' || c == '\r' { ' ' } else { printable(c) }).collect()
}

/// [`line`] with plain hyphens and spaces for minus signs, dashes and fixed spaces, for media that are typed rather than set.
pub fn plain(text: &str) -> String {
    line(text).replace(['\u{2212}', '–'], "-").replace('\u{a0}', " ")
}

/// Columns that the text takes in a terminal: two for East Asian wide characters, none for combining marks.
///
/// Ranges of Unicode 16, EastAsianWidth.txt (`W` and `F`) in broad strokes; ambiguous characters count one.
///
/// ```
/// assert_eq!(plim_report::escape::width("R²"), 2);
/// assert_eq!(plim_report::escape::width("出口韧性"), 8);
/// ```
pub fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c as u32 {
            0x0300..=0x036F | 0x1AB0..=0x1AFF | 0x20D0..=0x20FF | 0x3099..=0x309A => 0,
            0x200B..=0x200F | 0x2060..=0x2064 | 0xFE00..=0xFE0F | 0xFEFF | 0xE0100..=0xE01EF => 0,
            0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xA960..=0xA97F | 0xAC00..=0xD7A3 => 2,
            0xF900..=0xFAFF | 0xFE10..=0xFE19 | 0xFE30..=0xFE6F | 0xFF01..=0xFF60 | 0xFFE0..=0xFFE6 => 2,
            0x16FE0..=0x18CFF | 0x1B000..=0x1B2FF | 0x1F300..=0x1F64F | 0x1F680..=0x1F6FF => 2,
            0x1F900..=0x1F9FF | 0x1FA70..=0x1FAFF | 0x20000..=0x3FFFD => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_out_inert() {
        assert_eq!(html("<script>alert('1')</script>"), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
        assert_eq!(html("\"><img onerror=x>"), "&quot;&gt;&lt;img onerror=x&gt;");
        assert_eq!(html("a\u{1b}[31mb\0"), "a\u{FFFD}[31mb\u{FFFD}");
        assert_eq!(prose("a `<b>` c ` d"), "a <code>&lt;b&gt;</code> c ` d");
        assert_eq!(line("a\r\nb\u{202E}c"), "a  b\u{FFFD}c");
        assert_eq!(anchor("Table 1: <b>数字</b>"), "table-1-b-数字-b");
        assert_eq!(anchor("<>"), "x");
        assert_eq!(width("e\u{301}A"), 2);
    }
}
