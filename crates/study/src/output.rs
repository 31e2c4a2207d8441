//! What the commands write and print: the folder of a run, JSON, tables on the terminal, a study to start from.

use crate::chain::{self, power::Powered};
use crate::document;
use crate::error::{Error, Result};
use crate::lineage::{self, Lineage, Origin};
use crate::media::{self, MEDIA};
use crate::method::Role;
use crate::plan::{Plan, Study};
use crate::record::{Folder, file_name, record};
use crate::run::{Run, VERSION, number};
use crate::simulate::{self, Cities};
use crate::single::Single;
use crate::{fonts, method, schema};
use plim_report::fonts::Fonts;
use plim_report::page::{Block, Fact, Page, Section};
use plim_report::regression::RegressionTable;
use plim_report::results::Shown;
use plim_report::{Lang, Results, effects, page, text};
use plim_table::Table;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Writes a run: `results.json`, `record.json`, `report.html`, `tables/`, `figures/`, `data/`; gives what a reader must
/// know of the figures' fonts.
pub fn write(plan: &Plan, run: &Run, out: &Path) -> Result<Vec<String>> {
    let folder = Folder::draft(out)?;
    let (study, lang) = (&plan.study, plan.study.lang);
    let shown = set(study, &run.shown);
    folder.json("results.json", &Stored { results: &run.results, shown: rounded(&shown) })?;
    let named = media::named(&shown);
    let scenes = named.iter().filter_map(|(_, b)| if let Block::Figure(f) = b { Some(&f.scene) } else { None });
    let letters: BTreeSet<char> = scenes.flat_map(plim_report::fonts::letters).collect();
    let fonts = match letters.is_empty() {
        true => Vec::new(),
        false => fonts::find(study.font.as_deref(), fonts::below(&plan.folder), &letters)?,
    };
    let mut notes = Vec::new();
    for (name, block) in &named {
        for (medium, _, ending, drawing) in MEDIA {
            let (kind, bytes) = match block {
                Block::Table(table) if !drawing => ("tables", media::table(table, name, medium, lang)?),
                Block::Figure(drawn) if drawing => ("figures", media::figure(&drawn.scene, name, medium, &fonts)?),
                _ => continue,
            };
            folder.bytes(&format!("{kind}/{name}.{ending}"), &bytes)?;
        }
        if let Block::Figure(drawn) = block {
            notes.extend(fonts::lacking(name, &Fonts::new(&fonts).missing(&drawn.scene)));
        }
    }
    for (name, table) in &run.measured {
        plim_table::write(folder.path(&format!("data/{}.parquet", file_name(name)))?, table)?;
    }
    for (name, (table, ending)) in &run.saved {
        let file = format!("data/{}.{ending}", file_name(name));
        let path = folder.path(&file)?;
        if path.exists() {
            return Err(Error::plan(format!("two results are {file}"), "give the step `save` another name"));
        }
        notes.extend(plim_table::write(path, table)?);
    }
    folder.text("report.html", &page::render(&report(plan, run, &shown)?)?)?;
    folder.json("record.json", &record(plan, run))?;
    folder.publish()?;
    Ok(notes)
}

/// What is shown, as the journal and the language of the study set it.
fn set(study: &Study, shown: &[Shown]) -> Vec<Shown> {
    let set = |block: &Block| match block {
        Block::Table(table) => Block::Table(study.style.set(table.clone().localized(study.lang), study.lang)),
        other => other.clone(),
    };
    let part = |s: &Shown| Shown { blocks: s.blocks.iter().map(set).collect(), ..s.clone() };
    shown.iter().map(part).collect()
}

/// `results.json`: what was found, and what is shown of it.
#[derive(serde::Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    results: &'a Results,
    #[serde(skip_serializing_if = "is_empty")]
    shown: Value,
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

