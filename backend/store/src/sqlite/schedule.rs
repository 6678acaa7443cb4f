//! What the schedules have acted upon.

use nephoscope_model::TargetName;
use rusqlite::{Connection, params};

use super::code;
use super::fault::Sql;
use crate::ScheduleMark;

/// Every mark, sorted by target.
pub(super) fn list(tx: &Connection) -> Sql<Vec<ScheduleMark>> {
    let mut statement = tx.prepare_cached("SELECT target, due FROM schedule ORDER BY target")?;
    let marks = statement.query_map([], |row| {
        let target = TargetName::from(row.get::<_, String>(0)?);
        Ok(ScheduleMark { target, due: code::instant(row.get(1)?) })
    })?;
    Ok(marks.collect::<rusqlite::Result<_>>()?)
}

/// Remembers the latest due time of a target that was acted upon.
pub(super) fn mark(tx: &Connection, mark: &ScheduleMark) -> Sql<()> {
    tx.execute(
        "INSERT INTO schedule (target, due) VALUES (?1, ?2)
         ON CONFLICT (target) DO UPDATE SET due = max(due, excluded.due)",
        params![mark.target.as_str(), code::of_instant(mark.due)],
    )?;
    Ok(())
}
