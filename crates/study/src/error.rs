//! Errors with their place: what `stats` and `table` say, plus the step and the line of the plan.

use crate::expression::Token;
use std::fmt;

/// Result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, and where in the study.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// What went wrong; boxed, because results carry it by value.
    pub kind: Box<Kind>,
    /// The step, when one is at work.
    pub step: Option<String>,
    /// The model, where a step declares several.
    pub model: Option<String>,
    /// The formula and the byte of it that the message is about.
    pub formula: Option<Box<(String, usize)>>,
    /// The study file, and the bytes of it that are at fault.
    pub plan: Option<(String, std::ops::Range<usize>)>,
}

/// Where the failure arose.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// In rows and columns.
    Table(plim_table::Error),
    /// In the numbers; the rows are rows of this file's table.
    Stats {
        /// What `stats` says.
        error: plim_stats::Error,
        /// File and lines of the rows at fault, when known.
        place: Option<String>,
    },
    /// In what the study or the command asks for.
    Plan {
        /// What was found and what is wanted.
        message: String,
        /// The way out.
        remedy: String,
    },
    /// In a formula or an expression, at a byte of it.
    Formula {
        /// The formula.
        source: String,
        /// Where.
        at: usize,
        /// What was found and what is wanted.
        message: String,
        /// The way out.
        remedy: String,
    },
    /// Several at once, from `check`.
    Many(Vec<Error>),
}

impl Error {
    fn new(kind: Kind) -> Self {
        Error { kind: Box::new(kind), step: None, model: None, formula: None, plan: None }
    }

    /// Something the study or the command asks for is wrong.
    pub fn plan(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Error::new(Kind::Plan { message: message.into(), remedy: remedy.into() })
    }

    /// A formula is wrong at byte `at`.
    pub fn formula(source: &str, at: usize, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Error::new(Kind::Formula { source: source.into(), at, message: message.into(), remedy: remedy.into() })
    }

    /// Several errors as one; a single one stays itself.
    pub fn many(mut errors: Vec<Error>) -> Self {
        match errors.len() {
            1 => errors.remove(0),
            _ => Error::new(Kind::Many(errors)),
        }
    }

    /// Names the step, unless one is named already.
    pub fn at_step(mut self, step: &str) -> Self {
        if let Kind::Many(errors) = &mut *self.kind {
            *errors = std::mem::take(errors).into_iter().map(|e| e.at_step(step)).collect();
            return self;
        }
        self.step.get_or_insert_with(|| step.into());
        self
    }

    /// Names the model, where a step declares several.
    pub fn in_model(mut self, model: &str) -> Self {
        self.model.get_or_insert_with(|| model.into());
        self
    }

    /// Points at the name in `formula` that the message is about, when it is about one.
    pub fn in_formula(mut self, formula: &str) -> Self {
        if self.formula.is_none() && matches!(&*self.kind, Kind::Table(_) | Kind::Stats { .. } | Kind::Plan { .. }) {
            let text = self.to_string();
            let tokens = crate::expression::tokens(formula).unwrap_or_default();
            let mut named = text.split('`').skip(1).step_by(2);
            let place = named.find_map(|name| {
                tokens
                    .iter()
                    .find(|(t, _)| *t == Token::Name(name.into()))
                    .map(|(_, at)| Box::new((formula.into(), *at)))
            });
            self.formula = place;
        }
        self
    }

    /// Names the place in the study file, unless one is named already.
    pub fn at_plan(mut self, file: &str, span: std::ops::Range<usize>) -> Self {
        if let Kind::Many(errors) = &mut *self.kind {
            *errors = std::mem::take(errors).into_iter().map(|e| e.at_plan(file, span.clone())).collect();
            return self;
        }
        self.plan.get_or_insert_with(|| (file.into(), span));
        self
    }

    /// Says in which file and lines the rows at fault are; the rows are rows of `table`.
    pub fn at_rows(mut self, table: &plim_table::Table) -> Self {
        if let Kind::Stats { error, place } = &mut *self.kind
            && let Some(at) = table.place(&error.rows)
        {
            *place = Some(at);
        }
        self
    }

    /// Exit status: 1 what was asked is wrong, 2 a number cannot be trusted, 3 a file cannot be read or written.
    pub fn exit(&self) -> u8 {
        match &*self.kind {
            Kind::Table(e) if e.io() => 3,
            Kind::Stats { error, .. } if error.kind.untrusted() => 2,
            Kind::Many(errors) => errors.iter().map(Error::exit).min().unwrap_or(1),
            _ => 1,
        }
    }
}

impl From<plim_table::Error> for Error {
    fn from(e: plim_table::Error) -> Self {
        Error::new(Kind::Table(e))
    }
}

impl From<plim_stats::Error> for Error {
    fn from(error: plim_stats::Error) -> Self {
        Error::new(Kind::Stats { error, place: None })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = &self.step {
            write!(f, "step `{step}`: ")?;
        }
        if let Some(model) = &self.model {
            write!(f, "model `{model}`: ")?;
        }
        match &*self.kind {
            Kind::Table(e) => write!(f, "{e}"),
            Kind::Stats { error, place: None } => write!(f, "{error}"),
            Kind::Stats { error, place: Some(place) } => write!(f, "{place}: {error}"),
            Kind::Plan { message, remedy } => write!(f, "{message}; {remedy}"),
            Kind::Formula { source, at, message, remedy } => {
                write!(f, "{message}; {remedy}")?;
                point(f, source, *at)
            }
            Kind::Many(errors) => {
                for (i, e) in errors.iter().enumerate() {
                    if i > 0 {
                        writeln!(f)?;
                    }
                    write!(f, "{e}")?;
                }
                Ok(())
            }
        }?;
        self.formula.as_ref().map_or(Ok(()), |place| point(f, &place.0, place.1))
    }
}

/// The formula on a line of its own, and a caret below its byte `at`.
fn point(f: &mut fmt::Formatter<'_>, source: &str, at: usize) -> fmt::Result {
    let before = source.get(..at).unwrap_or(source);
    write!(f, "\n  {source}\n  {}^", " ".repeat(before.chars().count()))
}

impl std::error::Error for Error {}
