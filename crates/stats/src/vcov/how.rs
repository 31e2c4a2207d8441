//! The names of the covariances: what may be asked for, how it is written, and what is wrong with what is not.

use super::conley::{Distance, Kernel};
use crate::{Design, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Most ways of clustering: 2^ways - 1 meats are summed.
const WAYS: usize = 8;

/// A covariance by name.
#[derive(Debug, Clone, PartialEq)]
pub enum Vcov {
    /// Independent errors of equal variance.
    Iid,
    /// Heteroskedastic, no factor.
    Hc0,
    /// Heteroskedastic, with the small-sample factor.
    Hc1,
    /// Heteroskedastic, each squared residual over 1 - leverage; no factor.
    Hc2,
    /// Heteroskedastic, each residual over 1 - leverage: nearly the jackknife; no factor.
    Hc3,
    /// Clustered in one or more ways; a way may be an interaction `a^b`.
    Cluster(Vec<String>),
    /// Clustered, residuals over the root of 1 - leverage of the cluster.
    Cr2(String),
    /// Clustered, the jackknife that leaves out one cluster after another.
    Crv3(String),
    /// Serially correlated within units up to a lag; `None` is [`super::default_lag`].
    NeweyWest(Option<usize>),
    /// Correlated across units, and over time up to a lag; `None` is [`super::default_lag`].
    DriscollKraay(Option<usize>),
    /// Correlated over space up to a distance.
    Conley {
        /// The distance, in kilometres.
        km: f64,
        /// Weights of pairs within it.
        kernel: Kernel,
        /// How distance is measured.
        distance: Distance,
    },
}

impl Vcov {
    /// The variables it clusters by; an interaction is written `a^b`.
    pub fn clusters(&self) -> &[String] {
        match self {
            Vcov::Cluster(ways) => ways,
            Vcov::Cr2(one) | Vcov::Crv3(one) => std::slice::from_ref(one),
            _ => &[],
        }
    }

    /// The default: clustered by the first fixed effect, `hc1` without one.
    pub fn default_for(design: &Design) -> Self {
        design.fe.first().map_or(Vcov::Hc1, |f| Vcov::Cluster(vec![f.name.clone()]))
    }

    /// Itself, with this kernel and distance when it is spatial: its name has the cut-off only.
    pub fn spatial(self, kernel: Kernel, distance: Distance) -> Self {
        match self {
            Vcov::Conley { km, .. } => Vcov::Conley { km, kernel, distance },
            other => other,
        }
    }
}

impl fmt::Display for Vcov {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lagged = |f: &mut fmt::Formatter<'_>, name: &str, lag: &Option<usize>| match lag {
            Some(lag) => write!(f, "{name}:{lag}"),
            None => write!(f, "{name}"),
        };
        match self {
            Vcov::Iid => write!(f, "iid"),
            Vcov::Hc0 => write!(f, "hc0"),
            Vcov::Hc1 => write!(f, "hc1"),
            Vcov::Hc2 => write!(f, "hc2"),
            Vcov::Hc3 => write!(f, "hc3"),
            Vcov::Cluster(ways) => write!(f, "cluster:{}", ways.join("+")),
            Vcov::Cr2(one) => write!(f, "cr2:{one}"),
            Vcov::Crv3(one) => write!(f, "crv3:{one}"),
            Vcov::NeweyWest(lag) => lagged(f, "nw", lag),
            Vcov::DriscollKraay(lag) => lagged(f, "dk", lag),
            Vcov::Conley { km, .. } => write!(f, "conley:{km}"),
        }
    }
}

