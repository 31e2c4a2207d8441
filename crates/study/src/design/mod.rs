//! The bridge: the only place where names become numbers and where missing rows are dropped.

mod pool;

pub use pool::Pooled;

use crate::error::{Error, Result};
use crate::expression::{Expr, Scope};
use crate::formula::{Formula, Labelled, Part, Term};
use crate::method::Context;
use crate::step::Regression;
use plim_stats::linear::INTERCEPT;
use plim_stats::math::{Mat, double::Double};
use plim_stats::vcov::Vcov;
use plim_stats::{Design, Factor, Instruments, PanelKeys, Slope};
use plim_table::{Data, MISSING, Table};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

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
    let vcov = covariance(formula, options);
    let y = (formula.outcome.name.clone(), scope.values(&formula.outcome.expr)?);
    let columns = |terms: &[Term]| -> Result<Vec<Numbers>> {
        let mut all = Vec::new();
        for term in terms {
            all.extend(regressors(&scope, term, terms, cx.rows)?);
        }
        Ok(all)
    };
    let mut X = columns(&formula.endogenous)?;
    let endogenous = X.len();
    if formula.intercept && formula.effects.is_empty() {
        X.push((INTERCEPT.into(), vec![1.0; cx.table.rows()].into()));
    }
    X.extend(columns(&formula.terms)?);
    explains_itself(&y.0, X.iter().map(|(name, _)| name))?;
    let (inside, outside) = X.split_at(endogenous);
    if let Some((twice, _)) = inside.iter().find(|(name, _)| outside.iter().any(|(n, _)| n == name)) {
        return Err(Error::plan(
            format!("`{twice}` is both exogenous and endogenous"),
            "name it in the first part of the formula or before the `~` of the third",
        ));
    }
    // What rounding takes from powers and products matters to nearly collinear regressors; absorbing rounds again.
    let low: Vec<(usize, Vec<f64>)> = match formula.effects.is_empty() {
        true => formula.terms.iter().filter_map(|term| rounded_off(&scope, term, &X)).collect(),
        false => Vec::new(),
    };
    let instruments = columns(&formula.instruments)?;
    let place: Vec<Numbers> = [&options.lat, &options.lon]
        .into_iter()
        .flatten()
        .map(|name| Ok((name.clone(), cx.table.numbers(name)?.into())))
        .collect::<Result<_>>()?;
    let mut slopes: Vec<(usize, Numbers)> = Vec::new();
    for (e, effect) in formula.effects.iter().enumerate() {
        for slope in &effect.slopes {
            slopes.push((e, (slope.name.clone(), scope.values(&slope.expr)?)));
        }
    }
    let named = |option: &Option<String>| -> Result<Option<Numbers>> {
        option.as_deref().map(|text| Ok((text.to_string(), value(&scope, text)?))).transpose()
    };
    let offset = named(&options.offset)?;
    let weights = named(&options.weights)?;
    let weights = match (weights, cx.draw) {
        (Some((name, w)), Some(draw)) => Some((name, w.iter().zip(draw).map(|(w, d)| w * d).collect())),
        (None, Some(draw)) => Some(("draw".into(), draw.into())),
        (weights, None) => weights,
    };
    let extra: Vec<Numbers> =
        extra.iter().map(|name| Ok((name.to_string(), numbers_or_codes(cx.table, name)?))).collect::<Result<_>>()?;
    let effects: Vec<Factor> = formula.effects.iter().map(|e| codes(cx.table, &e.columns)).collect::<Result<_>>()?;
    // A cluster that is also an effect is coded once.
    let clusters: Vec<Factor> = (vcov.clusters().iter())
        .filter(|c| formula.effects.iter().all(|e| !e.constant || e.name() != **c))
        .map(|c| codes(cx.table, &c.split('^').map(str::to_string).collect::<Vec<_>>()))
        .collect::<Result<_>>()?;

    // Variable by variable: the first that is missing in a row takes the blame.
    let mut rows = Rows::new(cx.rows);
    let numbers = [&y].into_iter().chain(&X).chain(&instruments).chain(slopes.iter().map(|(_, x)| x));
    for (name, v) in numbers.chain(&offset).chain(&place).chain(&extra) {
        rows.lose(name, |i| !v[i].is_finite());
    }
    for factor in effects.iter().chain(&clusters) {
        rows.lose(&factor.name, |i| factor.codes[i] == MISSING);
    }
    if let Some((name, w)) = &weights {
        rows.lose(name, |i| !w[i].is_finite());
        rows.lose("zero weight", |i| w[i] == 0.0);
    }
    let (keep, lost) = rows.kept()?;
    if let Some((name, w)) = &weights
        && let Some(&bad) = keep.iter().find(|&&i| w[i] < 0.0)
    {
        let line = cx.table.line(bad).map_or(String::new(), |l| format!(" (line {l})"));
        return Err(Error::plan(format!("the weight `{name}` is negative{line}"), "weights are zero or positive"));
    }

    let pick = |(_, v): &Numbers| -> Vec<f64> { keep.iter().map(|&i| v[i]).collect() };
    let names = |columns: &[Numbers]| columns.iter().map(|(name, _)| name.clone()).collect();
    let matrix = |columns: &[Numbers]| {
        let mut M = Mat::zeros(keep.len(), columns.len());
        for (j, (_, v)) in columns.iter().enumerate() {
            M.col_as_slice_mut(j).iter_mut().zip(keep.iter()).for_each(|(to, &i)| *to = v[i]);
        }
        M
    };
    // Codes of whole columns need no second pass.
    let whole = keep.len() == cx.table.rows();
    let at = |f: Factor| if whole && f.compact() { f } else { f.at(&keep) };
    let effects: Vec<Factor> = effects.into_iter().map(at).collect();
    let design = Design {
        y: pick(&y),
        outcome: y.0.clone(),
        X: matrix(&X),
        low: low.iter().map(|(j, v)| (*j, keep.iter().map(|&i| v[i]).collect())).collect(),
        names: names(&X),
        slopes: (slopes.iter())
            .map(|(e, x)| Slope { factor: effects[*e].clone(), name: x.0.clone(), x: pick(x) })
            .collect(),
        fe: effects.into_iter().zip(&formula.effects).filter(|(_, e)| e.constant).map(|(f, _)| f).collect(),
        iv: (!instruments.is_empty()).then(|| Instruments {
            endogenous,
            Z: matrix(&instruments),
            names: names(&instruments),
        }),
        cluster: clusters.into_iter().map(at).collect(),
        w: weights.as_ref().map(pick),
        offset: offset.as_ref().map(pick),
        panel: cx.panel.map(|p| PanelKeys {
            unit: Factor {
                name: cx.unit.clone().unwrap_or_default(),
                codes: p.units.clone(),
                levels: p.labels.len() as u32,
            }
            .at(&keep),
            time: keep.iter().map(|&i| p.times[i]).collect(),
        }),
        place: match place.as_slice() {
            [(_, lat), (_, lon)] => Some(keep.iter().map(|&i| [lat[i], lon[i]]).collect()),
            _ => None,
        },
        rows: keep.clone(),
    };
    let extra = extra.iter().map(pick).collect();
    Ok(Built { design, extra, sample: account(cx, lost), vcov })
}

