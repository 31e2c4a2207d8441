//! Every defensible choice: universes alone and together, exclusions, joint inference, refusals.

use super::chain::{plan, study};
use plim_study::run::Run;
use serde_json::Value;

const STUDY: &str = r#"
seed = 3
[data.cities]
file = "cities.csv"
unit = "city"
time = "year"
[sets]
controls = ["finance", "urbanization"]
[[step]]
method = "entropy"
name = "dig"
indicators = ["broadband", "ict_employment", "telecom_per_head", "mobile", "digital_finance"]
[[step]]
method = "generate"
name = "w"
value = "dig"
[[step]]
method = "winsorize"
columns = ["w"]
lower = 0.01
upper = 0.99
[[step]]
method = "dea"
name = "eff"
inputs = ["rd_personnel", "rd_expenditure"]
outputs = ["patents"]
[[step]]
method = "resilience"
name = "res"
value = "exports"
form = "difference"
[[step]]
method = "resilience"
name = "ratio"
value = "exports"
form = "ratio"
[[step]]
method = "feols"
name = "m"
formula = "res ~ dig + controls | city + year"
[[step]]
method = "feols"
name = "other"
formula = "res ~ urbanization | city"
"#;

const CHOICES: &str = r#"
[multiverse]
main = "m"
coefficient = ["dig", "w"]
[multiverse.choices]
"dig.indicators" = "leave_one_out"
"dig.zeros" = ["none", "shift:0.01"]
"sets.controls" = [["finance"], ["finance", "urbanization"], ["eff"]]
"m.formula" = ["res ~ dig + controls | city + year", "res ~ w + controls | city + year", "ratio ~ dig + controls | city + year"]
"m.where" = ["year > 2012"]
"m.vcov" = ["hc1", "cluster:province"]
"eff.rts" = ["vrs", "crs"]
"#;

fn universes(run: &Run) -> Vec<Value> {
    run.results.multiverse["universes"].as_array().unwrap().clone()
}

/// The settings of a universe, from what results.json has.
fn settings(run: &Run, universe: &Value) -> Vec<String> {
    let questions = run.results.multiverse["questions"].as_array().unwrap();
    let choices = universe["choices"].as_array().unwrap();
    let set =
        |(q, a): (&Value, &Value)| q["alternatives"][a.as_u64().unwrap() as usize]["set"].as_array().unwrap().clone();
    questions.iter().zip(choices).flat_map(set).map(|s| s.as_str().unwrap().to_owned()).collect()
}

