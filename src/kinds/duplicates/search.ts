/**
 * Brings what the store knows of a table up to date: by a full pass, or by the rows that changed since, each compared with
 * its blocks only and regrouped with what it touches.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { hashOf } from '../../json.ts'
import { edgesOfChanged, keyPrintsOf, withKeptRecords } from '../../matching/changed-record.ts'
import { clusterOf, type Edge } from '../../matching/cluster.ts'
import { explain } from '../../matching/explain.ts'
import { findDuplicates } from '../../matching/find-duplicates.ts'
import { isDuplicate, judge, rulesMet } from '../../matching/judge.ts'
import type { Matcher } from '../../matching/matcher.ts'
import { readMatcher, storeMatcher } from '../../matching/stored-matcher.ts'
import { seededRandom } from '../../random.ts'
import { readChangeLog } from '../../targets/sqlite/change-log.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { explainerOf, storedCandidates } from './candidates.ts'
import type { Exclusion } from './exclusions.ts'
import { groupsOf } from './groups.ts'
import { type KeyIndex, openKeyIndex, writeKeyIndex } from './key-index.ts'
import type { Layout } from './layout.ts'
import { cellReader, rowSource } from './row-source.ts'
import { comparedFields, type DuplicatesSpec } from './spec.ts'
import type { DuplicateStore, Pass } from './store.ts'

export interface Search {
  /** The name of the resource. */
  readonly table: string
  readonly spec: DuplicatesSpec
  readonly layout: Layout
  /** Two connections to one file: one scans while the other fetches single rows. */
  readonly scanning: Database
  readonly picking: Database
  readonly store: DuplicateStore
  /** Where indexes of keys are written; those of `also` are read too. */
  readonly folder: string
  readonly also: string | undefined
  readonly exclusions: readonly Exclusion[]
  /** Which file it is. */
  readonly place: string
  /** A person asks for a full pass. */
  readonly whole: boolean
  readonly nowMs: number
}

export interface Searched {
  readonly mode: 'full' | 'rows' | 'same'
  readonly rows: number
}

/** More changed rows than this are looked at by looking at all. */
const changedRowsMax = 2000
/** Share of the rows that may have changed since a full pass before what it measured is taken for out of date. */
const touchedShareMax = 0.05
const touchedRowsFree = 25
/** The model follows the data, although slowly; https://en.wikipedia.org/wiki/Concept_drift has no number, a week is enough. */
const passAgeMaxMs = 7 * 24 * 3_600_000
/** One seed for all tables: a look that finds the same rows finds the same groups. */
const seed = 7

export function search(request: Search): Searched {
  const { table, spec, layout, scanning, store } = request
  const marks = marksOf(spec, layout)
  const pass = store.pass(table)
  const log = readChangeLog(scanning, layout.table, pass?.seq ?? undefined, changedRowsMax)
  const seq = log.lastSeq ?? null
  const rows = countOf(scanning, layout)
  if (pass !== undefined && log.is === 'rows' && mayGoOn(request, pass, marks.match, log.rowIds.length)) {
    const loaded = load(request, pass)
    if (loaded !== undefined) {
      try {
        return store.transaction(() => goOn(request, pass, loaded, { rowIds: log.rowIds, seq, rows, marks }))
      } finally {
        loaded.index.close()
      }
    }
  }
  return fullPass(request, seq, marks)
}

interface Marks {
  /** Of what the pairs depend on. */
  readonly match: string
  /** Of what the merges depend on beside the pairs. */
  readonly merge: string
}

function marksOf(spec: DuplicatesSpec, layout: Layout): Marks {
  const { rules, automaticFrom, strategy, key } = spec
  const fields = comparedFields(spec)
  const placed = layout.fields.map(({ field, column }) => [field.name, column])
  return {
    match: hashOf([fields, rules, automaticFrom, strategy === 'manual', key, layout.table, placed]),
    merge: hashOf([
      spec,
      layout.columns,
      layout.references.map((one) => ({ ...one })),
      layout.stamps.map((one) => ({ ...one })),
    ]),
  }
}

const specMark = ({ match, merge }: Marks) => `${match} ${merge}`

function countOf(db: Database, { table }: Layout): number {
  return (
    db
      .prepare<[], number>(`SELECT count(*) FROM ${quoteIdentifier(table)}`)
      .pluck()
      .get() ?? 0
  )
}

function mayGoOn({ store, table, place, whole, nowMs }: Search, pass: Pass, match: string, changed: number): boolean {
  const touched = store.touchedCount(table) + changed
  return (
    !whole &&
    pass.place === place &&
    pass.specHash.startsWith(`${match} `) &&
    nowMs - pass.atMs < passAgeMaxMs &&
    touched <= Math.max(touchedRowsFree, pass.rows * touchedShareMax)
  )
}

