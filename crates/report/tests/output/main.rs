//! What a reader sees: tables, figures, the page.

mod drawings;
mod frontier;
mod renderings;
mod tables;