#[test]
fn universes_run_alone_give_the_same_bits() {
    let all = study(&format!("{STUDY}{CHOICES}"), &[]).unwrap();
    let found = universes(&all);
    assert_eq!(found.len(), 6 * 2 * 3 * 3 * 2 * 3 * 2);
    let main = &all.results.estimates["m"].coefficients[0];
    assert_eq!(found[0]["estimate"].as_f64().unwrap().to_bits(), main.estimate.to_bits(), "the first is the study");
    // Fifty of them, spread over all.
    for universe in found.iter().step_by(found.len() / 50).take(50) {
        let own = settings(&all, universe);
        let alone = study(STUDY, &own.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        let fit = &alone.results.estimates["m"];
        let c = fit.coefficients.iter().find(|c| c.name == "dig" || c.name == "w").unwrap();
        for (key, value) in [("estimate", c.estimate), ("std_error", c.std_error), ("p_value", c.p_value)] {
            assert_eq!(universe[key].as_f64().unwrap().to_bits(), value.to_bits(), "{key} under {own:?}");
        }
        assert_eq!(universe["nobs"], fit.nobs);
    }
    // Each distinct measure once: 12 of dig, 12 of w, 12 winsorized, 2 of eff, 2 of resilience.
    assert_eq!(all.results.multiverse["distinct_steps"], 12 + 12 + 12 + 2 + 2);
    let summary = &all.results.multiverse["summary"];
    assert_eq!(summary["universes"], found.len());
    let shares = all.results.multiverse["questions"].as_array().unwrap();
    let sum: f64 = shares.iter().map(|q| q["share"].as_f64().unwrap()).sum();
    assert!((sum + all.results.multiverse["interactions"].as_f64().unwrap() - 1.0).abs() < 1e-9);
}

#[test]
fn choices_that_go_together_and_what_is_excluded() {
    let text = r#"
[multiverse]
main = "m"
together = [["dig.zeros", "dig.score"]]
[multiverse.choices]
"dig.zeros" = ["none", "shift:0.01"]
"dig.score" = ["plain", "shifted"]
"m.vcov" = ["cluster:city", "hc1", "iid"]
[[multiverse.exclude]]
when = { "dig.zeros" = "shift:0.01", "m.vcov" = "iid" }
reason = "iid errors are of no use with the shift"
"#;
    let made = study(&format!("{STUDY}{text}"), &[]).unwrap();
    // 2 × 4, for the study's own covariance is the default and not written out; one is excluded.
    assert_eq!(universes(&made).len(), 2 * 4 - 1);
    assert_eq!(made.results.multiverse["excluded"][0]["count"], 1);
    assert_eq!(made.results.multiverse["questions"][0]["alternatives"][1]["set"].as_array().unwrap().len(), 2);
}

#[test]
fn a_multiverse_of_one_is_the_study() {
    let text = "[multiverse]\nmain = \"m\"\n[multiverse.choices]\n\"dig.zeros\" = [\"none\"]\n";
    let (one, plain) = (study(&format!("{STUDY}{text}"), &[]).unwrap(), study(STUDY, &[]).unwrap());
    assert_eq!(universes(&one).len(), 1);
    assert_eq!(one.results.estimates, plain.results.estimates);
    let main = &plain.results.estimates["m"].coefficients[0];
    assert_eq!(universes(&one)[0]["estimate"].as_f64().unwrap().to_bits(), main.estimate.to_bits());
}

#[test]
fn a_sample_is_of_distinct_universes_with_the_main_one() {
    let made = study(&format!("{STUDY}{}", CHOICES.replace("main = \"m\"", "main = \"m\"\nsample = 40")), &[]).unwrap();
    let found = universes(&made);
    assert!((40..=41).contains(&found.len()));
    let mut choices: Vec<String> = found.iter().map(|u| u["choices"].to_string()).collect();
    choices.sort();
    choices.dedup();
    assert_eq!(choices.len(), found.len());
    assert!(settings(&made, &found[0]).is_empty());
}

#[test]
fn universes_that_fail_are_counted_by_reason() {
    let text = r#"
[multiverse]
main = "m"
[multiverse.choices]
"m.where" = ["year > 2012", "year > 2030"]
"#;
    let made = study(&format!("{STUDY}{text}"), &[]).unwrap();
    assert_eq!(universes(&made).len(), 2);
    let failed = &made.results.multiverse["failed"][0];
    assert!(failed["count"] == 1 && failed["reason"].as_str().unwrap().contains("no row satisfies"), "{failed}");
}

#[test]
fn joint_inference_gives_the_same_bits_on_any_number_of_threads() {
    let text = r#"
[multiverse]
main = "m"
draws = 30
[multiverse.choices]
"dig.zeros" = ["none", "shift:0.01"]
"m.vcov" = ["cluster:city", "hc1"]
"#;
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let made = pool.install(|| study(&format!("{STUDY}{text}"), &[]).unwrap());
        made.results.multiverse
    };
    let made = on(1);
    assert_eq!(made, on(3));
    let joint = &made["joint"];
    assert_eq!(joint["draws"], 30);
    let p = joint["p_median"].as_f64().unwrap() * 31.0;
    assert!((p - p.round()).abs() < 1e-12 && (1.0..=31.0).contains(&p), "(1 + count)/(1 + draws)");
    assert_eq!(joint["median"], made["summary"]["median"]);
}

