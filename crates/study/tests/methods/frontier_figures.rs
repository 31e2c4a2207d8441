//! What a study shows of fitted frontiers: residuals under their density, and what likelihood ratios refuse.

use plim_report::figure::Mark;
use plim_report::page::Block;
use plim_report::{Fit, table::Table};
use plim_stats::math::dist::{chi_bar_p, chi2_p};
use plim_stats::math::rng::Stream;
use plim_study::plan::Plan;
use plim_study::run::{Run, run};

/// A frontier with noise 0.2 and exponential inefficiency of mean 0.5; `w` moves nothing, `z` is the outcome shifted.
fn data() -> String {
    let mut csv = String::from("unit,year,y,z,x,w\n");
    let mut draw = Stream::new(4, 0);
    for i in 0..400 {
        let (x, w, v, u) = (draw.normal(), draw.normal(), 0.2 * draw.normal(), -0.5 * draw.uniform().ln());
        let y = 1.0 + 0.5 * x + v - u;
        csv += &format!("{},{},{y},{},{x},{w}\n", i / 4, 2000 + i % 4, y + 1.0);
    }
    csv
}

fn study(steps: &[String]) -> Result<Run, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("d.csv"), data()).unwrap();
    let text = format!("[data.d]\nfile = \"d.csv\"\nunit = \"unit\"\ntime = \"year\"\n{}", steps.concat());
    let plan = Plan::parse(&text, "study.toml", dir.path().to_path_buf(), &[]).map_err(|e| e.to_string())?;
    run(&plan, &[], &|_, _, _| {}).map_err(|e| e.to_string())
}

/// A step with these options.
fn step(method: &str, name: &str, options: &str) -> String {
    format!("[[step]]\nmethod = \"{method}\"\nname = \"{name}\"\n{options}\n")
}

fn sfa(name: &str, options: &str) -> String {
    step("sfa", name, options)
}

const PLAIN: &str = "formula = \"y ~ x\"\ndistribution = \"exponential\"";
const MOVED: &str = "formula = \"y ~ x\"\ndistribution = \"exponential\"\nu_variance = [\"w\"]";

// --- residuals under their density ---------------------------------------------------------------------------

#[test]
fn residuals_are_shown_under_the_fitted_density() {
    let figure = step("composed_error", "figure", "fit = \"fit\"\ntitle = \"Fit\"");
    for options in [PLAIN, MOVED, "formula = \"y ~ x\"\nfrontier = \"cost\"\nat = [1, 0.5, 0.3, 0.6]"] {
        let mut run = study(&[sfa("fit", options), figure.clone()]).unwrap();
        let error = &run.results.estimates["fit"].more["composed_error"];
        let number = |v: &serde_json::Value, key: &str| v[key].as_f64().unwrap();
        let bins = error["bins"].as_array().unwrap();
        let area: f64 = bins.iter().map(|b| (number(b, "to") - number(b, "from")) * number(b, "density")).sum();
        assert!((area - 1.0).abs() < 1e-12, "{area}");
        let curve = error["curve"].as_array().unwrap();
        let under: f64 = curve
            .windows(2)
            .map(|w| {
                let wide = number(&w[1], "residual") - number(&w[0], "residual");
                0.5 * wide * (number(&w[0], "density") + number(&w[1], "density"))
            })
            .sum();
        // What is left out lies beyond the outermost residuals: little, unless the parameters are given and do not fit.
        assert!((under > 0.95 || options.contains("at =")) && under < 1.0 + 1e-4, "{options}: {under}");
        let blocks = run.shown.pop().unwrap().blocks;
        let Some(Block::Figure(figure)) = blocks.first() else { panic!("a figure") };
        let bars = figure.scene.marks.iter().filter(|m| matches!(m, Mark::Bar { .. })).count();
        assert!(bars >= bins.len() && figure.caption == "Fit", "{bars}");
    }
}

#[test]
fn other_fits_have_no_such_density() {
    let figure = step("composed_error", "figure", "fit = \"fit\"");
    let panel = "formula = \"y ~ x\"\nmodel = \"schmidt_sickles\"";
    for fit in [sfa("fit", panel), step("feols", "fit", "formula = \"y ~ x\"")] {
        let message = study(&[fit, figure.clone()]).err().unwrap();
        assert!(message.contains("no density of residuals"), "{message}");
    }
    let message = study(&[sfa("fit", PLAIN), step("composed_error", "figure", "")]).err().unwrap();
    assert!(message.contains("fit"), "{message}");
}

// --- a copula ------------------------------------------------------------------------------------------------

