/**
 * The exact changes of actions: kept durably before they are made, made in small marked transactions, taken back record by
 * record. Whatever is cut off by a crash is completed by the same call, with nothing made twice.
 */
import type { Database } from 'better-sqlite3'
import { type Clock, isoOf } from '../../clock.ts'
import { messageOf, OperationalError } from '../../errors.ts'
import { keyTextOf, type RecordChange, recordsOf } from './change-codec.ts'
import { createChangeFingerprint } from './change-fingerprint.ts'
import { makeStep, type StepOutcome, TransactionLost } from './change-steps.ts'
import { openChangeStore, type StoredSet } from './change-store.ts'
import { codeOf } from './database-error.ts'
import { pruneMarkers, stepsOf } from './markers.ts'
import type { ChangeSetOutcome, ChangeSets, Databases } from './ports.ts'
import { reverseSet } from './reverse-set.ts'
import { openTable, type TableAccess } from './table-access.ts'

const samplesMax = 20
/** After so much work in a row, other writers are given a pause: SQLite's locks know no queue. */
const workMs = 60
const pauseMs = 5

/**
 * Opens the change sets kept in the file at `path` (made with 0600 where it is not there). Several threads and processes
 * may have it open at once.
 *
 * @example
 * const set = changeSets.begin(action.id, { path: '/data/leads.db', table: 'leads', keyColumn: 'id' })
 * set.add({ is: 'cell', rowId: 7, key: 'a1', column: 'email', before: ' A@x.org', after: 'a@x.org' })
 * const evidence = set.finish().fingerprint
 * const outcome = await changeSets.apply(action.id, databases, { signal, progress })
 */
export function openChangeSets(settings: { readonly path: string; readonly clock: Clock }): ChangeSets {
  const { clock } = settings
  const store = openChangeStore(settings.path, clock)
  const finished = (actionId: string): StoredSet => {
    const set = store.find(actionId)
    if (set === undefined) throw new OperationalError('ACTION_STALE', `the change set of action ${actionId} is gone`)
    return set
  }
  const probe: ChangeSets['probe'] = async (actionId, databases) => {
    const set = store.find(actionId)
    if (set === undefined) return 'not-applied'
    if (set.blocks === 0) return 'applied'
    const made = await withView(databases, set.target.path, (db) => stepsOf(db, actionId).length)
    if (made === 0) return 'not-applied'
    return made >= set.blocks ? 'applied' : 'partly'
  }

  return {
    begin: (actionId, target) => store.begin(actionId, target),
    summary(actionId) {
      const set = store.find(actionId)
      return set && { count: set.count, fingerprint: set.fingerprint, target: set.target }
    },
    page(actionId, from, limit) {
      const set = store.find(actionId)
      return set === undefined ? [] : store.page(set, from, limit)
    },
    async apply(actionId, databases, options) {
      const set = finished(actionId)
      const tally = createTally()
      const openCached = tableCache(set)
      let since = clock.monotonicMs()
      for (let step = 0; step < set.blocks; step += 1) {
        throwIfAborted(options.signal)
        const records = recordsOf(store.block(set, step))
        const barred = new Map<number, string>()
        const outcome = await retryWithout(barred, records.length, () =>
          databases.write(
            set.target.path,
            (db) => {
              const expiredBeforeMs = step === 0 ? store.expiredBeforeMs() : undefined
              if (expiredBeforeMs !== undefined) pruneMarkers(db, expiredBeforeMs)
              const at = isoOf(clock.nowMs())
              return makeStep(db, (record) => openCached(db, record), { actionId, step, at, records, barred })
            },
            { signal: options.signal },
          ),
        )
        tally.add(records, outcome)
        options.progress(tally.records(), set.records)
        if (clock.monotonicMs() - since >= workMs) {
          await clock.sleep(pauseMs, options.signal)
          since = clock.monotonicMs()
        }
      }
      return tally.outcome()
    },
    probe,
    async reverse(actionId, undoId, databases, choice) {
      const set = finished(actionId)
      // Kept by an earlier try that was not dispatched: what it would write may be out of date.
      if (undoId !== undefined && (await probe(undoId, databases)) === 'not-applied') store.discard(undoId)
      const writer = undoId === undefined ? undefined : store.begin(undoId, set.target)
      const fingerprint = createChangeFingerprint()
      try {
        const reversed = await withView(databases, set.target.path, (db) =>
          reverseSet({ db, actionId, set, store, tableOf: tableCache(set) }, choice, (change) =>
            (writer ?? fingerprint).add(change),
          ),
        )
        const result = writer?.finish() ?? { count: fingerprint.count, fingerprint: fingerprint.digest() }
        return { ...result, ...reversed }
      } catch (error) {
        writer?.abandon()
        throw error
      }
    },
    discard: (actionId) => store.discard(actionId),
    redact: (replace) => store.redact(replace),
    trail: (record) => store.trail(record),
    expire: (bounds) => store.expire(bounds),
    bytes: () => store.bytes(),
    close: () => store.close(),
  }
}

