//! What flows through stages in a row, read from one text a stage: `lend: deposits + capital -> loans`.

use crate::{Error, Result};

/// A column, from the stage that makes it to the one that uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Name of the column.
    pub column: String,
    /// The stage that makes it; none makes what the network gets from outside.
    pub maker: Option<usize>,
    /// The stage that uses it; none uses what the network is for.
    pub user: Option<usize>,
}

impl Flow {
    /// Whether a stage hands it to another.
    pub fn is_link(&self) -> bool {
        self.maker.is_some() && self.user.is_some()
    }
}

/// Stages in a row and what flows through them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Names of the K stages.
    pub stages: Vec<String>,
    /// What comes from outside, then what stages make, each in the order of the stages.
    pub flows: Vec<Flow>,
}

impl Network {
    /// Reads `name: inputs -> outputs` for each stage, columns separated by `+`. What one stage makes and a later one uses
    /// is a link.
    pub fn parse(texts: &[String]) -> Result<Self> {
        if texts.is_empty() {
            return Err(Error::invalid(
                "no stages are given",
                "list them, for example `stages = [\"collect: staff -> deposits\", \"lend: deposits -> loans\"]`",
            ));
        }
        let mut network = Network { stages: Vec::new(), flows: Vec::new() };
        let mut made: Vec<Flow> = Vec::new();
        for (k, text) in texts.iter().enumerate() {
            let (name, used, products) = sides(text)?;
            if network.stages.contains(&name) {
                return Err(Error::invalid(format!("two stages are called `{name}`"), "give each its own name"));
            }
            network.stages.push(name);
            for column in used {
                let users = network.flows.iter().chain(&made).filter(|flow| flow.column == column);
                if let Some(other) = users.filter_map(|flow| flow.user).next() {
                    let why = if other == k { "twice".into() } else { format!("and by `{}`", network.stages[other]) };
                    return Err(Error::invalid(
                        format!("`{column}` is used by stage `{}` {why}", network.stages[k]),
                        "name what each stage uses once, as a column of its own",
                    ));
                }
                match made.iter_mut().find(|flow| flow.column == column) {
                    Some(flow) => flow.user = Some(k),
                    None => network.flows.push(Flow { column, maker: None, user: Some(k) }),
                }
            }
            for column in products {
                if let Some(flow) = network.flows.iter().chain(&made).find(|flow| flow.column == column) {
                    let (who, way_out) = match (flow.maker, flow.user) {
                        (Some(maker), _) => (maker, "name what each stage makes once, as a column of its own"),
                        (None, user) => (user.unwrap_or(k), "list the stage that makes it before the one that uses it"),
                    };
                    return Err(Error::invalid(
                        format!(
                            "`{column}` is made by stage `{}` and named by `{}` before",
                            network.stages[k], network.stages[who]
                        ),
                        way_out,
                    ));
                }
                made.push(Flow { column, maker: Some(k), user: None });
            }
        }
        network.flows.extend(made);
        Ok(network)
    }

    /// Names of the columns, in the order of the flows.
    pub fn columns(&self) -> impl Iterator<Item = &String> {
        self.flows.iter().map(|flow| &flow.column)
    }

    /// How many flows come from outside; they are the first.
    pub fn from_outside(&self) -> usize {
        self.flows.iter().filter(|flow| flow.maker.is_none()).count()
    }
}

/// Name, inputs and outputs of one stage.
fn sides(text: &str) -> Result<(String, Vec<String>, Vec<String>)> {
    let list = |side: &str| -> Vec<String> { side.split('+').map(|name| name.trim().to_string()).collect() };
    let parts = text.split_once(':').and_then(|(name, flow)| Some((name.trim(), flow.split_once("->")?)));
    match parts.map(|(name, (used, made))| (name.to_string(), list(used), list(made))) {
        Some((name, used, made)) if used.iter().chain(&made).chain([&name]).all(|n| !n.is_empty()) => {
            Ok((name, used, made))
        }
        _ => Err(Error::invalid(
            format!("`{text}` is no stage"),
            "write `name: inputs -> outputs` with at least one column on each side, such as `lend: deposits + capital -> \
             loans`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> std::result::Result<Network, String> {
        Network::parse(&texts.iter().map(|t| t.to_string()).collect::<Vec<_>>()).map_err(|e| e.to_string())
    }

    #[test]
    fn links_are_what_one_stage_makes_and_a_later_one_uses() {
        let network = parse(&["a: x -> z + y", "b: z+w -> v"]).unwrap();
        let flow = |column: &str, maker, user| Flow { column: column.into(), maker, user };
        let from_outside = [flow("x", None, Some(0)), flow("w", None, Some(1))];
        let made = [flow("z", Some(0), Some(1)), flow("y", Some(0), None), flow("v", Some(1), None)];
        assert_eq!(network.flows, [&from_outside[..], &made].concat());
        assert_eq!((network.from_outside(), network.stages), (2, vec!["a".to_string(), "b".into()]));
    }

    #[test]
    fn what_is_no_row_of_stages_is_refused() {
        for (texts, what) in [
            (&["a: x"][..], "`a: x` is no stage"),
            (&["a: -> y"], "is no stage"),
            (&["a: x + -> y"], "is no stage"),
            (&["x -> y"], "is no stage"),
            (&[], "no stages are given"),
            (&["a: x -> y", "a: y -> z"], "two stages are called `a`"),
            (&["a: x -> z", "b: x + z -> y"], "`x` is used by stage `b` and by `a`"),
            (&["a: x + x -> z"], "`x` is used by stage `a` twice"),
            (&["a: x -> z", "b: z -> y", "c: z -> v"], "`z` is used by stage `c` and by `b`"),
            (&["a: x + z -> y", "b: y -> z"], "list the stage that makes it before"),
            (&["a: x -> y", "b: w -> y"], "`y` is made by stage `b` and named by `a` before"),
            (&["a: x -> x"], "`x` is made by stage `a` and named by `a` before"),
        ] {
            let message = parse(texts).unwrap_err();
            assert!(message.contains(what), "{message}");
        }
    }
}
