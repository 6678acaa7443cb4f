//! Inserts many rows with one statement: a statement for each row spends a third of its time on beginning and ending.

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection};

use super::fault::Sql;

/// Rows in one statement; more gain nothing.
const ROWS: usize = 64;

/// Collects rows and inserts them by the dozen. What was not flushed is not inserted.
pub(super) struct Batch<'t> {
    many: CachedStatement<'t>,
    one: CachedStatement<'t>,
    columns: usize,
    values: Vec<Value>,
}

impl<'t> Batch<'t> {
    /// Rows for `insert`, which ends before `VALUES`. `row` is one row of values, such as `(?, ?, 0)`.
    ///
    /// `INSERT OR ROLLBACK` and `OR IGNORE` need no journal of the statement, into which each page that it touches is copied.
    pub(super) fn new(tx: &'t Connection, insert: &str, row: &str) -> Sql<Self> {
        let statement = |rows: usize| format!("{insert} VALUES {}", vec![row; rows].join(", "));
        Ok(Self {
            many: tx.prepare_cached(&statement(ROWS))?,
            one: tx.prepare_cached(&statement(1))?,
            columns: row.matches('?').count(),
            values: Vec::new(),
        })
    }

    /// Adds one row.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = Value>) -> Sql<()> {
        self.values.extend(row);
        if self.values.len() == ROWS * self.columns {
            execute(&mut self.many, self.values.drain(..))?;
        }
        Ok(())
    }

    /// Inserts what is left.
    pub(super) fn flush(&mut self) -> Sql<()> {
        let mut values = self.values.drain(..);
        while values.len() > 0 {
            execute(&mut self.one, values.by_ref().take(self.columns))?;
        }
        Ok(())
    }
}

fn execute(statement: &mut CachedStatement<'_>, values: impl Iterator<Item = Value>) -> Sql<()> {
    for (value, position) in values.zip(1..) {
        statement.raw_bind_parameter(position, value)?;
    }
    statement.raw_execute()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_arrives() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE pair (one INTEGER, other TEXT)").unwrap();
        for count in [0, 1, 63, 64, 65, 200] {
            let mut batch = Batch::new(&connection, "INSERT INTO pair (one, other)", "(?, ?)").unwrap();
            for number in 0..count {
                batch.push([Value::Integer(number), Value::Text(number.to_string())]).unwrap();
            }
            batch.flush().unwrap();
            let query = "SELECT count(*), count(DISTINCT one) FROM pair WHERE other = CAST(one AS TEXT)";
            let counted = connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            assert_eq!(counted, (count, count));
            connection.execute("DELETE FROM pair", []).unwrap();
        }
    }
}