/// What is shown as JSON: positions in figures to two decimals, which is what every medium draws.
fn rounded(shown: &[Shown]) -> Value {
    fn round(value: &mut Value, within: bool) {
        match value {
            Value::Object(map) => map.iter_mut().for_each(|(key, v)| round(v, within || key == "scene")),
            Value::Array(list) => list.iter_mut().for_each(|v| round(v, within)),
            Value::Number(n) if within => {
                if let Some(x) = n.as_f64() {
                    *value = number((x * 100.0).round() / 100.0);
                }
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(shown).unwrap_or_default();
    round(&mut value, false);
    value
}

/// The report: sections of the study, then notes, methods and provenance.
fn report(plan: &Plan, run: &Run, shown: &[Shown]) -> Result<Page> {
    let study = &plan.study;
    let lang = study.lang;
    let lineage = Lineage::new(study, &run.inputs)?;
    let mut sections: Vec<Section> = Vec::new();
    let section = |heading: String| Section { heading, level: 1, ..Section::default() };
    for shown in shown {
        match &shown.heading {
            Some(heading) => sections.push(section(heading.clone())),
            None if sections.is_empty() => sections.push(section(lang.say("results").into())),
            None => {}
        }
        if let Some(last) = sections.last_mut() {
            last.blocks.extend(shown.blocks.iter().cloned());
            if shown.step == "multiverse" && !run.results.multiverse.is_null() {
                last.blocks.push(Block::Universes(chain::report::walkable(&run.results.multiverse)));
            }
        }
    }
    if !run.results.notes.is_empty() {
        let mut notes = section(lang.say("notes_on_data").into());
        notes.blocks = run.results.notes.iter().map(|n| Block::Paragraph(lang.note(n))).collect();
        sections.push(notes);
    }
    sections.push(section(lang.say("methods").into()));
    for (i, step) in study.step.iter().enumerate() {
        let get = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
        let Ok(entry) = method::find(get("method")) else { continue };
        if entry.role == Role::Show {
            continue;
        }
        let name = if get("name").is_empty() { entry.name } else { get("name") };
        let mut part = section(format!("{name} ({})", entry.name));
        part.level = 3;
        part.id = format!("step-{name}");
        part.result = name.to_string();
        part.blocks.push(Block::Paragraph(format!("{}.", entry.about)));
        part.blocks.push(Block::Lineage(origins(&lineage, i, run, lang)));
        part.blocks.push(Block::Definitions(document::appendix(entry, step)));
        sections.push(part);
    }
    let mut provenance = section(lang.say("provenance").into());
    provenance.id = "provenance".into();
    let mut facts = vec![("plimsoll".to_string(), VERSION.to_string()), ("seed".into(), study.seed.to_string())];
    for input in &run.inputs {
        let text =
            |key: &str| input.get(key).map_or(String::new(), |v| v.as_str().map_or(v.to_string(), str::to_string));
        let size = match input.get("balance").and_then(Value::as_str) {
            Some(balance) => balance.to_string(),
            None => format!("{} rows", text("rows")),
        };
        facts.push((text("name"), format!("{}: {size}; SHA-256 {}", text("file"), text("sha256"))));
    }
    provenance.blocks.push(Block::Definitions(facts));
    sections.push(provenance);
    let intro = study.description.split("\n\n").map(|p| p.trim().to_string()).filter(|p| !p.is_empty()).collect();
    let title = if study.title.is_empty() { plan.file.clone() } else { study.title.clone() };
    Ok(Page { title, lang, intro, sections })
}

/// Where the numbers of a step come from: its rows, and what made each column that it uses, with a link to it.
fn origins(lineage: &Lineage, at: usize, run: &Run, lang: Lang) -> Vec<Fact> {
    let step = &lineage.steps[at];
    let fact = |key: &str, text: String| Fact { key: key.into(), text, to: String::new() };
    let mut out = Vec::new();
    if !step.regression.formula.is_empty() {
        out.push(fact(lang.say("formula"), step.regression.formula.trim().to_string()));
    }
    // A step may have several models: `NAME.1`, `NAME.2`, …
    for (name, fit) in run.results.fits(std::slice::from_ref(&step.name)).unwrap_or_default() {
        let key = |what: &str| match name.strip_prefix(&step.name) {
            Some("") | None => lang.say(what).to_string(),
            Some(model) => format!("{} {}", lang.say(what), model.trim_start_matches('.')),
        };
        out.push(fact(&key("rows"), lineage::rows(&fit.sample)));
        for (part, vcov) in fit.conventions() {
            out.push(fact(format!("{} {part}", key("covariance")).trim_end(), vcov.to_string()));
        }
    }
    for (name, origin) in lineage.uses(at) {
        let to = match origin {
            Origin::Step(i) => format!("step-{}", lineage.steps[i].name),
            Origin::Input(_) => "provenance".into(),
        };
        out.push(Fact { key: name, text: lineage.said(origin), to });
    }
    out
}

/// What `plim run` says at the end.
pub fn summary(plan: &Plan, run: &Run, out: &Path) -> String {
    let seconds: f64 = run.seconds.values().sum();
    let tables = run.shown.iter().flat_map(|s| &s.blocks).filter(|b| matches!(b, Block::Table(_))).count();
    let figures = run.shown.iter().flat_map(|s| &s.blocks).filter(|b| matches!(b, Block::Figure(_))).count();
    format!(
        "{}: {} measures, {} fits, {tables} tables, {figures} figures in {seconds:.1} s\n{}\n",
        plan.study.title,
        run.results.measures.len(),
        run.results.estimates.len(),
        out.join("report.html").display()
    )
}

/// The rows of a table, an object each, `null` where missing.
struct Rows<'a>(&'a Table);

impl serde::Serialize for Rows<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.rows()).map(|i| RowAt(self.0, i)))
    }
}

