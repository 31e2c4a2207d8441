//! What journals want of a table beyond three rules: whether stars mark significance, how notes begin, how
//! titles are set.
//!
//! | style | stars | notes begin | title |
//! |---|---|---|---|
//! | `standard` | 10, 5, 1 % | – | as given |
//! | `aer` | none: the AEA asks for standard errors only | `Notes: ` | as given |
//! | `qje` | 10, 5, 1 % | `Notes. ` | capitals |
//! | `chinese` (三线表) | 10, 5, 1 %, said as `***、**、*分别表示在1%、5%、10%的水平上显著` | `注：` | as given |

use crate::regression::Stars;
use crate::table::Table;
use crate::words::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Customs of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Three rules, stars, notes without a lead.
    #[default]
    Standard,
    /// American Economic Review: no stars, `Notes:`.
    Aer,
    /// Quarterly Journal of Economics: capitals, `Notes.`.
    Qje,
    /// Chinese journals (三线表): `注：`.
    Chinese,
}

impl Style {
    /// The levels that stars mark where the table itself leaves them to the style.
    pub fn stars(self, asked: Stars) -> Stars {
        match (asked, self) {
            (Stars::ByStyle, Style::Aer) => Stars::None,
            (Stars::ByStyle, _) => Stars::Standard,
            (asked, _) => asked,
        }
    }

    /// The table as the journal sets it.
    pub fn set(self, mut table: Table, lang: Lang) -> Table {
        if self == Style::Qje {
            table.title = table.title.to_uppercase();
        }
        let lead = match (self, lang) {
            (Style::Standard, _) => return table,
            (Style::Chinese, _) | (_, Lang::Zh) => "注：",
            (Style::Aer, _) => "Notes: ",
            (Style::Qje, _) => "Notes. ",
        };
        let lists = std::iter::once(&mut table.notes).chain(table.variants.iter_mut().map(|v| &mut v.notes));
        for notes in lists {
            if self == Style::Chinese {
                let star = |n: &str| Stars::Standard.note().is_some_and(|s| lang.sentence(s) == *n);
                for note in notes.iter_mut().filter(|n| star(n)) {
                    *note = "***、**、*分别表示在1%、5%、10%的水平上显著。".into();
                }
            }
            if let Some(first) = notes.first_mut() {
                first.insert_str(0, lead);
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_journal_has_its_custom() {
        let table = Table {
            title: "Main results".into(),
            notes: vec![Lang::Zh.sentence(Stars::Standard.note().unwrap()), "b".into()],
            ..Table::default()
        };
        let set = |style: Style| style.set(table.clone(), Lang::Zh);
        assert_eq!(set(Style::Standard), table);
        assert_eq!(set(Style::Qje).title, "MAIN RESULTS");
        assert_eq!(set(Style::Chinese).notes, ["注：***、**、*分别表示在1%、5%、10%的水平上显著。", "b"]);
        assert!(Style::Aer.set(table.clone(), Lang::En).notes[0].starts_with("Notes: *"));
        assert_eq!((Style::Aer.stars(Stars::ByStyle), Style::Aer.stars(Stars::Strict)), (Stars::None, Stars::Strict));
    }
}
