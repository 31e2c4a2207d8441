//! The figures of efficiency as a study draws them: frontier, densities, paths.

use plim_report::figure::{Ink, Mark, Scene};
use plim_report::page::Block;
use plim_study::plan::Plan;
use plim_study::run::run;

/// Data of TEST 2.2a and of period 2 in TEST 2.2c, methods.md.
const UNITS: &str = "unit,year,x,y,region,change\n\
    A,1,2,2,甲,\nB,1,3,5,甲,\nC,1,6,8,乙,\nD,1,9,9,乙,\nE,1,5,3,乙,\n\
    A,2,2,3,甲,1.5\nB,2,3,6,甲,1.2\nC,2,5,8,乙,1.2\nD,2,9,11,乙,\nE,2,4,4,乙,1.6\n\
    A,3,2,3,甲,1\nB,3,3,6,甲,2\nC,3,5,8,乙,0.5\nD,3,9,11,乙,1.1\nE,3,4,4,乙,1\n";

/// The blocks that the last step of a study shows, or what it says instead.
fn shown(steps: &str) -> Result<Vec<Block>, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("units.csv"), UNITS).unwrap();
    let text = format!("[data.units]\nfile = \"units.csv\"\nunit = \"unit\"\ntime = \"year\"\n\n{steps}");
    let plan = Plan::parse(&text, "study.toml", dir.path().to_path_buf(), &[]).map_err(|e| e.to_string())?;
    let mut run = run(&plan, &[], &|_, _, _| {}).map_err(|e| e.to_string())?;
    Ok(run.shown.pop().unwrap().blocks)
}

fn scene(blocks: &[Block]) -> &Scene {
    match &blocks[0] {
        Block::Figure(figure) => &figure.scene,
        _ => panic!("a figure"),
    }
}

/// A frontier step over the first year after a `dea` step.
fn frontier(dea: &str, figure: &str) -> Result<Scene, String> {
    let steps = format!(
        "[[step]]\nmethod = \"dea\"\nname = \"eff\"\ninputs = [\"x\"]\noutputs = [\"y\"]\n{dea}\n\
         [[step]]\nmethod = \"frontier\"\nmeasure = \"eff\"\n{figure}\n"
    );
    Ok(scene(&shown(&steps)?).clone())
}

const FIRST: &str = "where = \"year = 1\"";

/// Corners of the lines of this width, in data again: the first and the last tick of each axis give the scale.
fn corners(scene: &Scene, wanted: f64) -> Vec<Vec<(f64, f64)>> {
    let ticks = |along: bool| -> Vec<(f64, f64)> {
        (scene.marks.iter())
            .filter_map(|m| match m {
                Mark::Text { at, text, ink: Ink::Muted, anchor } => {
                    let x = *anchor == plim_report::figure::Anchor::Middle;
                    let value = text.replace('\u{2212}', "-").parse().ok()?;
                    (x == along).then_some((value, if x { at.0 } else { at.1 - 13.0 * 0.35 }))
                }
                _ => None,
            })
            .collect()
    };
    let back = |ticks: &[(f64, f64)], at: f64| {
        let (a, b) = (ticks[0], ticks[ticks.len() - 1]);
        a.0 + (at - a.1) / (b.1 - a.1) * (b.0 - a.0)
    };
    let (x, y) = (ticks(true), ticks(false));
    (scene.marks.iter())
        .filter_map(|m| match m {
            Mark::Line { points, width, .. } if *width == wanted => {
                Some(points.iter().map(|p| (back(&x, p.0), back(&y, p.1))).collect())
            }
            _ => None,
        })
        .collect()
}

#[track_caller]
fn close(found: &[(f64, f64)], wanted: &[(f64, f64)]) {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let same = found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| near(a.0, b.0) && near(a.1, b.1));
    assert!(same, "{found:?}, wanted {wanted:?}");
}

fn names(scene: &Scene) -> Vec<&str> {
    let own = |mark| match mark {
        &Mark::Text { ref text, ink: Ink::Text, .. } if text.ends_with(" 1") => Some(text.as_str()),
        _ => None,
    };
    scene.marks.iter().filter_map(own).collect()
}

