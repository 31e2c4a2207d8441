//! The numbers of a fit that have a spread: coefficients, effects, slopes, differences.

use plim_report::Fit;
use plim_report::escape::part;
use serde_json::Value;

/// A number of a fit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantity {
    /// Where it is in the fit: `coefficients/x`, `effects/indirect`, `between/x`.
    pub path: String,
    pub estimate: f64,
    /// Its conventional standard error; NaN where it has none.
    pub std_error: f64,
}

/// Lists and objects of a fit that hold estimates.
const PLACES: [&str; 8] =
    ["effects", "slopes", "between", "groups", "determinants", "u_variance", "v_variance", "quantiles"];

/// Stats that are estimates of something beyond the sample.
const STATS: [&str; 4] = ["mean_efficiency", "gamma", "sigma_u", "threshold"];

/// The quantities of a fit, in the order of its parts.
pub(crate) fn quantities(fit: &Fit) -> Vec<Quantity> {
    let mut out: Vec<Quantity> = Vec::new();
    for c in &fit.coefficients {
        let path = format!("coefficients/{}", part(&c.name));
        out.push(Quantity { path, estimate: c.estimate, std_error: c.std_error });
    }
    for place in PLACES {
        if let Some(value) = fit.more.get(place) {
            walk(value, place, &mut out);
        }
    }
    for name in STATS {
        let listed = fit.coefficients.iter().any(|c| c.name == name);
        if let Some(estimate) = fit.stats.get(name).and_then(Value::as_f64).filter(|_| !listed) {
            out.push(Quantity { path: format!("stats/{name}"), estimate, std_error: f64::NAN });
        }
    }
    out
}

/// Collects what has an `estimate` or a `difference` below a value.
fn walk(value: &Value, path: &str, out: &mut Vec<Quantity>) {
    match value {
        Value::Object(map) => {
            let number = |key: &str| map.get(key).and_then(Value::as_f64);
            if let Some(estimate) = number("estimate").or(number("difference")) {
                let std_error = number("std_error").unwrap_or(f64::NAN);
                out.push(Quantity { path: path.into(), estimate, std_error });
                return;
            }
            for (key, inner) in map.iter().filter(|(_, v)| v.is_object() || v.is_array()) {
                walk(inner, &format!("{path}/{}", part(key)), out);
            }
            // The share of an effect that is indirect is a number by itself.
            if let (Some(share), true) = (number("share"), path == "effects") {
                out.push(Quantity { path: "effects/share".into(), estimate: share, std_error: f64::NAN });
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &format!("{path}/{}", key(item, i)), out);
            }
        }
        _ => {}
    }
}

/// How a path names an element of a list.
fn key(item: &Value, place: usize) -> String {
    // A slope is told by where it is, since its value moves with the sample.
    let name = ["name", "at", "value", "tau"].iter().find_map(|k| item.get(*k));
    match name {
        Some(Value::String(s)) => part(s),
        Some(Value::Number(n)) => n.to_string(),
        _ => format!("#{place}"),
    }
}
