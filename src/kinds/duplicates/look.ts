/**
 * One look at a table's duplicates: what is merged unasked, rule by rule, and what waits for a person, with the exact
 * changes that each would make as evidence and a few of them to be shown.
 */
import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { createChangeFingerprint } from '../../targets/sqlite/change-fingerprint.ts'
import type { Cell } from '../../values/field-type.ts'
import { type Exclusion, readExclusions } from './exclusions.ts'
import { type Layout, readLayout } from './layout.ts'
import { type GroupReader, groupReader } from './merge.ts'
import { search } from './search.ts'
import type { DuplicatesSpec } from './spec.ts'
import type { DuplicateStore, Group } from './store.ts'
import { isEmpty, type Survival, type Survivorship, survivorship } from './survivorship.ts'

/** Records and cells shown with a drift or an action. */
export const sampleMax = 20
/** Up to so many groups are named in the action that merges them; of more it names the rule. */
export const namedGroupsMax = 200
/** So many groups wait for a person at a time; the next follow as these are decided. */
export const listedMax = 100

const previewSchema = z.object({ key: z.string(), field: z.string(), before: z.json(), after: z.json() })

const automaticSchema = z.object({
  rule: z.string(),
  groups: z.number(),
  /** Records that go. */
  losers: z.number(),
  fingerprint: z.string(),
  /** Keys of each group's members; null where they are too many to be named. */
  keys: z.array(z.array(z.string())).nullable(),
  sample: z.array(z.string()),
  preview: z.array(previewSchema),
})

const waitingSchema = z.object({
  id: z.string(),
  keys: z.array(z.string()),
  rule: z.string(),
  confidence: z.number(),
  sentence: z.string(),
  fingerprint: z.string(),
  preview: z.array(previewSchema),
})

export const lookSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('absent') }),
  z.object({ is: z.literal('unaddressable'), reason: z.string() }),
  z.object({
    is: z.literal('looked'),
    /** The table's name in the database at the time. */
    table: z.string(),
    keyColumn: z.string(),
    rows: z.number(),
    /** How it was looked: at all rows, at changed ones, or at none since nothing changed. */
    mode: z.enum(['full', 'rows', 'same']),
    /** Why nothing is merged yet; null where it is. */
    notYet: z.string().nullable(),
    automatic: z.array(automaticSchema),
    waiting: z.object({ groups: z.number(), losers: z.number(), listed: z.array(waitingSchema) }),
    excluded: z.number(),
    oversizedBlocks: z.number(),
  }),
])

export type Look = z.output<typeof lookSchema>
export type AutomaticLook = z.output<typeof automaticSchema>
export type WaitingLook = z.output<typeof waitingSchema>

export interface LookRequest {
  /** The name of the resource. */
  readonly table: string
  readonly spec: DuplicatesSpec
  readonly store: DuplicateStore
  readonly folder: string
  readonly also: string | undefined
  readonly exclusions: Database | undefined
  readonly place: string
  readonly whole: boolean
  /** What is known is true of the table as it is. */
  readonly isCurrent: boolean
  readonly nowMs: number
}

/** Looks over two reading connections to one file. */
export function lookAt(scanning: Database, picking: Database, request: LookRequest): Look {
  const { table, spec, store } = request
  return inOneState(scanning, () => {
    const found = searchIn(scanning, picking, request)
    if (found.is !== 'searched') return found
    const { layout, mode, rows, exclusions } = found
    const merges = mergesOf(scanning, spec, layout)
    return {
      is: 'looked',
      ...{ table: layout.table, keyColumn: layout.keyColumn, rows, mode, notYet: layout.notYet ?? null },
      // One transaction: what was worked out of each group is kept.
      ...store.transaction(() => ({
        automatic: automaticOf(table, spec, store, merges),
        waiting: waitingOf(table, store, merges),
      })),
      excluded: exclusions.length,
      oversizedBlocks: store.pass(table)?.oversized ?? 0,
    }
  })
}

/** The part of a look that finds; what merges would do is left to the next look. */
export function searchAt(scanning: Database, picking: Database, request: LookRequest): void {
  inOneState(scanning, () => searchIn(scanning, picking, request))
}

/** One state of the database for all that is read, and for the place in the change log. */
function inOneState<Result>(db: Database, work: () => Result): Result {
  db.exec('BEGIN')
  try {
    return work()
  } finally {
    db.exec('COMMIT')
  }
}

function searchIn(scanning: Database, picking: Database, request: LookRequest) {
  const reading = readLayout(scanning, request.spec)
  if (reading.is !== 'layout') return reading
  const { layout } = reading
  const exclusions: readonly Exclusion[] =
    request.exclusions === undefined ? [] : readExclusions(request.exclusions, request.table)
  const pass = request.isCurrent ? request.store.pass(request.table) : undefined
  const known = pass === undefined ? undefined : { mode: 'same' as const, rows: pass.rows }
  const searched = known ?? search({ ...request, layout, scanning, picking, exclusions })
  return { is: 'searched' as const, layout, exclusions, ...searched }
}

/** What the merges of a table would do. */
export interface Merges {
  readonly layout: Layout
  readonly reader: GroupReader
  readonly survivorship: Survivorship
}

