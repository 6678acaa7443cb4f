//! Where a page begins: numbers behind a fingerprint of the query, so that a cursor of another query is refused.

use serde::Serialize;

use super::fault::Sql;
use crate::StoreError;

/// What marks the cursors of one query: the list's name and whatever decides which rows it has and in which order.
pub(super) fn fingerprint(list: &str, query: &impl Serialize) -> Sql<String> {
    let json = serde_json::to_vec(&(list, query))?;
    Ok(blake3::hash(&json).to_hex()[..8].to_owned())
}

/// The cursor that goes on after the row at `position`.
pub(super) fn write(fingerprint: &str, position: &[i64]) -> String {
    let numbers: Vec<String> = position.iter().map(i64::to_string).collect();
    format!("{fingerprint}.{}", numbers.join("."))
}

/// The position that `write` made a cursor of; refused where it belongs to another query.
pub(super) fn read<const N: usize>(fingerprint: &str, cursor: Option<&str>) -> Sql<Option<[i64; N]>> {
    let Some(text) = cursor else { return Ok(None) };
    let refuse = || StoreError::Cursor { cursor: text.to_owned() };
    let numbers =
        text.strip_prefix(fingerprint).and_then(|rest| rest.strip_prefix('.')).ok_or_else(refuse)?;
    let position: Option<Vec<i64>> = numbers.split('.').map(|number| number.parse().ok()).collect();
    let position = position.and_then(|numbers| <[i64; N]>::try_from(numbers).ok()).ok_or_else(refuse)?;
    Ok(Some(position))
}

/// Cuts `rows` to one page and says where the next one begins, where there is one.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: u32, position: impl FnOnce(&T) -> String) -> Option<String> {
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more).map(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_query() {
        let (ours, theirs) = (fingerprint("a", &1).unwrap(), fingerprint("a", &2).unwrap());
        let cursor = write(&ours, &[7, -1]);
        assert_eq!(read::<2>(&ours, Some(&cursor)).unwrap(), Some([7, -1]));
        assert_eq!(read::<2>(&ours, None).unwrap(), None);
        for (print, text) in
            [(&theirs, cursor.as_str()), (&ours, "x"), (&ours, &format!("{ours}.1")), (&ours, "")]
        {
            assert!(read::<2>(print, Some(text)).is_err(), "{text}");
        }
    }
}
