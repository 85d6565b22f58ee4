/**
 * Writes of one declared table: what a person or program gives is standardized by the declared rules, checked against
 * the field types, completed with defaults and turned into exact changes, which the writer carries out as one undoable
 * action. Refusals are values.
 */

import { type Clock, isoOf } from '../clock.ts'
import type { CellPreview } from '../engine/action.ts'
import type { JsonValue } from '../json.ts'
import type { Random } from '../random.ts'
import type { ContactList } from '../targets/erasure/contact-list.ts'
import type { IsErased } from '../targets/erasure/marks.ts'
import type { Change } from '../targets/sqlite/ports.ts'
import { contactIdentitiesOf, isMarked } from '../values/contact-mark.ts'
import type { Cell } from '../values/field-type.ts'
import { identitiesOf, keyIdentity, personFieldsOf, personTextsOf } from '../values/identity.ts'
import type { RuleContext, Standardized } from '../values/rule.ts'
import { readCell, storeValue } from './cells.ts'
import type { LeadDuplicates, LeadMatch } from './duplicates.ts'
import type { FieldProblem } from './filter.ts'
import type { CellRow, LeadWriter } from './ports.ts'
import { type LeadReader, versionOf } from './reader.ts'
import type { LeadField, LeadTable } from './table.ts'

/** Applies the declared rules of a field to a text. */
export type Standardize = (field: string, value: string, context: RuleContext) => Standardized

/** Who writes, for the journal. */
export interface WriteContext {
  readonly actor: string
  readonly reason: string
}

/** Values by field name; null empties a cell. */
export type LeadValues = Readonly<Record<string, JsonValue>>

/** Why nothing was written, or not yet. */
export type WriteRefusal =
  | { readonly is: 'invalid'; readonly problems: readonly FieldProblem[] }
  /** LEAD_DUPLICATE: the value of `field` must be unique and the record `existingKey` has it. */
  | {
      readonly is: 'duplicate'
      readonly field: string
      readonly existingKey: string
      /** Set where the record as a whole means the existing one, with the reason; `field` is then the key. */
      readonly explanation?: string
    }
  | { readonly is: 'not-found' }
  /** LEAD_SUPPRESSED: the values are those of an erased person. */
  | { readonly is: 'suppressed' }
  /** The record is not the one that was expected any more. */
  | { readonly is: 'conflict'; readonly currentVersion: string }
  /** The action waits for a person or a moment; the reasons say for which. */
  | { readonly is: 'waiting'; readonly actionId: string; readonly reasons: readonly string[] }
  | { readonly is: 'failed'; readonly actionId: string; readonly reason: string }

export type WriteResult =
  /** `actionId` is undefined where nothing had to be changed. */
  | {
      readonly is: 'written'
      readonly key: string
      readonly actionId: string | undefined
      /** The record that a new one means: it was merged into that one (`key` is the same), or stands beside it. */
      readonly match?: LeadMatch
    }
  | WriteRefusal

export interface EditorPorts {
  readonly writer: LeadWriter
  readonly standardize: Standardize
  readonly clock: Clock
  readonly random: Random
  /** Whether a person was erased, by their identities. Throws SUPPRESSION_KEY_LOST. */
  readonly isErased: IsErased
  /** Who is not to be contacted. Left out where no table says so of anybody. */
  readonly contacts?: Pick<ContactList, 'isListed' | 'add'> | undefined
  /** Absent where the table declares none. */
  readonly duplicates?: LeadDuplicates | undefined
}

export type LeadEditor = ReturnType<typeof createLeadEditor>

