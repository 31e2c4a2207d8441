//! Languages of tables, figures and the page, and how they say things; the words are in the dictionary.

use crate::dictionary::WORDS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Language of headings and table words: `en` or `zh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// The word for `key`; a key that the dictionary lacks (a statistic of a new method) stands for itself.
    pub fn say(self, key: &str) -> &str {
        match (WORDS.iter().find(|(k, _, _)| *k == key), self) {
            (Some((_, en, _)), Lang::En) => en,
            (Some((_, _, zh)), Lang::Zh) => zh,
            (None, _) => key,
        }
    }

    /// The heading of a column of this method; its word where it has no heading of its own.
    pub fn method(self, name: &str) -> &str {
        let key = format!("method:{name}");
        match (WORDS.iter().find(|(k, _, _)| *k == key), self) {
            (Some((_, en, _)), Lang::En) => en,
            (Some((_, _, zh)), Lang::Zh) => zh,
            (None, _) => self.say(name),
        }
    }

    /// The word for `key` with `{}` filled in.
    pub fn with(self, key: &str, what: &str) -> String {
        self.say(key).replacen("{}", what, 1)
    }

    /// So many of something.
    pub fn counted(self, n: &str, what: &str) -> String {
        match self {
            Lang::En => format!("{n} {what}"),
            Lang::Zh => format!("{what}{n}"),
        }
    }

    /// Between what is spoken of and what is said of it.
    pub fn colon(self) -> &'static str {
        match self {
            Lang::En => ": ",
            Lang::Zh => "：",
        }
    }

    /// Separator of a list.
    pub fn comma(self) -> &'static str {
        match self {
            Lang::En => ", ",
            Lang::Zh => "、",
        }
    }

    /// Tag for the `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }

    /// A sentence: its full stop added unless it ends a sentence already.
    pub fn sentence(self, text: &str) -> String {
        let stop = match self {
            Lang::En => '.',
            Lang::Zh => '。',
        };
        match text.trim_end() {
            t if t.ends_with(['.', '!', '?', '。', '！', '？']) => t.to_owned(),
            t => format!("{t}{stop}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_stands_once_and_both_languages_take_the_same_fillings() {
        let mut seen = std::collections::HashSet::new();
        for (key, en, zh) in WORDS {
            assert!(seen.insert(key), "{key} stands twice");
            assert_eq!(en.matches("{}").count(), zh.matches("{}").count(), "{key}");
        }
        assert_eq!(Lang::Zh.say("nobs"), "观测值");
        assert_eq!(Lang::Zh.say("a_new_statistic"), "a_new_statistic");
        assert_eq!((Lang::Zh.method("threshold"), Lang::Zh.method("did")), ("门槛回归", "双重差分"));
        assert_eq!(Lang::En.sentence("No stop"), "No stop.");
    }
}
