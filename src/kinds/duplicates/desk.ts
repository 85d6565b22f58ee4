/**
 * What people ask of duplicates, answered from what the last look found and from the records as they are now: groups side
 * by side, a merge that they choose, whether a new record is known already.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { CandidateSource } from '../../matching/changed-record.ts'
import type { Explanation } from '../../matching/explain.ts'
import type { Matcher } from '../../matching/matcher.ts'
import { readMatcher } from '../../matching/stored-matcher.ts'
import type { Change, Databases } from '../../targets/sqlite/ports.ts'
import type { Cell } from '../../values/field-type.ts'
import { explainerOf, storedCandidates } from './candidates.ts'
import {
  type Exclusion,
  ensureExclusions,
  exclusionId,
  exclusionsKey,
  exclusionsTable,
  readExclusions,
} from './exclusions.ts'
import type { DuplicateFiles } from './files.ts'
import { type KeyIndex, openKeyIndex } from './key-index.ts'
import { readLayout } from './layout.ts'
import { keyTextOf, type Merges, mergesOf, previewOf } from './look.ts'
import { stampChanges } from './merge.ts'
import { cellReader } from './row-source.ts'
import { comparedFields, type DuplicatesSpec } from './spec.ts'
import { type DuplicateStore, type Group, openDuplicateStore } from './store.ts'
import { surestOf } from './surest.ts'
import type { GroupRow, Survival, Wishes } from './survivorship.ts'

export interface DuplicatesDeskPorts {
  readonly databases: Databases
  readonly duplicateFiles: () => Promise<DuplicateFiles>
  readonly pathOf: (database: string) => string
}

/** A group with the records as they are now. */
export interface GroupView {
  readonly group: Group
  /** Undefined where fewer than two of its records are left. */
  readonly survival: Survival | undefined
  readonly pairs: readonly { readonly one: string; readonly other: string; readonly explanation: Explanation }[]
}

/** A merge that somebody asks for, ready to be written. */
export interface PreparedMerge {
  readonly target: { readonly table: string; readonly keyColumn: string }
  readonly survival: Survival
  readonly changes: readonly Change[]
  readonly preview: ReturnType<typeof previewOf>
  /** How many records of other tables change, by table. */
  readonly references: ReadonlyMap<string, number>
}

export type Prepared =
  | { readonly is: 'merge'; readonly merge: PreparedMerge }
  | { readonly is: 'not-found'; readonly key: string }
  /** The table cannot be merged in now. */
  | { readonly is: 'not-yet'; readonly reason: string }

export interface PreparedExclusion {
  readonly path: string
  readonly target: { readonly table: string; readonly keyColumn: string }
  readonly changes: readonly Change[]
}

export interface Found {
  readonly key: string
  readonly confidence: number
  readonly explanation: string
}

export interface GroupsQuery {
  readonly automatic: boolean
  readonly limit: number
  readonly after: number
}

export type DuplicatesDesk = ReturnType<typeof createDuplicatesDesk>

