/**
 * A generation is one accepted version of the file. Comparing two tells what an edit came down to, and whether it took
 * away so much that a person has to confirm it.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson, hashOf, type JsonValue } from '../json.ts'
import { pathText } from './problem.ts'
import type { DesiredState } from './schema.ts'

export interface Generation {
  /** Counts up from 1. */
  readonly number: number
  /** Of the normalized state: two texts that mean the same have the same hash. */
  readonly hash: string
  /** Of the bytes of the file. */
  readonly textHash: string
  /** Wall clock, milliseconds since the epoch. */
  readonly loadedAtMs: number
  readonly state: DesiredState
}

/** SHA-256 of the bytes of a file, lower-case hexadecimal. */
export function textHashOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Makes a generation of a state that was read from a text. */
export function generationOf(given: {
  readonly number: number
  readonly state: DesiredState
  readonly text: string | Uint8Array
  readonly loadedAtMs: number
}): Generation {
  return {
    number: given.number,
    hash: hashOf(jsonOf(given.state)),
    textHash: textHashOf(given.text),
    loadedAtMs: given.loadedAtMs,
    state: given.state,
  }
}

/** The state as JSON: it comes from YAML and holds nothing else. */
function jsonOf(value: unknown): JsonValue {
  return z.json().parse(JSON.parse(JSON.stringify(value)))
}

/** What happened to one entry of the file between two generations. */
export interface EntryChange {
  /** `tables.leads.fields.email`, as problems name places. */
  readonly path: string
  /** The section at the top of the file. */
  readonly section: string
  readonly change: 'added' | 'removed' | 'changed' | 'renamed'
  /** For `renamed`: the path that it had. */
  readonly from?: string
}

interface Entry {
  readonly section: string
  readonly text: string
  /** Whether its loss counts as shrinking: things declared by name do, settings do not. */
  readonly counts: boolean
  /** The path that it had, when it says that it was renamed. */
  readonly formerPath?: string
}

/** The entries that a comparison tells apart. A table and each of its fields are entries of their own. */
function entriesOf(state: DesiredState): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>()
  const add = (path: readonly string[], value: unknown, counts: boolean, formerPath?: readonly string[]): void => {
    entries.set(pathText(path), {
      section: path[0] ?? '',
      text: canonicalJson(jsonOf(value)),
      counts,
      ...(formerPath === undefined ? {} : { formerPath: pathText(formerPath) }),
    })
  }
  add(['name'], state.name, false)
  add(['policy'], state.policy, false)
  if (state.airtable !== undefined) add(['airtable'], state.airtable, false)
  for (const section of ['databases', 'imports', 'services', 'jobs', 'backups'] as const) {
    for (const [name, entry] of Object.entries(state[section])) add([section, name], entry, true)
  }
  for (const [name, { fields, ...table }] of Object.entries(state.tables)) {
    add(['tables', name], table, true, table.renamedFrom === undefined ? undefined : ['tables', table.renamedFrom])
    for (const [field, spec] of Object.entries(fields)) {
      const path = ['tables', name, 'fields', field]
      add(path, spec, true, spec.renamedFrom === undefined ? undefined : [...path.slice(0, -1), spec.renamedFrom])
    }
  }
  for (const [name, channel] of Object.entries(state.alerts?.channels ?? {}))
    add(['alerts', 'channels', name], channel, true)
  if (state.alerts !== undefined) add(['alerts', 'rules'], state.alerts.rules, false)
  add(['access', 'tokens'], state.access.tokens, false)
  for (const [name, role] of Object.entries(state.access.roles)) add(['access', 'roles', name], role, true)
  return entries
}

/**
 * What came, went and changed between the states of two generations, in the order of the next file and what went last. Pure. States of equal
 * hashes give an empty list.
 */
export function compareGenerations(previous: DesiredState | undefined, next: DesiredState): readonly EntryChange[] {
  const before = previous === undefined ? new Map<string, Entry>() : entriesOf(previous)
  const after = entriesOf(next)
  const changes: EntryChange[] = []
  const renamedAway = new Set<string>()
  for (const [path, entry] of after) {
    const old = before.get(path)
    const { section, formerPath } = entry
    if (old !== undefined) {
      if (old.text !== entry.text) changes.push({ path, section, change: 'changed' })
    } else if (formerPath !== undefined && before.has(formerPath) && !after.has(formerPath)) {
      renamedAway.add(formerPath)
      changes.push({ path, section, change: 'renamed', from: formerPath })
    } else changes.push({ path, section, change: 'added' })
  }
  for (const [path, { section }] of before) {
    if (!after.has(path) && !renamedAway.has(path)) changes.push({ path, section, change: 'removed' })
  }
  return changes
}

/** Files with fewer entries than this may lose any share of them: half of three is one edit. */
const shrinkEntriesMin = 4

/** Whether the next state can be put in force at once. */
export type Shrink =
  | { readonly is: 'plausible' }
  | {
      readonly is: 'suspicious'
      /** One sentence. */
      readonly why: string
      /** Paths of the entries that are gone. */
      readonly gone: readonly string[]
    }

/**
 * Whether a state, although valid, looks like an accident (an emptied file, a wrong file, a botched merge) rather than
 * an edit, and so must wait for approval. It does when all tables are gone; when a database is gone that had tables;
 * when more than half of the declared entries are gone, of at least four; or when more than half of the fields of a
 * table that stays are gone, of at least four. Renamed entries are not gone. Pure.
 */
export function isSuspiciousShrink(previous: DesiredState, next: DesiredState): Shrink {
  const gone = compareGenerations(previous, next).flatMap(({ change, path }) => (change === 'removed' ? [path] : []))
  const reasons = [
    ...tableReasons(previous, next),
    ...databaseReasons(previous, new Set(gone)),
    ...shareReasons(previous, next, new Set(gone)),
  ]
  return reasons.length === 0 ? { is: 'plausible' } : { is: 'suspicious', why: reasons.join('; '), gone }
}

function tableReasons(previous: DesiredState, next: DesiredState): readonly string[] {
  const before = Object.keys(previous.tables).length
  return before > 0 && Object.keys(next.tables).length === 0 ? [`all tables are gone (${before})`] : []
}

function databaseReasons(previous: DesiredState, gone: ReadonlySet<string>): readonly string[] {
  return Object.keys(previous.databases).flatMap((name) => {
    const held = Object.values(previous.tables).filter((table) => table.database === name).length
    const lost = held > 0 && gone.has(pathText(['databases', name]))
    return lost ? [`the database ${name} is gone, which had ${held} ${held === 1 ? 'table' : 'tables'}`] : []
  })
}

function shareReasons(previous: DesiredState, next: DesiredState, gone: ReadonlySet<string>): readonly string[] {
  const isMostOf = (lost: number, of: number): boolean => of >= shrinkEntriesMin && lost * 2 > of
  const declared = [...entriesOf(previous)].filter(([, entry]) => entry.counts).map(([path]) => path)
  const lost = declared.filter((path) => gone.has(path)).length
  const whole = isMostOf(lost, declared.length) ? [`${lost} of ${declared.length} declared entries are gone`] : []
  const tables = Object.entries(previous.tables).flatMap(([name, table]) => {
    const fields = Object.keys(table.fields)
    const fieldsLost = fields.filter((field) => gone.has(pathText(['tables', name, 'fields', field]))).length
    const stays = next.tables[name] !== undefined
    return stays && isMostOf(fieldsLost, fields.length)
      ? [`${fieldsLost} of ${fields.length} fields of the table ${name} are gone`]
      : []
  })
  return [...whole, ...tables]
}
