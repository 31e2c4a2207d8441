//! Figures and the page: well-formed, finite, inert, whatever the data.

use plim_report::choropleth::{Paint, choropleth, classes};
use plim_report::contour::contour;
use plim_report::density::{Layout, UNBOUNDED, densities};
use plim_report::figure::{Mark, Scene};
use plim_report::frontier::{Frontier, Group, Look, Returns, Unit, frontier};
use plim_report::geojson::Region;
use plim_report::heatmap::{Variable, heatmap};
use plim_report::page::{Block, Figure, Page, Section, render};
use plim_report::paths::{Paths, paths};
use plim_report::radar::radar;
use plim_report::ranking::{Ranked, bump, ranking};
use plim_report::scatter::{self, Point};
use plim_report::sunburst::{Node, sunburst};
use plim_report::table::Table;
use plim_report::{Fit, Lang, plots, svg};
use plim_stats::Coefficient;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const BAD: &str = "</text></svg><script>alert(1)</script>\"'&\u{1b}\u{0}\u{FFFE}";

/// Checks that a document is well-formed XML as far as tags, attributes and characters go.
fn well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "a bare > in {}", &rest[..at]);
        let end = rest.find('>').expect("a tag that ends");
        let tag = &rest[at + 1..end];
        assert!(!tag.contains('<'), "a tag within a tag: {tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of {tag}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split_whitespace().next().unwrap()),
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "left open: {open:?}");
    for (i, _) in xml.match_indices('&') {
        let entity = xml[i..].split(';').next().unwrap();
        assert!(["&amp", "&lt", "&gt", "&quot", "&#39"].contains(&entity), "{entity}");
    }
    assert!(!xml.chars().any(|c| c.is_control() && c != '\n' || c == '\u{FFFE}'));
    for word in ["NaN", "inf", "e+", "<script"] {
        assert!(!xml.contains(word), "{word}");
    }
}

fn c(name: &str, estimate: f64, std_error: f64) -> Coefficient {
    Coefficient::new(name, estimate, std_error, Some(7.0))
}

fn event(times: &[(i64, f64)]) -> Fit {
    let coefficients = times.iter().map(|(t, b)| c(&format!("event_time::{t}"), *b, 0.1)).collect();
    Fit { coefficients, ..Fit::default() }
}

/// The units of a small frontier by name.
fn units(name: &str) -> Vec<Unit> {
    let at = [(2.0, 2.0), (3.0, 5.0), (6.0, 8.0), (9.0, 9.0), (5.0, 3.0), (f64::NAN, 1.0)];
    let unit = |i: usize| Unit {
        at: at[i],
        name: format!("{name}{i}"),
        efficient: i == 1,
        target: (i == 4).then_some((5.0, 25.0 / 3.0)),
    };
    (0..at.len()).map(unit).collect()
}

fn pooled(lang: Lang, name: &str) -> Scene {
    let crs = Frontier::of(&[(3.0, 5.0)], Returns::Combined([0.0, f64::INFINITY])).unwrap();
    let groups = [Group { units: units(name), ..Group::default() }];
    frontier(&groups, Some(&crs), &Look { input: name, output: name, names: true, lang }).unwrap()
}

fn by_year() -> Scene {
    let group = |year: i32, returns| Group {
        name: year.to_string(),
        units: units("u"),
        frontier: Some(Frontier::of(&[(2.0, 2.0), (3.0, 5.0)], returns).unwrap()),
    };
    let groups = [group(2011, Returns::Disposal), group(2012, Returns::Combined([0.5, 2.0]))];
    frontier(&groups, None, &Look { input: "x", output: "y", ..Look::default() }).unwrap()
}

fn samples(name: &str) -> Vec<(String, Vec<f64>)> {
    let scores = |shift: usize| (0..60).map(|i| 1f64.min(0.3 + (i + shift) as f64 / 70.0)).collect();
    vec![(name.to_owned(), scores(0)), ("2012".to_owned(), scores(9)), ("flat".to_owned(), vec![0.5; 3])]
}