/// A row of a table.
struct RowAt<'a>(&'a Table, usize);

impl serde::Serialize for RowAt<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let value = |c: &'_ plim_table::Column| match &c.data {
            plim_table::Data::Number(v) => number(v[self.1]),
            plim_table::Data::Text(t) => t.get(self.1).map_or(Value::Null, Value::from),
        };
        serializer.collect_map(self.0.columns().iter().map(|c| (&c.name, value(c))))
    }
}

/// A result with the rows of its table.
#[derive(serde::Serialize)]
struct WithRows<'a, T: serde::Serialize> {
    #[serde(flatten)]
    result: &'a T,
    rows: Rows<'a>,
}

/// One result as JSON.
pub fn json(single: &Single, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    match single {
        Single::Fit(fit) => crate::json::write(fit, out),
        Single::Scored(fit, table) => crate::json::write(&WithRows { result: &**fit, rows: Rows(table) }, out),
        Single::Fits(fits) => {
            crate::json::write(&json!({ "method": fits.first().map(|f| &f.method), "models": fits }), out)
        }
        Single::Measure(measure, table) => crate::json::write(&WithRows { result: &**measure, rows: Rows(table) }, out),
        Single::Table(table, notes) => {
            crate::json::write(&WithRows { result: &json!({ "notes": notes }), rows: Rows(table) }, out)
        }
    }
}

/// Models side by side on a terminal.
const ACROSS: usize = 6;

/// One result for the terminal.
pub fn text(single: &Single) -> Result<String> {
    match single {
        Single::Fit(fit) | Single::Scored(fit, _) => {
            let options = RegressionTable { title: fit.method.clone(), conventions: true, ..Default::default() };
            let mut tables = effects::tables(fit, &options, Lang::En)?;
            tables.extend(passport(fit));
            tables.extend(crate::methods::inference_tables(fit));
            Ok(tables.iter().map(text::render).collect::<Vec<_>>().join("\n"))
        }
        Single::Fits(fits) => {
            let numbers: Vec<String> = (1..=fits.len()).map(|i| format!("({i})")).collect();
            let models: Vec<(&str, &plim_report::Fit)> = numbers.iter().map(String::as_str).zip(fits).collect();
            let title = fits.first().map_or(String::new(), |f| f.method.clone());
            let options = RegressionTable { title, conventions: true, ..Default::default() };
            let table = |part: &[_]| Ok(text::render(&plim_report::regression::regression(part, &options, Lang::En)?));
            Ok(models.chunks(ACROSS).map(table).collect::<Result<Vec<_>>>()?.join("\n"))
        }
        Single::Measure(measure, table) => {
            let mut out = String::new();
            if measure.more.contains_key("weights") {
                let table = plim_report::describe::weights(measure, &Default::default(), 4, Lang::En)?;
                let _ = writeln!(out, "{}", text::render(&table));
            }
            if let Some(factors) = factors(measure) {
                let _ = writeln!(out, "{}", text::render(&factors));
            }
            out.push_str(&preview(table));
            out.push_str(&stats(measure));
            measure.notes.iter().for_each(|n| {
                let _ = writeln!(out, "{n}");
            });
            Ok(out)
        }
        Single::Table(table, notes) => Ok(preview(table) + &notes.iter().map(|n| format!("{n}\n")).collect::<String>()),
    }
}

