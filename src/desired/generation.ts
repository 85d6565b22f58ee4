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
 * What came, went and changed, in the order of the next file and what went last. Pure. Two generations with equal
 * hashes give an empty list.
 */
export function compareGenerations(
  previous: Pick<Generation, 'state'> | undefined,
  next: Pick<Generation, 'state'>,
): readonly EntryChange[] {
  const before = previous === undefined ? new Map<string, Entry>() : entriesOf(previous.state)
  const after = entriesOf(next.state)
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

/**
 * Why a generation looks like an accident (an emptied file, a wrong file, a botched merge) rather than an edit. Any of:
 * all tables are gone; a database is gone that had tables; more than half of the declared entries are gone, of at least
 * four; more than half of the fields of a table that stays are gone, of at least four. Renamed entries are not gone.
 */
export function shrinkReasons(previous: Pick<Generation, 'state'>, next: Pick<Generation, 'state'>): readonly string[] {
  const gone = new Set(
    compareGenerations(previous, next).flatMap(({ change, path }) => (change === 'removed' ? [path] : [])),
  )
  const reasons: string[] = []
  const tables = Object.entries(previous.state.tables)
  if (tables.length > 0 && Object.keys(next.state.tables).length === 0)
    reasons.push(`all tables are gone (${tables.length})`)
  for (const name of Object.keys(previous.state.databases)) {
    const held = tables.filter(([, table]) => table.database === name).length
    if (held > 0 && gone.has(pathText(['databases', name])))
      reasons.push(`the database ${name} is gone, which had ${counted(held, 'table')}`)
  }
  const declared = [...entriesOf(previous.state)].filter(([, entry]) => entry.counts).map(([path]) => path)
  const lost = declared.filter((path) => gone.has(path)).length
  if (declared.length >= shrinkEntriesMin && lost * 2 > declared.length) {
    reasons.push(`${lost} of ${declared.length} declared entries are gone`)
  }
  for (const [name, table] of tables) {
    const fields = Object.keys(table.fields)
    const fieldsLost = fields.filter((field) => gone.has(pathText(['tables', name, 'fields', field]))).length
    const stays = next.state.tables[name] !== undefined
    if (stays && fields.length >= shrinkEntriesMin && fieldsLost * 2 > fields.length) {
      reasons.push(`${fieldsLost} of ${fields.length} fields of the table ${name} are gone`)
    }
  }
  return reasons
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Whether the next generation must wait for approval although it is valid; see {@link shrinkReasons}. */
export function isSuspiciousShrink(previous: Pick<Generation, 'state'>, next: Pick<Generation, 'state'>): boolean {
  return shrinkReasons(previous, next).length > 0
}
