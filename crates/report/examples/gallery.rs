//! Draws everything that the crate can draw, so that one can look at it.
//!
//! `cargo run -p plim-report --example gallery -- DIR` writes `report.html` (English), `report-zh.html`,
//! every figure as SVG and every table as text, Markdown, LaTeX into DIR. The numbers are made up,
//! except where a title says otherwise; some labels are hostile on purpose and must come out inert.

use plim_report::density::{Layout, densities};
use plim_report::describe::{CorrelationTable, DescribeTable, correlation, describe, weights};
use plim_report::effects;
use plim_report::figure::Scene;
use plim_report::frontier::{self, Frontier, Group, Look, Returns, Unit};
use plim_report::page::{Block, Figure, Page, Section, render};
use plim_report::paths::{Paths, paths};
use plim_report::regression::{Below, RegressionTable, regression};
use plim_report::table::Table;
use plim_report::{Fit, Lang, Measure, latex, markdown, plots, svg, text};
use plim_stats::Coefficient;
use plim_stats::math::rng::Stream;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

type Anything = Result<(), Box<dyn std::error::Error>>;

fn main() -> Anything {
    let dir = std::env::args().nth(1).ok_or("usage: gallery DIR")?;
    let dir = Path::new(&dir);
    std::fs::create_dir_all(dir)?;
    for (lang, name) in [(Lang::En, "report.html"), (Lang::Zh, "report-zh.html")] {
        let page = page(lang)?;
        std::fs::write(dir.join(name), render(&page)?)?;
        let (mut tables, mut figures) = (0, 0);
        for block in page.sections.iter().flat_map(|s| &s.blocks) {
            match block {
                Block::Table(t) => {
                    tables += 1;
                    let stem = format!("table-{tables}-{}", lang.tag());
                    std::fs::write(dir.join(format!("{stem}.txt")), text::render(t))?;
                    std::fs::write(dir.join(format!("{stem}.md")), markdown::render(t))?;
                    std::fs::write(dir.join(format!("{stem}.tex")), latex::render(t))?;
                }
                Block::Figure(f) => {
                    figures += 1;
                    let stem = format!("figure-{figures}-{}", lang.tag());
                    std::fs::write(dir.join(format!("{stem}.svg")), svg::render(&f.scene, &stem))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn page(lang: Lang) -> Result<Page, Box<dyn std::error::Error>> {
    let zh = lang == Lang::Zh;
    let say = |en: &str, cn: &str| if zh { cn.to_owned() } else { en.to_owned() };
    let section =
        |heading: String, level: u8, blocks: Vec<Block>| Section { heading, level, blocks, ..Section::default() };
    let (tables, figures) = (tables(lang)?, figures(lang)?);
    let hostile = "<script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 2\">";
    Ok(Page {
        title: say("Digital economy and the resilience of exports", "数字经济与出口韧性"),
        lang,
        intro: vec![say(
            "A gallery of what Plimsoll prints. The numbers are made up to show the form: estimates with their stars, standard errors below, and notes that say how each number came about.",
            "本页展示 Plimsoll 的全部表格与图形。数字为虚构，只为展示版式：系数与显著性星号、括号内的标准误，以及说明数字来历的附注。",
        )],
        sections: vec![
            section(say("Data", "数据"), 1, tables[..3].iter().cloned().map(Block::Table).chain([figures[5].clone()]).collect()),
            section(say("Results", "实证结果"), 1, vec![Block::Paragraph(say(
                "Column (1) is the baseline; column (2) adds the controls; column (3) instruments the index.",
                "第（1）列为基准回归，第（2）列加入控制变量，第（3）列为工具变量估计。",
            ))]),
            section(say("Baseline", "基准回归"), 2, vec![Block::Table(tables[3].clone()), figures[0].clone()]),
            section(say("Mechanism", "机制分析"), 2, tables[4..6].iter().cloned().map(Block::Table).chain([figures[2].clone()]).collect()),
            section(say("Heterogeneity", "异质性分析"), 2, tables[6..8].iter().cloned().map(Block::Table).collect()),
            section(say("Pilot zones", "政策试验"), 2, vec![Block::Table(tables[8].clone()), figures[1].clone(), figures[3].clone(), figures[4].clone()]),
            section(say("Frontier", "随机前沿"), 2, vec![Block::Table(tables[9].clone())]),
            section(say("Efficiency", "效率分析"), 2, figures[6..].to_vec()),
            section(say("Methods", "方法附录"), 1, vec![
                Block::Definitions(vec![
                    ("vcov".into(), say("Covariance of the estimates: `cluster:city` allows any dependence within a city.", "估计量的协方差：`cluster:city` 允许同一城市内任意相关。")),
                    ("ssc".into(), say("Small-sample rule; `fixest` counts effects nested in the clusters once.", "小样本修正规则。")),
                    ("a_very_long_option_name_that_goes_on_and_on_and_on_without_end".into(), "x".repeat(120)),
                    (hostile.into(), hostile.into()),
                ]),
                Block::Pre("[estimate.base]\nmethod = \"feols\"\nformula = \"resilience ~ digital + ln_gdp + structure + government + finance + human_capital + urbanization | city + year\"\n".into()),
            ]),
            section(format!("Hostile {hostile}"), 1, vec![Block::Paragraph(hostile.into()), Block::Table(hostile_table(hostile, lang)?)]),
        ],
    })
}

fn c(name: &str, estimate: f64, std_error: f64) -> Coefficient {
    Coefficient::new(name, estimate, std_error, Some(288.0))
}

fn fit(method: &str, formula: &str, coefficients: Vec<Coefficient>, stats: Value, more: Value) -> Fit {
    let map = |v: Value| v.as_object().cloned().unwrap_or_default();
    Fit {
        method: method.into(),
        formula: formula.into(),
        nobs: 3179 - 48,
        vcov: "cluster:city (ssc fixest: K=18, G=289, df=288)".into(),
        coefficients,
        stats: map(stats),
        sample: map(json!({ "rows": 3179, "missing": { "finance": 45 }, "singletons": 3 })),
        notes: vec![],
        more: map(more),
    }
}

fn labels(lang: Lang) -> BTreeMap<String, String> {
    let words = [
        ("resilience", "Export resilience", "出口韧性"),
        ("digital", "Digital economy", "数字经济"),
        ("efficiency", "Allocation efficiency", "要素配置效率"),
        ("complexity", "Export complexity", "出口技术复杂度"),
        ("ln_gdp", "ln GDP per head", "人均GDP对数"),
        ("structure", "Industrial structure", "产业结构"),
        ("government", "Government intervention", "政府干预"),
        ("finance", "Financial development", "金融发展"),
        ("city", "City", "城市"),
        ("year", "Year", "年份"),
    ];
    words.iter().map(|(k, en, zh)| ((*k).into(), (if lang == Lang::Zh { *zh } else { *en }).into())).collect()
}

fn tables(lang: Lang) -> Result<Vec<Table>, plim_report::Error> {
    let labels = labels(lang);
    let columns = data();
    let columns: Vec<(&str, &[f64])> = columns.iter().map(|(n, v)| (*n, v.as_slice())).collect();
    let base = fits();
    let named: Vec<(&str, &Fit)> = base.iter().map(|f| (f.method.as_str(), f)).collect();
    let o = RegressionTable { labels: labels.clone(), ..RegressionTable::default() };
    let controls = ["structure", "government", "finance"].map(String::from).to_vec();
    Ok(vec![
        describe(&columns, &DescribeTable { labels: labels.clone(), ..Default::default() }, lang)?,
        correlation(&columns, &CorrelationTable { labels: labels.clone(), ..Default::default() }, lang)?,
        weights(&index(), &labels, 3, lang)?,
        regression(&named, &RegressionTable { controls, ..o.clone() }, lang)?,
        plim_report::mediation::mediation(&mediation(), &o, lang)?,
        effects::moderation(&moderation(), &o, lang)?,
        plim_report::split::split(&split(), &o, lang)?,
        plim_report::split::between(&split(), &o, lang)?,
        effects::event_study(&[("did", &event_study())], &RegressionTable { below: Below::Ci, ..o.clone() }, lang)?,
        regression(&[("sfa", &frontier())], &o, lang)?,
    ])
}

fn hostile_table(hostile: &str, lang: Lang) -> Result<Table, plim_report::Error> {
    let mut bad = fits().remove(0);
    bad.coefficients[0].name = hostile.into();
    bad.vcov = "\"><b onclick='x'>".into();
    bad.notes = vec!["\\input{/etc/passwd} $x$ | `code` \u{1b}[31m".into()];
    bad.formula = "<i>y</i> ~ x | </table> + city".into();
    let title = "</caption></table><script>window.hacked = 3</script>".to_owned();
    regression(&[("bad", &bad)], &RegressionTable { title, ..Default::default() }, lang)
}

fn data() -> Vec<(&'static str, Vec<f64>)> {
    let mut stream = Stream::new(7, 0);
    let n = 400;
    let mut x = || stream.normal();
    let digital: Vec<f64> = (0..n).map(|_| (0.16 + 0.1 * x()).abs()).collect();
    let resilience: Vec<f64> = digital.iter().map(|d| 0.9 * d - 0.1 + 0.12 * x()).collect();
    let gdp: Vec<f64> = digital.iter().map(|d| 10.2 + 2.0 * d + 0.5 * x()).collect();
    let finance: Vec<f64> = (0..n).map(|i| if i % 40 == 0 { f64::NAN } else { 1.1 + 0.4 * x() }).collect();
    let year = (0..n).map(|i| 2011.0 + (i % 11) as f64).collect();
    vec![
        ("resilience", resilience),
        ("digital", digital),
        ("ln_gdp", gdp),
        ("finance", finance),
        ("exports", (0..n).map(|_| (12.0 + 1.5 * x()).exp()).collect()),
        ("year", year),
    ]
}

fn index() -> Measure {
    let names = [
        "Broadband users per 100",
        "ICT employment share",
        "Telecom output per head",
        "Mobile phones per 100",
        "数字普惠金融指数",
    ];
    let w = [0.1612, 0.2871, 0.3342, 0.1204, 0.0971];
    let list: Vec<Value> = names
        .iter()
        .zip(w)
        .map(|(n, w)| json!({ "name": n, "weight": w, "entropy": 1.0 - w / 9.0, "divergence": w / 9.0 }))
        .collect();
    let more = json!({ "weights": list });
    Measure { method: "entropy".into(), more: more.as_object().cloned().unwrap_or_default(), ..Default::default() }
}

fn fits() -> Vec<Fit> {
    let r2 = |a: f64, b: f64| json!({ "r2": a, "r2_within": b });
    let mut iv = fit(
        "iv",
        "resilience ~ ln_gdp + structure + government | city + year | digital ~ posts",
        vec![
            c("digital", 1.412, 0.391),
            c("ln_gdp", 0.0312, 0.0274),
            c("structure", 0.091, 0.044),
            c("government", -0.12, 0.1),
        ],
        json!({ "r2": 0.412, "kp_lm": 18.442, "kp_f": 25.531 }),
        json!({}),
    );
    iv.notes = vec!["`finance` dropped: a linear combination of `government` and the effects".into()];
    let mut first = fit(
        "feols",
        "resilience ~ digital | city + year",
        vec![c("digital", 0.98184, 0.1469)],
        r2(0.4421, 0.0318),
        json!({}),
    );
    first.sample = json!({ "rows": 3179, "singletons": 3 }).as_object().cloned().unwrap_or_default();
    first.nobs = 3176;
    let mut all = vec![
        first,
        fit(
            "feols",
            "resilience ~ digital + ln_gdp + structure + government + finance | city + year",
            vec![
                c("digital", 0.8317, 0.1522),
                c("ln_gdp", 0.0467, 0.0251),
                c("structure", 0.0881, 0.041),
                c("government", -0.1014, 0.0952),
                c("finance", 0.0021, 0.0113),
            ],
            r2(0.4497, 0.0442),
            json!({}),
        ),
        iv,
        fit(
            "feols",
            "exports ~ digital + ln_gdp | city + prov^year",
            vec![c("digital", 0.412, 0.211), c("ln_gdp", 0.000314, 0.000122)],
            r2(0.911, 0.0123),
            json!({}),
        ),
    ];
    // The same estimates under another covariance, so that the page can switch.
    for fit in &mut all {
        let wider = fit.coefficients.iter().map(|x| c(&x.name, x.estimate, 1.3 * x.std_error)).collect::<Vec<_>>();
        let also = json!([{ "vcov": "cluster:province", "label": "cluster:province (G=31)", "coefficients": wider }]);
        fit.more.insert("vcov_also".into(), also);
    }
    all
}

fn mediation() -> Fit {
    let e = |b: f64, s: f64| json!({ "estimate": b, "std_error": s });
    let effects = json!({
        "a": e(0.42679332, 0.0373623), "b": e(1.55446331, 0.43698794), "total": e(0.98184013, 0.14689928),
        "direct": e(0.31840557, 0.25190326),
        "indirect": { "estimate": 0.66343456, "std_error": 0.1953373, "conf_low": 0.31, "conf_high": 1.04 },
        "bootstrap": { "std_error": 0.187, "conf_low": 0.302, "conf_high": 1.036, "replications": 1000, "failed": 0 }, "share": 0.67570528, "sobel_z": 3.39635375, "aroian_z": 3.38455189, "goodman_z": 3.40827993
    });
    fit(
        "mediation",
        "resilience ~ digital | city + year",
        vec![c("digital", 0.98184013, 0.14689928)],
        json!({}),
        json!({ "effects": effects }),
    )
}

fn moderation() -> Fit {
    let s = |at: &str, v: f64, b: f64, se: f64| json!({ "at": at, "value": v, "estimate": b, "std_error": se });
    let slopes = json!([
        s("mean-sd", 0.26376065, 1.04166526, 0.3213219),
        s("mean", 0.66041667, 0.97537877, 0.14976247),
        s("mean+sd", 1.05707269, 0.90909229, 0.25801155)
    ]);
    fit(
        "moderation",
        "resilience ~ digital | city + year",
        vec![c("digital:complexity", -0.167, 0.63)],
        json!({}),
        json!({ "slopes": slopes }),
    )
}

fn split() -> Fit {
    let list = |b: f64, s: f64, g: f64| json!([c("digital", b, s), c("ln_gdp", g, 0.03)]);
    let groups = json!([
        { "value": 0, "coefficients": list(0.62, 0.21, 0.041), "nobs": 1560, "stats": { "r2": 0.41, "r2_within": 0.021 } },
        { "value": 1, "coefficients": list(1.16, 0.19, 0.052), "nobs": 1571, "stats": { "r2": 0.46, "r2_within": 0.048 } }
    ]);
    let between = json!([
        { "name": "digital", "difference": -0.54, "std_error": 0.283, "statistic": -1.908, "p_value": 0.0574, "p_permutation": 0.0714 }
    ]);
    let more = json!({ "by": "high_fdi", "groups": groups, "between": between });
    fit("split", "resilience ~ digital + ln_gdp | city + year", vec![c("digital", 0.9, 0.15)], json!({}), more)
}

fn event_study() -> Fit {
    let b = [0.011, -0.014, 0.006, -0.004, 0.0, 0.041, 0.072, 0.094, 0.088, 0.102];
    let list = (-6..=4)
        .filter(|t| *t != -1)
        .zip(b)
        .map(|(t, b)| c(&format!("event_time::{t}"), b, 0.016 + 0.001 * f64::from(t).abs()));
    let tests = json!({ "tests": [{ "name": "pre_trend", "statistic": 0.834, "df": 5, "p_value": 0.5263 }] });
    fit("did", "digital ~ treat | city + year", list.collect(), json!({ "r2": 0.93, "r2_within": 0.041 }), tests)
}

fn frontier() -> Fit {
    let more = json!({ "determinants": [c("digital", -0.61, 0.12), c("(Intercept)", 0.3, 0.11)] });
    let stats = json!({ "loglik": -1234.567, "gamma": 0.812, "mean_efficiency": 0.644 });
    let list = vec![c("(Intercept)", 1.302, 0.201), c("ln_personnel", 0.412, 0.031), c("ln_stock", 0.377, 0.029)];
    fit("sfa", "ln_patents ~ ln_personnel + ln_stock", list, stats, more)
}

/// A cloud of cities below its frontier.
fn frontier_of_cities(lang: Lang) -> Result<Scene, plim_report::Error> {
    let mut stream = Stream::new(5, 0);
    let at: Vec<(f64, f64)> = (0..60)
        .map(|_| {
            let x = (0.6 * stream.normal()).exp();
            (x, x.sqrt() * (-0.5 * stream.normal().abs()).exp())
        })
        .collect();
    let all = Frontier::of(&at, Returns::Combined([1.0, 1.0]))?;
    let unit = |(i, &at): (usize, &(f64, f64))| Unit {
        at,
        name: format!("{} {i}", if lang == Lang::Zh { "城市" } else { "City" }),
        efficient: all.vertices.contains(&at),
        target: None,
    };
    let groups = [Group { units: at.iter().enumerate().map(unit).collect(), ..Group::default() }];
    let (input, output) = if lang == Lang::Zh { ("研发人员", "专利") } else { ("R&D personnel", "Patents") };
    frontier::frontier(&groups, Some(&all), &Look { input, output, names: true, lang })
}

fn figures(lang: Lang) -> Result<Vec<Block>, plim_report::Error> {
    let zh = lang == Lang::Zh;
    let base = fits();
    let models: Vec<plots::Series> =
        ["(1)", "(2)", "(3)"].into_iter().zip(&base).map(|(n, f)| (n, f.coefficients.as_slice())).collect();
    let line: Vec<plots::Effect> = (0..=40)
        .map(|i| {
            let m = f64::from(i) / 20.0 - 0.6;
            let se = (0.02 + 0.05 * (m - 0.3) * (m - 0.3)).sqrt();
            (m, 0.35 + 0.4 * m, 0.35 + 0.4 * m - 1.96 * se, 0.35 + 0.4 * m + 1.96 * se)
        })
        .collect();
    let mut stream = Stream::new(3, 0);
    let mut normal = || stream.normal();
    let sample: Vec<f64> = (0..500).map(|_| 0.35 + 0.35 * normal()).collect();
    let draws: Vec<f64> = (0..500).map(|_| 0.012 * normal()).collect();
    let years: Vec<f64> = (2011..=2021).map(f64::from).collect();
    let path = |level: f64, jump: f64| -> Vec<f64> {
        years.iter().map(|y| level + 0.011 * (y - 2011.0) + if *y > 2015.0 { jump } else { 0.0 }).collect()
    };
    let groups = match zh {
        true => vec![("试验区城市".to_owned(), path(0.13, 0.05)), ("其他城市".to_owned(), path(0.11, 0.0))],
        false => vec![("Pilot-zone cities".to_owned(), path(0.13, 0.05)), ("Other cities".to_owned(), path(0.11, 0.0))],
    };
    let weights: Vec<(String, f64)> = (index().more["weights"].as_array().into_iter().flatten())
        .map(|w| (w["name"].as_str().unwrap_or_default().to_owned(), w["weight"].as_f64().unwrap_or(f64::NAN)))
        .collect();
    let scores: Vec<(String, Vec<f64>)> = (2011..=2015)
        .map(|y| (y.to_string(), (0..80).map(|_| (-0.3 * normal().abs() * f64::from(2018 - y) / 5.0).exp()).collect()))
        .collect();
    let walks: Vec<(String, Vec<f64>)> = (0..40)
        .map(|i| {
            let mut level = 1.0;
            let step = |t: usize| {
                level *= if t == 0 { 1.0 } else { (0.01 + 0.03 * normal()).exp() };
                level
            };
            (format!("{} {i}", if zh { "城市" } else { "City" }), (0..years.len()).map(step).collect())
        })
        .collect();
    let labels = labels(lang);
    let moderator = labels["complexity"].as_str();
    let say = |en: &str, cn: &str| (if zh { cn } else { en }).to_owned();
    let block = |scene: Scene, caption: String| Block::Figure(Figure { scene, caption });
    Ok(vec![
        block(
            plots::coefficients(&models, &labels, lang)?,
            say("Estimates and 95% intervals, columns (1) to (3).", "第（1）至（3）列的系数与95%置信区间。"),
        ),
        block(
            plots::event_study(&[("did", &event_study())], lang)?,
            say(
                "Event study of the pilot zones; the period before is the reference, the band is pointwise.",
                "大数据试验区的事件研究，以政策前一期为基期，阴影为逐点95%置信区间。",
            ),
        ),
        block(
            plots::marginal(&line, &[0.07], &sample, moderator, lang)?,
            say(
                "Marginal effect of the digital economy; the dotted line is where it becomes significant, bars show the moderator.",
                "数字经济的边际效应；虚线右侧在5%水平上显著，底部为调节变量的分布。",
            ),
        ),
        block(
            plots::placebo(&draws, 0.0764, Some(0.001996), lang)?,
            say("Placebo estimates of 500 random sets of treated cities.", "随机抽取500组处理城市的安慰剂检验。"),
        ),
        block(
            paths(&Paths {
                times: &years,
                groups: &groups,
                title: &labels["digital"],
                from: Some(2015.5),
                ..Paths::default()
            })?,
            say("Mean of the index in treated and other cities.", "处理组与对照组指数均值。"),
        ),
        block(
            plots::bars(&weights, lang.say("weights"))?,
            say("Entropy weights of the five indicators.", "五项指标的熵权。"),
        ),
        block(
            frontier_of_cities(lang)?,
            say(
                "Variable returns: patents of each city, and what the best reach with as much staff.",
                "规模报酬可变：各城市专利数与同等人员投入下的最优产出。",
            ),
        ),
        block(
            densities(&scores, [f64::NEG_INFINITY, 1.0], Layout::Ridges, &say("Efficiency", "效率"), lang)?,
            say("Density of efficiency by year, reflected at 1.", "各年效率的核密度，在1处反射。"),
        ),
        block(
            paths(&Paths {
                times: &years,
                groups: &[(say("Mean", "均值"), path(1.0, 0.0))],
                units: &walks,
                named: &walks[..3],
                title: &say("Cumulative productivity index", "累积生产率指数"),
                level: Some(1.0),
                ..Paths::default()
            })?,
            say("Productivity of each city, 2011 = 1.", "各城市的生产率，2011年为1。"),
        ),
    ])
}
