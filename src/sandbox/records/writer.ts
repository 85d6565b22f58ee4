/**
 * Creates, changes and removes records inside one transaction, keeping cells valid for their fields, both sides of a
 * link in step, and every change collected for the webhooks.
 */
import { z } from 'zod'
import { canonicalJson, type JsonValue } from '../../json.ts'
import type { Random } from '../../random.ts'
import { refusals } from '../http/refusal.ts'
import { isId, mintId } from '../ids.ts'
import { isComputed } from '../metadata/field-types.ts'
import { type Base, type Choice, type Field, fieldOf, optionText, type Table } from '../metadata/model.ts'
import type { Catalog } from '../store/catalog.ts'
import type { RecordStore, StoredRecord } from '../store/records.ts'
import type { UserStore } from '../store/users.ts'
import type { Actor, ChangeCollector } from '../webhooks/change.ts'
import type { CellWriting } from './cells/cell-kind.ts'
import { cellKinds } from './cells/cell-kinds.ts'
import { addChoice } from './choices.ts'

/** Cells as a request names them: by field name or id; null clears. */
export type GivenCells = Readonly<Record<string, JsonValue>>

/** merge (PATCH) leaves cells that are not sent as they are, replace (PUT) clears them. */
export type WriteMode = 'merge' | 'replace'

export interface WriterParts {
  readonly baseId: string
  readonly catalog: Catalog
  readonly records: RecordStore
  readonly users: UserStore
  readonly random: Random
  readonly actor: Actor
  readonly changes: ChangeCollector
  readonly nowMs: number
  readonly recordsPerBaseMax: number
}

const idList = z.array(z.string())

export class RecordWriter {
  readonly parts: WriterParts
  /** All recorded times end in whole seconds [R]. */
  readonly #atMs: number

  constructor(parts: WriterParts) {
    this.parts = parts
    this.#atMs = Math.floor(parts.nowMs / 1000) * 1000
  }

  /** The table as it is now: a new choice changes it on the way. */
  table(id: string): Table {
    const table = this.base().tables.find((candidate) => candidate.id === id)
    if (table === undefined) throw refusals.notFoundOrNotPermitted()
    return table
  }

  base(): Base {
    const base = this.parts.catalog.base(this.parts.baseId)
    if (base === undefined) throw refusals.notFoundOrNotPermitted()
    return base
  }

