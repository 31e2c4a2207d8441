//! The bridge: the only place where names become numbers and where missing rows are dropped.

use crate::error::{Error, Result};
use crate::expression::{Expr, Scope};
use crate::formula::{Formula, Part, Term};
use crate::method::Context;
use crate::step::Regression;
use plim_stats::math::Mat;
use plim_stats::vcov::Vcov;
use plim_stats::{Design, Factor, Instruments, PanelKeys, Slope};
use plim_table::{Data, MISSING, Table};
use serde_json::{Map, Value, json};

/// A design with the account of the rows it was made from.
pub struct Built {
    /// What the estimator sees.
    pub design: Design,
    /// Values of the additional columns on the same rows.
    pub extra: Vec<Vec<f64>>,
    /// Rows read, lost by reason, and used.
    pub sample: Map<String, Value>,
    /// The covariance asked for, or the default that the design implies.
    pub vcov: Vcov,
}

/// Makes the design of `formula` on the rows of the step.
///
/// `extra` names further columns that must be present in every observation (a mediator, a group); they come
/// back as numbers, a text column as codes.
pub fn design(cx: &Context, formula: &Formula, options: &Regression, extra: &[&str]) -> Result<Built> {
    let scope = Scope { table: cx.table, panel: cx.panel };
    let vcov = options.vcov.clone().unwrap_or_else(|| match formula.effects.first() {
        Some(first) => Vcov::Cluster(vec![first.name()]),
        None => Vcov::Hc1,
    });

    let y = scope.evaluate(&formula.outcome.expr)?;
    let mut X: Vec<(String, Vec<f64>)> = Vec::new();
    if formula.intercept && formula.effects.is_empty() {
        X.push(("(Intercept)".into(), vec![1.0; cx.table.rows()]));
    }
    let columns = |terms: &[Term]| -> Result<Vec<(String, Vec<f64>)>> {
        let mut all = Vec::new();
        for term in terms {
            all.extend(regressors(&scope, term, terms, &cx.rows)?);
        }
        Ok(all)
    };
    let endogenous = columns(&formula.endogenous)?;
    let instruments = columns(&formula.instruments)?;
    X.extend(columns(&formula.terms)?);
    X.splice(0..0, endogenous.iter().cloned());
    let weights = options.weights.as_deref().map(|text| value(&scope, text)).transpose()?;
    if X.iter().any(|(name, _)| *name == formula.outcome.name) {
        return Err(Error::plan(
            format!("the outcome `{}` is also a regressor", formula.outcome.name),
            "leave it out on the right of `~`, or use its lag",
        ));
    }
    let extra_columns: Vec<Vec<f64>> =
        extra.iter().map(|name| numbers_or_codes(cx.table, name)).collect::<Result<_>>()?;
    let place: Vec<(&str, &[f64])> = [&options.lat, &options.lon]
        .into_iter()
        .flatten()
        .map(|name| Ok((name.as_str(), cx.table.numbers(name)?)))
        .collect::<Result<_>>()?;
    let offset = options.offset.as_deref().map(|text| value(&scope, text)).transpose()?;
    let effects: Vec<(String, Vec<u32>)> =
        formula.effects.iter().map(|e| codes(cx.table, &e.columns)).collect::<Result<_>>()?;
    let mut slopes: Vec<(usize, String, Vec<f64>)> = Vec::new();
    for (e, effect) in formula.effects.iter().enumerate() {
        for slope in &effect.slopes {
            slopes.push((e, slope.name.clone(), scope.evaluate(&slope.expr)?));
        }
    }
    let clusters: Vec<(String, Vec<u32>)> = vcov
        .clusters()
        .iter()
        .map(|c| codes(cx.table, &c.split('^').map(str::to_string).collect::<Vec<_>>()))
        .collect::<Result<_>>()?;

    // One pass over the rows: the first variable that is missing takes the blame.
    let mut lost: Vec<(String, usize)> = Vec::new();
    let mut keep = Vec::with_capacity(cx.rows.len());
    let finite = |name: &str, v: &[f64], i: usize| (!v[i].is_finite()).then(|| name.to_string());
    let coded = |(name, codes): &(String, Vec<u32>), i: usize| (codes[i] == MISSING).then(|| name.clone());
    for &i in &cx.rows {
        let blame = finite(&formula.outcome.name, &y, i)
            .or_else(|| X.iter().chain(&instruments).find_map(|(name, v)| finite(name, v, i)))
            .or_else(|| slopes.iter().find_map(|(_, name, v)| finite(name, v, i)))
            .or_else(|| offset.as_ref().and_then(|v| finite(options.offset.as_deref()?, v, i)))
            .or_else(|| place.iter().find_map(|(name, v)| finite(name, v, i)))
            .or_else(|| extra.iter().zip(&extra_columns).find_map(|(name, v)| finite(name, v, i)))
            .or_else(|| effects.iter().chain(&clusters).find_map(|f| coded(f, i)))
            .or_else(|| weights.as_ref().and_then(|w| finite(options.weights.as_deref()?, w, i)))
            .or_else(|| weights.as_ref().and_then(|w| (w[i] == 0.0).then(|| "zero weight".to_string())));
        match blame {
            None => keep.push(i),
            Some(name) => match lost.iter_mut().find(|(n, _)| *n == name) {
                Some((_, count)) => *count += 1,
                None => lost.push((name, 1)),
            },
        }
    }
    if keep.is_empty() {
        let worst = lost.iter().max_by_key(|(_, n)| *n);
        return Err(match worst {
            Some((name, n)) => Error::plan(
                format!("no complete row is left of {}: `{name}` alone is missing in {n}", cx.rows.len()),
                "fill it, or leave it out",
            ),
            None => Error::plan("no row is left", "loosen `where`"),
        });
    }

    let factors = |all: &[(String, Vec<u32>)]| -> Vec<Factor> {
        all.iter().map(|(name, codes)| Factor::from_keys(name.clone(), keep.iter().map(|&i| codes[i]))).collect()
    };
    let pick = |v: &[f64]| -> Vec<f64> { keep.iter().map(|&i| v[i]).collect() };
    let matrix = |columns: &[(String, Vec<f64>)]| Mat::from_fn(keep.len(), columns.len(), |i, j| columns[j].1[keep[i]]);
    let names = |columns: &[(String, Vec<f64>)]| columns.iter().map(|(name, _)| name.clone()).collect();
    let all = factors(&effects);
    let design = Design {
        y: pick(&y),
        outcome: formula.outcome.name.clone(),
        X: matrix(&X),
        names: names(&X),
        slopes: (slopes.iter())
            .map(|(e, name, x)| Slope { factor: all[*e].clone(), name: name.clone(), x: pick(x) })
            .collect(),
        fe: all.into_iter().zip(&formula.effects).filter(|(_, e)| e.constant).map(|(f, _)| f).collect(),
        iv: (!instruments.is_empty()).then(|| Instruments {
            endogenous: endogenous.len(),
            Z: matrix(&instruments),
            names: names(&instruments),
        }),
        cluster: factors(&clusters),
        w: weights.as_deref().map(pick),
        offset: offset.as_deref().map(pick),
        panel: cx.panel.map(|p| PanelKeys {
            unit: Factor::from_keys(cx.unit.clone().unwrap_or_default(), keep.iter().map(|&i| p.units[i])),
            time: keep.iter().map(|&i| p.times[i]).collect(),
        }),
        place: match place.as_slice() {
            [(_, lat), (_, lon)] => Some(keep.iter().map(|&i| [lat[i], lon[i]]).collect()),
            _ => None,
        },
        rows: keep.clone(),
    };
    if let Some(bad) = design.w.as_ref().and_then(|w| w.iter().position(|&w| w < 0.0)) {
        let line = cx.table.line(keep[bad]).map_or(String::new(), |l| format!(" (line {l})"));
        return Err(Error::plan(
            format!("the weight `{}` is negative{line}", options.weights.as_deref().unwrap_or_default()),
            "weights are zero or positive",
        ));
    }
    let mut sample = Map::new();
    sample.insert("rows".into(), json!(cx.table.rows()));
    if cx.rows.len() < cx.table.rows() {
        sample.insert("excluded_by_where".into(), json!(cx.table.rows() - cx.rows.len()));
    }
    if !lost.is_empty() {
        sample.insert("missing".into(), lost.into_iter().map(|(n, c)| (n, json!(c))).collect::<Map<_, _>>().into());
    }
    let extra = extra_columns.iter().map(|v| pick(v)).collect();
    Ok(Built { design, extra, sample, vcov })
}