/// Each figure from ordinary, hostile and degenerate data.
fn scenes() -> Vec<Scene> {
    let nan = f64::NAN;
    let labels = BTreeMap::from([("x".to_owned(), BAD.to_owned())]);
    let list = [c("x", 0.5, 0.1), c("y", nan, nan), c("z", 1e-9, nan)];
    let event = event(&[(-3, 0.1), (-2, nan), (0, 0.5), (1, 1e9)]);
    let text = |s: &str| s.to_owned();
    vec![
        plots::coefficients(&[(BAD, &list), ("二", &list[..1])], &labels, Lang::Zh).unwrap(),
        plots::coefficients(&[("one", &[c("x", 0.0, 0.0)])], &labels, Lang::En).unwrap(),
        plots::event_study(&[(BAD, &event)], Lang::Zh).unwrap(),
        plots::event_study(&[("a", &event), ("b", &event)], Lang::En).unwrap(),
        plots::marginal(
            &[(0.0, 1.0, 0.5, 1.5), (1.0, 2.0, nan, nan), (nan, 1.0, 1.0, 1.0)],
            &[0.5, nan, 9.0],
            &[0.1, nan, 0.2],
            BAD,
            Lang::En,
        )
        .unwrap(),
        plots::placebo(&[0.1, -0.2, nan, 0.05, 0.0], 0.9, Some(0.04), Lang::En).unwrap(),
        plots::placebo(&[0.0, 0.0], 0.0, None, Lang::En).unwrap(),
        plots::placebo(&[1e-320, -1e300, 1e149], 1e149, Some(nan), Lang::En).unwrap(),
        paths(&Paths {
            times: &[2011.0, 2012.0],
            groups: &[(text(BAD), vec![0.1, nan]), (text("b"), vec![0.2, 0.3])],
            title: BAD,
            from: Some(2011.5),
            ..Paths::default()
        })
        .unwrap(),
        paths(&Paths { times: &[2011.0], groups: &[(text("a"), vec![0.1])], title: "one year", ..Paths::default() })
            .unwrap(),
        paths(&Paths {
            times: &[2011.0, 2012.0, 2013.0],
            groups: &[(text("all"), vec![1.0, 1.1, 1.2])],
            units: &[(text("u"), vec![1.0, nan, 2.0]), (text("v"), vec![1e300, nan, nan])],
            named: &(0..40).map(|i| (format!("{BAD}{i}"), vec![1.0, 1.2, nan])).collect::<Vec<_>>(),
            title: "many names at one place",
            level: Some(1.0),
            ..Paths::default()
        })
        .unwrap(),
        scattered(true),
        scattered(false),
        pooled(Lang::Zh, BAD),
        by_year(),
        densities(&samples(BAD), [0.0, 1.0], Layout::Ridges, BAD, Lang::Zh).unwrap(),
        densities(&samples(BAD), UNBOUNDED, Layout::Overlaid, BAD, Lang::En).unwrap(),
        densities(&[(text("one value"), vec![0.3])], UNBOUNDED, Layout::Ridges, "x", Lang::En).unwrap(),
        densities(&[(text("one value"), vec![0.3])], UNBOUNDED, Layout::Overlaid, "x", Lang::En).unwrap(),
        plots::bars(&[(text(BAD), 0.2), (text("数"), -0.1), (text("c"), nan), (text("d"), 0.0)], BAD).unwrap(),
    ]
    .into_iter()
    .chain(of_an_index())
    .chain(of_omitted_variables())
    .collect()
}

/// Points of two groups, some at no place of a plane; many at one place.
fn scattered(line: bool) -> Scene {
    let point = |i: usize, at| Point { at, name: format!("{BAD}{i}") };
    let group = |name: &str, points| scatter::Group { name: name.to_owned(), points };
    let spread = (0..30).map(|i| point(i, (i as f64, (i * i % 7) as f64))).collect();
    let odd = [(f64::NAN, 1.0), (1.0, f64::INFINITY), (3.0, 3.0), (3.0, 3.0), (1e300, 1.0)];
    let odd = odd.into_iter().enumerate().map(|(i, at)| point(i, at)).collect();
    let look = scatter::Look { x: BAD, y: "数", names: true, line, lang: Lang::Zh };
    scatter::scatter(&[group(BAD, spread), group("b", odd)], &look).unwrap()
}