interface Loaded {
  readonly matcher: Matcher
  readonly index: KeyIndex
}

function load({ spec, folder, also }: Search, pass: Pass): Loaded | undefined {
  const matcher = readMatcher(pass.matcher, comparedFields(spec), spec.rules)
  const path = [folder, ...(also === undefined ? [] : [also])]
    .map((place) => join(place, pass.indexFile))
    .find((one) => existsSync(one))
  return matcher === undefined || path === undefined ? undefined : { matcher, index: openKeyIndex(path) }
}

interface Changed {
  readonly rowIds: readonly number[]
  readonly seq: number | null
  readonly rows: number
  readonly marks: Marks
}

function goOn(request: Search, pass: Pass, { matcher, index }: Loaded, changed: Changed): Searched {
  const { table, spec, layout, picking, store } = request
  const excluded = excludedMark(request)
  const isSameMerge = pass.specHash === specMark(changed.marks)
  const rowIds = [...new Set([...changed.rowIds, ...rowsToldApart(request, pass.excluded, excluded)])]
  if (rowIds.length === 0 && isSameMerge) {
    // A look that finds nothing new writes nothing.
    if (pass.seq !== changed.seq || pass.excluded !== excluded)
      store.advance(table, changed.seq, excluded, changed.rows)
    return { mode: 'same', rows: changed.rows }
  }
  if (!isSameMerge) store.forgetFingerprints(table, specMark(changed.marks))
  const cells = cellReader(picking, spec, layout)
  const source = withKeptRecords(matcher, storedCandidates({ table, store, index, cells }))
  const keyOf = keyReader(picking, layout)
  const isExcluded = exclusionTest(request, keyOf)
  for (const rowId of rowIds) {
    const own = cells.cellsAt(rowId)
    store.touch(table, rowId, own === undefined ? [] : keyPrintsOf(matcher, own))
  }
  const edges = rowIds.flatMap((row) => {
    const own = cells.cellsAt(row)
    return own === undefined ? [] : edgesOfChanged(matcher, { row, cells: own, isExcluded }, source)
  })
  const before = store.dropGroupsOf(table, rowIds)
  store.replaceEdges(table, rowIds, edges)
  const component = componentOf(store, table, new Set([...rowIds, ...before]))
  store.dropGroupsOf(table, component.rows)
  const explainEdge = explainerOf(matcher, source)
  const clusters = clustersOf(component, {
    isSupported: (one, other) => {
      const { confidence, rules } = explainEdge({ one, other })
      return isDuplicate(matcher.judge, confidence, () => rules.length > 0)
    },
    isExcluded,
  })
  store.addGroups(
    table,
    groupsOf({
      ...{ spec, clusters, keyOf },
      edges: component.edges,
      explain(edge) {
        const { rules, sentence } = explainEdge(edge)
        return { rules, sentence: () => sentence }
      },
    }),
  )
  store.advance(table, changed.seq, excluded, changed.rows)
  return { mode: 'rows', rows: changed.rows }
}

/** Rows of pairs that were told apart, or are no longer, since. */
function rowsToldApart({ picking, layout }: Search, before: string, now: string): readonly number[] {
  if (before === now) return []
  const parse = (text: string) => new Set(text.split('\n').filter((id) => id !== ''))
  const [old, fresh] = [parse(before), parse(now)]
  const different = [...old].filter((id) => !fresh.has(id)).concat([...fresh].filter((id) => !old.has(id)))
  const rowIdsWith = picking
    .prepare<[string], number>(
      `SELECT ${layout.rowId} FROM ${quoteIdentifier(layout.table)} WHERE ${quoteIdentifier(layout.keyColumn)} = ?`,
    )
    .pluck()
  return different.flatMap((id) => {
    const parts: unknown = JSON.parse(id)
    const keys = Array.isArray(parts) ? parts.slice(1).map(String) : []
    return keys.flatMap((key) => rowIdsWith.all(key))
  })
}

function excludedMark({ exclusions }: Search): string {
  return exclusions.map(({ id }) => id).join('\n')
}

interface Component {
  readonly rows: ReadonlySet<number>
  readonly edges: readonly Edge[]
}

/** All rows that edges reach from these. */
function componentOf(store: DuplicateStore, table: string, from: ReadonlySet<number>): Component {
  const rows = new Set(from)
  const edges = new Map<string, Edge>()
  for (let open: readonly number[] = [...from]; open.length > 0; ) {
    const next: number[] = []
    for (const edge of store.edgesOf(table, open)) {
      edges.set(`${edge.one} ${edge.other}`, edge)
      for (const row of [edge.one, edge.other])
        if (!rows.has(row)) {
          rows.add(row)
          next.push(row)
        }
    }
    open = next
  }
  return { rows, edges: [...edges.values()] }
}