impl FromStr for Vcov {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let wrong = |message: String| {
            Error::invalid(
                format!("`vcov = \"{text}\"` {message}"),
                "wanted iid, hc0 to hc3, cluster:a, cluster:a+b, cr2:a, crv3:a, nw, nw:LAG, dk, dk:LAG or conley:KM",
            )
        };
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name.trim().to_ascii_lowercase(), Some(argument.trim())),
            None => (text.to_ascii_lowercase(), None),
        };
        let lag = || match argument {
            None => Ok(None),
            Some(a) => a.parse().map(Some).map_err(|_| wrong(format!("has the lag `{a}`, not a whole number from 0"))),
        };
        match (name.as_str(), argument) {
            ("iid", None) => Ok(Vcov::Iid),
            ("hc0", None) => Ok(Vcov::Hc0),
            ("hc1", None) => Ok(Vcov::Hc1),
            ("hc2", None) => Ok(Vcov::Hc2),
            ("hc3", None) => Ok(Vcov::Hc3),
            ("nw", _) => lag().map(Vcov::NeweyWest),
            ("dk", _) => lag().map(Vcov::DriscollKraay),
            ("conley", None) => Err(wrong("has no cut-off; write the kilometres, as in conley:200".into())),
            ("conley", Some(a)) => match a.strip_suffix("km").unwrap_or(a).trim().parse::<f64>() {
                Ok(km) if km.is_finite() && km > 0.0 => {
                    Ok(Vcov::Conley { km, kernel: Kernel::default(), distance: Distance::default() })
                }
                _ => Err(wrong(format!("has the cut-off `{a}`, not a positive number of kilometres"))),
            },
            ("cluster" | "cr2" | "crv3", None) => Err(wrong("names no variable to cluster by".into())),
            ("cluster" | "cr2" | "crv3", Some(names)) => {
                let mut ways: Vec<String> = Vec::new();
                for name in names.split('+').map(str::trim) {
                    if name.is_empty() {
                        return Err(wrong("names no variable to cluster by".into()));
                    }
                    if !ways.iter().any(|w| w == name) {
                        ways.push(name.into());
                    }
                }
                match (name.as_str(), ways.len()) {
                    ("cluster", ..=WAYS) => Ok(Vcov::Cluster(ways)),
                    ("cluster", many) => Err(wrong(format!("clusters {many} ways, and at most {WAYS} are offered"))),
                    ("cr2", 1) => Ok(Vcov::Cr2(ways.remove(0))),
                    ("crv3", 1) => Ok(Vcov::Crv3(ways.remove(0))),
                    _ => Err(wrong("clusters several ways, and it is defined for one".into())),
                }
            }
            ("iid" | "hc0" | "hc1" | "hc2" | "hc3", Some(_)) => Err(wrong(format!("gives {name} an argument"))),
            ("hac" | "newey-west" | "neweywest", _) => Err(wrong("is not offered; Newey and West is nw:LAG".into())),
            ("robust" | "hetero" | "white", _) => Err(wrong("is not offered; Stata's robust is hc1".into())),
            _ => Err(wrong("is not offered".into())),
        }
    }
}

impl Serialize for Vcov {
    fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Vcov {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Vcov {
    fn schema_name() -> Cow<'static, str> {
        "Vcov".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(iid|hc[0-3]|(cluster|cr2|crv3):.+|(nw|dk)(:[0-9]+)?|conley:[0-9.]+ ?(km)?)$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for name in [
            "iid",
            "hc0",
            "hc1",
            "hc2",
            "hc3",
            "cluster:city",
            "cluster:prov^year+city",
            "cr2:prov",
            "crv3:prov^year",
            "nw",
            "nw:0",
            "nw:3",
            "dk",
            "dk:2",
            "conley:200",
            "conley:0.5",
        ] {
            assert_eq!(name.parse::<Vcov>().unwrap().to_string(), name);
        }
        assert_eq!("Conley: 50 km".parse::<Vcov>().unwrap().to_string(), "conley:50");
        for (wrong, part) in [
            ("robust", "hc1"),
            ("cluster:", "names no"),
            ("cluster:a+", "names no"),
            ("hc4", "not offered"),
            ("crv3:a+b", "several"),
            ("crv3", "names no"),
            ("nw:-1", "lag"),
            ("nw:1.5", "lag"),
            ("conley", "cut-off"),
            ("conley:0", "positive"),
            ("conley:x", "positive"),
            ("hc1:a", "argument"),
            ("HAC", "nw:LAG"),
        ] {
            let said = wrong.parse::<Vcov>().unwrap_err().to_string();
            assert!(said.contains("wanted") && said.contains(part), "{wrong}: {said}");
        }
    }
}
