//! What can go wrong in a computation, with the column and the source rows where it did.

use std::fmt;

/// Result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error that knows its column and its rows; `study` adds the step and the line of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// What happened.
    pub kind: Kind,
    /// The column it happened in, when it is one column's fault.
    pub column: Option<String>,
    /// The rows at fault (0-based, in the arrays that the function was given), at most a handful.
    pub rows: Vec<usize>,
}

/// The kinds of failure. Each message says what was found, what was wanted and the way out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Two lengths that must agree do not.
    Length {
        /// What was measured.
        what: String,
        /// Length found.
        got: usize,
        /// Length wanted.
        want: usize,
    },
    /// A value is NaN or infinite where a finite one is needed.
    NotFinite,
    /// A column has one value only, so that what is asked of it is undefined.
    Constant,
    /// There is nothing left to compute with.
    Empty {
        /// What is empty.
        what: String,
    },
    /// An option or a value is outside what the method is defined for.
    Invalid {
        /// What was found and what is wanted.
        message: String,
        /// The way out.
        remedy: String,
    },
    /// A regressor is a linear combination of others (or of the effects) and the user asked for an error.
    Collinear {
        /// Whether the fixed effects alone span it.
        absorbed: bool,
    },
    /// No regressor is left after the collinear ones are dropped.
    NothingLeft,
    /// There are fewer excluded instruments than endogenous variables.
    Underidentified {
        /// Endogenous variables.
        endogenous: Vec<String>,
        /// Excluded instruments that are left.
        instruments: Vec<String>,
    },
    /// Clustering needs at least two clusters.
    OneCluster {
        /// The clustering variable.
        name: String,
    },
    /// An iteration stopped before its tolerance: the number is withheld.
    NotConverged {
        /// The algorithm.
        what: String,
        /// Iterations done.
        iterations: usize,
        /// Criterion reached.
        reached: f64,
        /// Criterion wanted.
        wanted: f64,
    },
    /// A matrix that must be invertible is not: the number is withheld.
    Singular {
        /// The matrix.
        what: String,
    },
    /// A result failed its own certificate: the number is withheld.
    Untrusted {
        /// What was checked and what was found.
        message: String,
        /// The way out.
        remedy: String,
    },
}

impl Kind {
    /// True when the request was sound but its number cannot be trusted (exit status 2).
    pub fn untrusted(&self) -> bool {
        matches!(self, Kind::NotConverged { .. } | Kind::Singular { .. } | Kind::Untrusted { .. })
    }
}

impl Error {
    /// An error without a place.
    pub fn new(kind: Kind) -> Self {
        Error { kind, column: None, rows: Vec::new() }
    }

    /// The commonest kind: something is outside what the method is defined for.
    pub fn invalid(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Error::new(Kind::Invalid { message: message.into(), remedy: remedy.into() })
    }

    /// A length that disagrees.
    pub fn length(what: impl Into<String>, got: usize, want: usize) -> Self {
        Error::new(Kind::Length { what: what.into(), got, want })
    }

    /// Adds the column, unless one is known already (the innermost place wins).
    pub fn at_column(mut self, column: impl Into<String>) -> Self {
        self.column.get_or_insert(column.into());
        self
    }

    /// Adds the rows, unless some are known already.
    pub fn at_rows(mut self, rows: impl Into<Vec<usize>>) -> Self {
        if self.rows.is_empty() {
            self.rows = rows.into();
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "column `{column}`: ")?;
        }
        match &self.kind {
            Kind::Length { what, got, want } => write!(f, "{what} has length {got}, wanted {want}")?,
            Kind::NotFinite => write!(f, "a value is missing or not finite; drop or repair these rows first")?,
            Kind::Constant => write!(
                f,
                "all values are equal, so that its spread is zero; leave it out, or set `constant = \"drop\"`"
            )?,
            Kind::Empty { what } => write!(f, "{what} is empty; check the filter and the missing values")?,
            Kind::Invalid { message, remedy } => write!(f, "{message}; {remedy}")?,
            Kind::Collinear { absorbed: true } => {
                write!(f, "the fixed effects absorb this regressor entirely; drop it, or an effect that spans it")?
            }
            Kind::Collinear { absorbed: false } => write!(
                f,
                "this regressor is a linear combination of the others; drop it, or set `collinear = \"drop\"`"
            )?,
            Kind::NothingLeft => write!(
                f,
                "every regressor is collinear or absorbed by the fixed effects; drop an effect, or choose a regressor that varies within them"
            )?,
            Kind::Underidentified { endogenous, instruments } => {
                let short = endogenous.len() - instruments.len();
                let names = |list: &[String]| match list {
                    [] => String::new(),
                    list => format!(" (`{}`)", list.join("`, `")),
                };
                write!(
                    f,
                    "{} endogenous{} against {} excluded instrument{}{}: the equation is not identified; add at least {short} more instrument{} after the `~` of the third part, or treat an endogenous variable as exogenous",
                    endogenous.len(),
                    names(endogenous),
                    instruments.len(),
                    if instruments.len() == 1 { "" } else { "s" },
                    names(instruments),
                    if short == 1 { "" } else { "s" },
                )?
            }
            Kind::OneCluster { name } => write!(
                f,
                "`{name}` has a single cluster; cluster by a variable with at least two values, or set `vcov = \"hc1\"`"
            )?,
            Kind::NotConverged { what, iterations, reached, wanted } => write!(
                f,
                "{what} did not converge: criterion {reached:.3e} after {iterations} iterations, wanted {wanted:.1e}"
            )?,
            Kind::Singular { what } => write!(f, "{what} is singular to working precision")?,
            Kind::Untrusted { message, remedy } => write!(f, "{message}; {remedy}")?,
        }
        if !self.rows.is_empty() {
            let rows: Vec<String> = self.rows.iter().take(5).map(|r| (r + 1).to_string()).collect();
            let what = if rows.len() == 1 { "row" } else { "rows" };
            write!(f, " ({what} {}{})", rows.join(", "), if self.rows.len() > 5 { ", …" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
