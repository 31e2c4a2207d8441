//! The formula language: `y ~ x1 + log(x2) + x1:m + i(period, treat, ref = 5) | city + prov^year`.
//!
//! Left of `~` the outcome, then regressors, then after `|` the fixed effects, then after another `|` endogenous
//! regressors `~` their instruments. `city[year]` is an effect with a slope of `year` for each city, `city[[year]]`
//! the slopes alone. A term is a column, a
//! function of columns, or products of these: `a:b` is the product, `a*b` is `a + b + a:b`. Text columns,
//! and `i(x)`, stand for one dummy per value but the reference. Inside a call (`I(x / z)`) operators are
//! arithmetic. `l(x, 0:2)` gives three terms.
//!
//! One formula may stand for many models: `sw(a, b)` for one with each, `csw(a, b)` for `a` and then `a + b`, `sw0` and
//! `csw0` begin with none, `mvsw(a, b)` for every subset, `c(y1, y2)` on the left for each outcome.

use crate::design::is_category;
use crate::error::{Error, Result};
use crate::expression::{Expr, Parser, Token, whole};
use plim_table::Table;

/// A parsed formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// The text as the user wrote it.
    pub source: String,
    /// The outcome.
    pub outcome: Labelled,
    /// The regressors in order.
    pub terms: Vec<Term>,
    /// Whether a constant is wanted (only without fixed effects).
    pub intercept: bool,
    /// What is absorbed.
    pub effects: Vec<Effect>,
    /// Endogenous regressors, of the third part.
    pub endogenous: Vec<Term>,
    /// Excluded instruments, of the third part.
    pub instruments: Vec<Term>,
}

/// A fixed effect, with slopes of its own where it has any.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Its columns; several are their interaction `a^b`.
    pub columns: Vec<String>,
    /// Whether each level has a constant: `fe` and `fe[x]` do, `fe[[x]]` does not.
    pub constant: bool,
    /// Variables whose slope is each level's own.
    pub slopes: Vec<Labelled>,
}

impl Effect {
    /// `a^b`.
    pub fn name(&self) -> String {
        self.columns.join("^")
    }
}

/// An expression and the name it carries in tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Name in the coefficient table.
    pub name: String,
    /// What to compute.
    pub expr: Expr,
}

/// A regressor: the product of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Term(pub Vec<Part>);

/// A factor of a term.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A value, or the dummies of a text column.
    Value(Labelled),
    /// `i(column, ref = …)`: one dummy per value of the column except the references.
    Dummies {
        /// The column.
        column: String,
        /// Values left out, as written.
        references: Vec<String>,
    },
}

/// Most models that one formula may stand for.
const MOST_MODELS: usize = 10_000;