/// The covariance asked for, or the default that the formula implies.
fn covariance(formula: &Formula, options: &Regression) -> Vcov {
    options.vcov.clone().unwrap_or_else(|| match formula.effects.first() {
        Some(first) => Vcov::Cluster(vec![first.name()]),
        None => Vcov::Hc1,
    })
}

/// Refuses an outcome that is among its own regressors.
fn explains_itself<'n>(outcome: &str, regressors: impl IntoIterator<Item = &'n String>) -> Result<()> {
    match regressors.into_iter().any(|name| name == outcome) {
        false => Ok(()),
        true => Err(Error::plan(
            format!("the outcome `{outcome}` is also a regressor"),
            "leave it out on the right of `~`, or use its lag",
        )),
    }
}

/// Rows read, excluded and lost by reason.
fn account(cx: &Context, lost: Lost) -> Map<String, Value> {
    let mut sample = Map::new();
    sample.insert("rows".into(), json!(cx.table.rows()));
    if cx.rows.len() < cx.table.rows() {
        sample.insert("excluded_by_where".into(), json!(cx.table.rows() - cx.rows.len()));
    }
    if !lost.is_empty() {
        sample.insert("missing".into(), lost.into_iter().map(|(n, c)| (n, json!(c))).collect::<Map<_, _>>().into());
    }
    sample
}

/// A variable with its name: a column of the table as it lies there, or computed.
type Numbers<'t> = (String, Cow<'t, [f64]>);

/// Variables that lost rows, with their number.
type Lost = Vec<(String, usize)>;

/// The rows that are left, and who lost the others.
struct Rows<'r> {
    rows: &'r Arc<[usize]>,
    left: Vec<bool>,
    lost: Lost,
}

impl<'r> Rows<'r> {
    fn new(rows: &'r Arc<[usize]>) -> Self {
        Rows { rows, left: vec![true; rows.len()], lost: Vec::new() }
    }

    /// Takes out the rows, of those left, where `bad` holds; `name` takes the blame.
    fn lose(&mut self, name: &str, bad: impl Fn(usize) -> bool) {
        let mut count = 0;
        for (left, &i) in self.left.iter_mut().zip(self.rows.iter()) {
            if *left && bad(i) {
                *left = false;
                count += 1;
            }
        }
        if count > 0 {
            match self.lost.iter_mut().find(|(n, _)| n == name) {
                Some((_, before)) => *before += count,
                None => self.lost.push((name.into(), count)),
            }
        }
    }

