//! What a reader sees: tables, figures, the page.

mod drawings;
mod frontier;
mod layouts;
mod office;
mod renderings;
mod tables;