/// A fit of `omitted_variable`.
fn omitted(estimate: f64, std_error: f64, rv_q: f64, benchmarks: &[(f64, f64, f64)]) -> Fit {
    let number = |v: f64| serde_json::Number::from_f64(v).map_or(Value::Null, Value::Number);
    let (estimate, std_error, rv_q) = (number(estimate), number(std_error), number(rv_q));
    let robustness =
        json!({ "estimate": estimate, "std_error": std_error, "df": 40, "q": 1, "alpha": 0.05, "rv_q": rv_q });
    let one =
        |&(k, x, y): &(f64, f64, f64)| json!({ "name": BAD, "multiple": k, "r2dz_x": number(x), "r2yz_dx": number(y) });
    let benchmarks: Vec<Value> = benchmarks.iter().map(one).collect();
    let more = json!({ "robustness": robustness, "benchmarks": benchmarks });
    Fit { more: more.as_object().cloned().unwrap_or_default(), ..Fit::default() }
}

/// Contours: of an estimate that is strong, weak, negative, none, and benchmarks anywhere.
fn of_omitted_variables() -> Vec<Scene> {
    let name = |n: &str| n.to_owned();
    let benchmarks = [(1.0, 0.01, 0.1), (2.0, 0.02, 0.2), (2.5, 0.02, 0.2), (1e-9, 0.99, 1.0), (9.0, f64::NAN, 0.1)];
    vec![
        contour(&omitted(0.5, 0.1, 0.5, &benchmarks), name, Lang::Zh).unwrap(),
        contour(&omitted(-2e6, 1e6, 0.25, &benchmarks[..2]), name, Lang::En).unwrap(),
        contour(&omitted(0.0, 1.0, 0.0, &[]), name, Lang::En).unwrap(),
        contour(&omitted(1.0, 1e-9, 1.0, &[]), name, Lang::En).unwrap(),
    ]
}

/// The figures of an index, with names that break what they can.
fn of_an_index() -> Vec<Scene> {
    let nan = f64::NAN;
    let unit = |name: &str, value: f64, interval| Ranked { name: name.into(), value, interval };
    let column = |k: usize| (0..9).map(|i| ((i * k) % 7) as f64).collect::<Vec<f64>>();
    let columns: Vec<Vec<f64>> = (1..=20).map(column).chain([vec![nan; 9], vec![1.0; 9]]).collect();
    let variables: Vec<Variable> = (columns.iter().enumerate())
        .map(|(i, values)| Variable { name: format!("{i}{BAD}"), pillar: Some(i / 11), values })
        .collect();
    let node = |name: String, parent, weight| Node { name, parent, weight };
    let tree: Vec<Node> = (0..3)
        .map(|i| node(format!("{i}{BAD}"), None, nan))
        .chain((0..12).map(|i| node(format!("{i}{BAD}"), Some(i % 3), i as f64)))
        .collect();
    let square = |x: f64| vec![(x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0), (x, 1.0), (x, 0.0)];
    let regions: Vec<Region> =
        (0..12).map(|x| Region { name: format!("{x}{BAD}"), outlines: vec![square(f64::from(x))] }).collect();
    let (paint, words) =
        classes(&(0..12).map(|i| if i == 3 { nan } else { f64::from(i) * 1e5 }).collect::<Vec<_>>(), 9);
    let values: Vec<f64> = (0..5).map(|i| f64::from(i) / 5.0).collect();
    let axes: Vec<String> = (0..5).map(|i| format!("{i}{BAD}")).collect();
    vec![
        ranking(&[unit(BAD, 0.3, [0.1, 0.6]), unit("数", -0.2, [nan, 0.1]), unit("c", nan, [0.0, 1.0])], BAD).unwrap(),
        ranking(&[unit("one", 0.0, [nan; 2])], "x").unwrap(),
        bump(
            &[2011.0, 2012.0, 2013.5],
            &[(BAD.into(), vec![1.0, nan, 2.0]), ("数".into(), vec![2.0, 9.0, 1.0]), ("c".into(), vec![9.0, 9.0, 9.0])],
            3,
            &["数".to_string()],
            BAD,
        )
        .unwrap(),
        heatmap(&variables, &[BAD.to_string(), "数".to_string()], Lang::Zh).unwrap(),
        heatmap(&variables[..3], &[], Lang::En).unwrap(),
        radar(&axes, &[(BAD.into(), values.clone()), ("数".into(), vec![0.2, nan, 0.4, 1.0, 0.0])], [0.0, 1.0], BAD)
            .unwrap(),
        sunburst(&tree, BAD).unwrap(),
        sunburst(&[node("all".into(), None, 1.0)], "").unwrap(),
        choropleth(&regions, &paint, &words, BAD, Lang::Zh).unwrap(),
        choropleth(&regions[..1], &[Paint::Missing], &[], "nothing", Lang::En).unwrap(),
    ]
}

