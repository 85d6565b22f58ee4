/** Shows the cells of records in each of their forms and computes the computed ones. Lives for one request. */
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../json.ts'
import { type BoundFormula, bindFormula } from '../formula/bind.ts'
import { evaluate } from '../formula/evaluate.ts'
import type { FormulaScope } from '../formula/scope.ts'
import { FormulaError } from '../formula/syntax.ts'
import { dateValue, type FormulaValue, fault, isBlank, listValue, textOf } from '../formula/value.ts'
import { isComputed } from '../metadata/field-types.ts'
import { type Base, type Field, fieldOf, fieldOfFormula, optionText, type Table, tableOf } from '../metadata/model.ts'
import type { RecordStore, StoredRecord } from '../store/records.ts'
import type { UserStore } from '../store/users.ts'
import type { CellReading } from './cells/cell-kind.ts'
import { cellKinds } from './cells/cell-kinds.ts'
import { isoText } from './cells/date-cells.ts'

/** Formulas that reach through formulas and links stop here; Airtable refuses cycles, so a cycle reads as a fault. */
const depthMax = 20

const jsonSchema = z.json()
const linkedIds = z.array(z.string())

export class RecordReader {
  readonly #base: Base
  readonly #records: RecordStore
  readonly #users: UserStore
  readonly #nowMs: number
  readonly #timeZone: string
  readonly #formulas = new Map<string, BoundFormula | undefined>()
  readonly #names = new Map<string, string>()

  constructor(base: Base, records: RecordStore, users: UserStore, nowMs: number, timeZone = 'utc') {
    this.#base = base
    this.#records = records
    this.#users = users
    this.#nowMs = nowMs
    this.#timeZone = timeZone
  }

  /** As the record calls show it; undefined for an empty cell. */
  json(table: Table, record: StoredRecord, field: Field): JsonValue | undefined {
    if (isComputed(field.type)) return this.#computedJson(table, record, field)
    const stored = record.cells[field.id]
    return stored === undefined ? undefined : cellKinds[field.type].json(stored, this.#reading(field))
  }

  /** As webhook payloads show it; undefined for an empty cell. */
  v2(table: Table, record: StoredRecord, field: Field): JsonValue | undefined {
    if (field.type === 'multipleLookupValues') return this.#lookupV2(record, field)
    if (isComputed(field.type)) return this.#computedJson(table, record, field)
    const stored = record.cells[field.id]
    const kind = cellKinds[field.type]
    return stored === undefined ? undefined : (kind.v2 ?? kind.json)(stored, this.#reading(field))
  }

  /** As cellFormat=string shows it; "" for an empty cell. */
  text(table: Table, record: StoredRecord, field: Field): string {
    if (isComputed(field.type)) {
      const json = this.#computedJson(table, record, field)
      return typeof json === 'string' ? json : textOf(this.value(table, record, field))
    }
    const stored = record.cells[field.id]
    return stored === undefined ? '' : cellKinds[field.type].text(stored, this.#reading(field))
  }

  /** As formulas and sorting see it. */
  value(table: Table, record: StoredRecord, field: Field, depth = 0): FormulaValue {
    if (depth > depthMax) return fault
    if (!isComputed(field.type)) {
      const stored = record.cells[field.id]
      return stored === undefined ? null : cellKinds[field.type].value(stored, this.#reading(field))
    }
    switch (field.type) {
      case 'createdTime':
        return dateValue(record.createdMs)
      case 'lastModifiedTime':
        return dateValue(record.modifiedMs)
      case 'autoNumber':
        return record.autoNumber
      case 'createdBy':
        return this.#users.find(record.createdBy)?.name ?? null
      case 'lastModifiedBy':
        return this.#users.find(record.modifiedBy)?.name ?? null
      case 'count':
        return this.#linked(record, field).length
      case 'multipleLookupValues':
        return listValue(this.#linkedValues(record, field, depth).map(({ value }) => value))
      case 'rollup':
        return this.#formula(table, record, field, depth, () =>
          listValue(this.#linkedValues(record, field, depth).map(({ value }) => value)),
        )
      case 'formula':
        return this.#formula(table, record, field, depth)
      case 'button':
        return 'label' in this.#constant(field) ? String(this.#constant(field).label) : null
    }
  }

  /** What a formula may ask of a record. */
  scope(table: Table, record: StoredRecord, depth = 0, values?: () => FormulaValue): FormulaScope {
    return {
      recordId: record.id,
      createdMs: record.createdMs,
      nowMs: this.#nowMs,
      field: (fieldId) => {
        if (fieldId === valuesReference && values !== undefined) return values()
        const field = fieldOf(table, fieldId)
        return field === undefined ? fault : this.value(table, record, field, depth + 1)
      },
      modifiedMs: (fieldIds) => {
        if (fieldIds.length === 0) return record.modifiedMs
        const stamps = fieldIds.map((id) => record.stamps[id] ?? Number.NEGATIVE_INFINITY)
        const latest = Math.max(...stamps)
        return Number.isFinite(latest) ? latest : undefined
      },
    }
  }

  /** The text of a record's primary cell. */
  recordName(table: Table, id: string): string {
    const cached = this.#names.get(id)
    if (cached !== undefined) return cached
    const record = this.#records.get(table.id, id)
    const primary = fieldOf(table, table.primaryFieldId)
    this.#names.set(id, '')
    const name = record === undefined || primary === undefined ? '' : this.text(table, record, primary)
    this.#names.set(id, name)
    return name
  }

  #reading(field: Field): CellReading {
    return {
      field,
      timeZone: this.#timeZone,
      recordName: (id) => {
        const table = tableOf(this.#base, optionText(field, 'linkedTableId') ?? '')
        return table === undefined ? '' : this.recordName(table, id)
      },
    }
  }

  #computedJson(table: Table, record: StoredRecord, field: Field): JsonValue | undefined {
    switch (field.type) {
      case 'createdTime':
        return isoText(record.createdMs)
      case 'lastModifiedTime':
        return isoText(record.modifiedMs)
      case 'createdBy':
        return userJson(this.#users, record.createdBy)
      case 'lastModifiedBy':
        return userJson(this.#users, record.modifiedBy)
      case 'button':
        return field.rule.constant === undefined ? undefined : this.#constant(field)
      default:
        return jsonOf(this.value(table, record, field))
    }
  }

  #constant(field: Field): JsonObject {
    return z.record(z.string(), jsonSchema).parse(JSON.parse(field.rule.constant ?? '{}'))
  }

  #linked(record: StoredRecord, field: Field): string[] {
    const stored = field.rule.recordLinkFieldId === undefined ? undefined : record.cells[field.rule.recordLinkFieldId]
    return stored === undefined ? [] : linkedIds.parse(stored)
  }

  #linkedValues(record: StoredRecord, field: Field, depth: number): { id: string; value: FormulaValue }[] {
    const found = this.#linkedField(field)
    if (found === undefined) return []
    return this.#linked(record, field).flatMap((id) => {
      const linked = this.#records.get(found.table.id, id)
      const value = linked === undefined ? null : this.value(found.table, linked, found.field, depth + 1)
      return isBlank(value) ? [] : [{ id, value }]
    })
  }

  #linkedField(field: Field): { table: Table; field: Field } | undefined {
    for (const table of this.#base.tables) {
      const found = table.fields.find(({ id }) => id === field.rule.fieldIdInLinkedTable)
      if (found !== undefined) return { table, field: found }
    }
    return undefined
  }

