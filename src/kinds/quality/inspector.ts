/**
 * Looks at the quality of tables for whoever asks: the kind, the API, the command line. A look follows what was written since
 * the last one; only where that cannot be told, or once a day, all rows are read, in a thread where they are many.
 */
import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import type { Clock } from '../../clock.ts'
import { createKeyLock } from '../../engine/key-lock.ts'
import { OperationalError } from '../../errors.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import type { Databases, Place } from '../../targets/sqlite/ports.ts'
import { followLedger, type LedgerPlan, readRows, readStand } from '../../targets/sqlite/row-ledger.ts'
import { buildLedger } from '../../targets/sqlite/row-ledger-build.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { Check } from './checks/check.ts'
import { checksOf } from './checks.ts'
import { fieldsRead, ledgerPlanOf, rowReader } from './judge.ts'
import { type QualityLayout, readQualityLayout } from './layout.ts'
import type { LookOrder } from './look-entry.ts'
import {
  type Answers,
  answersOf,
  answersSchema,
  asksAnything,
  databasesAsked,
  keyTextOf,
  noAnswers,
} from './questions.ts'
import { scoreOf } from './score.ts'
import type { QualitySpec } from './spec.ts'
import { type QualityState, stateOf } from './state.ts'
import type { QualityStore } from './store.ts'
import { sumsOf } from './sums.ts'
import { tableFindings } from './table-findings.ts'
import { noteTrend, pointBefore, readTrend, type TrendPoint } from './trend.ts'

export interface InspectorPorts {
  readonly clock: Clock
  readonly databases: Databases
  readonly offload: Offload
  readonly store: QualityStore
  /** Absolute path of a declared database's file. */
  readonly pathOf: (database: string) => string
  /** Records of a table's mirror in Airtable, as last seen; undefined while none were. */
  readonly mirrored: (table: string) => Promise<number | undefined>
}

export type Inspection =
  | { readonly is: 'inspected'; readonly state: QualityState }
  | { readonly is: 'absent' }
  | { readonly is: 'unaddressable'; readonly reason: string }

/** What fails in one row. */
export interface RowQuality {
  readonly key: string
  readonly score: number
  readonly issues: readonly RowIssue[]
  /** The score of each field with checks. */
  readonly fields: readonly { readonly field: string; readonly score: number }[]
}

export interface RowIssue {
  readonly id: string
  readonly field: string | null
  readonly severity: Check['severity']
  /** Why, as a sentence after the field's name. */
  readonly reason: string
}

export interface InspectOptions {
  readonly signal?: AbortSignal
  readonly progress?: (done: number, total: number) => void
  /** Read all rows, whatever is known of them. */
  readonly anew?: boolean
}

export interface QualityInspector {
  /** How a table stands now. Throws the DATABASE_* errors. */
  inspect(name: string, spec: QualitySpec, options?: InspectOptions): Promise<Inspection>
  /** How rows stand, by key; those that are not there are left out. */
  rows(name: string, spec: QualitySpec, keys: readonly string[]): Promise<ReadonlyMap<string, RowQuality>>
  /** Notes a look for the trend, where what is noted stays. */
  note(name: string, state: QualityState): void
  trend(name: string, sinceMs: number, limit: number): Promise<readonly TrendPoint[]>
}

/** Files up to this size, in bytes, are read here: a thread costs more than it saves. */
const inlineBytesMax = 8 * 1024 * 1024
/** So many written rows are judged here; a thread judges more. */
const followedMax = 500
/** How long rows that another program replaced without a trace may go unnoticed. */
const countEveryMs = 60_000
const weekMs = 7 * 86_400_000
const triesMax = 3

interface Ready {
  readonly view: Database
  readonly ledger: Database
  readonly layout: QualityLayout
  readonly checks: readonly Check[]
  readonly plan: LedgerPlan
  readonly rows: number
}