#[test]
fn frontiers_of_test_2_2a_have_its_units_as_corners() {
    // Both axes reach from 0 to 10: rays end at the top edge, flat pieces at the right one.
    let cases: [(&str, &[(f64, f64)]); 6] = [
        ("rts = \"crs\"", &[(0.0, 0.0), (6.0, 10.0)]),
        ("rts = \"vrs\"", &[(2.0, 0.0), (2.0, 2.0), (3.0, 5.0), (6.0, 8.0), (9.0, 9.0), (10.0, 9.0)]),
        ("rts = \"nirs\"", &[(0.0, 0.0), (3.0, 5.0), (6.0, 8.0), (9.0, 9.0), (10.0, 9.0)]),
        ("rts = \"ndrs\"", &[(2.0, 0.0), (2.0, 2.0), (3.0, 5.0), (6.0, 10.0)]),
        (
            "rts = \"fdh\"",
            &[
                (2.0, 0.0),
                (2.0, 2.0),
                (3.0, 2.0),
                (3.0, 5.0),
                (6.0, 5.0),
                (6.0, 8.0),
                (9.0, 8.0),
                (9.0, 9.0),
                (10.0, 9.0),
            ],
        ),
        // Half to double the scale: half of A, half of B, double of B at the top edge.
        ("rts = \"grs\"\ngrs = [0.5, 2.0]", &[(1.0, 0.0), (1.0, 1.0), (1.5, 2.5), (6.0, 10.0)]),
    ];
    for (rts, wanted) in cases {
        let scene = frontier(&format!("{rts}\n{FIRST}"), FIRST).unwrap();
        let drawn = corners(&scene, 2.0);
        assert_eq!(drawn.len(), 1, "{rts}");
        close(&drawn[0], wanted);
    }
    let vrs = frontier(FIRST, FIRST).unwrap();
    assert_eq!(names(&vrs), ["A 1", "B 1", "C 1", "D 1"]);
    assert_eq!(names(&frontier(FIRST, &format!("{FIRST}\nnames = false")).unwrap()), [""; 0]);
}

#[test]
fn projections_end_on_the_frontier() {
    // CRS scores .6, 1, .8, .6, .36 of TEST 2.2a; outputs 1/θ.
    let wanted = [
        (
            "input",
            [[(2.0, 2.0), (1.2, 2.0)], [(6.0, 8.0), (4.8, 8.0)], [(9.0, 9.0), (5.4, 9.0)], [(5.0, 3.0), (1.8, 3.0)]],
        ),
        (
            "output",
            [
                [(2.0, 2.0), (2.0, 10.0 / 3.0)],
                [(6.0, 8.0), (6.0, 10.0)],
                [(9.0, 9.0), (9.0, 15.0)],
                [(5.0, 3.0), (5.0, 25.0 / 3.0)],
            ],
        ),
    ];
    for (orientation, lines) in wanted {
        let dea = format!("rts = \"crs\"\norientation = \"{orientation}\"\n{FIRST}");
        let drawn = corners(&frontier(&dea, &format!("projections = true\n{FIRST}")).unwrap(), 0.8);
        assert_eq!(drawn.len(), 4);
        drawn.iter().zip(&lines).for_each(|(found, line)| close(found, line));
    }
}

#[test]
fn a_frontier_by_year_is_spanned_by_all_units_of_the_year() {
    // Shown without B, which spans it all the same; the legend has a line of the same width.
    let scene = frontier("rts = \"crs\"\nby = \"year\"", "where = \"unit != 'B' & year < 3\"").unwrap();
    let drawn = corners(&scene, 2.0);
    let slopes: Vec<f64> =
        drawn.iter().filter(|l| l[0].0.abs() < 1e-9 && l[0].1.abs() < 1e-9).map(|l| l[1].1 / l[1].0).collect();
    assert_eq!(slopes.len(), 2);
    assert!((slopes[0] - 5.0 / 3.0).abs() < 1e-9 && (slopes[1] - 2.0).abs() < 1e-9, "{slopes:?}");
}

#[test]
fn what_a_plane_cannot_show_is_refused() {
    let refused = |dea: &str, figure: &str| frontier(dea, figure).unwrap_err();
    let two = refused("bads = [\"year\"]\nmodel = \"radial\"", "");
    assert!(two.contains("1 inputs, 1 outputs and 1 undesirable outputs"), "{two}");
    assert!(two.contains("draw the scores with `density`"), "{two}");
    let color = refused("by = \"year\"", "color = \"region\"");
    assert!(color.contains("leave `color` out"), "{color}");
    let steps = "[[step]]\nmethod = \"dea\"\nname = \"e\"\ninputs = [\"x\", \"year\"]\noutputs = [\"y\"]\n\
                 [[step]]\nmethod = \"frontier\"\nmeasure = \"e\"\n";
    assert!(shown(steps).unwrap_err().contains("2 inputs"));
    let index = "[[step]]\nmethod = \"entropy\"\nname = \"e\"\nindicators = [\"x\", \"y\"]\n\
                 [[step]]\nmethod = \"frontier\"\nmeasure = \"e\"\n";
    assert!(shown(index).unwrap_err().contains("not a `dea` step"));
}

