//! Sensitivity of a regression to what is not in it, and to what is.
//!
//! | file | question |
//! |---|---|
//! | [`oster`] | how much more must unobservables be selected than observables to explain the effect away |
//! | [`omitted_variable`] | how strong must a confounder be, in partial R² and in multiples of a control |
//! | [`leave_one_out`] | does the estimate hang on one unit, period or control |

pub mod leave_one_out;
pub mod omitted_variable;
pub mod oster;

pub use leave_one_out::{Group, LeaveOneOut, leave_one_out};
pub use omitted_variable::{OmittedVariable, omitted_variable};
pub use oster::{Oster, oster};

use crate::linear::INTERCEPT;
use crate::{Design, Error, Result};

/// Refuses a name that is not among the regressors of the formula; `option` says where it stands.
fn regressor(design: &Design, name: &str, option: &str) -> Result<()> {
    match design.position(name) {
        Some(_) if name != INTERCEPT => Ok(()),
        _ => {
            let known: Vec<&str> = design.names.iter().map(String::as_str).filter(|n| *n != INTERCEPT).collect();
            Err(Error::invalid(
                format!("`{option}` names `{name}`, which is not a regressor of the formula"),
                format!("name one of: {}", known.join(", ")),
            ))
        }
    }
}