type PairTest = (one: number, other: number) => boolean

/** Groups by small numbers, since rowids may be large. */
function clustersOf(
  { rows, edges }: Component,
  tests: { readonly isSupported: PairTest; readonly isExcluded: PairTest },
): readonly (readonly number[])[] {
  const rowIds = [...rows].sort((one, other) => one - other)
  const placeOf = new Map(rowIds.map((rowId, at) => [rowId, at]))
  const rowIdAt = (at: number) => rowIds[at] ?? 0
  const found = clusterOf({
    edges: edges.map((edge) => ({ ...edge, one: placeOf.get(edge.one) ?? 0, other: placeOf.get(edge.other) ?? 0 })),
    isSupported: (one, other) => tests.isSupported(rowIdAt(one), rowIdAt(other)),
    isExcluded: (one, other) => tests.isExcluded(rowIdAt(one), rowIdAt(other)),
  })
  return found.map((group) => group.map(rowIdAt))
}

function keyReader(db: Database, layout: Layout): (rowId: number) => string | undefined {
  const statement = db
    .prepare<[number], unknown>(
      `SELECT ${quoteIdentifier(layout.keyColumn)} FROM ${quoteIdentifier(layout.table)} WHERE ${layout.rowId} = ?`,
    )
    .pluck()
  return (rowId) => {
    const key = statement.get(rowId)
    return key === null || key === undefined || key === '' || key instanceof Uint8Array ? undefined : String(key)
  }
}

function exclusionTest({ exclusions }: Search, keyOf: (rowId: number) => string | undefined): PairTest {
  if (exclusions.length === 0) return () => false
  const pairs = new Set(exclusions.map(({ one, other }) => JSON.stringify([one, other].sort())))
  const keys = new Set(exclusions.flatMap(({ one, other }) => [one, other]))
  return (one, other) => {
    const left = keyOf(one)
    if (left === undefined || !keys.has(left)) return false
    const right = keyOf(other)
    return right !== undefined && pairs.has(JSON.stringify([left, right].sort()))
  }
}

function fullPass(request: Search, seq: number | null, marks: Marks): Searched {
  const { table, spec, layout, scanning, picking, store, nowMs } = request
  const source = rowSource(scanning, picking, spec, layout)
  const indexFile = `${indexPrefix(table)}${Math.round(nowMs)}.keys`
  rmSync(join(request.folder, indexFile), { force: true })
  const keyOf = keyReader(picking, layout)
  const isExcluded = exclusionTest(request, keyOf)
  const { rowIdOf } = source
  const found = findDuplicates(source, {
    fields: comparedFields(spec),
    rules: spec.rules,
    random: seededRandom(seed),
    isExcluded: (one, other) => isExcluded(rowIdOf(one), rowIdOf(other)),
    onColumns: (_, columns) => writeKeyIndex(join(request.folder, indexFile), columns, rowIdOf),
  })
  const { matcher, recordOf } = found
  const edges = found.edges.map((edge): Edge => ({ ...edge, one: rowIdOf(edge.one), other: rowIdOf(edge.other) }))
  const groups = groupsOf({
    ...{ spec, edges, keyOf },
    clusters: found.clusters.map((cluster) => cluster.map(rowIdOf)),
    explain({ one, other }) {
      const [left, right] = [recordOf(source.rowOf(one)), recordOf(source.rowOf(other))]
      const rules = rulesMet(matcher.judge, judge(matcher.judge, left, right), left, right)
      return { rules, sentence: () => explain(matcher.judge, left, right).sentence }
    },
  })
  const pass: Pass = {
    specHash: specMark(marks),
    place: request.place,
    seq,
    rows: source.rows,
    matcher: storeMatcher(matcher),
    indexFile,
    excluded: excludedMark(request),
    atMs: nowMs,
    candidates: found.candidates,
    // Blocks of other keys are windowed too, but no value of the owner's is to be mended for that.
    oversized: found.oversized.filter(({ key }) => key < matcher.judge.rules.exact.length).length,
  }
  store.transaction(() => {
    store.begin(table, pass, edges)
    store.addGroups(table, groups)
  })
  dropIndexes(request.folder, table, indexFile)
  return { mode: 'full', rows: source.rows }
}

function indexPrefix(table: string): string {
  return `duplicates-${hashOf(table).slice(0, 8)}-`
}

/** Removes the indexes of earlier passes. Whoever has one open reads on. */
function dropIndexes(folder: string, table: string, but: string): void {
  for (const name of readdirSync(folder))
    if (name.startsWith(indexPrefix(table)) && name.endsWith('.keys') && name !== but)
      rmSync(join(folder, name), { force: true })
}