impl Formula {
    /// Parses a formula of one model; the error points at the byte.
    pub fn parse(source: &str) -> Result<Formula> {
        let mut all = Formula::parse_set(source)?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(Error::plan(
                format!("`{}` stands for {} models where one is wanted", source.trim(), all.len() + 1),
                "leave out sw(), csw() and the second outcome",
            )),
        }
    }

    /// Parses a formula with all the models that it stands for: effects vary slowest, then outcomes, then regressors.
    pub fn parse_set(source: &str) -> Result<Vec<Formula>> {
        let mut p = Parser::new(source)?;
        let outcomes = outcomes(&mut p)?;
        if !p.eat("~") {
            return p.fail("`~` is missing after the outcome", "write the model as y ~ x1 + x2 | city + year");
        }
        let mut intercept = true;
        // `y ~ | city` has effects only.
        let terms = if p.is("|") { vec![Vec::new()] } else { sum(&mut p, Some(&mut intercept))? };
        // `y ~ x | city` and `y ~ x | d ~ z`: a part with a `~` of its own has the instruments.
        let effects = match p.is("|") && !p.has_before("~", "|") {
            true => {
                p.expect("|")?;
                effects(&mut p)?
            }
            false => vec![Vec::new()],
        };
        let (mut endogenous, mut instruments) = (vec![Vec::new()], vec![Vec::new()]);
        if p.eat("|") {
            endogenous = sum(&mut p, None)?;
            if !p.eat("~") {
                return p.fail("`~` is missing after the endogenous regressors", "write | city + year | d ~ z1 + z2");
            }
            instruments = sum(&mut p, None)?;
        }
        if p.peek().is_some() {
            return p.fail("the formula ends before this", "join terms with `+`, effects with `|`");
        }
        let counts = [outcomes.len(), terms.len(), effects.len(), endogenous.len(), instruments.len()];
        if counts.iter().try_fold(1usize, |n, c| n.checked_mul(*c)).is_none_or(|n| n > MOST_MODELS) {
            return p
                .fail(format!("the formula stands for more than {MOST_MODELS} models"), "split it over several steps");
        }
        let mut all = Vec::new();
        for effects in &effects {
            for outcome in &outcomes {
                for terms in &terms {
                    for (endogenous, instruments) in product(&endogenous, &instruments) {
                        all.push(Formula {
                            source: String::new(),
                            outcome: outcome.clone(),
                            terms: terms.clone(),
                            intercept,
                            effects: effects.clone(),
                            endogenous,
                            instruments,
                        });
                    }
                }
            }
        }
        match &mut all[..] {
            [one] => one.source = source.trim().into(),
            many => many.iter_mut().for_each(|f| {
                // `c(m, y) ~ x + sw0(m)`: the outcome does not explain itself.
                let itself = Term(vec![Part::Value(f.outcome.clone())]);
                f.terms.retain(|t| *t != itself);
                f.source = f.text();
            }),
        }
        Ok(all)
    }

    /// The formula as it would be written for this model alone.
    fn text(&self) -> String {
        let joined = |terms: &[Term]| match terms.is_empty() {
            true => "1".to_string(),
            false => terms.iter().map(Term::text).collect::<Vec<_>>().join(" + "),
        };
        let mut text = format!("{} ~ {}", self.outcome.text(), joined(&self.terms));
        if !self.intercept {
            text += " - 1";
        }
        if !self.effects.is_empty() {
            let effects: Vec<String> = self.effects.iter().map(Effect::text).collect();
            text += &format!(" | {}", effects.join(" + "));
        }
        if !self.instruments.is_empty() {
            text += &format!(" | {} ~ {}", joined(&self.endogenous), joined(&self.instruments));
        }
        text
    }

    /// What the formula takes as numbers, by name: all but effects, dummies and text columns that stand for them.
    pub fn numbers(&self, table: &Table) -> Vec<(String, Expr)> {
        let part = |part: &Part| match part {
            Part::Value(v) => Some(v.clone()),
            Part::Dummies { .. } => None,
        };
        let terms = self.terms.iter().chain(&self.endogenous).chain(&self.instruments).flat_map(|t| &t.0);
        let slopes = self.effects.iter().flat_map(|e| e.slopes.iter().cloned());
        let dummies = |v: &Labelled| matches!(&v.expr, Expr::Name(name) if is_category(table, name));
        let regressors = terms.filter_map(part).filter(|v| !dummies(v)).chain(slopes);
        regressors.chain([self.outcome.clone()]).map(|v| (v.name, v.expr)).collect()
    }

    /// Every column that the formula names.
    pub fn columns(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.outcome.expr.columns(&mut names);
        for part in self.terms.iter().chain(&self.endogenous).chain(&self.instruments).flat_map(|t| &t.0) {
            match part {
                Part::Value(v) => v.expr.columns(&mut names),
                Part::Dummies { column, .. } => names.push(column.clone()),
            }
        }
        for effect in &self.effects {
            names.extend(effect.columns.iter().cloned());
            effect.slopes.iter().for_each(|s| s.expr.columns(&mut names));
        }
        names
    }
}

impl Labelled {
    /// As a formula writes it: a column of an odd name in backticks.
    fn text(&self) -> String {
        let plain = |name: &str| {
            name.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        };
        match &self.expr {
            Expr::Name(name) if !plain(name) => format!("`{name}`"),
            _ => self.name.clone(),
        }
    }
}

impl Term {
    /// Name of its column, when it stands for one: the names of its parts.
    pub fn label(&self) -> String {
        let name = |part: &Part| match part {
            Part::Value(value) => value.name.clone(),
            Part::Dummies { column, .. } => column.clone(),
        };
        self.0.iter().map(name).collect::<Vec<_>>().join(":")
    }

    fn text(&self) -> String {
        let part = |part: &Part| match part {
            Part::Value(value) => value.text(),
            Part::Dummies { column, references } if references.is_empty() => format!("i({column})"),
            Part::Dummies { column, references } => format!("i({column}, ref = c({}))", references.join(", ")),
        };
        self.0.iter().map(part).collect::<Vec<_>>().join(":")
    }
}

impl Effect {
    fn text(&self) -> String {
        let slopes: Vec<String> = self.slopes.iter().map(Labelled::text).collect();
        match (slopes.is_empty(), self.constant) {
            (true, _) => self.name(),
            (false, true) => format!("{}[{}]", self.name(), slopes.join(", ")),
            (false, false) => format!("{}[[{}]]", self.name(), slopes.join(", ")),
        }
    }
}

/// `y`, or `c(y1, y2)`.
fn outcomes(p: &mut Parser) -> Result<Vec<Labelled>> {
    let several = p.called() == Some("c");
    if several {
        p.bump();
        p.expect("(")?;
    }
    let mut all = Vec::new();
    loop {
        let start = p.at();
        let expr = p.expression(5)?;
        all.push(Labelled { name: label(p.source, start, p.at()), expr });
        if !(several && p.eat(",")) {
            break;
        }
    }
    if several {
        p.expect(")")?;
    }
    Ok(all)
}