/// The standard errors under every small-sample rule, when `ssc = "all"` asked for them.
fn passport(fit: &plim_report::Fit) -> Option<plim_report::table::Table> {
    use plim_report::table::{Align, Cell, Column, Row, Section};
    let rules = fit.more.get("ssc")?.as_array()?;
    let text =
        |v: &Value, key: &str| v.get(key).map_or(String::new(), |v| v.as_str().map_or(v.to_string(), str::to_string));
    let rows = rules
        .iter()
        .map(|rule| {
            let error = |j: usize| rule.get("coefficients")?.get(j)?.get("std_error")?.as_f64();
            let cell = |j: usize| error(j).map_or(Cell::text("refused"), |se| Cell::number(se, format!("{se:.6}")));
            Row::new(text(rule, "rule"), (0..fit.coefficients.len()).map(cell).collect())
        })
        .collect();
    let notes = rules.iter().map(|r| [text(r, "label"), text(r, "refused")].concat()).collect();
    Some(plim_report::table::Table {
        title: "Standard errors under every rule".into(),
        stub: "ssc".into(),
        columns: fit.coefficients.iter().map(|c| Column::new(c.name.clone(), Align::Number)).collect(),
        sections: vec![Section::new(rows)],
        notes,
        ..Default::default()
    })
}

/// The numbers of a measure as a whole, in a line.
fn stats(measure: &plim_report::Measure) -> String {
    let Some(stats) = measure.more.get("stats").and_then(Value::as_object) else { return String::new() };
    let number = |(name, value): (&String, &Value)| Some(format!("{name} {}", short(value.as_f64()?)));
    let all: Vec<String> = stats.iter().filter_map(number).collect();
    if all.is_empty() { String::new() } else { format!("{}\n", all.join(", ")) }
}

/// A number to six digits, whole ones as they are.
fn short(x: f64) -> String {
    match x.fract() == 0.0 && x.abs() < 1e15 {
        true => format!("{x}"),
        false => plim_report::number::number(x, 6),
    }
}

/// What the choices behind an index do to its ranks.
fn factors(measure: &plim_report::Measure) -> Option<plim_report::table::Table> {
    use plim_report::table::{Align, Cell, Column, Row, Section};
    const HEADS: [&str; 6] = ["first", "first_low", "first_high", "total", "total_low", "total_high"];
    let factors = measure.more.get("factors")?.as_array()?;
    let row = |factor: &Value| {
        let cell = |head: &&str| match factor.get(*head).and_then(Value::as_f64) {
            Some(v) => Cell::number(v, format!("{v:.3}")),
            None => Cell::text(""),
        };
        let name = factor.get("name").and_then(Value::as_str).unwrap_or_default();
        Row::new(name.to_string(), HEADS.iter().map(cell).collect())
    };
    let of = |key: &str| measure.more.get("stats").and_then(|s| s.get(key)).and_then(Value::as_f64);
    let said = |(label, key): (&str, &str)| of(key).map(|v| format!("{label} {v:.3}."));
    Some(plim_report::table::Table {
        title: "Shares of the variance of the mean shift of ranks".into(),
        stub: "choice".into(),
        columns: HEADS.iter().map(|h| Column::new(h.replace('_', " "), Align::Number)).collect(),
        sections: vec![Section::new(factors.iter().map(row).collect())],
        notes: [("Mean shift of ranks:", "mean_shift"), ("Share of pairs whose order is certain:", "certain_pairs")]
            .into_iter()
            .filter_map(said)
            .collect(),
        ..Default::default()
    })
}

