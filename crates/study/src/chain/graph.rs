//! Which steps an estimate rests on.

use super::memo::texts_of;
use crate::error::Result;
use crate::lineage::{Lineage, Origin};
use crate::method::Role;
use crate::plan::Study;

/// For each step, the earlier steps whose results it reads.
pub(crate) struct Graph {
    uses: Vec<Vec<usize>>,
}

impl Graph {
    /// Read off the study.
    pub fn new(study: &Study) -> Result<Graph> {
        let lineage = Lineage::new(study, &[])?;
        let step = |(_, origin): (String, Origin)| match origin {
            Origin::Step(i) => Some(i),
            Origin::Input(_) => None,
        };
        let uses = |at: usize| -> Vec<usize> {
            let mut used: Vec<usize> = lineage.uses(at).into_iter().filter_map(step).collect();
            // A query, and a step that names a table in an option, read all that was written into it.
            let own = &lineage.steps[at];
            let mut texts = Vec::new();
            own.given.values().for_each(|value| texts_of(value, &mut texts));
            let query = if own.entry.name == "sql" { texts.join(" ") } else { String::new() };
            let words: Vec<&str> = query.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let reads = |table: &str| texts.contains(&table) || words.contains(&table);
            let earlier = lineage.steps[..at].iter().filter(|s| s.entry.role != Role::Show);
            used.extend(earlier.filter(|s| reads(&lineage.writes(s))).map(|s| s.index));
            used
        };
        Ok(Graph { uses: (0..lineage.steps.len()).map(uses).collect() })
    }

    /// Marks these steps and all that they rest on.
    pub fn upstream(&self, of: &[usize]) -> Vec<bool> {
        let mut marked = vec![false; self.uses.len()];
        of.iter().for_each(|&i| marked[i] = true);
        // A step reads earlier ones only.
        for i in (0..marked.len()).rev().filter(|&i| marked[i]).collect::<Vec<_>>() {
            let mut todo = vec![i];
            while let Some(at) = todo.pop() {
                for &used in &self.uses[at] {
                    if !marked[used] {
                        marked[used] = true;
                        todo.push(used);
                    }
                }
            }
        }
        marked
    }

    /// Marks these steps and all that rest on them.
    pub fn downstream(&self, of: &[bool]) -> Vec<bool> {
        let mut marked = of.to_vec();
        for i in 0..marked.len() {
            marked[i] = marked[i] || self.uses[i].iter().any(|&used| marked[used]);
        }
        marked
    }

    /// Whether a step reads one of the marked ones.
    pub fn rests_on(&self, step: usize, marked: &[bool]) -> bool {
        self.uses[step].iter().any(|&used| marked[used])
    }
}
