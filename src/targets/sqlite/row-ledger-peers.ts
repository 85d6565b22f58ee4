/** Of a row that is off in its group: another row that has the value which most rows of the group have. */
import type { Database } from 'better-sqlite3'

/**
 * @param rule the place of a `consistent` rule in the plan
 * @returns a row with the value of most by the row that is off; rows that are not off, or whose group has no such value, are left out
 */
export function majorityPeers(ledger: Database, rule: number, rowIds: readonly number[]): ReadonlyMap<number, number> {
  const rows = ledger
    .prepare<[number, string], [number, number | null]>(
      `SELECT row.row_id,
         (SELECT peer.row_id FROM row AS peer WHERE peer.g${rule} = row.g${rule} AND peer.v${rule} = off.major LIMIT 1)
       FROM row JOIN off ON off.rule = ? AND off.grp = row.g${rule}
       WHERE row.row_id IN (SELECT value FROM json_each(?)) AND off.major IS NOT NULL AND row.v${rule} IS NOT off.major`,
    )
    .raw()
    .all(rule, JSON.stringify(rowIds))
  return new Map(rows.flatMap(([rowId, peer]) => (peer === null ? [] : [[rowId, peer] as const])))
}
