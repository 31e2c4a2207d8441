//! The product space: products as nodes, near ones joined.
//!
//! Drawn are the links of the maximum spanning tree of proximity, which keeps every product in sight, and all links
//! above a threshold (Hidalgo, Klinger, Barabási and Hausmann 2007). Places come from forces: linked nodes attract,
//! all nodes repel each other, and the whole is drawn to the middle (Fruchterman and Reingold 1991, "Graph drawing by
//! force-directed placement", Software: Practice and Experience 21). They mean nothing but who is near whom.

use crate::figure::{Dash, Ink, Mark, Scene, shape};
use crate::plots::{WIDTH, shows, titled};
use crate::{Error, Result};

/// Height of the picture.
const TALL: f64 = 480.0;
/// Most products: the time of the placement grows with their square.
pub const MOST: usize = 1500;
/// Rounds of the placement.
const ROUNDS: usize = 300;

/// A product.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its group, a position in the list of their names.
    pub group: usize,
    /// Drawn full, else as an outline.
    pub full: bool,
}

/// A pair of products and their proximity.
pub type Link = (usize, usize, f64);

/// The picture; `links` are all pairs with a proximity above zero, `strong` the proximity from which on they are drawn.
pub fn product_space(nodes: &[Node], links: &[Link], strong: f64, groups: &[String], title: &str) -> Result<Scene> {
    shows(nodes.is_empty(), "the list of products")?;
    if nodes.len() > MOST {
        let message = format!("{} products, and the picture has room for {MOST}", nodes.len());
        return Err(Error::invalid(message, "group products more coarsely, as to four digits"));
    }
    let drawn = drawn_links(nodes.len(), links, strong);
    let mut scene = titled(title, String::new(), TALL);
    let top = if groups.len() > 1 { scene.legend(groups, 2.0, 2.0, false) } else { 0.0 };
    let places = fitted(&placed(nodes.len(), &drawn), (10.0, top + 10.0, WIDTH - 10.0, TALL - 10.0));
    for &(a, b, value) in &drawn {
        let width = if value >= strong { 1.0 } else { 0.6 };
        scene.line(&[places[a], places[b]], Ink::Faint, width, Dash::Solid);
    }
    for (node, &at) in nodes.iter().zip(&places) {
        let (ink, hollow) = (Ink::Series(node.group), !node.full);
        scene.marks.push(Mark::Dot { at, shape: shape(node.group), ink, hollow });
    }
    let full = nodes.iter().filter(|n| n.full).count();
    scene.description = format!("{} products, {} links; {full} of the products are full", nodes.len(), drawn.len());
    Ok(scene)
}

/// The links of a maximum spanning tree (of each connected part) and all that are strong, the strongest first.
///
/// Kruskal's algorithm; equal links in the order of their nodes, so that the tree is always the same.
pub fn drawn_links(nodes: usize, links: &[Link], strong: f64) -> Vec<Link> {
    let mut order: Vec<&Link> = links.iter().filter(|l| l.2 > 0.0 && l.0 != l.1).collect();
    order.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    let mut part: Vec<usize> = (0..nodes).collect();
    fn root(part: &mut [usize], mut i: usize) -> usize {
        while part[i] != i {
            part[i] = part[part[i]];
            i = part[i];
        }
        i
    }
    let mut drawn = Vec::new();
    for &&(a, b, value) in &order {
        let (p, q) = (root(&mut part, a), root(&mut part, b));
        if p != q {
            part[p] = q;
        }
        if p != q || value >= strong {
            drawn.push((a, b, value));
        }
    }
    drawn
}