#[test]
fn every_figure_is_well_formed_and_finite() {
    for (i, scene) in scenes().iter().enumerate() {
        let svg = svg::render(scene, BAD);
        well_formed(&svg);
        assert!(svg.contains("<title id=") && svg.contains("viewBox=\"0 0 "), "figure {i}");
    }
}

#[test]
fn a_figure_lies_within_its_canvas() {
    use plim_report::figure::Mark::*;
    for scene in scenes() {
        for mark in &scene.marks {
            let points = match mark {
                Line { points, .. } | Area { points, .. } => points.clone(),
                Patch { rings, .. } => rings.concat(),
                Bar { at, .. } => vec![(at.0, at.1), (at.0 + at.2, at.1 + at.3)],
                Dot { at, .. } | Text { at, .. } => vec![*at],
                // Nothing is drawn.
                Hint { .. } => vec![],
            };
            for (x, y) in points {
                let inside = (-0.5..=scene.width + 0.5).contains(&x) && (-0.5..=scene.height + 0.5).contains(&y);
                assert!(inside, "{mark:?} outside {} x {}", scene.width, scene.height);
            }
        }
    }
}

#[test]
fn names_do_not_cover_each_other() {
    for scene in scenes() {
        let names: Vec<(f64, f64)> = (scene.marks.iter())
            .filter_map(|m| match m {
                Mark::Text { at, text, .. } if text.starts_with(&BAD[..4]) => Some(*at),
                _ => None,
            })
            .collect();
        for (i, a) in names.iter().enumerate() {
            assert!(names[i + 1..].iter().all(|b| (a.0 - b.0).abs() > 8.0 || (a.1 - b.1).abs() > 8.0), "{names:?}");
        }
    }
    // The ray leaves the field at its top edge; the inefficient unit and its target are joined.
    let lines = |scene: &Scene| {
        scene.marks.iter().filter(|m| matches!(m, Mark::Line { width, .. } if *width == 2.0 || *width == 0.8)).count()
    };
    assert_eq!((lines(&pooled(Lang::En, "u")), lines(&by_year())), (2, 6));
    assert_eq!(pooled(Lang::En, "u").description, "Efficient: 1 of 5. u1.");
}

#[test]
fn a_figure_of_nothing_is_refused() {
    let nan = f64::NAN;
    assert!(plots::coefficients(&[("a", &[c("x", nan, nan)])], &BTreeMap::new(), Lang::En).is_err());
    assert!(plots::event_study(&[], Lang::En).is_err());
    assert!(plots::event_study(&[("a", &Fit::default())], Lang::En).is_err());
    assert!(plots::marginal(&[(0.0, 1.0, 0.0, 2.0)], &[], &[], "m", Lang::En).is_err());
    assert!(plots::placebo(&[nan], 1.0, None, Lang::En).is_err());
    assert!(plots::placebo(&[1.0], nan, None, Lang::En).is_err());
    assert!(plots::placebo(&[1.0], 1e300, None, Lang::En).is_err());
    assert!(paths(&Paths { times: &[1.0], ..Paths::default() }).is_err());
    let long = [("a".into(), vec![1.0, 2.0])];
    assert!(paths(&Paths { times: &[1.0], groups: &long, ..Paths::default() }).is_err());
    assert!(paths(&Paths { times: &[1.0], units: &long, ..Paths::default() }).is_err());
    assert!(ranking(&[], "x").is_err() && bump(&[1.0], &[], 3, &[], "x").is_err());
    assert!(scatter::scatter(&[], &scatter::Look::default()).is_err());
    assert!(heatmap(&[], &[], Lang::En).is_err());
    assert!(radar(&[], &[], [0.0, 1.0], "x").is_err());
    assert!(choropleth(&[], &[], &[], "x", Lang::En).is_err());
    assert!(frontier(&[], None, &Look::default()).is_err());
    assert!(densities(&[("a".into(), vec![])], UNBOUNDED, Layout::Ridges, "t", Lang::En).is_err());
    assert!(densities(&[("a".into(), vec![nan])], UNBOUNDED, Layout::Ridges, "t", Lang::En).is_err());
    let beyond = densities(&samples("a"), [0.0, 0.9], Layout::Ridges, "t", Lang::En).unwrap_err().to_string();
    assert!(beyond.contains("values of `t` lie beyond the bound"), "{beyond}");
    assert!(plots::bars(&[("a".into(), nan)], "t").is_err());
    assert!(contour(&Fit::default(), |n| n.into(), Lang::En).is_err());
    assert!(contour(&omitted(1.0, 0.0, nan, &[]), |n| n.into(), Lang::En).is_err());
}

