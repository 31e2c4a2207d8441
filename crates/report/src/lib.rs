//! Tables, figures and the report page.
//!
//! | from | to | by |
//! |---|---|---|
//! | fits | [`table::Table`] | [`regression`], [`effects`], [`instruments`] |
//! | columns, a measure | [`table::Table`] | [`describe`], [`agreement`] |
//! | a table | a medium | [`text`], [`markdown`], [`latex`], [`html`] |
//! | numbers | [`figure::Scene`] | [`plots`], [`density`], [`frontier`], [`paths`], [`ranking`], [`heatmap`], [`radar`], [`sunburst`] |
//! | regions and numbers | [`figure::Scene`] | [`geojson`], [`choropleth`] |
//! | a scene | SVG | [`svg`] |
//! | all of it | one HTML file | [`page`] |
//!
//! Nothing here computes an estimate: numbers come from [`results`]. Nothing here opens a file.

pub mod agreement;
pub mod choropleth;
pub mod density;
pub mod describe;
pub mod effects;
pub mod escape;
pub mod figure;
pub mod frontier;
pub mod geojson;
pub mod heatmap;
pub mod html;
pub mod instruments;
pub mod latex;
pub mod markdown;
mod notes;
pub mod number;
pub mod page;
pub mod paths;
pub mod plots;
pub mod product_space;
pub mod radar;
pub mod ranking;
pub mod regression;
pub mod results;
pub mod sunburst;
pub mod svg;
pub mod table;
pub mod text;
pub mod treemap;
pub mod words;

pub use plim_stats::{Error, Result};
pub use results::{Fit, Measure, Results};
pub use words::Lang;
