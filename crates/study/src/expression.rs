//! Expressions over columns: `log(gdp / population)`, `I(x^2)`, `year >= 2013 & high = 1`.
//!
//! One small language serves the formula's terms and the `where` filter. Arithmetic follows the usual
//! precedence; comparisons give 1 or 0; a missing operand makes the result missing.

use crate::error::{Error, Result};
use plim_stats::math::double::Double;
use plim_table::{Data, Table};
use std::borrow::Cow;

/// A piece of the source, with the byte offset where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Number(f64),
    Name(String),
    Text(String),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 24] = [
    "==", "!=", ">=", "<=", "&&", "||", "~", "+", "-", "*", "/", "^", ":", ",", "(", ")", "|", ">", "<", "=", "&", "!",
    "[", "]",
];

/// Cuts `source` into tokens.
pub(crate) fn tokens(source: &str) -> Result<Vec<(Token, usize)>> {
    let mut out = Vec::new();
    let mut rest = source;
    loop {
        rest = rest.trim_start();
        let at = source.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(out) };
        let taken = if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            number(rest, at, source, &mut out)?
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
            out.push((Token::Name(rest[..end].into()), at));
            end
        } else if matches!(first, '`' | '"' | '\'') {
            let end = rest[1..]
                .find(first)
                .ok_or_else(|| Error::formula(source, at, format!("the quote {first} is not closed"), "close it"))?;
            let inner = rest[1..=end].to_string();
            out.push((if first == '`' { Token::Name(inner) } else { Token::Text(inner) }, at));
            end + 2
        } else if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            out.push((Token::Symbol(symbol), at));
            symbol.len()
        } else {
            let remedy = match half_width(first) {
                Some(half) => format!("write it as `{half}`, not in full width"),
                None => "put odd column names in backticks".into(),
            };
            return Err(Error::formula(source, at, format!("`{first}` has no meaning here"), remedy));
        };
        rest = &rest[taken..];
    }
}

fn number(rest: &str, at: usize, source: &str, out: &mut Vec<(Token, usize)>) -> Result<usize> {
    let bytes = rest.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let exponent_sign = matches!(bytes[end], b'+' | b'-') && end > 0 && matches!(bytes[end - 1], b'e' | b'E');
        let exponent = matches!(bytes[end], b'e' | b'E')
            && bytes.get(end + 1).is_some_and(|c| c.is_ascii_digit() || matches!(c, b'+' | b'-'));
        if bytes[end].is_ascii_digit() || bytes[end] == b'.' || exponent || exponent_sign {
            end += 1;
        } else {
            break;
        }
    }
    let value = rest[..end].parse().map_err(|_| {
        Error::formula(source, at, format!("`{}` is not a number", &rest[..end]), "write it as 1.5 or 1e-3")
    })?;
    out.push((Token::Number(value), at));
    Ok(end)
}

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A constant.
    Number(f64),
    /// A text constant (in comparisons).
    Text(String),
    /// A column.
    Name(String),
    /// A function of expressions.
    Call(String, Vec<Expr>),
    /// `-x` or `!x`.
    Unary(&'static str, Box<Expr>),
    /// Arithmetic, comparison, logic; `:` only as the range `0:2` of an argument.
    Binary(&'static str, Box<Expr>, Box<Expr>),
}

/// Reads tokens one after another.
pub(crate) struct Parser<'s> {
    pub source: &'s str,
    tokens: Vec<(Token, usize)>,
    next: usize,
    depth: usize,
}

/// Nesting allowed before an expression is refused (a stack is finite).
const DEEPEST: usize = 64;

