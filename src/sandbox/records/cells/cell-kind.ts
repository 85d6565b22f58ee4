/** What one field type means for its cells. Adding a type is adding one of these to cell-kinds.ts. */
import type { JsonValue } from '../../../json.ts'
import type { FormulaValue } from '../../formula/value.ts'
import type { IdPrefix } from '../../ids.ts'
import type { Choice, Field } from '../../metadata/model.ts'

/** What accepting a value may ask for. */
export interface CellWriting {
  readonly field: Field
  /** Best-effort conversion from text, and new select choices [D]. */
  readonly typecast: boolean
  /** The cell as it is stored now. */
  readonly previous: JsonValue | undefined
  /** The choice of that name; made when `typecast`, else refused. */
  choice(name: string): Choice
  /** The id of a record of the linked table: given by id, or by name when `typecast`; refused when there is none. */
  linkedRecord(idOrName: string): string
  /** A collaborator by id or e-mail; undefined when nobody is known by it. */
  user(idOrEmail: string): JsonValue | undefined
  mint(prefix: IdPrefix): string
}

/** What showing a stored cell may ask for. */
export interface CellReading {
  readonly field: Field
  /** IANA name, `utc` or `client`; only cellFormat=string depends on it. */
  readonly timeZone: string
  /** The primary cell of a linked record, as text. */
  recordName(id: string): string
}

export interface CellKind {
  /**
   * The stored form of a value that is not null; undefined for an empty cell.
   *
   * @throws ApiRefusal when the field cannot hold it.
   */
  accept(value: JsonValue, writing: CellWriting): JsonValue | undefined
  /** As the record calls show it (V1). */
  json(stored: JsonValue, reading: CellReading): JsonValue
  /** As webhook payloads show it (V2); left out where it is the same. */
  v2?(stored: JsonValue, reading: CellReading): JsonValue
  /** As cellFormat=string shows it. The exact forms are [?]. */
  text(stored: JsonValue, reading: CellReading): string
  /** As formulas see it. */
  value(stored: JsonValue, reading: CellReading): FormulaValue
  /** What a filled cell holds after it was cleared; left out where it becomes empty. */
  readonly cleared?: JsonValue
}