/// The first rows of a table; all of it goes to a file with `--into` or to JSON.
fn preview(table: &Table) -> String {
    use plim_report::table::{Align, Cell, Column, Row, Section};
    const SHOWN: usize = 12;
    let body = (0..table.rows().min(SHOWN))
        .map(|i| {
            let cell = |c: &plim_table::Column| match &c.data {
                // A column of whole numbers (years, counts) prints them as such.
                plim_table::Data::Number(v) if v.iter().all(|x| x.is_nan() || x.fract() == 0.0) => {
                    Cell::number(v[i], plim_report::number::fixed(v[i], 0))
                }
                plim_table::Data::Number(v) => Cell::number(v[i], plim_report::number::number(v[i], 4)),
                plim_table::Data::Text(t) => Cell::text(t.get(i).unwrap_or_default()),
            };
            Row::new((i + 1).to_string(), table.columns().iter().map(cell).collect())
        })
        .collect();
    let head = |c: &plim_table::Column| match &c.data {
        plim_table::Data::Number(_) => Column::new(c.name.clone(), Align::Number),
        plim_table::Data::Text(_) => Column::new(c.name.clone(), Align::Left),
    };
    let mut shown = plim_report::table::Table {
        columns: table.columns().iter().map(head).collect(),
        sections: vec![Section::new(body)],
        ..Default::default()
    };
    if table.rows() > SHOWN {
        shown.notes.push(format!("{SHOWN} of {} rows; --into FILE or --json gives all.", table.rows()));
    }
    text::render(&shown)
}

/// Refuses to write a result over the data it comes from.
pub fn not_the_data(data: &Path, into: &Path) -> Result<()> {
    let same = |p: &Path| std::fs::canonicalize(p).ok();
    match same(into).is_some_and(|i| Some(i) == same(data)) {
        true => Err(Error::plan(format!("{} is the data file itself", into.display()), "name another file")),
        false => Ok(()),
    }
}

/// Writes the rows of a result (of a fit, its scores) to a data file, or a fit as JSON.
pub fn to_file(single: &Single, path: &Path) -> Result<String> {
    match single {
        Single::Fit(_) | Single::Scored(..) | Single::Fits(_) if path.extension().is_some_and(|e| e == "json") => {
            write_json(path, |out| json(single, out))?;
            Ok(format!("{}\n", path.display()))
        }
        Single::Scored(_, table) | Single::Measure(_, table) | Single::Table(table, _) => {
            let mut said = format!("{} rows in {}\n", table.rows(), path.display());
            let notes = plim_table::write(path, table)?;
            let own = match single {
                Single::Table(_, own) => own,
                Single::Scored(fit, _) => &fit.notes,
                Single::Measure(measure, _) => &measure.notes,
                _ => &Vec::new(),
            };
            notes.iter().chain(own).for_each(|n| said.push_str(&format!("{n}\n")));
            Ok(said)
        }
        Single::Fit(_) | Single::Fits(_) => Err(Error::plan(
            format!("a fit has no rows to write to {}", path.display()),
            "name a file that ends in .json",
        )),
    }
}

/// Writes a JSON file that appears whole or not at all.
fn write_json(path: &Path, fill: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>) -> Result<()> {
    Ok(plim_table::write_atomic(path, |file| fill(file).map_err(|e| plim_table::Error::file(path.display(), e)))?)
}

/// Writes a file that appears whole or not at all.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(plim_table::write_atomic(path, |file| {
        use std::io::Write as _;
        file.write_all(bytes).map_err(|e| plim_table::Error::file(path.display(), e))
    })?)
}

/// What a simulation of power says, as a table or as JSON.
pub fn powered(made: &Powered, json: bool) -> Result<String> {
    match json {
        true => {
            let mut out = Vec::new();
            crate::json::write(made, &mut out)
                .map_err(|e| Error::plan(format!("the result cannot be written: {e}"), "report this"))?;
            Ok(String::from_utf8_lossy(&out).into_owned())
        }
        false => Ok(text::render(&made.table())),
    }
}

