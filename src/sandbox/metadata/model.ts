/** A base as its metadata describes it: tables, fields, views, choices. Immutable; a change of the schema makes a new one. */
import { z } from 'zod'
import type { JsonObject } from '../../json.ts'
import type { FieldType } from './field-types.ts'

export interface Choice {
  readonly id: string
  readonly name: string
  readonly color?: string
}

/** How a computed field gets its value. Kept apart from `options`, which metadata shows and may lack. */
export interface ComputeRule {
  /** Text of a formula field, or of a rollup, where `values` stands for the linked values. */
  readonly formula?: string | undefined
  readonly recordLinkFieldId?: string | undefined
  readonly fieldIdInLinkedTable?: string | undefined
  /** JSON text of a value that is the same in every record, such as a button. */
  readonly constant?: string | undefined
}

export interface Field {
  readonly id: string
  readonly tableId: string
  readonly name: string
  readonly type: FieldType
  readonly description: string | undefined
  readonly options: JsonObject | undefined
  readonly rule: ComputeRule
  readonly choices: readonly Choice[]
}

export interface SortRule {
  readonly fieldId: string
  readonly direction: 'asc' | 'desc'
}

export interface View {
  readonly id: string
  readonly name: string
  readonly type: string
  /** A formula over field names or ids; undefined shows every record. */
  readonly filter: string | undefined
  readonly sort: readonly SortRule[]
  /** undefined: all are visible. */
  readonly visibleFieldIds: readonly string[] | undefined
}

export interface Table {
  readonly id: string
  readonly baseId: string
  readonly name: string
  readonly description: string | undefined
  readonly primaryFieldId: string
  readonly fields: readonly Field[]
  readonly views: readonly View[]
}

export interface Base {
  readonly id: string
  readonly name: string
  readonly workspaceId: string
  readonly tables: readonly Table[]
}

const choiceSchema = z.object({ id: z.string(), name: z.string(), color: z.string().optional() })
const choicesSchema = z.object({ choices: z.array(choiceSchema) })

/** The choices in the options of a select field; none for other types. */
export function choicesIn(options: JsonObject | undefined): Choice[] {
  const parsed = choicesSchema.safeParse(options)
  if (!parsed.success) return []
  return parsed.data.choices.map(({ id, name, color }) => (color === undefined ? { id, name } : { id, name, color }))
}

/** A number in the options, for example `precision`. */
export function optionNumber(field: Field, name: string): number | undefined {
  const value = field.options?.[name]
  return typeof value === 'number' ? value : undefined
}

/** A text in the options, by path, for example `optionText(field, 'dateFormat', 'name')`. */
export function optionText(field: Field, ...path: readonly string[]): string | undefined {
  let at: unknown = field.options
  for (const name of path) at = isObject(at) ? at[name] : undefined
  return typeof at === 'string' ? at : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** The table of a base by id or name [D]. */
export function tableOf(base: Base, idOrName: string): Table | undefined {
  return base.tables.find((table) => table.id === idOrName) ?? base.tables.find((table) => table.name === idOrName)
}

/** The field of a table by id or exact name [D]. */
export function fieldOf(table: Table, idOrName: string): Field | undefined {
  return table.fields.find((field) => field.id === idOrName) ?? table.fields.find((field) => field.name === idOrName)
}

/** As {@link fieldOf}, but the case of a name does not matter: formulas name unknown fields in lower case, so they fold [?]. */
export function fieldOfFormula(table: Table, reference: string): Field | undefined {
  const exact = fieldOf(table, reference)
  if (exact !== undefined) return exact
  const folded = reference.toLowerCase()
  return table.fields.find((field) => field.name.toLowerCase() === folded)
}