/// The columns of X that a term stands for: the product of its parts, dummies multiplied out.
///
/// `all` are the terms of the formula and `rows` those that the step keeps: values that only other rows have make no
/// dummy.
fn regressors(scope: &Scope, term: &Term, all: &[Term], rows: &[usize]) -> Result<Vec<(String, Vec<f64>)>> {
    let mut out: Vec<(String, Vec<f64>)> = Vec::new();
    for (p, part) in term.0.iter().enumerate() {
        let factors = match part {
            Part::Dummies { column, references } => dummies(scope.table, column, references, rows)?,
            Part::Value(v) => match &v.expr {
                Expr::Name(name) if is_category(scope.table, name) => {
                    // The first value is the reference, unless nothing else in the formula carries its slope.
                    let others: Vec<Part> = [&term.0[..p], &term.0[p + 1..]].concat();
                    let reference = others.is_empty() || all.contains(&Term(others));
                    dummies(scope.table, name, &[], rows)?.into_iter().skip(usize::from(reference)).collect()
                }
                expr => vec![(v.name.clone(), scope.evaluate(expr)?)],
            },
        };
        out = match out.is_empty() {
            true => factors,
            false => out
                .iter()
                .flat_map(|(left, a)| {
                    factors.iter().map(move |(right, b)| {
                        (format!("{left}:{right}"), a.iter().zip(b).map(|(a, b)| a * b).collect())
                    })
                })
                .collect(),
        };
    }
    Ok(out)
}