/// Places by forces, from a spiral on: no chance is in them.
fn placed(n: usize, links: &[Link]) -> Vec<(f64, f64)> {
    let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
    let spiral = |i: usize| {
        let (radius, angle) = ((i as f64 + 0.5).sqrt(), golden * i as f64);
        (radius * angle.cos(), radius * angle.sin())
    };
    let mut at: Vec<(f64, f64)> = (0..n).map(spiral).collect();
    let start = (n as f64).sqrt();
    for round in 0..ROUNDS {
        let mut push = vec![(0.0, 0.0); n];
        for i in 0..n {
            for j in 0..i {
                let (dx, dy) = (at[i].0 - at[j].0, at[i].1 - at[j].1);
                // Repulsion 1/d along the unit vector; two nodes on one spot part sideways.
                let d2 = (dx * dx + dy * dy).max(1e-6);
                let (fx, fy) = if dx == 0.0 && dy == 0.0 { (1e-3 * (i - j) as f64, 0.0) } else { (dx / d2, dy / d2) };
                push[i] = (push[i].0 + fx, push[i].1 + fy);
                push[j] = (push[j].0 - fx, push[j].1 - fy);
            }
        }
        for &(a, b, _) in links {
            let (dx, dy) = (at[a].0 - at[b].0, at[a].1 - at[b].1);
            let d = dx.hypot(dy);
            push[a] = (push[a].0 - dx * d, push[a].1 - dy * d);
            push[b] = (push[b].0 + dx * d, push[b].1 + dy * d);
        }
        // Steps are cut to a length that cools down to nothing.
        let longest = 0.3 * start * (1.0 - round as f64 / ROUNDS as f64);
        for (place, force) in at.iter_mut().zip(&push) {
            let (fx, fy) = (force.0 - 0.05 * place.0, force.1 - 0.05 * place.1);
            let shrink = (longest / fx.hypot(fy).max(1e-12)).min(1.0);
            *place = (place.0 + fx * shrink, place.1 + fy * shrink);
        }
    }
    at
}

/// Places moved and stretched into the field of left, top, right and bottom.
fn fitted(at: &[(f64, f64)], (left, top, right, bottom): (f64, f64, f64, f64)) -> Vec<(f64, f64)> {
    let range = |of: fn(&(f64, f64)) -> f64| {
        at.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
    };
    let ((x0, x1), (y0, y1)) = (range(|p| p.0), range(|p| p.1));
    // A sole product stands in the middle.
    let along = |v: f64, low: f64, high: f64| if high > low { (v - low) / (high - low) } else { 0.5 };
    let place =
        |p: &(f64, f64)| (left + along(p.0, x0, x1) * (right - left), top + along(p.1, y0, y1) * (bottom - top));
    at.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_the_largest_and_strong_links_join_it() {
        let links = [(0, 1, 0.9), (1, 2, 0.8), (0, 2, 0.7), (2, 3, 0.1), (0, 3, 0.2), (4, 5, 0.3), (1, 3, 0.0)];
        let tree = drawn_links(6, &links, 2.0);
        // By hand: 3 joins through its nearest; 4 and 5 are a part of their own.
        assert_eq!(tree, [(0, 1, 0.9), (1, 2, 0.8), (4, 5, 0.3), (0, 3, 0.2)]);
        assert_eq!(drawn_links(6, &links, 0.7).len(), 5, "and the strong one");
    }

    #[test]
    fn places_lie_on_the_canvas_and_near_ones_are_near() {
        // Two cliques joined by one weak link.
        let mut links = vec![(0, 5, 0.1)];
        for i in 0..5 {
            for j in 0..i {
                links.extend([(i, j, 0.9), (i + 5, j + 5, 0.9)]);
            }
        }
        let nodes: Vec<Node> = (0..10).map(|i| Node { group: i / 5, full: i % 2 == 0 }).collect();
        let names = ["a".to_string(), "b".to_string()];
        let scene = product_space(&nodes, &links, 0.5, &names, "space").unwrap();
        let dots: Vec<(f64, f64)> = (scene.marks.iter().rev().take(10).rev())
            .map(|m| match m {
                Mark::Dot { at, .. } => *at,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(dots.iter().all(|(x, y)| (0.0..=WIDTH).contains(x) && (0.0..=TALL).contains(y)), "{dots:?}");
        let far = |i: usize, j: usize| (dots[i].0 - dots[j].0).hypot(dots[i].1 - dots[j].1);
        let within: f64 = [(0, 1), (2, 3), (5, 6), (7, 8)].map(|(i, j)| far(i, j)).iter().sum();
        let between: f64 = [(0, 6), (1, 7), (2, 8), (3, 9)].map(|(i, j)| far(i, j)).iter().sum();
        assert!(within < between, "{within} {between}");
        assert_eq!(scene, product_space(&nodes, &links, 0.5, &names, "space").unwrap(), "no chance");
        let many = vec![Node { group: 0, full: true }; MOST + 1];
        assert!(product_space(&many, &[], 0.5, &[], "space").unwrap_err().to_string().contains("coarsely"));
        assert!(product_space(&[], &[], 0.5, &[], "space").is_err());
    }
}