  #lookupV2(record: StoredRecord, field: Field): JsonValue | undefined {
    const linkedRecordIds = this.#linked(record, field)
    if (linkedRecordIds.length === 0) return undefined
    const values = this.#linkedValues(record, field, 0)
    const byRecord = linkedRecordIds.map((id): [string, JsonValue] => [
      id,
      values.filter((linked) => linked.id === id).map(({ value }) => jsonOf(value) ?? null),
    ])
    return { linkedRecordIds, valuesByLinkedRecordId: Object.fromEntries(byRecord) }
  }

  #formula(table: Table, record: StoredRecord, field: Field, depth: number, values?: () => FormulaValue): FormulaValue {
    const formula = this.#bound(table, field)
    return formula === undefined ? fault : evaluate(formula.tree, this.scope(table, record, depth, values))
  }

  #bound(table: Table, field: Field): BoundFormula | undefined {
    if (this.#formulas.has(field.id)) return this.#formulas.get(field.id)
    const bound = boundOrNothing(field.rule.formula ?? '', (reference) =>
      reference === valuesReference ? valuesReference : fieldOfFormula(table, reference)?.id,
    )
    this.#formulas.set(field.id, bound)
    return bound
  }
}

/** How a rollup's formula calls the values of the linked records [D]. */
const valuesReference = 'values'

/** A formula that lost its field shows as a fault, like any other that cannot be computed. */
function boundOrNothing(text: string, fieldIdOf: (reference: string) => string | undefined): BoundFormula | undefined {
  try {
    return bindFormula(text, fieldIdOf)
  } catch (error) {
    if (error instanceof FormulaError) return undefined
    throw error
  }
}

function userJson(users: UserStore, id: string): JsonValue | undefined {
  const user = users.find(id)
  return user === undefined ? undefined : { id: user.id, email: user.email, name: user.name }
}

/** A computed value as JSON: `{"specialValue":"NaN"}` [R], `{"error":"#ERROR!"}` [O], true as 1 [?]; undefined when empty. */
function jsonOf(value: FormulaValue): JsonValue | undefined {
  if (isBlank(value)) return undefined
  if (value === null) return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? value : { specialValue: String(value) }
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return value
  if (value.kind === 'date') return isoText(value.ms)
  if (value.kind === 'fault') return { error: value.text }
  return value.items.map((item) => jsonOf(item) ?? null)
}