export function createDuplicatesDesk(ports: DuplicatesDeskPorts) {
  const { databases } = ports
  const opened: { store?: DuplicateStore; matchers: Map<string, LoadedMatcher> } = { matchers: new Map() }
  const storeOf = async (): Promise<DuplicateStore> => {
    const files = await ports.duplicateFiles()
    opened.store ??= openDuplicateStore(files.store)
    return opened.store
  }

  /** What the last full pass of a table measured; undefined before the first. */
  const matcherOf = async (table: string, spec: DuplicatesSpec): Promise<LoadedMatcher | undefined> => {
    const files = await ports.duplicateFiles()
    const pass = (await storeOf()).pass(table)
    if (pass === undefined) return undefined
    const known = opened.matchers.get(table)
    if (known?.indexFile === pass.indexFile && known.specHash === pass.specHash) return known
    known?.index.close()
    opened.matchers.delete(table)
    const matcher = readMatcher(pass.matcher, comparedFields(spec), spec.rules)
    const path = [files.folder, ...(files.also === undefined ? [] : [files.also])]
      .map((folder) => join(folder, pass.indexFile))
      .find((one) => existsSync(one))
    if (matcher === undefined || path === undefined) return undefined
    const loaded = { matcher, index: openKeyIndex(path), indexFile: pass.indexFile, specHash: pass.specHash }
    opened.matchers.set(table, loaded)
    return loaded
  }

  const reading = async <Result>(
    spec: DuplicatesSpec,
    work: (db: Database, merges: Merges | undefined) => Result | Promise<Result>,
  ): Promise<Result> => {
    const view = await databases.read(ports.pathOf(spec.database))
    try {
      const layout = readLayout(view.db, spec)
      return await work(view.db, layout.is === 'layout' ? mergesOf(view.db, spec, layout.layout) : undefined)
    } finally {
      view.close()
    }
  }

  const viewOf = async (
    table: string,
    spec: DuplicatesSpec,
    groups: readonly Group[],
  ): Promise<readonly GroupView[]> => {
    const loaded = await matcherOf(table, spec)
    const store = await storeOf()
    return reading(spec, (db, merges) => {
      if (merges === undefined) return []
      const explainPair =
        loaded === undefined
          ? undefined
          : explainerOf(loaded.matcher, candidatesOf({ table, store, spec, db, merges, loaded }))
      return groups.map((group) => {
        const rows = merges.reader.rowsWith(group.members.map(({ key }) => key))
        return {
          group,
          survival: rows.length < 2 ? undefined : merges.survivorship.survivalOf(rows),
          pairs: explainPair === undefined ? [] : pairsOf(rows, explainPair),
        }
      })
    })
  }

  return {
    async groups(table: string, spec: DuplicatesSpec, query: GroupsQuery): Promise<readonly GroupView[]> {
      return viewOf(table, spec, (await storeOf()).groups(table, query))
    },
    async groupOfKey(table: string, spec: DuplicatesSpec, key: string): Promise<GroupView | undefined> {
      const group = (await storeOf()).groupOfKey(table, key)
      return group === undefined ? undefined : (await viewOf(table, spec, [group]))[0]
    },
    async count(table: string, automatic: boolean): Promise<number> {
      return (await storeOf()).count(table, { automatic }).groups
    },
    /** Whether the table was ever looked at. */
    hasLooked: async (table: string): Promise<boolean> => (await storeOf()).pass(table) !== undefined,

    /** All pairs that people told apart, oldest first. */
    async exclusions(table: string): Promise<readonly Exclusion[]> {
      const { exclusions } = await ports.duplicateFiles()
      if (!existsSync(exclusions)) return []
      const view = await databases.read(exclusions)
      try {
        return readExclusions(view.db, table)
      } finally {
        view.close()
      }
    },

    /** @param wishes keys, where a person chose */
    prepareMerge(
      spec: DuplicatesSpec,
      keys: readonly string[],
      wishes: { readonly survivor?: string | undefined; readonly take?: ReadonlyMap<string, string> | undefined },
      stamp: (type: 'date' | 'datetime') => string,
    ): Promise<Prepared> {
      return reading(spec, (_, merges): Prepared => {
        if (merges === undefined) return { is: 'not-yet', reason: `there is no table ${spec.table} yet` }
        const { layout, reader, survivorship } = merges
        if (layout.notYet !== undefined) return { is: 'not-yet', reason: `records are merged ${layout.notYet}` }
        const rows = reader.rowsWith(keys)
        const byKey = new Map(rows.map((row) => [keyTextOf(row.key), row]))
        const missing = keys.find((key) => !byKey.has(key))
        if (missing !== undefined) return { is: 'not-found', key: missing }
        const survival = survivorship.survivalOf(rows, wishesOf(wishes, byKey))
        const changes = [...reader.changesOf(survival, 0), ...stampChanges(layout, survival, 0, stamp)]
        const references = new Map<string, number>()
        for (const { of } of changes)
          if (of !== undefined) references.set(of.table, (references.get(of.table) ?? 0) + 1)
        const { table, keyColumn } = layout
        const preview = previewOf(layout, survival)
        return { is: 'merge', merge: { target: { table, keyColumn }, survival, changes, preview, references } }
      })
    },

    /** The changes that tell all pairs of these records apart; none where they are told apart already. */
    async prepareExclusion(
      table: string,
      keys: readonly string[],
      note: { readonly by: string; readonly at: string; readonly reason: string },
    ): Promise<PreparedExclusion> {
      const { exclusions: path } = await ports.duplicateFiles()
      ensureExclusions(path)
      const known = new Set((await this.exclusions(table)).map(({ id }) => id))
      const changes = pairsAmong(keys).flatMap(([one, other]): Change[] => {
        const id = exclusionId(table, one, other)
        if (known.has(id)) return []
        const row = { id, table_name: table, one, other, ...note }
        return [{ is: 'insert', rowId: 0, key: id, row }]
      })
      return { path, target: { table: exclusionsTable, keyColumn: exclusionsKey }, changes }
    },

    /** The keys that no record has. */
    missing(spec: DuplicatesSpec, keys: readonly string[]): Promise<readonly string[]> {
      return reading(spec, (_, merges) => {
        const found = new Set(merges?.reader.rowsWith(keys).map((row) => keyTextOf(row.key)))
        return keys.filter((key) => !found.has(key))
      })
    },

    /** The surest record that these values mean, by the last full pass and what changed since; undefined where none is sure. */
    async match(table: string, spec: DuplicatesSpec, cells: ReadonlyMap<string, Cell>): Promise<Found | undefined> {
      const loaded = await matcherOf(table, spec)
      if (loaded === undefined) return undefined
      const store = await storeOf()
      return reading(spec, (db, merges) => {
        if (merges === undefined) return undefined
        const source = candidatesOf({ table, store, spec, db, merges, loaded })
        const surest = surestOf({ matcher: loaded.matcher, source, spec }, (field) => cells.get(field))
        const [row] = surest === undefined ? [] : merges.reader.rowsAt([surest.rowId])
        if (surest === undefined || row === undefined || row.key === null) return undefined
        return { key: keyTextOf(row.key), confidence: surest.confidence, explanation: surest.explanation }
      })
    },

    /** What the record with this key takes from values that mean the same lead, by the declared rules; it stays itself. */
    absorb(spec: DuplicatesSpec, key: string, cells: ReadonlyMap<string, Cell>) {
      return reading(spec, (_, merges) => {
        const [row] = merges?.reader.rowsWith([key]) ?? []
        if (merges === undefined || row === undefined) return undefined
        const given = merges.layout.fields.map(({ field, column }) => [column, cells.get(field.name) ?? null] as const)
        // Newer than all others, and without a key of its own.
        const added: GroupRow = { rowId: Number.MAX_SAFE_INTEGER, key: null, cells: Object.fromEntries(given) }
        return merges.survivorship.survivalOf([row, added], { survivor: row.rowId }).changes
      })
    },

    close() {
      for (const { index } of opened.matchers.values()) index.close()
      opened.matchers.clear()
      opened.store?.close()
      delete opened.store
    },
  }
}