    /// The rows that are left, at least one, and who lost how many.
    fn kept(self) -> Result<(Arc<[usize]>, Lost)> {
        let keep: Arc<[usize]> = match self.lost.is_empty() {
            true => self.rows.clone(),
            false => self.rows.iter().zip(&self.left).filter(|(_, left)| **left).map(|(&i, _)| i).collect(),
        };
        match (keep.is_empty(), self.lost.iter().max_by_key(|(_, n)| *n)) {
            (false, _) => Ok((keep, self.lost)),
            (true, Some((name, n))) => Err(Error::plan(
                format!("no complete row is left of {}: `{name}` alone is missing in {n}", self.rows.len()),
                "fill it, or leave it out",
            )),
            (true, None) => Err(Error::plan("no row is left", "loosen `where`")),
        }
    }
}

/// The columns of X that a term stands for: the product of its parts, dummies multiplied out.
///
/// `all` are the terms of the formula and `rows` those that the step keeps: values that only other rows have make no
/// dummy.
fn regressors<'t>(scope: &Scope<'t>, term: &Term, all: &[Term], rows: &[usize]) -> Result<Vec<Numbers<'t>>> {
    let mut out: Vec<Numbers> = Vec::new();
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
                expr => vec![(v.name.clone(), scope.values(expr)?)],
            },
        };
        out = match out.is_empty() {
            true => factors,
            false => out
                .iter()
                .flat_map(|(left, a)| {
                    factors.iter().map(move |(right, b)| {
                        (format!("{left}:{right}"), a.iter().zip(b.iter()).map(|(a, b)| a * b).collect())
                    })
                })
                .collect(),
        };
    }
    Ok(out)
}

/// Position in `X` of a term that is a polynomial in columns, and its values less those in `X`, where they differ.
fn rounded_off(scope: &Scope, term: &Term, X: &[Numbers]) -> Option<(usize, Vec<f64>)> {
    let parts: Vec<&Labelled> = (term.0.iter())
        .map(|part| match part {
            Part::Value(v) => Some(v),
            Part::Dummies { .. } => None,
        })
        .collect::<Option<_>>()?;
    if let [Labelled { expr: Expr::Name(_), .. }] = parts[..] {
        return None;
    }
    let name = parts.iter().map(|v| v.name.as_str()).collect::<Vec<_>>().join(":");
    let at = X.iter().position(|(n, _)| *n == name)?;
    let mut product: Option<Vec<Double>> = None;
    for part in parts {
        let own = scope.extended(&part.expr)?;
        product = Some(match product {
            None => own,
            Some(before) => before.into_iter().zip(own).map(|(a, b)| a * b).collect(),
        });
    }
    let low: Vec<f64> = product?.iter().zip(X[at].1.iter()).map(|(v, x)| (*v - Double::from(*x)).to_f64()).collect();
    low.iter().any(|l| *l != 0.0).then_some((at, low))
}

/// Most dummies that one column may stand for; more is a fixed effect.
const MOST_DUMMIES: usize = 1000;

/// One 0/1 column for each value but the references, ascending; missing where the column is.
fn dummies<'t>(table: &'t Table, name: &str, references: &[String], rows: &[usize]) -> Result<Vec<Numbers<'t>>> {
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
pub(crate) fn is_category(table: &Table, name: &str) -> bool {
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
fn value<'t>(scope: &Scope<'t>, text: &str) -> Result<Cow<'t, [f64]>> {
    match scope.table.has(text) {
        true => Ok(Cow::Borrowed(scope.table.numbers(text)?)),
        false => scope.values(&Expr::parse(text)?),
    }
}

/// A column as numbers; a text column as its codes, missing as NaN.
fn numbers_or_codes<'t>(table: &'t Table, name: &str) -> Result<Cow<'t, [f64]>> {
    let column = table.column(name)?;
    Ok(match &column.data {
        Data::Number(v) => Cow::Borrowed(v),
        Data::Text(_) => column.codes().iter().map(|&c| if c == MISSING { f64::NAN } else { f64::from(c) }).collect(),
    })
}

/// A column, or the interaction of several, coded in every row of the table; [`MISSING`] where one of them is missing.
fn codes(table: &Table, columns: &[String]) -> Result<Factor> {
    let mut all: Option<Vec<u32>> = None;
    for name in columns {
        let own = table.column(name)?.codes();
        all = Some(match all {
            None => own,
            Some(before) => cross(&before, &own),
        });
    }
    let codes = all.unwrap_or_default();
    let levels = codes.iter().filter(|&&c| c != MISSING).max().map_or(0, |&c| c + 1);
    Ok(Factor { name: columns.join("^"), codes, levels })
}

/// A code for each pair that occurs, in order of first appearance.
fn cross(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut seen = std::collections::HashMap::new();
    let mut before = (MISSING, MISSING, MISSING);
    let pairs = a.iter().zip(b);
    let of = |(&a, &b): (&u32, &u32)| {
        if a == MISSING || b == MISSING {
            return MISSING;
        }
        // Sorted tables repeat the pair of the row before.
        if (a, b) != (before.0, before.1) {
            let next = seen.len() as u32;
            before = (a, b, *seen.entry((a, b)).or_insert(next));
        }
        before.2
    };
    pairs.map(of).collect()
}