impl<'s> Parser<'s> {
    pub fn new(source: &'s str) -> Result<Self> {
        Ok(Parser { source, tokens: tokens(source)?, next: 0, depth: 0 })
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(t, _)| t)
    }

    pub fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token::Symbol(s)) if *s == symbol)
    }

    pub fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.next += usize::from(found);
        found
    }

    /// The name that is next, when it is called.
    pub fn called(&self) -> Option<&str> {
        match (self.peek(), self.tokens.get(self.next + 1)) {
            (Some(Token::Name(name)), Some((Token::Symbol("("), _))) => Some(name),
            _ => None,
        }
    }

    /// Whether the part that begins with the next token holds `symbol` before another `end`.
    pub fn has_before(&self, symbol: &str, end: &str) -> bool {
        let rest = self.tokens.iter().skip(self.next + 1).map(|(t, _)| t);
        let of = |t: &Token, text: &str| matches!(t, Token::Symbol(s) if *s == text);
        rest.take_while(|t| !of(t, end)).any(|t| of(t, symbol))
    }

    pub fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.source.len(), |(_, at)| *at)
    }

    pub fn fail<T>(&self, message: impl Into<String>, remedy: impl Into<String>) -> Result<T> {
        Err(Error::formula(self.source, self.at(), message, remedy))
    }

    pub fn expect(&mut self, symbol: &str) -> Result<()> {
        match self.eat(symbol) {
            true => Ok(()),
            false => self.fail(format!("`{symbol}` is missing"), "add it"),
        }
    }

    pub fn bump(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += usize::from(token.is_some());
        token
    }

    /// An expression of operators that bind at least as tightly as `least`.
    pub fn expression(&mut self, least: u8) -> Result<Expr> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail("the expression is nested too deeply", "prepare a column with an `sql` step");
        }
        let mut left = self.atom()?;
        while let Some(Token::Symbol(symbol)) = self.peek() {
            let Some((name, power)) = binding(symbol) else { break };
            if power < least {
                break;
            }
            self.next += 1;
            // `^` is right-associative.
            let right = self.expression(if name == "^" { power } else { power + 1 })?;
            left = Expr::Binary(name, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn atom(&mut self) -> Result<Expr> {
        match self.bump() {
            Some(Token::Number(v)) => Ok(Expr::Number(v)),
            Some(Token::Text(t)) => Ok(Expr::Text(t)),
            Some(Token::Name(name)) if self.is("(") => Ok(Expr::Call(name, self.arguments()?)),
            Some(Token::Name(name)) => Ok(Expr::Name(name)),
            // Unary minus binds weaker than `^`: -2^2 is -4.
            Some(Token::Symbol("-")) => Ok(Expr::Unary("-", Box::new(self.expression(8)?))),
            Some(Token::Symbol("!")) => Ok(Expr::Unary("!", Box::new(self.expression(8)?))),
            Some(Token::Symbol("(")) => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            _ => self.fail("a value is missing", "write a column, a number or a function here"),
        }
    }

    /// `( a, b, ref = c )` after a function's name; a name before `=` is kept as a comparison.
    pub fn arguments(&mut self) -> Result<Vec<Expr>> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        if self.eat(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(0)?);
            if self.eat(")") {
                return Ok(arguments);
            }
            if !self.eat(",") {
                return self.fail("`,` or `)` is missing", "close the argument list");
            }
        }
    }
}

/// Canonical operator and binding power.
fn binding(symbol: &str) -> Option<(&'static str, u8)> {
    Some(match symbol {
        "|" | "||" => ("|", 1),
        "&" | "&&" => ("&", 2),
        "=" | "==" => ("=", 3),
        "!=" => ("!=", 3),
        ">" => (">", 3),
        "<" => ("<", 3),
        ">=" => (">=", 3),
        "<=" => ("<=", 3),
        ":" => (":", 4),
        "+" => ("+", 5),
        "-" => ("-", 5),
        "*" => ("*", 6),
        "/" => ("/", 6),
        "^" => ("^", 9),
        _ => return None,
    })
}

impl Expr {
    /// Parses a whole text as one expression.
    pub fn parse(source: &str) -> Result<Expr> {
        let mut parser = Parser::new(source)?;
        let expr = parser.expression(0)?;
        match parser.peek() {
            None => Ok(expr),
            Some(_) => parser.fail("the expression ends before this", "join the parts with an operator"),
        }
    }

    /// Every column the expression names.
    pub fn columns(&self, into: &mut Vec<String>) {
        match self {
            Expr::Name(name) => into.push(name.clone()),
            Expr::Call(_, arguments) => arguments.iter().for_each(|a| a.columns(into)),
            Expr::Unary(_, a) => a.columns(into),
            Expr::Binary(_, a, b) => {
                a.columns(into);
                b.columns(into);
            }
            Expr::Number(_) | Expr::Text(_) => {}
        }
    }
}

/// How an expression sees a table: its columns, and its panel for lags.
pub struct Scope<'t> {
    /// The rows.
    pub table: &'t Table,
    /// Unit and time, when declared: lags need them.
    pub panel: Option<&'t plim_table::Panel>,
}

/// Highest power that is a product of so many factors.
const HIGHEST_POWER: u32 = 64;