/** Opens the writing side. */
export function createLeadEditor(table: LeadTable, reader: LeadReader, ports: EditorPorts) {
  const personFields = personFieldsOf(
    [...table.fields.values()].map(({ name, spec }) => ({ name, type: spec.type, rules: spec.standardize })),
  )

  const markField = [...table.fields.values()].find(({ spec }) => spec.doNotContact === true)?.name

  function identitiesIn(key: string, cellOf: (field: string) => Cell | undefined): readonly string[] {
    const own = keyIdentity(table.sqlName, key)
    return [...(own === undefined ? [] : [own]), ...identitiesOf(personTextsOf(personFields, cellOf))]
  }

  /** Whether a record with these cells would be of an erased person. */
  function isSuppressed(key: string, cellOf: (field: string) => Cell | undefined): boolean {
    return ports.isErased(identitiesIn(key, cellOf))
  }

  /**
   * Sets the mark of a record that is, or becomes, one of somebody who is not to be contacted. Gives the refusal where the
   * values would take back what the record, or the list, says.
   */
  function keepMark(
    key: string,
    cells: Map<string, Cell>,
    before: CellRow,
    columns: ReadonlySet<string>,
  ): WriteRefusal | undefined {
    if (markField === undefined || !columns.has(markField)) return undefined
    const wasMarked = isMarked(before[markField])
    const cellOf = (field: string) => (cells.has(field) ? cells.get(field) : before[field])
    const isListed = ports.contacts?.isListed(identitiesIn(key, cellOf)) === true
    if (cells.has(markField) && !isMarked(cells.get(markField)) && wasMarked) {
      const message =
        'is not taken back like other values: who may allow the contact says so with a reason (`trueup leads allow-contact`, `allowContact`)'
      return { is: 'invalid', problems: [{ path: [markField], message }] }
    }
    if (isListed && !isMarked(cellOf(markField))) cells.set(markField, 1)
    return undefined
  }

  /** Remembers the person of a record that was just marked, before any other program can clear the mark. */
  function noteMark(key: string, cells: ReadonlyMap<string, Cell>, before: CellRow): void {
    if (markField === undefined || !isMarked(cells.get(markField))) return
    const cellOf = (field: string) => (cells.has(field) ? cells.get(field) : before[field])
    ports.contacts?.add(contactIdentitiesOf(identitiesIn(key, cellOf)), ports.clock.nowMs())
  }

  function now(field: LeadField): string {
    const stamp = isoOf(ports.clock.nowMs())
    return field.spec.type === 'date' ? stamp.slice(0, 10) : stamp
  }

  function defaultOf(field: LeadField): Cell {
    const declared = field.spec.default
    if (declared === undefined || declared === null) return null
    if (declared === 'now' && (field.spec.type === 'datetime' || field.spec.type === 'date')) return now(field)
    const stored = storeValue(field.spec, declared)
    return stored.is === 'cell' ? stored.cell : null
  }

  /** Standardizes and checks values; the cells of fields that were given, by name. */
  function prepare(
    values: LeadValues,
    current: CellRow,
    columns: ReadonlySet<string>,
  ): { readonly cells: Map<string, Cell>; readonly problems: FieldProblem[] } {
    const cells = new Map<string, Cell>()
    const problems: FieldProblem[] = []
    const sibling = (name: string): string | undefined => {
      const given = values[name]
      const text = given === undefined ? current[name] : given
      return typeof text === 'string' && text !== '' ? text : undefined
    }
    for (const [name, value] of Object.entries(values)) {
      const field = table.fields.get(name)
      if (field === undefined || name === table.key) {
        problems.push({
          path: [name],
          message: name === table.key ? 'cannot be changed' : `is no field of ${table.name}`,
        })
        continue
      }
      if (!columns.has(name)) {
        problems.push({ path: [name], message: 'has no column in the database yet; the plan creates it' })
        continue
      }
      const stored = storeValue(field.spec, typeof value === 'string' ? standardized(name, value, { sibling }) : value)
      if (stored.is === 'cell') cells.set(name, stored.cell)
      else problems.push({ path: [name], message: stored.message })
    }
    return { cells, problems }
  }

  function standardized(field: string, value: string, context: RuleContext): string {
    if (value === '') return value
    const outcome = ports.standardize(field, value, context)
    return outcome.is === 'changed' ? outcome.value : value
  }

  async function duplicateOf(cells: ReadonlyMap<string, Cell>, rowId: number): Promise<WriteRefusal | undefined> {
    for (const [name, cell] of cells) {
      if (cell === null || table.fields.get(name)?.spec.unique !== true) continue
      const existingKey = await reader.keyWith(name, cell, rowId)
      if (existingKey !== undefined) return { is: 'duplicate', field: name, existingKey }
    }
    return undefined
  }

  async function submit(
    verb: 'create-lead' | 'update-lead' | 'delete-lead',
    key: string,
    summary: string,
    changes: readonly Change[],
    context: WriteContext,
  ): Promise<WriteResult> {
    const outcome = await ports.writer.submit({
      table: table.name,
      verb,
      key,
      actor: context.actor,
      reason: context.reason,
      summary,
      target: { table: table.sqlName, keyColumn: table.key },
      changes,
      preview: previewOf(table, key, changes),
    })
    switch (outcome.is) {
      case 'applied':
        return { is: 'written', key, actionId: outcome.actionId }
      case 'changed-since': {
        const lead = await reader.get(key)
        return lead === undefined ? { is: 'not-found' } : { is: 'conflict', currentVersion: versionOf(table, lead) }
      }
      case 'waiting':
      case 'failed':
        return outcome
    }
  }

  /** Adds a record. Without a key it is given a UUID. */
  async function create(
    values: LeadValues,
    context: WriteContext,
    key: string = ports.random.uuid(),
  ): Promise<WriteResult> {
    const columns = await reader.columns()
    const { cells, problems } = prepare(values, {}, columns)
    for (const [name, field] of table.fields) {
      if (name === table.key || cells.has(name) || !columns.has(name)) continue
      const value = field.spec.onUpdate === 'now' && field.spec.default === undefined ? now(field) : defaultOf(field)
      if (value !== null) cells.set(name, value)
      else if (field.spec.required && values[name] === undefined)
        problems.push({ path: [name], message: 'is required' })
    }
    if (problems.length > 0) return { is: 'invalid', problems }
    if (isSuppressed(key, (field) => cells.get(field))) return { is: 'suppressed' }
    const existing = await reader.get(key, [])
    if (existing !== undefined) return { is: 'duplicate', field: table.key, existingKey: existing.key }
    const match = await ports.duplicates?.match(cells)
    if (match !== undefined && ports.duplicates !== undefined) {
      const answer = await answerMatch(ports.duplicates, match, { given: values, cells, columns }, context)
      if (answer !== undefined) return answer
    }
    const duplicate = await duplicateOf(cells, 0)
    if (duplicate !== undefined) return duplicate
    keepMark(key, cells, {}, columns)
    const change: Change = { is: 'insert', rowId: 0, key, row: { [table.key]: key, ...Object.fromEntries(cells) } }
    const result = await submit('create-lead', key, `Add a record to ${table.name}`, [change], context)
    if (result.is === 'written') noteMark(key, cells, {})
    if (result.is === 'written') return { ...result, ...(match === undefined ? {} : { match }) }
    // Another program may have added the same value between the check and the write.
    return result.is === 'failed' ? ((await duplicateOf(cells, 0)) ?? result) : result
  }

  /** Merges or refuses a new record that means an existing one, as declared; undefined where it is added and flagged. */
  async function answerMatch(
    duplicates: LeadDuplicates,
    match: LeadMatch,
    added: {
      readonly given: LeadValues
      readonly cells: ReadonlyMap<string, Cell>
      readonly columns: ReadonlySet<string>
    },
    context: WriteContext,
  ): Promise<WriteResult | undefined> {
    const { key: existingKey, explanation } = match
    switch (duplicates.onInsert) {
      case 'flag':
        return undefined
      case 'refuse':
        return { is: 'duplicate', field: table.key, existingKey, explanation }
      case 'merge': {
        // Defaults are no word of whoever adds it.
        const own = new Map([...added.cells].filter(([name]) => added.given[name] !== undefined))
        const taken = await duplicates.absorb(existingKey, own)
        const row = await reader.wholeRow(existingKey)
        if (taken === undefined || row === undefined) return undefined
        const after = new Map(taken.map((change) => [change.field, change.after]))
        if (after.size === 0) return { is: 'written', key: row.key, actionId: undefined, match }
        const collision = await duplicateOf(after, row.rowId)
        if (collision !== undefined) return collision
        const summary = `Merge a new record into one of ${table.name}: ${[...after.keys()].join(', ')}`
        const result = await submit('update-lead', row.key, summary, cellChanges(row, after, added.columns), context)
        return result.is === 'written' ? { ...result, match } : result
      }
    }
  }

  /** The changes of these cells in a row, with its stamps. */
  function cellChanges(
    row: { readonly rowId: number; readonly key: string; readonly cells: CellRow },
    after: ReadonlyMap<string, Cell>,
    columns: ReadonlySet<string>,
  ): readonly Change[] {
    const stamped = new Map(after)
    for (const [name, field] of table.fields)
      if (field.spec.onUpdate === 'now' && !stamped.has(name) && columns.has(name)) stamped.set(name, now(field))
    return [...stamped].map(([column, cell]) => ({
      is: 'cell',
      rowId: row.rowId,
      key: row.cells[table.key] ?? row.key,
      column,
      before: row.cells[column] ?? null,
      after: cell,
    }))
  }

  /**
   * Changes fields of a record. With `expectedVersion` only if the record still is what the caller saw. Values that are
   * there already cause no write.
   */
  async function update(
    key: string,
    values: LeadValues,
    context: WriteContext,
    expectedVersion?: string,
  ): Promise<WriteResult> {
    const row = await reader.wholeRow(key)
    if (row === undefined) return { is: 'not-found' }
    const version = versionOf(table, row)
    if (expectedVersion !== undefined && expectedVersion !== version) return { is: 'conflict', currentVersion: version }
    const columns = await reader.columns()
    const { cells, problems } = prepare(values, row.cells, columns)
    if (problems.length > 0) return { is: 'invalid', problems }
    const kept = keepMark(row.key, cells, row.cells, columns)
    if (kept !== undefined) return kept
    for (const [name, cell] of cells) if (sameCell(cell, row.cells[name] ?? null)) cells.delete(name)
    if (cells.size === 0) return { is: 'written', key: row.key, actionId: undefined }
    const cellOf = (field: string) => (cells.has(field) ? cells.get(field) : row.cells[field])
    if (isSuppressed(row.key, cellOf)) return { is: 'suppressed' }
    const duplicate = await duplicateOf(cells, row.rowId)
    if (duplicate !== undefined) return duplicate
    const changed = [...cells.keys()]
    const changes = cellChanges(row, cells, columns)
    const summary = `Change ${changed.join(', ')} of one record of ${table.name}`
    const result = await submit('update-lead', row.key, summary, changes, context)
    if (result.is === 'written') noteMark(row.key, cells, row.cells)
    return result.is === 'failed' ? ((await duplicateOf(cells, row.rowId)) ?? result) : result
  }

  /** Removes a record; all its columns are kept for undo, those that are not declared too. */
  async function remove(key: string, context: WriteContext, expectedVersion?: string): Promise<WriteResult> {
    const row = await reader.wholeRow(key)
    if (row === undefined) return { is: 'not-found' }
    const version = versionOf(table, row)
    if (expectedVersion !== undefined && expectedVersion !== version) return { is: 'conflict', currentVersion: version }
    const change: Change = { is: 'delete', rowId: row.rowId, key: row.cells[table.key] ?? row.key, row: row.cells }
    return submit('delete-lead', row.key, `Remove one record of ${table.name}`, [change], context)
  }

  return { create, update, remove }
}

function sameCell(one: Cell, other: Cell): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0
  return one === other
}

function previewOf(table: LeadTable, key: string, changes: readonly Change[]): readonly CellPreview[] {
  const shown = (column: string, cell: Cell): JsonValue => {
    const spec = table.fields.get(column)?.spec
    if (spec === undefined)
      return cell instanceof Uint8Array ? `${cell.byteLength} bytes` : typeof cell === 'bigint' ? String(cell) : cell
    const read = readCell(spec, cell)
    return read.is === 'value' ? read.value : read.text
  }
  const previews = changes.flatMap((change): CellPreview[] => {
    if (change.is === 'cell') {
      const { column, before, after } = change
      return [{ key, field: column, before: shown(column, before), after: shown(column, after) }]
    }
    return Object.entries(change.row)
      .filter(([, cell]) => cell !== null)
      .map(([column, cell]) =>
        change.is === 'insert'
          ? { key, field: column, before: null, after: shown(column, cell) }
          : { key, field: column, before: shown(column, cell), after: null },
      )
  })
  return previews.slice(0, 20)
}
