//! Long lists of a measure as tables, and back.

use plim_report::listing::{Field, Listing};
use plim_table::{Column, Data, Result, Table, Text};

/// A column as a field of a list.
pub(crate) fn field(column: Column) -> Field {
    match column.data {
        Data::Number(values) => Field::Numbers(values),
        Data::Text(Text { codes, levels }) => Field::Texts { codes, levels: levels.into() },
    }
}

/// A table as a list.
pub(crate) fn list(table: Table) -> Listing {
    let start = Listing::new(table.rows());
    table.into_columns().into_iter().fold(start, |list, column| list.with(column.name.clone(), field(column)))
}

/// A list as a table.
pub(crate) fn table(list: &Listing) -> Result<Table> {
    let column = |(name, field): (&str, &Field)| match field {
        Field::Numbers(values) => Column::number(name, values.clone()),
        Field::Texts { codes, levels } => {
            Column { name: name.into(), data: Data::Text(Text { codes: codes.clone(), levels: levels.to_vec() }) }
        }
    };
    Table::new(list.fields().map(column).collect())
}