export function mergesOf(db: Database, spec: DuplicatesSpec, layout: Layout): Merges {
  return { layout, reader: groupReader(db, layout), survivorship: survivorship(spec, layout.fields) }
}

/** The merge of the records with these keys, as they are now; undefined where fewer than two are left. */
export function survivalOf({ reader, survivorship: rules }: Merges, keys: readonly string[]): Survival | undefined {
  const rows = reader.rowsWith(keys)
  return rows.length < 2 ? undefined : rules.survivalOf(rows)
}

/** The evidence of one group: all that its merge would change. A group of which a record is gone has none. */
export function fingerprintOf({ reader }: Merges, keys: readonly string[], survival: Survival | undefined): string {
  if (survival === undefined || survival.losers.length !== keys.length - 1) return 'gone'
  const fingerprint = createChangeFingerprint()
  for (const change of reader.changesOf(survival, 0)) fingerprint.add(change)
  return fingerprint.digest()
}

/** The evidence of several groups. */
export function evidenceOf(fingerprints: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const fingerprint of fingerprints) hash.update(`${fingerprint}\n`)
  return hash.digest('hex')
}

const pageGroups = 500

function automaticOf(table: string, spec: DuplicatesSpec, store: DuplicateStore, merges: Merges): AutomaticLook[] {
  const ordered = [...store.automaticRules(table)].sort((one, other) => placeOf(spec, one) - placeOf(spec, other))
  return ordered.map((rule) => {
    const { groups, losers } = store.count(table, { automatic: true, rule })
    const preview: AutomaticLook['preview'] = []
    const sample: string[] = []
    const keys: string[][] = []
    const fingerprints: string[] = []
    for (const group of pagesOf(table, store, rule)) {
      const own = group.members.map(({ key }) => key)
      const known = group.fingerprint
      const isShown = preview.length < sampleMax
      const survival = isShown || known === undefined ? survivalOf(merges, own) : undefined
      const fingerprint = known ?? fingerprintOf(merges, own, survival)
      if (known === undefined) store.keepFingerprint(table, group.id, fingerprint)
      fingerprints.push(fingerprint)
      if (keys.length <= namedGroupsMax) keys.push(own)
      if (isShown && survival !== undefined) preview.push(...previewOf(merges.layout, survival))
      for (const { key } of survival?.losers ?? []) if (sample.length < sampleMax) sample.push(keyTextOf(key))
    }
    return {
      ...{ rule, groups, losers, sample },
      fingerprint: evidenceOf(fingerprints),
      keys: keys.length > namedGroupsMax ? null : keys,
      preview: preview.slice(0, sampleMax),
    }
  })
}

/** In the order of the file; what no rule names comes last. */
function placeOf({ rules }: DuplicatesSpec, name: string): number {
  const at = rules.findIndex((rule) => rule.name === name)
  return at < 0 ? rules.length : at
}

/** All automatic groups of a rule in the order of their evidence. */
export function* pagesOf(table: string, store: DuplicateStore, rule: string): Generator<Group> {
  for (let after = 0; ; after += pageGroups) {
    const page = store.groups(table, { automatic: true, rule, limit: pageGroups, after })
    yield* page
    if (page.length < pageGroups) return
  }
}

function waitingOf(table: string, store: DuplicateStore, merges: Merges) {
  const { groups, losers } = store.count(table, { automatic: false })
  const listed = store.groups(table, { automatic: false, limit: listedMax }).map((group): WaitingLook => {
    const keys = group.members.map(({ key }) => key)
    const survival = survivalOf(merges, keys)
    const { id, rule, confidence, sentence } = group
    return {
      ...{ id, keys, rule, confidence, sentence },
      fingerprint: fingerprintOf(merges, keys, survival),
      preview: survival === undefined ? [] : previewOf(merges.layout, survival),
    }
  })
  return { groups, losers, listed }
}

/**
 * Side by side: what changes in the record that stays, then, of each that goes, the values that differ from what remains
 * and that remain afterwards. 20 cells at most.
 */
export function previewOf(layout: Layout, { survivor, losers, changes }: Survival): WaitingLook['preview'] {
  const after = new Map(changes.map((change) => [change.column, change.after]))
  const cells = changes.map(({ field, before, after: value }) => ({
    key: keyTextOf(survivor.key),
    field,
    before: shown(before),
    after: shown(value),
  }))
  for (const loser of losers) {
    const differing = layout.fields.flatMap(({ field, column }) => {
      const before = loser.cells[column] ?? null
      const stays = after.has(column) ? (after.get(column) ?? null) : (survivor.cells[column] ?? null)
      if (isEmpty(before) || before === stays) return []
      return [{ key: keyTextOf(loser.key), field: field.name, before: shown(before), after: shown(stays) }]
    })
    cells.push({
      key: keyTextOf(loser.key),
      field: layout.keyColumn,
      before: shown(loser.key),
      after: shown(survivor.key),
    })
    cells.push(...differing)
  }
  return cells.slice(0, sampleMax)
}

export function keyTextOf(key: Cell): string {
  return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key ?? '')
}

const shownMax = 400

function shown(cell: Cell): string | number | null {
  if (cell instanceof Uint8Array) return `${cell.length} bytes`
  if (typeof cell === 'bigint') return String(cell)
  return typeof cell === 'string' && cell.length > shownMax ? `${cell.slice(0, shownMax)}…` : cell
}
