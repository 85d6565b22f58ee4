/** How long actions took by the journal of the workspace: from the intent, through the checkpoint, to the success. */
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Milliseconds from the first intent to the last success of a resource's actions. Throws where none succeeded. */
export function actionSpanMs(folder: string, resource: string, afterSeq = 0): number {
  const db = new Database(join(folder, '.trueup/journal.db'))
  try {
    const span = db
      .prepare<[string, number], { from: number | null; to: number | null }>(
        `SELECT min(at_ms) FILTER (WHERE type = 'action.intended') AS "from",
           max(at_ms) FILTER (WHERE type = 'action.succeeded') AS "to" FROM entries WHERE resource = ? AND seq > ?`,
      )
      .get(resource, afterSeq)
    if (span === undefined || span.from === null || span.to === null)
      throw new Error(`no action of ${resource} succeeded; its drift was not what the benchmark meant to make`)
    return span.to - span.from
  } finally {
    db.close()
  }
}

/** The last entry so far. */
export function lastSeq(folder: string): number {
  const db = new Database(join(folder, '.trueup/journal.db'))
  try {
    return db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM entries').pluck().get() ?? 0
  } finally {
    db.close()
  }
}
