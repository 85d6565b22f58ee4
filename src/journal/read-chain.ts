import Database from 'better-sqlite3'
import { type Anchor, anchorOf, newestAnchorSql } from './anchor.ts'
import type { ChainedRow } from './chain.ts'
import { guarded } from './store.ts'

/** Which entries are wanted; all of them where nothing is said. */
export interface ChainFilter {
  /** Milliseconds since the epoch, inclusive. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
  readonly actor?: string | undefined
  /** kind/name. */
  readonly resource?: string | undefined
}

/** The whole chain of a file and what it begins after, as of one moment. */
export interface WholeChain {
  readonly anchor: Anchor | undefined
  readonly rows: Iterable<ChainedRow>
}

/** Gives the whole chain to `work`, whoever writes to it meanwhile. Throws as {@link readChain}. */
export function withChain<Result>(path: string, work: (chain: WholeChain) => Result): Result {
  const db = guarded(path, () => new Database(path, { readonly: true, fileMustExist: true, timeout: 2000 }))
  try {
    return guarded(path, () =>
      db.transaction(() => {
        const anchor = anchorOf(db.prepare<[], { seq: number; body: string }>(newestAnchorSql).get())
        const rows = db.prepare<[], ChainedRow>(`SELECT ${columns} FROM entries ORDER BY seq`).iterate()
        return work({ anchor, rows })
      })(),
    )
  } finally {
    db.close()
  }
}

const columns = 'seq, at_ms, type, actor, resource, action_id, run_id, body, hash'

/**
 * Reads the rows of a journal as they are stored, oldest first, beside whoever writes it and without taking anything of them
 * for granted. Throws JOURNAL_BROKEN for a file that is no journal.
 */
export function* readChain(path: string, filter: ChainFilter = {}): Generator<ChainedRow> {
  const db = guarded(path, () => new Database(path, { readonly: true, fileMustExist: true, timeout: 2000 }))
  try {
    const statement = guarded(path, () =>
      db.prepare<Record<string, number | string | null>, ChainedRow>(
        `SELECT ${columns} FROM entries
         WHERE (:since IS NULL OR at_ms >= :since) AND (:until IS NULL OR at_ms <= :until)
           AND (:actor IS NULL OR actor = :actor) AND (:resource IS NULL OR resource = :resource)
         ORDER BY seq`,
      ),
    )
    const { sinceMs = null, untilMs = null, actor = null, resource = null } = filter
    const rows = statement.iterate({ since: sinceMs, until: untilMs, actor, resource })
    for (let next = guarded(path, () => rows.next()); next.done !== true; next = guarded(path, () => rows.next()))
      yield next.value
  } finally {
    db.close()
  }
}