/// The ASCII sign that a full-width one of Chinese keyboards stands for.
fn half_width(sign: char) -> Option<char> {
    match sign {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(sign as u32 - 0xfee0),
        '、' => Some(','),
        '。' => Some('.'),
        '“' | '”' => Some('"'),
        '‘' | '’' => Some('\''),
        '−' | '–' | '—' => Some('-'),
        '×' | '·' => Some('*'),
        _ => None,
    }
}

const FUNCTIONS: [&str; 15] =
    ["log", "log1p", "exp", "sqrt", "abs", "asinh", "round", "floor", "I", "l", "f", "d", "lag", "lead", "diff"];

impl<'t> Scope<'t> {
    /// The value of `expr` in every row, a plain column as it lies in the table; NaN is missing.
    pub fn values(&self, expr: &Expr) -> Result<Cow<'t, [f64]>> {
        match expr {
            Expr::Name(name) => Ok(Cow::Borrowed(self.table.numbers(name)?)),
            expr => self.evaluate(expr).map(Cow::Owned),
        }
    }

    /// The value of `expr` in every row; NaN is missing.
    pub fn evaluate(&self, expr: &Expr) -> Result<Vec<f64>> {
        let n = self.table.rows();
        match expr {
            Expr::Number(v) => Ok(vec![*v; n]),
            Expr::Name(name) => Ok(self.table.numbers(name)?.to_vec()),
            Expr::Text(text) => Err(Error::plan(
                format!("the text \"{text}\" stands where a number is needed"),
                "compare it with a column, as in province = \"Hebei\"",
            )),
            Expr::Unary(op, inner) => {
                let not = *op == "!";
                Ok(map(self.evaluate(inner)?, |v| if not { f64::from(v == 0.0) } else { -v }))
            }
            Expr::Binary(op, left, right) => self.binary(op, left, right),
            Expr::Call(name, arguments) => self.call(name, arguments),
        }
    }

    /// The value of a polynomial in columns in every row, with thirty-two digits; `None` for other expressions.
    pub fn extended(&self, expr: &Expr) -> Option<Vec<Double>> {
        let both = |left: &Expr, right: &Expr, f: fn(Double, Double) -> Double| -> Option<Vec<Double>> {
            let (a, b) = (self.extended(left)?, self.extended(right)?);
            Some(a.into_iter().zip(b).map(|(a, b)| f(a, b)).collect())
        };
        match expr {
            Expr::Number(v) => Some(vec![Double::from(*v); self.table.rows()]),
            Expr::Name(name) => Some(self.table.numbers(name).ok()?.iter().map(|&v| Double::from(v)).collect()),
            Expr::Unary("-", inner) => Some(self.extended(inner)?.into_iter().map(|v| -v).collect()),
            Expr::Binary("+", left, right) => both(left, right, |a, b| a + b),
            Expr::Binary("-", left, right) => both(left, right, |a, b| a - b),
            Expr::Binary("*", left, right) => both(left, right, |a, b| a * b),
            Expr::Binary("^", left, right) => {
                let power = whole(right).and_then(|k| u32::try_from(k).ok()).filter(|k| *k <= HIGHEST_POWER)?;
                Some(self.extended(left)?.into_iter().map(|v| v.powi(power)).collect())
            }
            Expr::Call(name, arguments) if name == "I" && arguments.len() == 1 => self.extended(&arguments[0]),
            _ => None,
        }
    }

    fn binary(&self, op: &str, left: &Expr, right: &Expr) -> Result<Vec<f64>> {
        if matches!(op, "=" | "!=")
            && let Some(same) = self.same_text(left, right)
        {
            return Ok(same.into_iter().map(|s| s.map_or(f64::NAN, |s| f64::from(s == (op == "=")))).collect());
        }
        let (a, b) = (self.evaluate(left)?, self.evaluate(right)?);
        let f: fn(f64, f64) -> f64 = match op {
            "+" => |a, b| a + b,
            "-" => |a, b| a - b,
            "*" => |a, b| a * b,
            "/" => |a, b| a / b,
            "^" => f64::powf,
            "=" => |a, b| f64::from(a == b),
            "!=" => |a, b| f64::from(a != b),
            ">" => |a, b| f64::from(a > b),
            "<" => |a, b| f64::from(a < b),
            ">=" => |a, b| f64::from(a >= b),
            "<=" => |a, b| f64::from(a <= b),
            "&" => |a, b| f64::from(a != 0.0 && b != 0.0),
            "|" => |a, b| f64::from(a != 0.0 || b != 0.0),
            _ => {
                return Err(Error::plan(
                    format!("`{op}` is a range and has no value of its own"),
                    "use it as in l(x, 0:2), or write x:z at the top of the formula",
                ));
            }
        };
        // A comparison with a missing value is missing, not false.
        Ok(a.iter().zip(&b).map(|(&a, &b)| if a.is_nan() || b.is_nan() { f64::NAN } else { f(a, b) }).collect())
    }

    /// Whether each row's text equals the other side, when either side is text.
    fn same_text(&self, left: &Expr, right: &Expr) -> Option<Vec<Option<bool>>> {
        let (column, other) = match (left, right) {
            (Expr::Name(name), other) if self.is_text(name) => (name, other),
            (other, Expr::Name(name)) if self.is_text(name) => (name, other),
            _ => return None,
        };
        let Ok(Data::Text(text)) = self.table.column(column).map(|c| &c.data) else { return None };
        let n = self.table.rows();
        match other {
            Expr::Text(value) => Some((0..n).map(|i| text.get(i).map(|t| t == value)).collect()),
            Expr::Number(value) => {
                let value = value.to_string();
                Some((0..n).map(|i| text.get(i).map(|t| t == value)).collect())
            }
            Expr::Name(second) => match self.table.column(second).map(|c| &c.data) {
                Ok(Data::Text(second)) => Some((0..n).map(|i| Some(text.get(i)? == second.get(i)?)).collect()),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_text(&self, name: &str) -> bool {
        matches!(self.table.column(name).map(|c| &c.data), Ok(Data::Text(_)))
    }

    fn call(&self, name: &str, arguments: &[Expr]) -> Result<Vec<f64>> {
        let f: fn(f64) -> f64 = match name {
            "I" => |v| v,
            // The logarithm of zero or less is undefined: missing, and counted as such.
            "log" => |v| if v > 0.0 { v.ln() } else { f64::NAN },
            "log1p" => |v| if v > -1.0 { v.ln_1p() } else { f64::NAN },
            "exp" => f64::exp,
            "sqrt" => |v| if v >= 0.0 { v.sqrt() } else { f64::NAN },
            "abs" => f64::abs,
            "asinh" => f64::asinh,
            "round" => f64::round,
            "floor" => f64::floor,
            "l" | "lag" | "f" | "lead" | "d" | "diff" => return self.shift(name, arguments),
            _ => {
                let near = plim_table::near(name, FUNCTIONS);
                let remedy = match near.first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", FUNCTIONS.join(", ")),
                };
                return Err(Error::plan(format!("no function `{name}`"), remedy));
            }
        };
        match arguments {
            [inner] => Ok(map(self.evaluate(inner)?, f)),
            _ => Err(Error::plan(format!("`{name}` takes one argument, got {}", arguments.len()), "remove the others")),
        }
    }

    fn shift(&self, name: &str, arguments: &[Expr]) -> Result<Vec<f64>> {
        let Some(panel) = self.panel else {
            return Err(Error::plan(
                format!("`{name}()` needs to know which rows follow one another"),
                "declare `unit` and `time`",
            ));
        };
        let k = match arguments.get(1) {
            None => 1,
            Some(k) => whole(k)
                .ok_or_else(|| Error::plan(format!("the step of `{name}()` is not a whole number"), "write l(x, 2)"))?,
        };
        let Some(inner) = arguments.first() else {
            return Err(Error::plan(format!("`{name}()` has no argument"), "write l(x, 1)"));
        };
        let values = self.evaluate(inner)?;
        let lag =
            |k: i64| if k >= 0 { panel.lag(&values, k as u32) } else { panel.lead(&values, k.unsigned_abs() as u32) };
        Ok(match name {
            "l" | "lag" => lag(k)?,
            "f" | "lead" => lag(-k)?,
            _ => values.iter().zip(lag(k)?).map(|(now, before)| now - before).collect(),
        })
    }
}

/// A whole-number constant, possibly negative.
pub(crate) fn whole(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Number(v) if v.fract() == 0.0 && v.abs() < 1e6 => Some(*v as i64),
        Expr::Unary("-", inner) => whole(inner).map(|v| -v),
        _ => None,
    }
}

fn map(mut values: Vec<f64>, f: impl Fn(f64) -> f64) -> Vec<f64> {
    for v in &mut values {
        if !v.is_nan() {
            *v = f(*v);
        }
    }
    values
}