#[test]
fn the_reference_period_is_stated_or_found() {
    let times = |f: &Fit| plim_report::effects::event_times(f).unwrap().1;
    assert_eq!(times(&event(&[(-3, 0.1), (-2, 0.1), (0, 0.1)])), -1);
    assert_eq!(times(&event(&[(-3, 0.1), (-1, 0.1), (0, 0.1)])), -2);
    let mut stated = event(&[(-4, 0.1), (-2, 0.1), (0, 0.1)]);
    stated.more.insert("reference".into(), (-3).into());
    assert_eq!(times(&stated), -3);
    // Times far apart are searched outward, not walked.
    assert_eq!(times(&event(&[(-2_000_000_000, 0.1), (2_000_000_000, 0.1)])), -1);
}

fn page() -> Page {
    let section =
        |heading: &str, level, blocks| Section { heading: heading.into(), level, blocks, ..Section::default() };
    Page {
        title: BAD.into(),
        lang: Lang::Zh,
        intro: vec![format!("one `{BAD}`\n\ntwo")],
        sections: vec![
            section(BAD, 1, vec![Block::Paragraph(BAD.into()), Block::Pre(BAD.into())]),
            section(BAD, 3, vec![Block::Definitions(vec![(BAD.into(), BAD.into())])]),
            section(
                "content",
                0,
                vec![
                    Block::Table(Table { title: BAD.into(), notes: vec![BAD.into()], ..Table::default() }),
                    Block::Table(Table { title: BAD.into(), ..Table::default() }),
                    Block::Figure(Figure { scene: scenes().remove(0), caption: BAD.into() }),
                ],
            ),
        ],
    }
}

#[test]
fn the_page_is_inert_and_complete() {
    let html = render(&page()).unwrap();
    assert!(html.contains("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"));
    assert_eq!(html.matches("<script").count(), 1, "only the page's own script");
    assert!(!html.contains("alert(1)</script>"));
    for outside in ["http-equiv=\"refresh", "@import", "url(", "src=", "https://"] {
        assert!(!html.contains(outside), "{outside}");
    }
    let (head, main) = html.split_once("<main id=\"content\">").unwrap();
    well_formed(&main.split_once("</main>").unwrap().0.replace("<br>", "").replace("<col>", ""));
    assert!(head.contains("<html lang=\"zh-CN\">") && head.contains("目录"));
    // Headings go down one level at a time; ids are given once, and `content` is the page's.
    assert!(main.contains("<h2") && main.contains("<h3") && !main.contains("<h4"));
    let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|r| r.split('"').next().unwrap()).collect();
    let distinct: std::collections::HashSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{ids:?}");
    assert_eq!(render(&page()).unwrap(), html, "the same page, the same bytes");
}

#[test]
fn a_ragged_table_does_not_reach_the_page() {
    let mut page = page();
    let row = plim_report::table::Row::new("r", vec![plim_report::table::Cell::empty()]);
    let table = Table { sections: vec![plim_report::table::Section::new(vec![row])], ..Table::default() };
    page.sections[0].blocks.push(Block::Table(table));
    assert!(render(&page).is_err());
}