#[test]
fn densities_come_with_their_bandwidths() {
    let step = "[[step]]\nmethod = \"density\"\ncolumn = \"y\"\nby = \"year\"\n";
    let blocks = shown(step).unwrap();
    let Block::Table(table) = &blocks[1] else { panic!("a table") };
    let stubs: Vec<&str> = table.sections[0].rows.iter().map(|r| r.label.as_str()).collect();
    assert_eq!(stubs, ["1", "2", "3"]);
    assert!(table.notes[0].contains("Silverman"), "{:?}", table.notes);
    let above = shown(&format!("{step}upper = 9\n")).unwrap_err();
    assert!(above.contains("2 values of `y` lie beyond the bound"), "{above}");
    let overlaid = format!("{step}layout = \"overlaid\"\n");
    assert_eq!(shown(&overlaid).unwrap().len(), 2);
    let many = shown(&overlaid.replace("\"year\"", "\"change\"")).unwrap_err();
    assert!(many.contains("`change` has 7 values, and the figure tells 6 apart"), "{many}");
}

/// Values of the bold line of a group, by its place.
fn path(scene: &Scene, group: usize) -> Vec<f64> {
    corners(scene, 3.0)[group].iter().map(|p| p.1).collect()
}

#[test]
fn an_index_of_change_is_multiplied_up_from_one() {
    let step = "[[step]]\nmethod = \"paths\"\ncolumn = \"change\"\nunits = true\ncumulative = true\n";
    let blocks = shown(&format!("{step}center = \"median\"\nhighlight = [\"B\"]\n")).unwrap();
    let scene = scene(&blocks);
    // Year 1 all 1; year 2 A 1.5, B 1.2, C 1.2, E 1.6 and D at its base; year 3 A 1.5, B 2.4, C .6, D 1.1, E 1.6.
    let found = path(scene, 0);
    assert!(found.iter().zip([1.0, 1.2, 1.5]).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
    let named = corners(scene, 1.2);
    assert!(named[0].iter().zip([1.0, 1.2, 2.4]).all(|(a, b)| (a.1 - b).abs() < 1e-9), "{named:?}");
    assert_eq!(scene.marks.iter().filter(|m| matches!(m, Mark::Line { ink: Ink::Faint, .. })).count(), 5);
    let mean = shown(&format!("{step}by = \"region\"\ncenter = \"geometric_mean\"\n")).unwrap();
    let found = path(self::scene(&mean), 0);
    assert!((found[2] - (1.5f64 * 2.4).sqrt()).abs() < 1e-9, "{found:?}");
    let wrong = shown(&format!("{step}highlight = [\"b\"]\n")).unwrap_err();
    assert!(wrong.contains("no unit `b`"), "{wrong}");
    let negative = shown(&format!(
        "[[step]]\nmethod = \"generate\"\nname = \"n\"\nvalue = \"change - 1.5\"\n{}",
        step.replace("\"change\"", "\"n\"")
    ));
    assert!(negative.unwrap_err().contains("an index of change is positive"));
}

#[test]
fn a_scatter_names_its_units_and_draws_the_line_between_columns() {
    let step = "[[step]]\nmethod = \"scatter\"\nx = \"x\"\ny = \"y\"\nwhere = \"year = 1\"\n";
    let blocks = shown(step).unwrap();
    let found = scene(&blocks);
    // Least squares of (2, 2), (3, 5), (6, 8), (9, 9), (5, 3): slope 28/30 through (5, 5.4), r 28/√(30 × 37.2).
    let line = &corners(found, 1.6)[0];
    assert!((line[0].1 - 2.6).abs() < 1e-9 && (line[1].1 - 5.4 - 4.0 * 28.0 / 30.0).abs() < 1e-9, "{line:?}");
    assert_eq!(found.description, "Points: 5. Line of least squares: slope 0.933. Correlation 0.838.");
    let named = |s: &Scene, name: &str| s.marks.iter().any(|m| matches!(m, Mark::Text { text, .. } if text == name));
    assert!(["A 1", "B 1", "C 1", "D 1", "E 1"].into_iter().all(|n| named(found, n)));
    let grouped = shown(&format!("{step}by = \"region\"\nlabel = \"unit\"\nline = false\n")).unwrap();
    let found = scene(&grouped);
    assert!(corners(found, 1.6).is_empty() && ["甲", "乙", "A", "E"].into_iter().all(|n| named(found, n)));
    assert!(shown("[[step]]\nmethod = \"scatter\"\nx = \"x\"\n").unwrap_err().contains("`y`"));
    assert!(shown(&step.replace("\"y\"", "\"region\"")).unwrap_err().contains("region"));
}
