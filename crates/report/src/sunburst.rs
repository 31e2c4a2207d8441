//! Sunburst: a tree of indicators as rings, the weight of each as the angle of its sector.

use crate::figure::{Anchor, FONT, Ink, Scene, cut, extent};
use crate::number::fixed;
use crate::plots::{WIDTH, shows, titled};
use crate::{Error, Result};
use std::f64::consts::TAU;

/// Height of the figure.
const TALL: f64 = 560.0;
/// Levels at most.
const DEEP: usize = 6;

/// A node of the tree: its name, its parent (a position in the list) and its weight, that of a leaf; a node with
/// children weighs what they do.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Parent; none at the first level.
    pub parent: Option<usize>,
    /// Weight of a leaf.
    pub weight: f64,
}

/// The tree around `root`, its name in the middle.
pub fn sunburst(nodes: &[Node], root: &str) -> Result<Scene> {
    let depth = depths(nodes)?;
    let deepest = depth.iter().copied().max().unwrap_or(0) + 1;
    if deepest > DEEP {
        return Err(Error::invalid(
            format!("the tree has {deepest} levels"),
            format!("draw at most {DEEP}, or a branch of it"),
        ));
    }
    let total = totals(nodes, &depth)?;
    let whole: f64 = nodes.iter().zip(&total).filter(|(n, _)| n.parent.is_none()).map(|(_, t)| t).sum();
    shows(whole.is_nan() || whole <= 0.0, "the list of indicators with a weight")?;
    let mut scene = titled(root, String::new(), TALL);
    let (cx, cy) = (WIDTH / 2.0, TALL / 2.0);
    let ring = (TALL / 2.0 - 6.0) / (deepest as f64 + 0.8);
    let mut said = Vec::new();
    // Where the next child of each node begins, as a share of the circle.
    let mut next = vec![0.0; nodes.len()];
    let mut first = 0.0;
    let mut series = 0;
    let mut color = vec![0; nodes.len()];
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    // Parents first, so that children know where they begin.
    order.sort_by_key(|&i| depth[i]);
    for i in order {
        let share = total[i] / whole;
        let begin = match nodes[i].parent {
            Some(p) => {
                color[i] = color[p];
                let begin = next[p];
                next[p] += share;
                begin
            }
            None => {
                color[i] = series;
                series += 1;
                said.push(format!("{}: {} %", nodes[i].name, fixed(100.0 * share, 1)));
                let begin = first;
                first += share;
                begin
            }
        };
        next[i] = begin;
        if share <= 0.0 {
            continue;
        }
        let (inner, outer) = (ring * (depth[i] as f64 + 0.8), ring * (depth[i] as f64 + 1.8));
        let shade = 0.62 - 0.13 * depth[i] as f64;
        scene.patch(sector((cx, cy), [inner, outer], [begin, begin + share]), Ink::Series(color[i]), shade);
        label(&mut scene, &nodes[i].name, share, (cx, cy), (inner + outer) / 2.0, begin + share / 2.0, ring);
    }
    scene.text((cx, cy + FONT * 0.35), cut(root, 1.5 * ring), Anchor::Middle, Ink::Text);
    scene.description = said.join("; ");
    Ok(scene)
}

/// Level of each node; refuses a parent that is not there and a tree that bites its tail.
fn depths(nodes: &[Node]) -> Result<Vec<usize>> {
    (0..nodes.len())
        .map(|i| {
            let (mut depth, mut at) = (0, i);
            while let Some(parent) = nodes[at].parent {
                if parent >= nodes.len() {
                    let message = format!("the parent of `{}` is not in the tree", nodes[at].name);
                    return Err(Error::invalid(message, "name every parent"));
                }
                (depth, at) = (depth + 1, parent);
                if depth > nodes.len() {
                    let message = format!("`{}` is above itself in the tree", nodes[i].name);
                    return Err(Error::invalid(message, "give each indicator one parent, up to the root"));
                }
            }
            Ok(depth)
        })
        .collect()
}