/** The tables' statements stay prepared from step to step, until the connection or the schema is another one. */
function tableCache(set: StoredSet): (db: Database, record: RecordChange) => TableAccess {
  let known: { readonly db: Database; readonly version: unknown; readonly tables: Map<string, TableAccess> } | undefined
  return (db, { of }) => {
    const version = db.pragma('schema_version', { simple: true })
    if (known?.db !== db || known.version !== version) known = { db, version, tables: new Map() }
    const target = { ...set.target, ...of }
    const table = known.tables.get(target.table) ?? openTable(db, target)
    known.tables.set(target.table, table)
    return table
  }
}

/**
 * Runs a step again without the record that took its transaction with it. A refusal at the commit (a deferred foreign key)
 * names no record, so the step's records then all count as failed.
 */
async function retryWithout(
  barred: Map<number, string>,
  count: number,
  make: () => Promise<StepOutcome>,
): Promise<StepOutcome> {
  for (;;) {
    try {
      return await make()
    } catch (error) {
      if (error instanceof TransactionLost) {
        barred.set(error.place, error.message)
      } else if (codeOf(error) === 'SQLITE_CONSTRAINT_FOREIGNKEY' && barred.size < count) {
        for (let place = 0; place < count; place += 1) barred.set(place, messageOf(error))
      } else {
        throw error
      }
    }
  }
}

interface Tally {
  add(records: ReturnType<typeof recordsOf>, outcome: StepOutcome): void
  /** Records so far. */
  records(): number
  outcome(): ChangeSetOutcome
}

function createTally(): Tally {
  let records = 0
  let skippedCount = 0
  const skipped: string[] = []
  const failed: { key: string; reason: string }[] = []
  return {
    add(all, outcome) {
      const nameOf = (place: number) => {
        const record = all[place]
        return record === undefined ? `record ${place}` : keyTextOf(record)
      }
      records += all.length
      skippedCount += outcome.skipped.length
      skipped.push(...outcome.skipped.slice(0, samplesMax - skipped.length).map(nameOf))
      failed.push(...outcome.failed.map(([place, reason]) => ({ key: nameOf(place), reason })))
    },
    records: () => records,
    outcome: () => ({ changed: records - skippedCount - failed.length, skippedCount, skipped, failed }),
  }
}

async function withView<Result>(
  databases: Databases,
  path: string,
  work: (db: Database) => Result | Promise<Result>,
): Promise<Result> {
  const view = await databases.read(path)
  try {
    return await work(view.db)
  } finally {
    view.close()
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return
  const reason: unknown = signal.reason
  throw reason instanceof OperationalError
    ? reason
    : new OperationalError('ACTION_DEADLINE', 'stopped between two steps', { cause: reason })
}