/// Every pair.
fn product<A: Clone, B: Clone>(a: &[A], b: &[B]) -> Vec<(A, B)> {
    a.iter().flat_map(|a| b.iter().map(|b| (a.clone(), b.clone()))).collect()
}

/// What `sw(a, b)` and its like stand for: each in turn, cumulated, or every subset; with `0` nothing comes first.
fn stepwise<T: Clone>(p: &mut Parser, item: &dyn Fn(&mut Parser) -> Result<Vec<T>>) -> Result<Option<Vec<Vec<T>>>> {
    let name = p.called().unwrap_or_default().to_string();
    if !matches!(&*name, "sw" | "sw0" | "csw" | "csw0" | "mvsw") {
        return Ok(None);
    }
    p.bump();
    p.expect("(")?;
    let mut steps: Vec<Vec<T>> = Vec::new();
    loop {
        let mut step = item(p)?;
        while p.eat("+") {
            step.extend(item(p)?);
        }
        steps.push(step);
        if !p.eat(",") {
            break;
        }
    }
    p.expect(")")?;
    let mut sets = match &*name {
        "sw" | "sw0" => steps,
        "csw" | "csw0" => (1..=steps.len()).map(|k| steps[..k].concat()).collect(),
        _ if steps.len() > 13 => return p.fail("mvsw() of more than 13 has too many subsets", "use csw()"),
        _ => (0..1usize << steps.len())
            .map(|set| (0..steps.len()).filter(|k| set >> k & 1 == 1).flat_map(|k| steps[k].clone()).collect())
            .collect(),
    };
    if name.ends_with('0') {
        sets.insert(0, Vec::new());
    }
    Ok(Some(sets))
}

/// Appends `more` to each of `sets` in each of its ways; what is there already is not repeated.
fn grow<T: Clone + PartialEq>(sets: &mut Vec<Vec<T>>, more: &[Vec<T>]) {
    let pairs = product(sets, more);
    *sets = (pairs.into_iter())
        .map(|(mut set, more)| {
            more.into_iter().for_each(|item| {
                if !set.contains(&item) {
                    set.push(item);
                }
            });
            set
        })
        .collect();
}

/// Terms joined by `+`, in each of the ways that they stand for; `1`, `0` and `- 1` say whether there is a constant,
/// where there may be one.
fn sum(p: &mut Parser, mut intercept: Option<&mut bool>) -> Result<Vec<Vec<Term>>> {
    let mut sets: Vec<Vec<Term>> = vec![Vec::new()];
    loop {
        match (p.peek().cloned(), intercept.as_deref_mut()) {
            (Some(Token::Number(v)), Some(intercept)) if v == 0.0 || v == 1.0 => {
                p.bump();
                *intercept &= v == 1.0;
            }
            (Some(Token::Number(_)), _) => {
                return p.fail("a number is not a regressor", "write 0 or 1 for the constant, or I(…)");
            }
            _ => match stepwise(p, &term)? {
                Some(more) => grow(&mut sets, &more),
                None => grow(&mut sets, &[term(p)?]),
            },
        }
        if sets.len() > MOST_MODELS {
            return p.fail("the formula stands for too many models", "split it over several steps");
        }
        let mut more = p.eat("+");
        if p.eat("-") {
            match (p.bump(), intercept.as_deref_mut()) {
                (Some(Token::Number(1.0)), Some(intercept)) => *intercept = false,
                _ => return p.fail("only `- 1` may be subtracted", "leave the term out of the formula instead"),
            }
            more = p.eat("+");
        }
        if !more {
            return Ok(sets);
        }
    }
}

/// One term of the sum, `a*b` expanded.
fn term(p: &mut Parser) -> Result<Vec<Term>> {
    let mut terms = factor(p)?;
    loop {
        let crossed = p.eat("*");
        if !crossed && !p.eat(":") {
            return Ok(terms);
        }
        let others = factor(p)?;
        let mut products = Vec::new();
        for left in &terms {
            for right in &others {
                products.push(Term(left.0.iter().chain(&right.0).cloned().collect()));
            }
        }
        if crossed {
            terms.extend(others);
            terms.extend(products);
        } else {
            terms = products;
        }
    }
}

