//! The formula language: `y ~ x1 + log(x2) + x1:m + i(period, treat, ref = 5) | city + prov^year`.
//!
//! Left of `~` the outcome, then regressors, then after `|` the fixed effects, then after another `|` endogenous
//! regressors `~` their instruments. `city[year]` is an effect with a slope of `year` for each city, `city[[year]]`
//! the slopes alone. A term is a column, a
//! function of columns, or products of these: `a:b` is the product, `a*b` is `a + b + a:b`. Text columns,
//! and `i(x)`, stand for one dummy per value but the reference. Inside a call (`I(x / z)`) operators are
//! arithmetic. `l(x, 0:2)` gives three terms.

use crate::error::Result;
use crate::expression::{Expr, Parser, Token, whole};

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

impl Formula {
    /// Parses; the error points at the byte.
    pub fn parse(source: &str) -> Result<Formula> {
        let mut p = Parser::new(source)?;
        let start = p.at();
        let outcome = p.expression(5)?;
        let outcome = Labelled { name: label(source, start, p.at()), expr: outcome };
        if !p.eat("~") {
            return p.fail("`~` is missing after the outcome", "write the model as y ~ x1 + x2 | city + year");
        }
        let mut formula = Formula {
            source: source.trim().into(),
            outcome,
            terms: Vec::new(),
            intercept: true,
            effects: Vec::new(),
            endogenous: Vec::new(),
            instruments: Vec::new(),
        };
        // `y ~ | city` has effects only.
        if !p.is("|") {
            formula.terms = sum(&mut p, Some(&mut formula.intercept))?;
        }
        // `y ~ x | city` and `y ~ x | d ~ z`: a part with a `~` of its own has the instruments.
        if p.is("|") && !p.has_before("~", "|") {
            p.expect("|")?;
            formula.effects = effects(&mut p)?;
        }
        if p.eat("|") {
            formula.endogenous = sum(&mut p, None)?;
            if !p.eat("~") {
                return p.fail("`~` is missing after the endogenous regressors", "write | city + year | d ~ z1 + z2");
            }
            formula.instruments = sum(&mut p, None)?;
        }
        match p.peek() {
            None => Ok(formula),
            Some(_) => p.fail("the formula ends before this", "join terms with `+`, effects with `|`"),
        }
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

/// Terms joined by `+`; `1`, `0` and `- 1` say whether there is a constant, where there may be one.
fn sum(p: &mut Parser, mut intercept: Option<&mut bool>) -> Result<Vec<Term>> {
    let mut terms: Vec<Term> = Vec::new();
    loop {
        match (p.peek().cloned(), intercept.as_deref_mut()) {
            (Some(Token::Number(v)), Some(intercept)) if v == 0.0 || v == 1.0 => {
                p.bump();
                *intercept &= v == 1.0;
            }
            (Some(Token::Number(_)), _) => {
                return p.fail("a number is not a regressor", "write 0 or 1 for the constant, or I(…)");
            }
            _ => {
                for term in product(p)? {
                    if !terms.contains(&term) {
                        terms.push(term);
                    }
                }
            }
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
            return Ok(terms);
        }
    }
}

/// One term of the sum, `a*b` expanded.
fn product(p: &mut Parser) -> Result<Vec<Term>> {
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

fn effects(p: &mut Parser) -> Result<Vec<Effect>> {
    let mut effects: Vec<Effect> = Vec::new();
    loop {
        let mut effect = Effect { columns: Vec::new(), constant: true, slopes: Vec::new() };
        loop {
            match p.bump() {
                Some(Token::Name(name)) => effect.columns.push(name),
                Some(Token::Number(0.0)) if effect.columns.is_empty() && effects.is_empty() => return Ok(Vec::new()),
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
        if !effects.contains(&effect) {
            effects.push(effect);
        }
        if !p.eat("+") {
            return Ok(effects);
        }
    }
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