export function createQualityInspector(ports: InspectorPorts): QualityInspector {
  const { clock, databases, offload, store } = ports
  const entry = entryUrl('./look-entry', import.meta.url)
  /** One look at a table at a time: two would write one ledger. */
  const turns = createKeyLock()
  const countedAtMs = new Map<string, number>()

  const inThread = async (
    spec: QualitySpec,
    order: Omit<LookOrder, 'place' | 'others' | 'spec'>,
    options: InspectOptions,
  ): Promise<unknown> => {
    const places: Place[] = []
    try {
      const place = await databases.locate(ports.pathOf(spec.database))
      places.push(place)
      const others: Record<string, string> = {}
      for (const database of order.is === 'ask' ? databasesAsked(spec) : []) {
        const other = await located(database)
        if (other === undefined) continue
        places.push(other)
        others[database] = other.path
      }
      return await offload.thread(entry, { ...order, place: place.path, others, spec } satisfies LookOrder, {
        ...(options.signal && { signal: options.signal }),
        ...(options.progress && { progress: options.progress }),
      })
    } finally {
      for (const place of places) place.release()
    }
  }

  /** Another database that cannot be read tells nothing; its own resource says why. */
  const located = async (database: string): Promise<Place | undefined> => {
    try {
      return await databases.locate(ports.pathOf(database))
    } catch (error) {
      if (error instanceof OperationalError) return undefined
      throw error
    }
  }

  const withReady = async <Result>(
    name: string,
    spec: QualitySpec,
    options: InspectOptions,
    work: (ready: Ready) => Promise<Result>,
  ): Promise<Result | Exclude<Inspection, { readonly is: 'inspected' }>> => {
    const path = ports.pathOf(spec.database)
    let anew = options.anew === true
    for (let tries = 0; ; tries += 1) {
      const nowMs = clock.nowMs()
      const view = await databases.read(path)
      try {
        const reading = readQualityLayout(view.db, spec)
        if (reading.is !== 'layout') return reading
        const { layout } = reading
        const checks = checksOf(spec, nowMs)
        const identity = identityOf(path)
        const plan = ledgerPlanOf(spec, layout, checks, { identity, nowMs })
        const common = { view: view.db, layout, checks, plan }
        const kept = await store.kept(name)
        if (kept !== undefined && !anew && readStand(kept) !== undefined) {
          const followed = followLedger(view.db, kept, plan, { rowsMax: followedMax, count: true, write: false })
          if (followed.is === 'current') return await work({ ...common, ledger: kept, rows: followed.stand.rows })
        }
        const ledger = store.ledger(name)
        if (!anew) {
          const count = nowMs - (countedAtMs.get(name) ?? 0) >= countEveryMs
          const followed = followLedger(view.db, ledger.db, plan, { rowsMax: followedMax, count, write: true })
          if (followed.is === 'current' || (tries > 0 && readStand(ledger.db) !== undefined)) {
            if (count) countedAtMs.set(name, nowMs)
            const rows = followed.is === 'current' ? followed.stand.rows : (readStand(ledger.db)?.rows ?? 0)
            return await work({ ...common, ledger: ledger.db, rows })
          }
        }
        if (bytesOf(view.db) <= inlineBytesMax) {
          const stand = await buildLedger(view.db, ledger.db, plan, { atMs: nowMs, ...options })
          return await work({ ...common, ledger: ledger.db, rows: stand.rows })
        }
        if (tries >= triesMax)
          throw new OperationalError('DATABASE_LOCKED', `${spec.path} is written faster than it is read`)
        await inThread(spec, { is: 'build', ledger: ledger.path, identity, nowMs, anew }, options)
        anew = false
      } finally {
        view.close()
      }
    }
  }

  const answers = async (spec: QualitySpec, ready: Ready, options: InspectOptions): Promise<Answers> => {
    if (!asksAnything(spec)) return noAnswers
    if (bytesOf(ready.view) <= inlineBytesMax && databasesAsked(spec).length === 0)
      return answersOf(ready.view, spec, ready.layout, {})
    const order = { ledger: '', identity: '', nowMs: clock.nowMs(), anew: false }
    return answersSchema.catch(noAnswers).parse(await inThread(spec, { is: 'ask', ...order }, options))
  }

  return {
    inspect: (name, spec, options = {}) =>
      turns.run(name, () =>
        withReady(name, spec, options, async (ready): Promise<Inspection> => {
          const nowMs = clock.nowMs()
          const { checks, rows } = ready
          const mirrored = spec.counts.some((count) => count.with === null) ? await ports.mirrored(name) : undefined
          const table = tableFindings(spec, { rows, answers: await answers(spec, ready, options), mirrored, nowMs })
          const past = await store.past(name)
          const before = past === undefined ? undefined : pointBefore(past, nowMs - weekMs)
          return {
            is: 'inspected',
            state: stateOf(spec, checks, sumsOf(ready.ledger, ready.view, checks, ready), table, before),
          }
        }),
      ),
    rows: (name, spec, keys) =>
      turns.run(name, async () => {
        const found = await withReady(name, spec, {}, async (ready) => ({
          is: 'rows' as const,
          rows: rowsOf(ready, keys),
        }))
        return found.is === 'rows' ? found.rows : new Map()
      }),
    note(name, state) {
      if (!store.keeps) return
      const failing = Object.fromEntries(
        state.checks.filter((check) => check.failing > 0).map((check) => [check.id, check.failing]),
      )
      noteTrend(store.ledger(name).db, { atMs: clock.nowMs(), score: state.score, rows: state.rows, failing })
    },
    async trend(name, sinceMs, limit) {
      const past = await store.past(name)
      return past === undefined ? [] : readTrend(past, sinceMs, limit)
    },
  }
}

