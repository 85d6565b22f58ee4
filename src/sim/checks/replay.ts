/** The tables derived from the record are what the record gives when it is read again from its beginning. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { checkChain } from '../../journal/chain.ts'
import { entryOf } from '../../journal/entry-row.ts'
import { project } from '../../journal/projection.ts'
import { readChain } from '../../journal/read-chain.ts'
import { migrateJournal } from '../../journal/schema.ts'
import type { World } from '../world/world.ts'

const derived = ['actions', 'approvals', 'quarantines', 'suspensions', 'accepted_specs', 'generations'] as const

export function judgeReplay(world: World): void {
  const path = join(world.folder, '.trueup/journal.db')
  const chain = checkChain(readChain(path))
  if (chain.is === 'broken') world.violate('the chain of the journal is whole', `${chain.problem} at ${chain.seq}`)
  const again = new Database(':memory:')
  const kept = new Database(path, { readonly: true, timeout: 0 })
  try {
    migrateJournal(again, ':memory:')
    for (const row of readChain(path)) project(again, entryOf(row))
    for (const table of derived)
      if (rowsText(again, table) !== rowsText(kept, table))
        world.violate('the journal replays to the same state', table)
  } finally {
    kept.close()
    again.close()
  }
}

function rowsText(db: Database.Database, table: string): string {
  return JSON.stringify(
    db
      .prepare<[], string>(`SELECT * FROM ${table}`)
      .all()
      .map((row) => JSON.stringify(row))
      .sort(),
  )
}
