//! Notes in Chinese: what methods say of a fit or a measure, sentence by sentence.
//!
//! Methods write their notes in English, with numbers and names in them. A phrase is that sentence with a hole for each,
//! and its translation with the holes by number. What fills a hole may be a phrase itself, a note may be several phrases
//! with semicolons between, or one after the name of what it is said of. A note without a phrase stands as it is.

use crate::phrasebook::PHRASES;
use crate::words::Lang;

/// Names before names before notes, and bytes, that are followed: more are no note of ours.
const DEEP: usize = 6;
const LONG: usize = 2000;

impl Lang {
    /// The note in this language.
    pub fn note(self, text: &str) -> String {
        match self {
            Lang::En => text.to_owned(),
            Lang::Zh if text.len() > LONG => text.to_owned(),
            Lang::Zh => chinese(text, DEEP).unwrap_or_else(|| text.to_owned()),
        }
    }
}

/// The note in Chinese; `None` where there is no phrase for it.
fn chinese(text: &str, deep: usize) -> Option<String> {
    let deep = deep.checked_sub(1)?;
    let text = text.trim();
    let said = |hole: &str| chinese(hole, deep).unwrap_or_else(|| hole.to_owned());
    let filled = |(en, zh): &(&str, &str)| {
        let holes = matched(en, text)?;
        // In one pass: what fills a hole may look like one.
        let (mut out, mut rest) = (String::new(), *zh);
        while let Some((before, after)) = rest.split_once('{') {
            let (number, tail) = after.split_once('}')?;
            out += before;
            out += &said(holes.get(number.parse::<usize>().ok()?.checked_sub(1)?)?);
            rest = tail;
        }
        Some(out + rest)
    };
    let whole = PHRASES.iter().find_map(filled);
    let clauses = || {
        let parts: Vec<&str> = text.split("; ").collect();
        let said: Vec<String> = parts.iter().map(|p| chinese(p, deep)).collect::<Option<_>>()?;
        (parts.len() > 1).then(|| said.join("；"))
    };
    let named = || {
        let (name, rest) = text.split_once(": ")?;
        Some(format!("{name}：{}", chinese(rest, deep)?))
    };
    whole.or_else(clauses).or_else(named)
}

/// What fills the holes of the phrase in this text; `None` where the text is not the phrase.
fn matched<'t>(phrase: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut pieces = phrase.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut pieces = pieces.peekable();
    let mut holes = Vec::new();
    if pieces.peek().is_none() {
        return rest.is_empty().then_some(holes);
    }
    while let Some(piece) = pieces.next() {
        let at = match (pieces.peek(), piece) {
            // The last piece ends the text.
            (None, last) => rest.strip_suffix(last)?.len(),
            (Some(_), piece) => rest.find(piece)?,
        };
        let (hole, after) = rest.split_at(at);
        if hole.is_empty() {
            return None;
        }
        holes.push(hole);
        rest = &after[piece.len()..];
    }
    // What a text is said of comes before it with a colon, and is no part of the phrase.
    (!phrase.starts_with("{}") || !holes[0].contains(": ")).then_some(holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_of_a_phrase_have_the_same_holes() {
        for (i, (en, zh)) in PHRASES.iter().enumerate() {
            let holes = en.matches("{}").count();
            assert!((1..=holes).all(|k| zh.contains(&format!("{{{k}}}"))), "{en}");
            assert!(!zh.contains(&format!("{{{}}}", holes + 1)), "{en}");
            // Each is found, whatever stands before it in the list.
            let text = en.replace("{}", "7");
            let found = PHRASES.iter().position(|(other, _)| matched(other, &text).is_some());
            assert_eq!(found, Some(i), "`{en}` comes after a phrase that takes its place");
        }
    }

    /// A note that is worded anew would stand in English: every phrase is still one of the sources.
    #[test]
    fn each_phrase_is_said_by_a_method() {
        let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders = ["stats", "study", "table"].map(|c| crates.join(c).join("src")).to_vec();
        let mut said = String::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => said += &std::fs::read_to_string(path).unwrap(),
                }
            }
        }
        // Long strings are broken over lines.
        let lines: Vec<&str> = said.split("\\\n").collect();
        let said = lines.iter().enumerate().map(|(i, l)| if i == 0 { l } else { l.trim_start() });
        let said = said.collect::<String>().replace("\\\"", "\"");
        for (en, _) in PHRASES {
            let longest = en.split("{}").flat_map(|p| p.split(": ")).max_by_key(|piece| piece.len()).unwrap();
            // What is put together from parts begins with one of them, or ends with it after a word.
            let begins = |piece: &str| said.contains(piece.trim().chars().take(20).collect::<String>().trim());
            let tail = longest.trim().split_once(' ').is_some_and(|(_, tail)| begins(tail));
            assert!(begins(longest) || tail, "nothing says `{longest}`, of `{en}`");
        }
    }

    #[test]
    fn notes_are_phrases_clauses_and_names() {
        let zh = |text: &str| Lang::Zh.note(text);
        assert_eq!(
            zh(
                "total effect significant (read as mediation); indirect effect significant (a and b significant); partial mediation, share 0.2560"
            ),
            "总效应显著（按中介效应解读）；间接效应显著（a与b均显著）；部分中介，占比0.2560"
        );
        assert_eq!(
            zh(
                "the Kleibergen-Paap F of 74.84 is above 16.38, the Stock-Yogo value for a size of at most 10 % (derived for iid errors, so no more than a rough guide under `cluster:城市`)"
            ),
            "Kleibergen–Paap F值74.84高于Stock–Yogo 10%临界值16.38（该值依误差独立同分布推出，在`cluster:城市`下仅供参考）"
        );
        assert_eq!(zh("低外资: `x` dropped: absorbed by `城市`"), "低外资：`x`未估计：被`城市`吸收");
        assert_eq!(
            zh("total effect significant, effect on the mediator not significant at 5 %"),
            "在5%水平上总效应显著，对中介变量的效应不显著"
        );
        assert_eq!(
            zh("数字经济: 3 of 660 rows lack an indicator: they have no score and enter no weight"),
            "数字经济：660行中有3行缺少某项指标：没有得分，也不参与赋权"
        );
        assert_eq!(zh("something that nobody said before"), "something that nobody said before");
        assert_eq!(Lang::En.note("3 rows"), "3 rows");
        assert_eq!(zh("`{2}` dropped: absorbed by `{1}`"), "`{2}`未估计：被`{1}`吸收", "names may look like holes");
        for hostile in ["a: ".repeat(600), "a: ".repeat(100_000), "; ".repeat(900)] {
            assert_eq!(zh(&hostile), hostile, "it ends soon");
        }
    }
}