/// Weight of each node: its own, or the sum of its children.
fn totals(nodes: &[Node], depth: &[usize]) -> Result<Vec<f64>> {
    let mut parent = vec![false; nodes.len()];
    nodes.iter().filter_map(|n| n.parent).for_each(|p| parent[p] = true);
    let leaf = |i: usize| !parent[i];
    if let Some(bad) = (0..nodes.len()).find(|&i| leaf(i) && !(nodes[i].weight.is_finite() && nodes[i].weight >= 0.0)) {
        let message = format!("the weight of `{}` is {}", nodes[bad].name, nodes[bad].weight);
        return Err(Error::invalid(message, "a sunburst shows parts of a whole: weights are zero or more"));
    }
    let mut total: Vec<f64> = (0..nodes.len()).map(|i| if leaf(i) { nodes[i].weight } else { 0.0 }).collect();
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(depth[i]));
    for i in order {
        if let Some(p) = nodes[i].parent {
            total[p] += total[i];
        }
    }
    Ok(total)
}

/// The outline of a sector between two radii and two shares of the circle, clockwise from the top.
fn sector((cx, cy): (f64, f64), [inner, outer]: [f64; 2], [from, to]: [f64; 2]) -> Vec<Vec<(f64, f64)>> {
    let at = |r: f64, share: f64| (cx + r * (TAU * share).sin(), cy - r * (TAU * share).cos());
    // A corner every two degrees.
    let steps = ((to - from) * 180.0).ceil().max(1.0) as usize;
    let arc = |r: f64| (0..=steps).map(move |s| at(r, from + (to - from) * s as f64 / steps as f64));
    if to - from > 1.0 - 1e-9 {
        return vec![arc(outer).collect(), arc(inner).collect()];
    }
    let mut back: Vec<_> = arc(inner).collect();
    back.reverse();
    vec![arc(outer).chain(back).collect()]
}

/// Name and share, where the sector has room for them.
fn label(scene: &mut Scene, name: &str, share: f64, (cx, cy): (f64, f64), r: f64, middle: f64, ring: f64) {
    let (x, y) = (cx + r * (TAU * middle).sin(), cy - r * (TAU * middle).cos());
    // Words lie flat: a sector at the top or bottom is as wide as its arc, one at a side as wide as the ring.
    let arc = r * TAU * share.min(0.5);
    let flat = (TAU * middle).cos().abs();
    let (wide, tall) = (ring.max(arc * flat).min(arc.max(ring)), arc * (1.0 - flat) + ring * flat);
    let name = cut(name, wide - 6.0);
    if extent(&name) > wide - 4.0 || tall.min(arc.max(ring * flat)) < FONT * 1.2 || arc < FONT {
        return;
    }
    let percent = format!("{} %", fixed(100.0 * share, 1));
    let two = tall > FONT * 2.8 && extent(&percent) < wide - 4.0;
    let base = if two { y - FONT * 0.2 } else { y + FONT * 0.35 };
    scene.text((x, base), name, Anchor::Middle, Ink::Text);
    if two {
        scene.text((x, base + FONT * 1.15), percent, Anchor::Middle, Ink::Muted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, parent: Option<usize>, weight: f64) -> Node {
        Node { name: name.into(), parent, weight }
    }

    #[test]
    fn a_parent_weighs_what_its_children_do() {
        let tree = [node("a", None, 9.0), node("b", None, 1.0), node("a1", Some(0), 2.0), node("a2", Some(0), 1.0)];
        assert_eq!(totals(&tree, &depths(&tree).unwrap()).unwrap(), [3.0, 1.0, 2.0, 1.0]);
        assert_eq!(sunburst(&tree, "index").unwrap().description, "a: 75.0 %; b: 25.0 %");
    }

    #[test]
    fn trees_that_are_none_are_refused() {
        let cycle = [node("a", Some(1), 1.0), node("b", Some(0), 1.0)];
        assert!(sunburst(&cycle, "x").unwrap_err().to_string().contains("above itself"));
        assert!(sunburst(&[node("a", Some(7), 1.0)], "x").unwrap_err().to_string().contains("not in the tree"));
        assert!(sunburst(&[node("a", None, -1.0)], "x").unwrap_err().to_string().contains("zero or more"));
        assert!(sunburst(&[node("a", None, 0.0)], "x").is_err() && sunburst(&[], "x").is_err());
    }
}