#[test]
fn a_copula_is_an_option_of_a_step() {
    let at = "formula = \"y ~ x\"\ncopula = \"frank\"\nat = [1, 0.5, 0.3, 0.8, 1.5]";
    let run = study(&[sfa("fit", at)]).unwrap();
    let fit: &Fit = &run.results.estimates["fit"];
    assert_eq!(fit.coefficients.last().unwrap().name, "theta");
    // Simpson with 400 panels has an error of 1e-12.
    assert!((fit.stat("kendall_tau").unwrap() - TAU).abs() < 1e-9, "{:?}", fit.stat("kendall_tau"));
    let message = study(&[sfa("fit", "formula = \"y ~ x\"\ncopula = \"clayton\"")]).err().unwrap();
    assert!(message.contains("copula") && message.contains("gaussian"), "{message}");
}

/// By mpmath: 1 - 4/θ (1 - quad(t/(e^t - 1), [0, θ])/θ), θ = 1.5.
const TAU: f64 = 0.163_054_162_105_072_06;

// --- likelihood ratios ---------------------------------------------------------------------------------------

fn tested(fits: &[String], options: &str) -> Result<Table, String> {
    let mut steps = fits.to_vec();
    steps.push(step("lr_test", "test", options));
    let blocks = study(&steps)?.shown.pop().unwrap().blocks;
    match blocks.into_iter().next() {
        Some(Block::Table(table)) => Ok(table),
        _ => panic!("a table"),
    }
}

const BOTH: &str = "fits = [\"small\", \"large\"]";

#[test]
fn the_ratio_is_that_of_the_likelihoods() {
    let fits = [sfa("small", PLAIN), sfa("large", MOVED)];
    let run = study(&fits).unwrap();
    let loglik = |name: &str| run.results.estimates[name].stat("loglik").unwrap();
    let lr = 2.0 * (loglik("large") - loglik("small"));
    for (options, p) in [("", chi2_p(lr, 1.0)), ("\nborder = 1", chi_bar_p(lr, 1, 1)[0])] {
        let table = tested(&fits, &format!("{BOTH}{options}")).unwrap();
        let cells = &table.sections[0].rows[0].cells;
        let values: Vec<f64> = cells.iter().map(|c| c.value().unwrap()).collect();
        let want = [loglik("small"), loglik("large"), lr, 1.0, p];
        values.iter().zip(want).for_each(|(got, want)| assert!((got - want).abs() < 1e-12, "{got} {want}"));
    }
}

#[test]
fn ratios_without_meaning_are_refused() {
    let plain = || sfa("small", PLAIN);
    let large = |options: &str| sfa("large", options);
    let steps = "formula = \"y ~ x\"\nmodel = \"four_component_steps\"";
    let at = "formula = \"y ~ x\"\nat = [1, 0.5, 0.3, 0.6]";
    let cases: [(Vec<String>, &str, &str); 12] = [
        (vec![plain()], "fits = [\"small\"]", "two fits or more"),
        (vec![plain(), large(MOVED)], "fits = [\"small\", \"huge\"]", "huge"),
        (vec![step("feols", "small", "formula = \"y ~ x\""), large(MOVED)], BOTH, "differ in method"),
        (vec![step("fepois", "small", "formula = \"exp(y) ~ x\""), large(MOVED)], BOTH, "differ in method"),
        (vec![sfa("small", "formula = \"z ~ x\""), large(MOVED)], BOTH, "outcome"),
        (vec![plain(), large(&format!("{MOVED}\nwhere = \"year > 2000\""))], BOTH, "has 400 observations"),
        (vec![plain(), large("formula = \"y ~ w\"")], BOTH, "nothing is restricted"),
        (vec![plain(), large("formula = \"y ~ w + year\"")], BOTH, "likelier"),
        (vec![plain(), large(MOVED)], "fits = [\"small\", \"large\"]\nborder = 2", "of 1 restrictions"),
        (vec![sfa("small", at), large(MOVED)], BOTH, "no maximized likelihood"),
        (vec![plain(), large(steps)], BOTH, "no maximized likelihood"),
        (vec![plain(), large("formula = \"y ~ x\"\nmodel = \"schmidt_sickles\"")], BOTH, "no maximized likelihood"),
    ];
    for (fits, options, wanted) in cases {
        let message = tested(&fits, options).err().unwrap();
        assert!(message.contains(wanted), "{wanted}: {message}");
    }
    // Effects that are absorbed are not counted among the parameters.
    let poisson = |name: &str, formula: &str| step("fepois", name, &format!("formula = \"{formula}\"\nvcov = \"iid\""));
    let fits = [poisson("small", "exp(y) ~ x"), poisson("large", "exp(y) ~ x + w | year")];
    let message = tested(&fits, BOTH).err().unwrap();
    assert!(message.contains("effects"), "{message}");
}
