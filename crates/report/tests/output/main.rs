//! What a reader sees: tables, figures, the page.

mod drawings;
mod frontier;
mod journals;
mod layouts;
mod office;
mod renderings;
mod tables;
