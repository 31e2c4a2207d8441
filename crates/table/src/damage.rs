//! Text that was damaged on its way: read in the wrong encoding, cut, or dressed in invisible characters.
//!
//! Bytes of one encoding read as another leave a trace: written back in the wrong encoding they are valid in the right
//! one. For Windows-1252 that is proof enough; of short Chinese words some are valid by chance, so that what comes out
//! must be Chinese too.

use encoding_rs::{Encoding, GB18030, WINDOWS_1252};

/// What is wrong with a text, in words; none when nothing is.
///
/// ```
/// use plim_table::damage::damage;
/// assert!(damage("Ã¶konomie").unwrap().contains("ökonomie"));
/// assert!(damage("鍖椾含").unwrap().contains("北京"));
/// assert!(damage("³ÇÊÐ").unwrap().contains("城市"));
/// assert!(damage("锟斤拷").is_some() && damage("?????").is_some() && damage("Beijing\u{a0}").is_some());
/// assert_eq!(damage("北京市"), None);
/// assert_eq!(damage("Côte d’Ivoire?"), None);
/// ```
pub fn damage(text: &str) -> Option<String> {
    if text.contains('\u{fffd}') {
        return Some("has the sign for a character that could not be read; read the file in its own encoding".into());
    }
    if ["锟斤拷", "烫烫烫", "屯屯屯"].iter().any(|mark| text.contains(mark)) {
        return Some("is what GBK makes of unreadable characters: the original is lost; go back to the source".into());
    }
    if let Some(meant) = misread(text, WINDOWS_1252).filter(|m| m.chars().any(char::is_alphabetic)) {
        return Some(format!("is UTF-8 read as Windows-1252; it means `{meant}`"));
    }
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    if let Some(meant) = misread(text, GB18030).filter(|m| m.chars().all(|c| c.is_ascii() || chinese(c))) {
        return Some(format!("is UTF-8 read as GBK; it means `{meant}`"));
    }
    if let Some(meant) = misread_gbk(text) {
        return Some(format!("is GBK read as Windows-1252 or Latin-1; it means `{meant}`"));
    }
    let trimmed = text.trim();
    if trimmed.len() > 1 && trimmed.chars().all(|c| matches!(c, '?' | '？')) {
        return Some("is question marks only: characters were lost in an older encoding".into());
    }
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Some("has control characters".into());
    }
    let invisible = |c: char| matches!(c, '\u{a0}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{3000}');
    if text.chars().any(invisible) || text != trimmed {
        return Some("has blanks at its ends or invisible characters: it is another label than without them".into());
    }
    None
}

/// The text that was meant, when writing it back as `wrong` gives valid UTF-8 with characters beyond ASCII.
fn misread(text: &str, wrong: &'static Encoding) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let (bytes, _, lossy) = wrong.encode(text);
    let meant = String::from_utf8(bytes.into_owned()).ok()?;
    (!lossy && !meant.is_ascii() && meant != text).then_some(meant)
}

/// The text that was meant when bytes of GBK were read as Windows-1252 or Latin-1, which agree from 0xA1 on.
///
/// Any two bytes from there on may be GBK, so that only what hardly is another language is taken for it: every run of
/// such letters is of pairs, one run has two Chinese characters, and half of all are of the first level of GB 2312, the
/// 3,755 commonest (lead bytes B0 to D7, which are signs and capital letters in Latin-1). `ÇÃ` in EXPORTAÇÃO is one
/// pair, and `ção` begins with none of them.
fn misread_gbk(text: &str) -> Option<String> {
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).ok()).collect::<Option<_>>()?;
    let high = |b: &u8| *b >= 0xa1;
    let runs: Vec<&[u8]> = bytes.chunk_by(|a, b| high(a) == high(b)).filter(|run| high(&run[0])).collect();
    let signs: Vec<&[u8]> = runs.iter().flat_map(|run| run.chunks(2)).collect();
    let chinese = |sign: &[u8]| matches!(sign[0], 0xb0..=0xf7);
    let common = signs.iter().filter(|sign| matches!(sign[0], 0xb0..=0xd7)).count();
    let two = |run: &&[u8]| run.chunks(2).zip(run.chunks(2).skip(1)).any(|(a, b)| chinese(a) && chinese(b));
    let likely = bytes.iter().all(|b| b.is_ascii() || high(b))
        && runs.iter().all(|run| run.len() % 2 == 0)
        && runs.iter().any(two)
        && 2 * common >= signs.len();
    let meant = GB18030.decode_without_bom_handling_and_without_replacement(&bytes).filter(|_| likely)?;
    let known = |c: char| {
        c.is_ascii() || matches!(c, '\u{3000}'..='\u{303f}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
    };
    meant.chars().all(known).then(|| meant.into_owned())
}

/// A label without what eyes do not see: blanks, width, case. Two labels that agree in it mean one unit.
pub fn plain(label: &str) -> String {
    let narrow = |c: char| match c {
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    };
    let seen = |c: &char| !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
    label.chars().map(narrow).filter(seen).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_look_alike_are_alike() {
        for other in ["Beijing ", "beijing", "Ｂｅｉｊｉｎｇ", "Bei\u{200b}jing", "\u{a0}Beijing"] {
            assert_eq!(plain(other), plain("Beijing"), "{other}");
        }
        assert_ne!(plain("北京"), plain("北京市"));
    }

    #[test]
    fn sound_words_of_many_scripts_are_sound() {
        for sound in ["", "Zürich", "São Tomé", "联通", "中国", "上海市", "内蒙古自治区", "Łódź", "Ελλάδα", "a?", "é"]
        {
            assert_eq!(damage(sound), None, "{sound}");
        }
        assert!(damage("涓婃捣").unwrap().contains("上海"));
        assert!(damage("MÃ¼nchen").unwrap().contains("München"));
    }

    /// Bytes of GB 2312 as Latin-1 has them; 衢 is of its second level.
    #[test]
    fn gbk_read_as_latin1_is_told() {
        for (odd, meant) in [
            ("³ÇÊÐ", "城市"),
            ("±±¾©ÊÐ", "北京市"),
            ("áéÖÝÊÐ", "衢州市"),
            ("GDP£¨ÒÚÔª£©", "GDP（亿元）"),
            ("2011Äê³ö¿Ú", "2011年出口"),
        ] {
            let what = damage(odd).unwrap();
            assert!(what.contains("GBK read as Windows-1252") && what.contains(meant), "{odd}: {what}");
        }
        for sound in
            ["EXPORTAÇÃO E IMPORTAÇÃO", "São João", "Ação", "ÅÄÖ", "naïveté", "20 °C ±½", "ÁÉ", "Ñuñoa", "Þórður"]
        {
            assert_eq!(damage(sound), None, "{sound}");
        }
    }
}
