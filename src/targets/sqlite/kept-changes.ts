/** What change sets hold, read from their file as it is: for who wants to know what is kept of a record. */
import type { Database } from 'better-sqlite3'
import { decodeChanges } from './change-codec.ts'
import type { Change, SetOf } from './ports.ts'

/** Every change of every set, the oldest set first. */
export function* keptChanges(db: Database): Generator<{ readonly setOf: SetOf; readonly change: Change }> {
  const blocks = db.prepare<[], { json: string; actionId: string; path: string; table: string; keyColumn: string }>(
    `SELECT b.json, s.action_id AS actionId, s.path, s.table_name AS "table", s.key_column AS keyColumn
       FROM blocks AS b JOIN sets AS s ON s.set_id = b.set_id ORDER BY b.set_id, b.block`,
  )
  for (const { json, actionId, path, table, keyColumn } of blocks.iterate())
    for (const change of decodeChanges(json))
      yield { setOf: { actionId, target: { path, table, keyColumn, ...change.of } }, change }
}
