//! `report.html`: one file that holds everything and asks the network for nothing.
//!
//! Read without JavaScript it is complete. With it, tables whose rows may be reordered can be sorted and searched, a
//! table can be copied and switched to other standard errors, and a number tells its full precision and its origin.
//! A content-security policy forbids all requests, so that a file that somebody sends cannot call home.
//! Every word that comes from a study or from data is escaped here, and only here.

use crate::escape::{anchor, html as esc, prose};
use crate::table::Table;
use crate::words::Lang;
use crate::{Result, html};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Title.
    pub title: String,
    /// Language of headings and table words.
    pub lang: Lang,
    /// Paragraphs under the title.
    pub intro: Vec<String>,
    /// Sections in reading order.
    pub sections: Vec<Section>,
}

/// A section.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// Anchor; made from the heading when empty.
    pub id: String,
    /// 1 for a section, 2 for a subsection, 3 below.
    pub level: u8,
    /// The result whose origin it tells, by the name of its step: numbers of tables lead here.
    pub result: String,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Words.
    Paragraph(String),
    /// A table.
    Table(Table),
    /// A figure.
    Figure(Figure),
    /// Terms and what they mean (options, provenance).
    Definitions(Vec<(String, String)>),
    /// Where the numbers of a step come from.
    Lineage(Vec<Fact>),
    /// Words as typed (a study file).
    Pre(String),
    /// A multiverse to walk through: `questions` and `rows`, as the page's script reads them.
    Universes(serde_json::Value),
}

/// A fact of where numbers come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is of: a column, the formula, the rows.
    pub key: String,
    /// The fact.
    pub text: String,
    /// Section that tells more, by its `id`; none when empty.
    pub to: String,
}

/// A figure on the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What is drawn.
    pub scene: crate::figure::Scene,
    /// Caption below.
    pub caption: String,
}

/// What the page may do: show what is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// The page as one HTML file.
pub fn render(page: &Page) -> Result<String> {
    let lang = page.lang;
    let mut names = Names::default();
    let ids: Vec<String> =
        page.sections.iter().map(|s| names.own(if s.id.is_empty() { &s.heading } else { &s.id })).collect();
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>\n{}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">{}</a>\n<header>\n<h1>{}</h1>\n",
        lang.tag(),
        esc(&page.title),
        include_str!("page.css"),
        esc(lang.say("skip")),
        esc(&page.title)
    );
    out += &paragraphs(&page.intro);
    out += "</header>\n";
    if page.sections.len() > 1 {
        out += &format!("<nav aria-label=\"{0}\">\n<h2>{0}</h2>\n<ul>\n", esc(lang.say("contents")));
        // The deepest level stays out: a list of every option of every step is no help to find one's way.
        for (section, id) in page.sections.iter().zip(&ids).filter(|(s, _)| s.level < 3) {
            let level = section.level.clamp(1, 2);
            out += &format!("<li class=\"l{level}\"><a href=\"#{id}\">{}</a></li>\n", esc(&section.heading));
        }
        out += "</ul>\n</nav>\n";
    }
    out += "<main id=\"content\">\n";
    let (mut figures, mut tables, mut above) = (0, 0, 1);
    for (section, id) in page.sections.iter().zip(&ids) {
        // Headings never skip a level, whatever the caller asks: h1 is the page's.
        let level = (section.level.clamp(1, 3) + 1).min(above + 1);
        above = level;
        let result = match section.result.as_str() {
            "" => String::new(),
            name => format!(" data-result=\"{}\"", esc(&crate::escape::part(name))),
        };
        out += &format!(
            "<section aria-labelledby=\"{id}\"{result}>\n<h{level} id=\"{id}\">{}</h{level}>\n",
            esc(&section.heading)
        );
        for block in &section.blocks {
            out += &match block {
                Block::Paragraph(text) => paragraphs(std::slice::from_ref(text)),
                Block::Table(table) => {
                    table.check()?;
                    tables += 1;
                    let title = format!("{} {}", lang.with("table", &tables.to_string()), table.title);
                    let id = names.own(&format!("table-{}", table.anchor()));
                    html::interactive(&Table { id, title, ..table.clone() })
                }
                Block::Figure(figure) => {
                    figures += 1;
                    let id = names.own(&format!("figure-{figures}"));
                    format!(
                        "<figure id=\"{id}\">\n<div class=\"scroll\" role=\"region\" aria-labelledby=\"{id}-title\" tabindex=\"0\">\n{}</div>\n<figcaption><b>{}</b> {}</figcaption>\n</figure>\n",
                        crate::svg::render(&figure.scene, &id),
                        esc(&lang.with("figure", &figures.to_string())),
                        prose(&figure.caption)
                    )
                }
                Block::Lineage(facts) if facts.is_empty() => String::new(),
                Block::Lineage(facts) => {
                    let item = |f: &Fact| {
                        // A link only to what is there.
                        let to = page.sections.iter().position(|s| !f.to.is_empty() && s.id == f.to);
                        let text = match to.and_then(|i| ids.get(i)) {
                            Some(id) => format!("<a href=\"#{id}\">{}</a>", prose(&f.text)),
                            None => prose(&f.text),
                        };
                        format!("<div><dt>{}</dt><dd>{text}</dd></div>\n", esc(&f.key))
                    };
                    let items: String = facts.iter().map(item).collect();
                    format!("<dl class=\"lineage\">\n{items}</dl>\n")
                }
                Block::Definitions(list) => {
                    let item = |(term, text): &(String, String)| {
                        format!("<div><dt>{}</dt><dd>{}</dd></div>\n", esc(term), prose(text))
                    };
                    format!("<dl>\n{}</dl>\n", list.iter().map(item).collect::<String>())
                }
                // Within a script nothing but `<` can end it.
                Block::Universes(data) => format!(
                    "<script type=\"application/json\" class=\"universes\">{}</script>\n",
                    data.to_string().replace('<', "\\u003c")
                ),
                Block::Pre(text) => format!(
                    "<pre tabindex=\"0\" role=\"region\" aria-label=\"{}\"><code>{}</code></pre>\n",
                    esc(&section.heading),
                    esc(text)
                ),
            };
        }
        out += "</section>\n";
    }
    let words = [
        "sort_hint",
        "search",
        "copy",
        "copied",
        "errors_under",
        "as_estimated",
        "close",
        "go_there",
        "number_hint",
        "full_value",
        "universe",
        "every_choice",
        "universes_said",
        "run_alone",
        "estimate",
    ];
    let words: String =
        words.iter().map(|w| format!(" data-{}=\"{}\"", w.replace('_', "-"), esc(lang.say(w)))).collect();
    out += &format!("</main>\n<script{words}>\n{}</script>\n</body>\n</html>\n", include_str!("page.js"));
    Ok(out)
}

/// Ids already given on the page.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// An id like this one that nothing else on the page has; `content` is the page's own.
    fn own(&mut self, wanted: &str) -> String {
        let base = anchor(wanted);
        let mut id = if base == "content" { "content-1".into() } else { base.clone() };
        let mut k = 2;
        while !self.0.insert(id.clone()) {
            id = format!("{base}-{k}");
            k += 1;
        }
        id
    }
}

/// Each text as paragraphs, blank lines between them.
fn paragraphs(texts: &[String]) -> String {
    (texts.iter().flat_map(|t| t.split("\n\n")).filter(|t| !t.trim().is_empty()))
        .map(|t| format!("<p>{}</p>\n", prose(t.trim())))
        .collect()
}
