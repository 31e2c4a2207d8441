//! What the universes say: results, figure and tables.

use super::journal::Journal;
use super::multiverse::{Multiverse, Universes, written};
use super::universe::{Walked, walk, width};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::run::{Progress, Run, VERSION};
use crate::step::Step;
use indexmap::IndexMap;
use plim_report::multiverse::{Curve, Question, Universe, blocks};
use plim_report::results::Shown;
use plim_stats::multiverse::joint::joint;
use plim_stats::multiverse::spread::{explained, flips};
use serde_json::{Value, json};

/// Runs the multiverse of a study from the tables `start`, and puts what it says into the results.
pub(crate) fn run(
    run: &mut Run,
    start: Run,
    plan: &Plan,
    steps: &[Step],
    options: &Multiverse,
    progress: Progress,
) -> Result<()> {
    let universes = Universes::new(plan, steps, options)?;
    if options.draws > MOST_DRAWS {
        return Err(Error::plan(format!("[multiverse]: `draws` is {}", options.draws), "ask for at most 100000"));
    }
    let fingerprint = json!([VERSION, plan.study, run.inputs, "multiverse"]).to_string();
    let journal = Journal::open(plan.journal.as_deref(), &fingerprint, width(options.draws))?;
    let names = coefficients(run, options)?;
    progress(journal.finished(), universes.choices.len(), "universes");
    let walked = walk(&start, plan, &universes, options, names, &journal, progress)?;
    if let Err(why) = &walked.worlds[0].estimate {
        return Err(Error::plan(format!("[multiverse]: the main universe fails: {why}"), "correct the study"));
    }
    let curve = curve(plan, &universes, &walked, options);
    run.results.multiverse = results(&curve, &universes, &walked);
    let blocks = blocks(&curve, plan.study.lang).map_err(|e| Error::from(e).at_step(&options.main))?;
    run.shown.push(Shown {
        step: "multiverse".into(),
        heading: Some(plan.study.lang.say("multiverse").into()),
        blocks,
    });
    journal.close();
    Ok(())
}

/// Most draws of the joint inference.
const MOST_DRAWS: usize = 100_000;

/// The names that the coefficient may have.
fn coefficients(run: &Run, options: &Multiverse) -> Result<Vec<String>> {
    let names = options.coefficient.list();
    let Some(fit) = run.results.estimates.get(&options.main) else {
        return Err(Error::plan(format!("[multiverse]: `{}` has several models", options.main), "name a step of one"));
    };
    match names.iter().any(|n| fit.coefficients.iter().any(|c| c.name == *n)) || names.is_empty() {
        true => Ok(names),
        false => {
            let known: Vec<&str> = fit.coefficients.iter().map(|c| c.name.as_str()).collect();
            Err(Error::plan(
                format!("[multiverse]: `{}` has no coefficient {}", options.main, names.join(" or ")),
                format!("there are: {}", known.join(", ")),
            ))
        }
    }
}

/// Everything that figure, tables and results need.
fn curve(plan: &Plan, universes: &Universes, walked: &Walked, options: &Multiverse) -> Curve {
    let label = |path: &str| plan.study.labels.get(path).cloned().unwrap_or_else(|| path.to_owned());
    // Columns within an alternative under their labels, too.
    let shown = |text: &String| -> String {
        let word = |w: &str| match w.strip_prefix("without ") {
            Some(name) => format!("without {}", label(name)),
            None => label(w),
        };
        text.split(", ").map(word).collect::<Vec<_>>().join(", ")
    };
    let mut failed: IndexMap<String, usize> = IndexMap::new();
    let mut all = Vec::new();
    for (u, world) in walked.worlds.iter().enumerate() {
        match &world.estimate {
            Ok(estimate) => all.push(Universe {
                place: u,
                choices: universes.choices[u].clone(),
                estimate: estimate.clone(),
                nobs: world.nobs,
                main: u == 0,
            }),
            Err(why) => *failed.entry(why.clone()).or_default() += 1,
        }
    }
    let choices: Vec<Vec<u16>> = all.iter().map(|u| u.choices.clone()).collect();
    let values: Vec<f64> = all.iter().map(|u| u.estimate.estimate).collect();
    let explained = explained(&choices, &values);
    let flips = flips(&choices, &values);
    let questions = universes.questions.iter().enumerate().map(|(q, question)| Question {
        name: question.paths.iter().map(|(path, _)| label(path)).collect::<Vec<_>>().join(" + "),
        alternatives: question.labels.iter().map(shown).collect(),
        own: question.own,
        share: explained.as_ref().map(|e| e.shares[q]),
        flips: flips.get(q).copied().flatten(),
    });
    let nulls: Vec<&Vec<(f64, f64)>> = walked.worlds.iter().filter_map(|w| w.null.as_ref()).collect();
    let observed: Vec<(f64, f64)> = (walked.worlds.iter())
        .filter(|w| w.null.is_some())
        .filter_map(|w| w.estimate.as_ref().ok())
        .map(|c| (c.estimate, c.statistic))
        .collect();
    let draws: Vec<Vec<(f64, f64)>> = (0..options.draws).map(|r| nulls.iter().map(|n| n[r]).collect()).collect();
    Curve {
        questions: questions.collect(),
        interactions: explained.map(|e| e.interactions),
        joint: (!observed.is_empty()).then(|| joint(&observed, &draws)),
        failed,
        excluded: universes.excluded.clone(),
        universes: all,
    }
}