/// Most dummies that one column may stand for; more is a fixed effect.
const MOST_DUMMIES: usize = 1000;

/// One 0/1 column for each value but the references, ascending; missing where the column is.
fn dummies(table: &Table, name: &str, references: &[String], rows: &[usize]) -> Result<Vec<(String, Vec<f64>)>> {
    let column = table.column(name)?;
    let codes = column.codes();
    let mut first: Vec<(u32, usize)> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for &i in rows {
        let code = codes[i];
        if code != MISSING && seen.insert(code) {
            first.push((code, i));
        }
    }
    if first.len() > MOST_DUMMIES {
        return Err(Error::plan(
            format!("`{name}` has {} values, too many for dummies", first.len()),
            format!("absorb it as a fixed effect: | {name}"),
        ));
    }
    match &column.data {
        Data::Number(v) => first.sort_by(|a, b| v[a.1].total_cmp(&v[b.1])),
        Data::Text(_) => first.sort_by_key(|&(_, i)| column.show(i)),
    }
    let shown: Vec<String> = first.iter().map(|&(_, i)| column.show(i)).collect();
    Ok(first
        .iter()
        .zip(shown)
        .filter(|(_, value)| !references.contains(value))
        .map(|(&(code, _), value)| {
            let dummy = codes.iter().map(|&c| if c == MISSING { f64::NAN } else { f64::from(c == code) }).collect();
            (format!("{name}::{value}"), dummy)
        })
        .collect())
}

/// Text is a category, unless most of it reads as numbers: then it is a damaged number column.
fn is_category(table: &Table, name: &str) -> bool {
    match table.column(name).map(|c| &c.data) {
        Ok(Data::Text(text)) => {
            // `13.5%`, `1,350` and `1,35` are numbers that the file spells oddly, not categories.
            let number = |l: &str| l.trim().trim_end_matches('%').replace(',', "").parse::<f64>().is_ok();
            let numbers = text.levels.iter().filter(|l| number(l)).count();
            2 * numbers <= text.levels.len() || text.levels.iter().all(|l| l.starts_with('0') && l.len() > 1)
        }
        _ => false,
    }
}

/// A column by name, or the value of an expression.
fn value(scope: &Scope, text: &str) -> Result<Vec<f64>> {
    match scope.table.has(text) {
        true => Ok(scope.table.numbers(text)?.to_vec()),
        false => scope.evaluate(&Expr::parse(text)?),
    }
}

/// A column as numbers; a text column as its codes, missing as NaN.
fn numbers_or_codes(table: &Table, name: &str) -> Result<Vec<f64>> {
    let column = table.column(name)?;
    Ok(match &column.data {
        Data::Number(v) => v.clone(),
        Data::Text(_) => column.codes().iter().map(|&c| if c == MISSING { f64::NAN } else { f64::from(c) }).collect(),
    })
}

/// Codes of a column, or of the interaction of several.
fn codes(table: &Table, columns: &[String]) -> Result<(String, Vec<u32>)> {
    let mut all: Vec<Vec<u32>> = Vec::new();
    for name in columns {
        all.push(table.column(name)?.codes());
    }
    let name = columns.join("^");
    if all.len() == 1 {
        return Ok((name, all.remove(0)));
    }
    let mut seen = std::collections::HashMap::new();
    let combined = (0..table.rows())
        .map(|i| {
            let key: Vec<u32> = all.iter().map(|c| c[i]).collect();
            if key.contains(&MISSING) {
                return MISSING;
            }
            let next = seen.len() as u32;
            *seen.entry(key).or_insert(next)
        })
        .collect();
    Ok((name, combined))
}