interface LoadedMatcher {
  readonly matcher: Matcher
  readonly index: KeyIndex
  readonly indexFile: string
  readonly specHash: string
}

interface Over {
  readonly table: string
  readonly store: DuplicateStore
  readonly spec: DuplicatesSpec
  readonly db: Database
  readonly merges: Merges
  readonly loaded: LoadedMatcher
}

function candidatesOf({ table, store, spec, db, merges, loaded }: Over): CandidateSource {
  return storedCandidates({ table, store, index: loaded.index, cells: cellReader(db, spec, merges.layout) })
}

/** More pairs of one group than these are not explained. */
const pairsMax = 45

function pairsOf(rows: readonly GroupRow[], explainPair: ReturnType<typeof explainerOf>): GroupView['pairs'] {
  return pairsAmong(rows)
    .slice(0, pairsMax)
    .map(([one, other]) => ({
      one: keyTextOf(one.key),
      other: keyTextOf(other.key),
      explanation: explainPair({ one: one.rowId, other: other.rowId }),
    }))
    .sort((left, right) => right.explanation.confidence - left.explanation.confidence)
}

function pairsAmong<Item>(items: readonly Item[]): readonly (readonly [Item, Item])[] {
  return items.flatMap((one, at) => items.slice(at + 1).map((other) => [one, other] as const))
}

function wishesOf(
  {
    survivor,
    take,
  }: { readonly survivor?: string | undefined; readonly take?: ReadonlyMap<string, string> | undefined },
  byKey: ReadonlyMap<string, GroupRow>,
): Wishes {
  const rowIdOf = (key: string) => byKey.get(key)?.rowId
  const taken = [...(take ?? [])].flatMap(([field, key]) => {
    const rowId = rowIdOf(key)
    return rowId === undefined ? [] : [[field, rowId] as const]
  })
  return { survivor: survivor === undefined ? undefined : rowIdOf(survivor), take: new Map(taken) }
}