/// The multiverse as results.json has it.
fn results(curve: &Curve, universes: &Universes, walked: &Walked) -> Value {
    let finite = |v: f64| if v.is_finite() { json!(v) } else { Value::Null };
    let questions: Vec<Value> = curve
        .questions
        .iter()
        .zip(&universes.questions)
        .map(|(said, question)| {
            let set = |a: usize| -> Vec<String> {
                let pairs = question.paths.iter().zip(&question.alternatives[a]);
                pairs.filter_map(|((path, _), v)| Some(format!("{path}={}", written(v.as_ref()?)))).collect()
            };
            let alternatives: Vec<Value> = said
                .alternatives
                .iter()
                .enumerate()
                .map(|(a, label)| json!({ "label": label, "set": set(a) }))
                .collect();
            json!({
                "name": said.name, "paths": question.paths.iter().map(|(p, _)| p).collect::<Vec<_>>(),
                "alternatives": alternatives, "own": said.own, "share": said.share, "flips": said.flips,
            })
        })
        .collect();
    let listed: Vec<Value> = curve
        .universes
        .iter()
        .map(|u| {
            let c = &u.estimate;
            json!({
                "universe": u.place, "choices": u.choices, "estimate": finite(c.estimate),
                "std_error": finite(c.std_error), "statistic": finite(c.statistic), "p_value": finite(c.p_value),
                "conf_low": finite(c.conf_low), "conf_high": finite(c.conf_high), "nobs": u.nobs,
            })
        })
        .collect();
    let counted = |all: &IndexMap<String, usize>| -> Vec<Value> {
        all.iter().map(|(reason, count)| json!({ "reason": reason, "count": count })).collect()
    };
    json!({
        "summary": curve.summary(), "questions": questions, "interactions": curve.interactions,
        "joint": curve.joint, "failed": counted(&curve.failed), "excluded": counted(&curve.excluded),
        "distinct_steps": walked.distinct, "universes": listed,
    })
}

/// What the page needs to walk through a multiverse: labels and settings of the alternatives, a row for each universe.
pub(crate) fn walkable(multiverse: &Value) -> Value {
    let list = |v: &Value, key: &str| v.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let question = |q: &Value| {
        let alternatives = list(q, "alternatives");
        let of = |key: &str| alternatives.iter().map(|a| a[key].clone()).collect::<Vec<_>>();
        json!({ "name": q["name"], "alternatives": of("label"), "set": of("set") })
    };
    // Six digits draw and tell; results.json has all.
    let short = |v: &Value| v.as_f64().map_or(Value::Null, |x| json!(format!("{x:.5e}").parse::<f64>().unwrap_or(x)));
    let row = |u: &Value| {
        let numbers = ["estimate", "conf_low", "conf_high", "p_value"].map(|key| short(&u[key]));
        let [estimate, low, high, p] = numbers;
        json!([u["universe"], u["choices"], estimate, low, high, p, u["nobs"]])
    };
    json!({
        "questions": list(multiverse, "questions").iter().map(question).collect::<Vec<_>>(),
        "rows": list(multiverse, "universes").iter().map(row).collect::<Vec<_>>(),
    })
}