#[test]
fn paths_that_lead_nowhere_are_refused() {
    let says = |choices: &str, words: &[&str]| {
        let text = format!("{STUDY}[multiverse]\nmain = \"m\"\n{choices}");
        let e = study(&text, &[]).map(|_| ()).unwrap_err();
        assert!(words.iter().all(|w| e.contains(w)), "{choices}: {e}");
    };
    let choice = |path: &str, values: &str| format!("[multiverse.choices]\n\"{path}\" = {values}\n");
    says("", &["no choice"]);
    says(&choice("digg.zeros", "[\"none\"]"), &["no step `digg`", "dig.zeros"]);
    says(&choice("dig.zeroes", "[\"none\", \"shift:1\"]"), &["zeroes", "zeros"]);
    says(&choice("dig.zeros", "[\"shfit:1\"]"), &["dig.zeros"]);
    says(&choice("sets.control", "[[\"finance\"]]"), &["no set `control`", "controls"]);
    says(&choice("other.vcov", "[\"hc1\"]"), &["`m` does not rest on `other`"]);
    says(&choice("m.vcov", "\"all\""), &["list the alternatives"]);
    says(&choice("dig.zeros", "[]"), &["set of universes is empty"]);
    says(&format!("sample = 0\n{}", choice("dig.zeros", "[\"none\", \"shift:1\"]")), &["`sample` is 0"]);
    let many: Vec<String> = (0..300).map(|i| format!("\"shift:{}\"", f64::from(i + 1) / 1000.0)).collect();
    let years: Vec<String> = (0..100).map(|i| format!("\"year > {}\"", 1900 + i)).collect();
    let both =
        format!("[multiverse.choices]\n\"dig.zeros\" = [{}]\n\"m.where\" = [{}]\n", many.join(","), years.join(","));
    says(&both, &["30401 universes", "sample"]);
    let e = study(&format!("{STUDY}[multiverse]\nmain = \"mm\"\n{}", choice("dig.zeros", "[\"none\"]")), &[]);
    assert!(e.map(|_| ()).unwrap_err().contains("no estimate `mm`"));
    let excluded = "[multiverse]\nmain = \"m\"\n[multiverse.choices]\n\"m.vcov\" = [\"hc1\"]\n[[multiverse.exclude]]\n\
        when = { \"m.vcov\" = \"hc1\" }\nreason = \"why\"\n";
    let e = study(&format!("{STUDY}{excluded}"), &[]).map(|_| ()).unwrap_err();
    assert!(e.contains("every universe but the study itself is excluded"), "{e}");
    assert!(plan(&format!("{STUDY}[multiverse]\nman = \"m\"\n"), &[]).map(|_| ()).unwrap_err().contains("man"));
}

/// The choices of `sensitivity`, carried into a coefficient: docs/methods/sensitivity.md.
#[test]
fn the_choices_behind_an_index_reach_the_coefficient() {
    let study_of = STUDY.replace("method = \"entropy\"", "method = \"index\"\nscale = [1, 100]");
    let choices = r#"
[multiverse]
main = "m"
[multiverse.choices]
"dig.indicators" = "leave_one_out"
"dig.normalize" = ["min_max", "z", "rank"]
"dig.using" = ["equal", "entropy", "critic"]
"dig.aggregate" = [["arithmetic"], ["geometric"]]
"dig.treat" = ["none", "winsorize"]
"#;
    let text = format!("{study_of}{choices}").replace("    ", "");
    let all = study(&text, &[]).unwrap();
    let found = universes(&all);
    // The study's own normalization and weights, which are written as none, are among them: 6 × 4 × 4 × 2 × 2. z-scores
    // have no geometric mean on this scale and no entropy: such universes fail, and are counted with the reason.
    let failed = all.results.multiverse["failed"].as_array().unwrap();
    let count: u64 = failed.iter().map(|f| f["count"].as_u64().unwrap()).sum();
    assert_eq!(found.len() as u64 + count, 6 * 4 * 4 * 2 * 2);
    assert!(
        failed.iter().all(|f| f["reason"].as_str().unwrap().contains("above zero")
            || f["reason"].as_str().unwrap().contains("nonnegative")),
        "{failed:?}"
    );
    let estimated: Vec<&Value> = found.iter().filter(|u| u["estimate"].is_number()).collect();
    assert_eq!(estimated.len(), found.len());
    for universe in estimated.iter().step_by(estimated.len() / 8) {
        let own = settings(&all, universe);
        let alone = study(&study_of, &own.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        let c = alone.results.estimates["m"].coefficients.iter().find(|c| c.name == "dig").unwrap();
        assert_eq!(universe["estimate"].as_f64().unwrap().to_bits(), c.estimate.to_bits(), "{own:?}");
    }
}