function rowsOf(
  { view, ledger, layout, checks, plan }: Ready,
  keys: readonly string[],
): ReadonlyMap<string, RowQuality> {
  if (layout.keyColumn === undefined || keys.length === 0) return new Map()
  const fields = fieldsRead(checks, layout)
  const rowOf = rowReader(fields)
  const key = quoteIdentifier(layout.keyColumn)
  const found = view
    .prepare<[string], [number, Cell, ...Cell[]]>(
      `SELECT ${[layout.rowId, key, ...plan.columns].join(', ')} FROM ${quoteIdentifier(layout.table)}
        WHERE ${key} IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(keys))
  const known = readRows(
    ledger,
    plan.rules,
    found.map(([rowId]) => rowId),
  )
  return new Map(
    found.map(([rowId, keyCell, ...cells]) => {
      const row = rowOf(cells)
      let rule = 0
      const judged = checks.map((check) => {
        if (check.is === 'row') return { check, reason: check.reasonOf(row) }
        const off = known.get(rowId)?.off.slice(rule, rule + check.bands) ?? []
        rule += check.bands
        return { check, reason: off.includes(true) ? check.reason : undefined }
      })
      const weighed = judged.map(({ check, reason }) => ({
        field: check.field,
        severity: check.severity,
        failing: reason === undefined ? 0 : 1,
      }))
      const name = keyTextOf(keyCell, rowId)
      const quality: RowQuality = {
        key: name,
        score: scoreOf(weighed, 1),
        issues: judged.flatMap(({ check: { id, field, severity }, reason }) =>
          reason === undefined ? [] : [{ id, field, severity, reason }],
        ),
        fields: [...new Set(weighed.flatMap(({ field }) => field ?? []))].map((field) => ({
          field,
          score: scoreOf(
            weighed.filter((one) => one.field === field),
            1,
          ),
        })),
      }
      return [name, quality] as const
    }),
  )
}

function bytesOf(db: Database): number {
  return Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
}

/** Which file it is, whatever it holds. */
function identityOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? 'absent' : `${found.dev}:${found.ino}`
}