  create(tableId: string, given: GivenCells, typecast: boolean, id?: string): StoredRecord {
    const { records, changes, actor, random } = this.parts
    if (records.countInBase(this.parts.baseId) >= this.parts.recordsPerBaseMax) {
      throw refusals.tooManyRecords(this.table(tableId).name)
    }
    const recordId = id ?? mintId('rec', random)
    const accepted = this.#accept(tableId, given, typecast, {})
    const cells = Object.fromEntries(
      [...accepted].flatMap(([field, value]) => (value === undefined ? [] : [[field, value]])),
    )
    const stored = records.insert({
      id: recordId,
      tableId,
      createdMs: this.#atMs,
      modifiedMs: this.#atMs,
      createdBy: actor.user.id,
      modifiedBy: actor.user.id,
      cells,
      stamps: Object.fromEntries(Object.keys(cells).map((field) => [field, this.#atMs])),
    })
    changes.record(tableId, recordId, undefined, stored)
    this.#mirrorLinks(tableId, stored, {}, cells)
    return stored
  }

  /** @throws ApiRefusal when the record is gone or a cell is refused. */
  update(tableId: string, id: string, given: GivenCells, typecast: boolean, mode: WriteMode): StoredRecord {
    const before = this.parts.records.get(tableId, id)
    if (before === undefined) throw refusals.rowMissing(id)
    const accepted = this.#accept(tableId, given, typecast, before.cells)
    const table = this.table(tableId)
    if (mode === 'replace') {
      for (const field of table.fields) {
        if (!isComputed(field.type) && !accepted.has(field.id)) accepted.set(field.id, clearedCell(field, before))
      }
    }
    return this.#store(tableId, before, accepted)
  }

  /** Removes a record and its id from the records that link to it. */
  remove(tableId: string, id: string): void {
    const before = this.parts.records.get(tableId, id)
    if (before === undefined) throw refusals.recordNotFound()
    this.#mirrorLinks(tableId, before, before.cells, {})
    this.parts.records.remove(tableId, id)
    this.parts.changes.record(tableId, id, before, undefined)
  }

  /** The stored form of one value of a field, as if it were written; undefined for an empty cell. */
  accept(field: Field, value: JsonValue, typecast: boolean, previous: JsonValue | undefined): JsonValue | undefined {
    if (isComputed(field.type)) throw refusals.computedField(field.name)
    return value === null ? undefined : cellKinds[field.type].accept(value, this.#writing(field, typecast, previous))
  }

  #accept(
    tableId: string,
    given: GivenCells,
    typecast: boolean,
    previous: StoredRecord['cells'],
  ): Map<string, JsonValue | undefined> {
    const accepted = new Map<string, JsonValue | undefined>()
    for (const [name, value] of Object.entries(given)) {
      const field = fieldOf(this.table(tableId), name)
      if (field === undefined) throw refusals.unknownField(name)
      const stored = this.accept(field, value, typecast, previous[field.id])
      accepted.set(field.id, stored === undefined ? cleared(field, previous[field.id]) : stored)
    }
    return accepted
  }

  /** A write that changes nothing leaves the record's modification time and the webhooks alone [?]. */
  #store(tableId: string, before: StoredRecord, accepted: ReadonlyMap<string, JsonValue | undefined>): StoredRecord {
    const cells: Record<string, JsonValue> = { ...before.cells }
    const stamps: Record<string, number> = { ...before.stamps }
    let changed = false
    for (const [fieldId, value] of accepted) {
      const old = before.cells[fieldId]
      if (canonicalJson(old ?? null) === canonicalJson(value ?? null)) continue
      changed = true
      stamps[fieldId] = this.#atMs
      if (value === undefined) delete cells[fieldId]
      else cells[fieldId] = value
    }
    if (!changed) return before
    const after = { ...before, cells, stamps, modifiedMs: this.#atMs, modifiedBy: this.parts.actor.user.id }
    this.parts.records.update(after)
    this.parts.changes.record(tableId, before.id, before, after)
    this.#mirrorLinks(tableId, after, before.cells, cells)
    return after
  }

  #mirrorLinks(tableId: string, record: StoredRecord, old: StoredRecord['cells'], now: StoredRecord['cells']): void {
    for (const field of this.table(tableId).fields) {
      const inverse = optionText(field, 'inverseLinkFieldId')
      const linkedTableId = optionText(field, 'linkedTableId')
      if (field.type !== 'multipleRecordLinks' || inverse === undefined || linkedTableId === undefined) continue
      const [before, after] = [linksIn(old[field.id]), linksIn(now[field.id])]
      for (const id of after.filter((link) => !before.includes(link)))
        this.#mirror(linkedTableId, id, inverse, record.id, true)
      for (const id of before.filter((link) => !after.includes(link)))
        this.#mirror(linkedTableId, id, inverse, record.id, false)
    }
  }

  #mirror(tableId: string, id: string, fieldId: string, link: string, add: boolean): void {
    const before = this.parts.records.get(tableId, id)
    if (before === undefined) return
    const rest = linksIn(before.cells[fieldId]).filter((other) => other !== link)
    const links = add ? [...rest, link] : rest
    const { [fieldId]: _old, ...others } = before.cells
    const cells = links.length === 0 ? others : { ...others, [fieldId]: links }
    const after = { ...before, cells, stamps: { ...before.stamps, [fieldId]: this.#atMs }, modifiedMs: this.#atMs }
    this.parts.records.update(after)
    this.parts.changes.record(tableId, id, before, after)
  }

  #writing(field: Field, typecast: boolean, previous: JsonValue | undefined): CellWriting {
    const { users, random } = this.parts
    return {
      field,
      typecast,
      previous,
      choice: (name) => this.#choice(field, name, typecast),
      linkedRecord: (idOrName) => this.#linkedRecord(field, idOrName, typecast),
      user: (idOrEmail) => {
        const user = users.find(idOrEmail)
        return user === undefined ? undefined : { id: user.id, email: user.email, name: user.name }
      },
      mint: (prefix) => mintId(prefix, random),
    }
  }

  #choice(given: Field, name: string, typecast: boolean): Choice {
    const field = this.table(given.tableId).fields.find(({ id }) => id === given.id) ?? given
    const known = field.choices.find((choice) => choice.name === name)
    if (known !== undefined) return known
    if (!typecast) throw refusals.unknownChoice(name)
    const { catalog, changes, random } = this.parts
    const choice = addChoice(catalog, field, name, random)
    const after = this.table(field.tableId).fields.find(({ id }) => id === field.id)
    changes.field(field.tableId, field.id, field, after)
    return choice
  }

  #linkedRecord(field: Field, idOrName: string, typecast: boolean): string {
    const table = this.table(optionText(field, 'linkedTableId') ?? '')
    if (isId('rec', idOrName)) {
      if (this.parts.records.get(table.id, idOrName) === undefined) throw refusals.rowMissing(idOrName)
      return idOrName
    }
    if (!typecast) throw refusals.invalidValue(field.name)
    const named = this.parts.records.withCell(table.id, table.primaryFieldId, idOrName)[0]
    return named?.id ?? this.create(table.id, { [table.primaryFieldId]: idOrName }, true).id
  }
}

function linksIn(stored: JsonValue | undefined): string[] {
  return stored === undefined ? [] : idList.parse(stored)
}

/** A filled rich text that is cleared keeps a line break [R]; every other cell becomes empty. */
function cleared(field: Field, previous: JsonValue | undefined): JsonValue | undefined {
  return isComputed(field.type) || previous === undefined ? undefined : cellKinds[field.type].cleared
}

function clearedCell(field: Field, before: StoredRecord): JsonValue | undefined {
  return cleared(field, before.cells[field.id])
}