/// A factor of a product; a range of lags gives several terms, `i(a, b)` gives dummies times a column.
fn factor(p: &mut Parser) -> Result<Vec<Term>> {
    let start = p.at();
    let source = p.source;
    match p.peek().cloned() {
        Some(Token::Name(name)) => {
            p.bump();
            if !p.is("(") {
                let expr = Expr::Name(name.clone());
                return Ok(vec![Term(vec![Part::Value(Labelled { name, expr })])]);
            }
            let arguments = p.arguments()?;
            if name == "i" {
                return Ok(vec![dummies(p, arguments)?]);
            }
            if let (true, [inner, Expr::Binary(":", from, to)]) = (matches!(&*name, "l" | "f" | "d"), &arguments[..]) {
                let (Some(from), Some(to)) = (whole(from), whole(to)) else {
                    return p.fail("a range of lags needs two whole numbers", "write l(x, 0:2)");
                };
                if to < from || to - from > 100 {
                    return p.fail("a range of lags goes upward and is not longer than 100", "write l(x, 0:2)");
                }
                let inner_text = shown(inner);
                return Ok((from..=to)
                    .map(|k| {
                        let expr = match k {
                            0 => inner.clone(),
                            k => Expr::Call(name.clone(), vec![inner.clone(), Expr::Number(k as f64)]),
                        };
                        let name = format!("{name}({inner_text}, {k})");
                        Term(vec![Part::Value(Labelled { name, expr })])
                    })
                    .collect());
            }
            let expr = Expr::Call(name, arguments);
            Ok(vec![Term(vec![Part::Value(Labelled { name: label(source, start, p.at()), expr })])])
        }
        _ => p.fail("a regressor is missing", "write a column, or a function such as log(x) or I(x^2)"),
    }
}

/// `i(column)`, `i(column, ref = 5)`, `i(column, by, 5)`; `c(a, b)` for several references.
fn dummies(p: &Parser, arguments: Vec<Expr>) -> Result<Term> {
    let mut arguments = arguments.into_iter();
    let Some(Expr::Name(column)) = arguments.next() else {
        return p.fail("`i()` takes a column first", "write i(year, ref = 2015)");
    };
    let mut references = Vec::new();
    let mut by = None;
    for argument in arguments {
        let value = match argument {
            Expr::Binary("=", key, value) if *key == Expr::Name("ref".into()) => *value,
            Expr::Name(name) => {
                by = Some(Part::Value(Labelled { name: name.clone(), expr: Expr::Name(name) }));
                continue;
            }
            value => value,
        };
        let values = match value {
            Expr::Call(c, values) if c == "c" => values,
            value => vec![value],
        };
        for value in values {
            references.push(match (whole(&value), value) {
                (_, Expr::Text(text)) => text,
                (Some(whole), _) => whole.to_string(),
                (None, Expr::Number(v)) => v.to_string(),
                _ => return p.fail("a reference of `i()` is not a value", "write ref = 5 or ref = \"East\""),
            });
        }
    }
    Ok(Term([Part::Dummies { column, references }].into_iter().chain(by).collect()))
}

/// Effects joined by `+`, in each of the ways that they stand for.
fn effects(p: &mut Parser) -> Result<Vec<Vec<Effect>>> {
    let mut sets: Vec<Vec<Effect>> = vec![Vec::new()];
    if let Some(Token::Number(0.0)) = p.peek() {
        p.bump();
        return Ok(sets);
    }
    loop {
        match stepwise(p, &effect)? {
            Some(more) => grow(&mut sets, &more),
            None => grow(&mut sets, &[effect(p)?]),
        }
        if !p.eat("+") {
            return Ok(sets);
        }
    }
}

/// `city`, `prov^year`, `city[year]` or `city[[year]]`.
fn effect(p: &mut Parser) -> Result<Vec<Effect>> {
    let mut effect = Effect { columns: Vec::new(), constant: true, slopes: Vec::new() };
    loop {
        match p.bump() {
            Some(Token::Name(name)) => effect.columns.push(name),
            _ => return p.fail("a fixed effect is a column", "write | city + year, prov^year or city[year]"),
        }
        if !p.eat("^") {
            break;
        }
    }
    if p.eat("[") {
        effect.constant = !p.eat("[");
        loop {
            let start = p.at();
            let expr = p.expression(5)?;
            effect.slopes.push(Labelled { name: label(p.source, start, p.at()), expr });
            if !p.eat(",") {
                break;
            }
        }
        p.expect("]")?;
        if !effect.constant {
            p.expect("]")?;
        }
    }
    Ok(vec![effect])
}

/// The source between two bytes, runs of blanks made single.
fn label(source: &str, from: usize, to: usize) -> String {
    source[from..to].split_whitespace().collect::<Vec<_>>().join(" ").trim_matches('`').to_string()
}

fn shown(expr: &Expr) -> String {
    match expr {
        Expr::Name(name) => name.clone(),
        Expr::Number(v) => v.to_string(),
        Expr::Text(t) => format!("\"{t}\""),
        Expr::Call(f, a) => format!("{f}({})", a.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Expr::Unary(op, a) => format!("{op}{}", shown(a)),
        Expr::Binary(op, a, b) => format!("{} {op} {}", shown(a), shown(b)),
    }
}
