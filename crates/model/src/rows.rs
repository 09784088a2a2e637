//! Rows of a table as a reader of databases or dumps found them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Rows of one table. The names of the columns stand here once, and not in each of ten thousand rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    columns: Vec<Arc<str>>,
    rows: Vec<Vec<Value>>,
}

impl Rows {
    /// Rows with their cells in the order of the columns. A row that ends early has nulls for the rest.
    pub fn new(columns: Vec<Arc<str>>, rows: Vec<Vec<Value>>) -> Self {
        Self { columns, rows }
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    /// The rows, each with its cells in the order of the columns.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a row of cells by column; a column that was not there before is null in the rows before.
    pub fn push<N: AsRef<str> + Into<Arc<str>>>(&mut self, row: impl IntoIterator<Item = (N, Value)>) {
        let mut cells = Vec::with_capacity(self.columns.len());
        for (at, (name, value)) in row.into_iter().enumerate() {
            // Most rows name the same columns in the same order.
            let same = self.columns.get(at).is_some_and(|column| **column == *name.as_ref());
            let place = if same { Some(at) } else { self.columns.iter().position(|column| **column == *name.as_ref()) };
            let place = place.unwrap_or_else(|| {
                self.columns.push(name.into());
                self.columns.len() - 1
            });
            if cells.len() <= place {
                cells.resize(place + 1, Value::Null);
            }
            if let Some(cell) = cells.get_mut(place) {
                *cell = value;
            }
        }
        self.rows.push(cells);
    }

    /// Each row as an object of the cells that are not null, as PostgreSQL's `row_to_json` would show it.
    pub fn objects(&self) -> impl Iterator<Item = Map<String, Value>> {
        self.rows.iter().map(|cells| {
            let named = self.columns.iter().zip(cells).filter(|(_, cell)| !cell.is_null());
            named.map(|(column, cell)| (column.to_string(), cell.clone())).collect()
        })
    }
}

impl FromIterator<Map<String, Value>> for Rows {
    fn from_iter<I: IntoIterator<Item = Map<String, Value>>>(rows: I) -> Self {
        let mut all = Self::default();
        rows.into_iter().for_each(|row| all.push(row));
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_of_different_columns_stand_in_one_table() {
        let given = [json!({"a": 1, "b": "x"}), json!({"c": [2], "b": "y"}), json!({}), json!({"a": null, "c": 3})];
        let maps = || given.iter().filter_map(Value::as_object).cloned();
        let rows: Rows = maps().collect();
        assert_eq!(rows.columns().iter().map(|column| &**column).collect::<Vec<_>>(), ["a", "b", "c"]);
        let shown: Vec<Value> = rows.objects().map(Value::Object).collect();
        assert_eq!(shown[..3], given[..3]);
        assert_eq!(shown[3], json!({"c": 3}), "null is nothing");
        let text = serde_json::to_string(&rows).unwrap();
        assert_eq!(serde_json::from_str::<Rows>(&text).unwrap(), rows);
    }
}
