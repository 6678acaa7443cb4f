//! Where something stands, whichever scan read it.

use nephoscope_model::{AccountId, Region, ScanId, ServiceName, ShardKey, TargetName};
use rusqlite::{Connection, params};

use super::fault::Sql;

/// The accounts of a target in which something stands, sorted.
pub(super) fn accounts(connection: &Connection, target: &TargetName) -> Sql<Vec<AccountId>> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT account.name FROM target JOIN account ON account.target = target.id
         WHERE target.name = ?1 AND EXISTS (
            SELECT 1 FROM shard JOIN place ON place.shard = shard.id
            JOIN version ON version.place = place.id AND version.valid_to = ",
        open!(),
        " WHERE shard.account = account.id) ORDER BY account.name"
    ))?;
    let names = statement.query_map([target.as_str()], |row| row.get::<_, String>(0))?;
    Ok(names.map(|name| name.map(AccountId::from)).collect::<rusqlite::Result<_>>()?)
}

/// The shards of one account of the scan's target in which something stands, sorted.
pub(super) fn shards(connection: &Connection, scan: &ScanId, account: &AccountId) -> Sql<Vec<ShardKey>> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT provider, region, service FROM account JOIN shard ON shard.account = account.id
         WHERE target = (SELECT target FROM scan WHERE name = ?1) AND account.name = ?2 AND EXISTS (
            SELECT 1 FROM place JOIN version ON version.place = place.id AND version.valid_to = ",
        open!(),
        " WHERE place.shard = shard.id)"
    ))?;
    let mut rows = statement.query(params![scan.as_str(), account.as_str()])?;
    let mut shards = Vec::new();
    while let Some(row) = rows.next()? {
        let provider: String = row.get(0)?;
        shards.push(ShardKey {
            provider: provider.parse()?,
            account: account.clone(),
            region: Region::from(row.get::<_, String>(1)?),
            service: ServiceName::from(row.get::<_, String>(2)?),
        });
    }
    shards.sort();
    Ok(shards)
}