/// Writes a simulated world.
pub fn simulate(world: &str, options: Map<String, Value>, dir: &Path) -> Result<String> {
    let options: Cities = schema::read(options)?;
    let made = simulate::cities(&options)?;
    std::fs::create_dir_all(dir).map_err(|e| plim_table::Error::file(dir.display(), e))?;
    let mut out = String::new();
    for (name, table) in
        [("cities", &made.cities), ("exports", &made.exports), ("markets", &made.markets), ("latent", &made.latent)]
    {
        let path = dir.join(name).with_extension("csv");
        plim_table::write(&path, table)?;
        let _ = writeln!(out, "{}: {} rows", path.display(), table.rows());
    }
    let path = dir.join("truth.json");
    write_json(&path, |out| crate::json::write(&made.truth, out))?;
    let _ = writeln!(out, "{}: the true effects of `{world}`", path.display());
    Ok(out)
}

/// Writes a small study with its data.
pub fn new_study(dir: &Path) -> Result<String> {
    let study = dir.join("study.toml");
    if study.exists() {
        return Err(Error::plan(format!("{} exists", study.display()), "choose another folder"));
    }
    std::fs::create_dir_all(dir).map_err(|e| plim_table::Error::file(dir.display(), e))?;
    let made = simulate::cities(&Cities::starter())?;
    plim_table::write(dir.join("cities.csv"), &made.cities)?;
    std::fs::write(&study, STARTER).map_err(|e| plim_table::Error::file(study.display(), e))?;
    Ok(format!("{}\nplim run {}\n", study.display(), study.display()))
}

const STARTER: &str = r#"title = "A first study"
description = "An index by the entropy method and its effect on export resilience, on simulated cities."
seed = 1

[data.cities]
file = "cities.csv"
unit = "city"
time = "year"

[sets]
controls = ["ln_gdp_pc", "industry_structure", "government"]

[labels]
dig = "Digital economy"
res = "Export resilience"

[[step]]
method = "entropy"
name = "dig"
indicators = ["broadband", "ict_employment", "telecom_per_head", "mobile", "digital_finance"]

[[step]]
method = "resilience"
name = "res"
value = "exports"
form = "difference"

[[step]]
method = "feols"
name = "m1"
formula = "res ~ dig | city + year"

[[step]]
method = "feols"
name = "m2"
formula = "res ~ dig + controls | city + year"

[[step]]
method = "text"
heading = "Results"

[[step]]
method = "describe"
columns = ["res", "dig", "controls"]

[[step]]
method = "table"
title = "Digital economy and export resilience"
fits = ["m1", "m2"]
"#;

/// The queries of a study as text, for another engine to run: each with the name of the table that it makes.
pub fn queries(plan: &Plan) -> Result<String> {
    let mut out = String::new();
    for step in plan.study.step.iter().filter(|step| step.get("method").is_some_and(|m| m == "sql")) {
        let text = |key: &str| step.get(key).and_then(Value::as_str);
        let name = text("into").or(text("name")).unwrap_or("sql");
        let _ = writeln!(out, "-- {}\n{};\n", name.replace('\n', " "), text("query").unwrap_or_default().trim());
    }
    match out.is_empty() {
        false => Ok(out),
        true => Err(Error::plan(format!("{} has no query", plan.file), "add a step with method = \"sql\"")),
    }
}

/// The result of a query over files, as CSV.
pub fn sql(query: &str, files: &[(String, PathBuf)]) -> Result<String> {
    let mut tables: Vec<(&str, Table)> = Vec::new();
    for (name, path) in files {
        tables.push((name, plim_table::read(path, &plim_table::ReadOptions::default())?.table));
    }
    let named: Vec<(&str, &Table)> = tables.iter().map(|(n, t)| (*n, t)).collect();
    let result = plim_table::sql(query, &named, None)?;
    let mut out = String::new();
    let quoted = |s: &str| match s.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", s.replace('"', "\"\"")),
        false => s.to_string(),
    };
    let _ = writeln!(out, "{}", result.names().map(quoted).collect::<Vec<_>>().join(","));
    for i in 0..result.rows() {
        let cells: Vec<String> = result.columns().iter().map(|c| quoted(&c.show(i))).collect();
        let _ = writeln!(out, "{}", cells.join(","));
    }
    Ok(out)
}
