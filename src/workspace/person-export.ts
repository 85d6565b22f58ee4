/**
 * Everything that is kept about one person, as a document that can be handed to them: their records and what refers to them,
 * what the sync and the imports remember, kept earlier values, entries of the record that name them, and the files and backup
 * sets that hold or may hold them. Reads only.
 */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Database } from 'better-sqlite3'
import { isoOf } from '../clock.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { listBackups } from '../kinds/backup/index.ts'
import type { FoundInTable, PersonFound } from '../targets/erasure/eraser.ts'
import { allRowsOf } from '../targets/erasure/remove-rows.ts'
import { keptChanges } from '../targets/sqlite/kept-changes.ts'
import type { Cell } from '../values/field-type.ts'
import { linesElsewhere } from './erasure-elsewhere.ts'
import type { Workspace } from './workspace.ts'

/** Undefined where there is no such record. */
export async function personExport(
  workspace: Workspace,
  start: { readonly table: string; readonly key: string },
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<JsonObject | undefined> {
  const { eraser, generations, directory } = workspace
  const found = await eraser.find(start, signal)
  if (found === undefined) return undefined
  const { state } = generations.inForce()
  const { searched, holding } = await eraser.filesHolding(found, signal)
  const paths = found.tables.map(({ place }) => place.path)
  const backups = listBackups(state, directory).map(({ spec }) => spec)
  return {
    format: 'trueup.person-export/1',
    exportedAt: isoOf(nowMs),
    workspace: state.name,
    asked: { ...start },
    /** By what their records are recognised as one person's. */
    identities: [...found.identities],
    records: await recordsOf(found, workspace),
    airtable: await airtableOf(found, workspace),
    imports: await importsOf(found, workspace),
    earlierValues: await earlierValuesOf(found, workspace),
    record: entriesOf(found, workspace),
    files: { searched: [...searched], holding: [...holding] },
    elsewhere: linesElsewhere({ state, backups, paths, identities: 0 })
      .filter(({ kind }) => kind !== 'list')
      .map(({ kind, place, holds, until, note }) => ({ kind, place, holds, until, note })),
  }
}

const nameOf = ({ directory }: Workspace, path: string) => relative(directory, path)

async function recordsOf({ tables }: PersonFound, workspace: Workspace): Promise<JsonValue[]> {
  const records: JsonValue[] = []
  for (const { place, rows } of tables) {
    if (rows.length === 0) continue
    await reading(place.path, workspace, (db) => {
      for (const { table, values } of allRowsOf(db, place, rows))
        records.push({ database: nameOf(workspace, place.path), table, values: jsonOf(values) })
    })
  }
  return records
}

async function airtableOf({ tables }: PersonFound, { sync }: Workspace): Promise<JsonValue[]> {
  const mirrored = sync.tables()
  const known: JsonValue[] = []
  for (const found of tables.filter(({ place }) => mirrored.includes(place.name))) {
    for (const key of keysOf(found)) {
      const pair = await sync.lead(found.place.name, key)
      if (pair === undefined) continue
      const moves = await sync.history(found.place.name, { key, limit: 1000 })
      known.push({ table: found.place.name, key, pair: jsonOf(pair), moves: moves.map(jsonOf) })
    }
  }
  return known
}

/** Which rows of which sources became their records. */
async function importsOf({ tables }: PersonFound, workspace: Workspace): Promise<JsonValue[]> {
  const rows: JsonValue[] = []
  for (const path of new Set(tables.map(({ place }) => place.path))) {
    const keys = tables.filter(({ place }) => place.path === path).flatMap(keysOf)
    await reading(path, workspace, (db) => {
      if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_trueup_imports'`).get() === undefined) return
      const select = db.prepare<[string], Record<string, Cell>>('SELECT * FROM _trueup_imports WHERE lead_key = ?')
      for (const key of keys) rows.push(...select.all(key).map(jsonOf))
    })
  }
  return rows
}

/** What is kept for undo: values that their records had. */
async function earlierValuesOf({ tables }: PersonFound, workspace: Workspace): Promise<JsonValue[]> {
  const path = join(workspace.ownFolder, 'checkpoints.db')
  if (!existsSync(path)) return []
  const isTheirs = (file: string, table: string, key: Cell) =>
    tables.some(
      (one) =>
        one.place.path === file &&
        one.place.table.toLowerCase() === table.toLowerCase() &&
        keysOf(one).includes(String(key)),
    )
  const kept: JsonValue[] = []
  await reading(path, workspace, (db) => {
    for (const { setOf, change } of keptChanges(db)) {
      const { path: file, table } = setOf.target
      if (change.key === null || !isTheirs(file, table, change.key)) continue
      kept.push({ action: setOf.actionId, database: nameOf(workspace, file), table, change: jsonOf(change) })
    }
  })
  return kept
}

/** A key that is shorter says nothing: it stands in other entries, too. */
const keyCharactersMin = 6

/** Entries that name one of their records, without their bodies' other content. */
function entriesOf({ tables }: PersonFound, { journal }: Workspace): JsonValue[] {
  const keys = [...new Set(tables.flatMap(keysOf))].filter((key) => key.length >= keyCharactersMin)
  const select = journal.db.prepare<
    [string],
    { seq: number; at_ms: number; type: string; actor: string; resource: string | null; action_id: string | null }
  >('SELECT seq, at_ms, type, actor, resource, action_id FROM entries WHERE instr(body, ?) > 0 ORDER BY seq')
  const entries = keys.flatMap((key) => select.all(JSON.stringify(key)))
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]))
  return [...bySeq.values()]
    .sort((one, other) => one.seq - other.seq)
    .map(({ seq, at_ms, type, actor, resource, action_id }) => ({
      seq,
      at: isoOf(at_ms),
      type,
      actor,
      resource,
      action: action_id,
    }))
}

function keysOf({ rows }: FoundInTable): readonly string[] {
  return rows.flatMap(({ key }) => (key === null || key instanceof Uint8Array ? [] : [String(key)]))
}

async function reading(path: string, { databases }: Workspace, work: (db: Database) => void): Promise<void> {
  const view = await databases.read(path)
  try {
    work(view.db)
  } finally {
    view.close()
  }
}

/** Values as JSON can hold them: bytes in base64, whole numbers beyond 2^53 as text. */
function jsonOf(value: unknown): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return String(value)
    case 'object':
      if (value === null) return null
      if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
      if (value instanceof Map) return jsonOf(Object.fromEntries(value))
      if (Array.isArray(value)) return value.map(jsonOf)
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, jsonOf(one)]))
    default:
      return null
  }
}
