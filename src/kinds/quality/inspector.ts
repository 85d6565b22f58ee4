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
import type { Change, Databases, Place } from '../../targets/sqlite/ports.ts'
import { followLedger, readStand } from '../../targets/sqlite/row-ledger.ts'
import { buildLedger } from '../../targets/sqlite/row-ledger-build.ts'
import { checksOf } from './checks.ts'
import { ledgerPlanOf } from './judge.ts'
import { type JudgedRow, judgedRows, judgeWaivers, type RowQuality, rowQuality, waiverFinder } from './judged-rows.ts'
import { readQualityLayout } from './layout.ts'
import type { LookOrder } from './look-entry.ts'
import { type Answers, answersOf, answersSchema, asksAnything, databasesAsked, noAnswers } from './questions.ts'
import type { Ready } from './ready.ts'
import type { QualitySpec } from './spec.ts'
import { type QualityState, stateOf } from './state.ts'
import type { QualityStore } from './store.ts'
import { listSuggestions, type Suggestion, type SuggestionsQuery, suggestionsFor } from './suggestions.ts'
import { sumsOf } from './sums.ts'
import { tableFindings } from './table-findings.ts'
import { noteTrend, pointBefore, readTrend, type TrendPoint } from './trend.ts'
import { ensureWaivers, type JudgedWaiver, printOf, type Waiver, waiverId, waiverRow } from './waivers.ts'

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
  /** Where people's waivers are kept; need not be there. */
  readonly waiversPath: string
  /** What people said is right, oldest first. */
  waivers(name: string, spec: QualitySpec): Promise<readonly JudgedWaiver[]>
  /** What waives failed checks of one record. Writes nothing but the empty file that the changes belong to. */
  prepareWaiver(name: string, spec: QualitySpec, wish: WaiverWish): Promise<PreparedWaiver>
  /** Values that would mend single rows. */
  suggestions(name: string, spec: QualitySpec, query: SuggestionsQuery): Promise<readonly Suggestion[]>
  /** As `suggestions`, for some records, by key. */
  suggestionsFor(
    name: string,
    spec: QualitySpec,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, readonly Suggestion[]>>
}

/** What a person says is right. */
export interface WaiverWish {
  readonly key: string
  readonly checks: readonly string[]
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly reason: string
}

export type PreparedWaiver =
  | { readonly is: 'not-found' }
  /** A check that there is not, or that the record passes. */
  | { readonly is: 'nothing-to-waive'; readonly check: string; readonly problem: string }
  /** Without changes where all of it was said before. */
  | { readonly is: 'waiver'; readonly path: string; readonly changes: readonly Change[] }

/** Files up to this size, in bytes, are read here: a thread costs more than it saves. */
const inlineBytesMax = 8 * 1024 * 1024
/** So many written rows are judged here; a thread judges more. */
const followedMax = 500
/** How long rows that another program replaced without a trace may go unnoticed. */
const countEveryMs = 60_000
const weekMs = 7 * 86_400_000
const triesMax = 3

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

  /** Work on a table that is there; otherwise `instead`. */
  const onTable = <Result>(
    name: string,
    spec: QualitySpec,
    instead: Result,
    work: (ready: Ready, waivers: readonly Waiver[]) => Result,
  ): Promise<Result> =>
    turns.run(name, async () => {
      const waivers = await store.waivers(name)
      const found = await withReady(name, spec, {}, async (ready) => ({
        is: 'done' as const,
        result: work(ready, waivers),
      }))
      return found.is === 'done' ? found.result : instead
    })

  const answers = async (spec: QualitySpec, ready: Ready, options: InspectOptions): Promise<Answers> => {
    if (!asksAnything(spec)) return noAnswers
    if (bytesOf(ready.view) <= inlineBytesMax && databasesAsked(spec).length === 0)
      return answersOf(ready.view, spec, ready.layout, {})
    const order = { ledger: '', identity: '', nowMs: clock.nowMs(), anew: false }
    return answersSchema.catch(noAnswers).parse(await inThread(spec, { is: 'ask', ...order }, options))
  }

  return {
    waiversPath: store.waiversPath,
    inspect: (name, spec, options = {}) =>
      turns.run(name, () =>
        withReady(name, spec, options, async (ready): Promise<Inspection> => {
          const nowMs = clock.nowMs()
          const { checks, rows } = ready
          const waived = judgeWaivers(ready, await store.waivers(name)).rows
          const mirrored = spec.counts.some((count) => count.with === null) ? await ports.mirrored(name) : undefined
          const table = tableFindings(spec, { rows, answers: await answers(spec, ready, options), mirrored, nowMs })
          const past = await store.past(name)
          const before = past === undefined ? undefined : pointBefore(past, nowMs - weekMs)
          return {
            is: 'inspected',
            state: stateOf(spec, checks, sumsOf(ready, waived), table, before),
          }
        }),
      ),
    rows: (name, spec, keys) =>
      onTable(name, spec, new Map(), (ready, waivers) => {
        const waiverOf = waiverFinder(waivers)
        return new Map(judgedRows(ready, { keys }).map((judged) => [judged.key, rowQuality(judged, waiverOf, spec)]))
      }),
    waivers: (name, spec) => onTable(name, spec, [], (ready, waivers) => judgeWaivers(ready, waivers).waivers),
    prepareWaiver: (name, spec, wish) =>
      onTable<PreparedWaiver>(name, spec, { is: 'not-found' }, (ready, waivers) => {
        const [judged] = judgedRows(ready, { keys: [wish.key] })
        return judged === undefined ? { is: 'not-found' } : preparedWaiver(name, judged, wish, waivers, store)
      }),
    suggestions: (name, spec, query) =>
      onTable<readonly Suggestion[]>(name, spec, [], (ready, waivers) =>
        listSuggestions(ready, query, waiverFinder(waivers)),
      ),
    suggestionsFor: (name, spec, keys) =>
      onTable<ReadonlyMap<string, readonly Suggestion[]>>(name, spec, new Map(), (ready, waivers) =>
        byKey(suggestionsFor(ready, keys, waiverFinder(waivers))),
      ),
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

function preparedWaiver(
  table: string,
  judged: JudgedRow,
  { key, checks, by, at, reason }: WaiverWish,
  waivers: readonly Waiver[],
  store: QualityStore,
): PreparedWaiver {
  const known = new Set(waivers.map(({ id }) => id))
  const changes: Change[] = []
  for (const wanted of new Set(checks)) {
    const verdict = judged.verdicts.find(({ check }) => check.id === wanted)
    if (verdict === undefined) return { is: 'nothing-to-waive', check: wanted, problem: 'is no check of its rows' }
    if (verdict.reason === undefined) return { is: 'nothing-to-waive', check: wanted, problem: 'is passed by it' }
    const named = { table, key, check: wanted, print: printOf(key, verdict.check, judged.row) }
    const id = waiverId(named)
    if (!known.has(id))
      changes.push({ is: 'insert', rowId: 0, key: id, row: waiverRow({ ...named, id, by, at, reason }) })
  }
  ensureWaivers(store.waiversPath)
  return { is: 'waiver', path: store.waiversPath, changes }
}

function byKey(suggestions: readonly Suggestion[]): ReadonlyMap<string, readonly Suggestion[]> {
  const found = new Map<string, Suggestion[]>()
  for (const one of suggestions) found.set(one.key, [...(found.get(one.key) ?? []), one])
  return found
}

function bytesOf(db: Database): number {
  return Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
}

/** Which file it is, whatever it holds. */
function identityOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? 'absent' : `${found.dev}:${found.ino}`
}
