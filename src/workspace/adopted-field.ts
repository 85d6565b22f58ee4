/**
 * How a column that is there is declared so that nothing of it is drift, and which rules its values suggest. A proposal
 * always carries the figure that it rests on; none is in force before somebody takes the comment away. Pure.
 */
import { snakeCaseOf } from '../desired/snake-case.ts'
import type { ColumnSchema } from '../targets/sqlite/schema-reader.ts'
import { readMoment } from '../values/calendar.ts'
import { isValid } from '../values/coerce.ts'
import type { Cell, FieldType } from '../values/field-type.ts'
import { linkedInKey } from '../values/match-key.ts'
import { standardizer } from '../values/standardizer.ts'

/** One column as it would be declared, or why it is left out. */
export type AdoptedColumn =
  | { readonly is: 'field'; readonly field: AdoptedField }
  | { readonly is: 'left-out'; readonly column: string; readonly reason: string; readonly renamed?: AdoptedField }

export interface AdoptedField {
  readonly name: string
  readonly type: FieldType
  readonly required: boolean
  readonly unique: boolean
  /** As in the file; undefined: none is declared. */
  readonly default: string | number | undefined
  /** Lines to come as comments: the setting, and the figure that speaks for it. */
  readonly proposals: readonly { readonly setting: string; readonly reason: string }[]
}

export interface ColumnContent {
  readonly column: ColumnSchema
  readonly isUnique: boolean
  /** Values of the first rows. */
  readonly values: readonly Cell[]
}

const namePattern = /^[a-z][a-z0-9_]{0,62}$/
const filledMin = 3
const suitsMin = 0.8
const choicesMax = 8
const longCharacters = 200

/** What a column is called as a field: SQLite tells no names apart by case, so that `Email` is declared as `email`. */
export function fieldNameOf(column: string): string {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(column) ? column.toLowerCase() : column
}

/** Declares one column. One whose name no field can have comes with the field that it would be under a name like it. */
export function adoptColumn({ column, isUnique, values }: ColumnContent): AdoptedColumn {
  const leftOut = (reason: string): AdoptedColumn => ({ is: 'left-out', column: column.name, reason })
  if (column.generated !== 'no') return leftOut('it is computed by SQLite')
  const name = fieldNameOf(column.name)
  if (!namePattern.test(name)) {
    const other = snakeCaseOf(name)
    const renamed = namePattern.test(other)
      ? adoptColumn({ column: { ...column, name: other }, isUnique, values })
      : leftOut('no name is like it')
    return {
      is: 'left-out',
      column: column.name,
      reason: 'its name is not in snake_case, which fields need',
      ...(renamed.is === 'field' ? { renamed: renamed.field } : {}),
    }
  }
  const filled = values.filter((value) => value !== null && value !== '')
  const type = typeOf(name, column, filled)
  if (type === undefined) return leftOut(`its type ${column.type} would change some of its values`)
  const field: AdoptedField = {
    name,
    type,
    required: column.notNull && column.defaultSql === undefined,
    unique: isUnique,
    default: defaultOf(type, column.defaultSql),
    proposals: [],
  }
  return { is: 'field', field: { ...field, proposals: proposalsFor(field, filled) } }
}

/** The type that holds what the column holds, by SQLite's affinities (sqlite.org/datatype3.html, 3.1). */
function typeOf(name: string, column: ColumnSchema, filled: readonly Cell[]): FieldType | undefined {
  const declared = column.type.toUpperCase()
  if (declared.includes('INT')) return 'integer'
  if (/CHAR|CLOB|TEXT/.test(declared) || declared === '' || declared.includes('BLOB')) return textType(name, filled)
  if (/REAL|FLOA|DOUB/.test(declared)) return 'number'
  const numbers = filled.every((value) => typeof value === 'number' || typeof value === 'bigint')
  if (/DATE|TIME/.test(declared) && (filled.length === 0 || !numbers)) return declared === 'DATE' ? 'date' : 'datetime'
  // A CHECK would have to be added for `boolean`; the comment proposes it.
  if (numbers) return filled.every((value) => Number.isInteger(Number(value))) ? 'integer' : 'number'
  return undefined
}

function textType(name: string, filled: readonly Cell[]): FieldType {
  const texts = filled.filter((value) => typeof value === 'string')
  const mostly = (suits: (text: string) => boolean) =>
    texts.length > 0 && texts.filter(suits).length >= suitsMin * texts.length
  if (/e_?mail/.test(name) && mostly((text) => isValid('email', text.trim()))) return 'email'
  if (/phone|mobile|tel$/.test(name) && mostly((text) => isValid('phone', text.trim()))) return 'phone'
  if (
    /url|website|linkedin|link$/.test(name) &&
    mostly((text) => /^(https?:\/\/)?[\w-]+(\.[\w-]+)+(\/|$)/i.test(text.trim()))
  )
    return 'url'
  return texts.some((text) => text.length > longCharacters) ? 'longtext' : 'text'
}

function defaultOf(type: FieldType, sql: string | undefined): string | number | undefined {
  if (sql === undefined) return undefined
  if (type === 'date' || type === 'datetime') return /^CURRENT_(TIMESTAMP|DATE)$/i.test(sql) ? 'now' : undefined
  const number = /^-?\d+(\.\d+)?$/.test(sql)
    ? Number(sql)
    : /^(true|false)$/i.test(sql)
      ? Number(/^true$/i.test(sql))
      : undefined
  if (type === 'integer' || type === 'number') return number
  const text = /^'([^']*)'$/.exec(sql)?.[1]
  return type === 'text' && text !== undefined && text !== '' ? text : undefined
}

type Proposals = AdoptedField['proposals']

function proposalsFor(field: AdoptedField, filled: readonly Cell[]): Proposals {
  const texts = filled.filter((value) => typeof value === 'string')
  return [
    ...ruleProposal(field, texts),
    ...(field.type === 'text' && texts.length === filled.length ? choiceProposal(texts) : []),
    ...booleanProposal(field, filled),
    ...(field.type === 'email' && !field.unique ? uniqueProposal(texts) : []),
    ...futureProposal(field, texts),
  ]
}

/** The rule whose work a column of this name and type is. */
function ruleFor({ name, type }: AdoptedField, texts: readonly string[]): string | undefined {
  if (type === 'email') return 'email'
  if (type === 'phone') return 'phone'
  if (type === 'url') return texts.some((text) => linkedInKey(text) !== undefined) ? 'linkedin_url' : 'url'
  if (/^(full_?name|name|lead_name|contact_name)$/.test(name)) return 'person_name'
  return /^(company|company_name|organi[sz]ation)$/.test(name) ? 'company_name' : undefined
}

function ruleProposal(field: AdoptedField, texts: readonly string[]): Proposals {
  const rule = ruleFor(field, texts)
  if (rule === undefined || texts.length < filledMin) return []
  const rules = standardizer([{ rule, options: {} }], { type: field.type })
  const changed = texts.filter((text) => rules.standardize(text, { sibling: () => undefined }).is === 'changed').length
  return changed === 0
    ? []
    : [{ setting: `standardize: ${rule}`, reason: `would mend ${changed} of ${texts.length} values` }]
}

function choiceProposal(texts: readonly string[]): Proposals {
  const words = [...new Set(texts)].sort()
  const isList =
    words.length > 1 &&
    words.length <= choicesMax &&
    texts.length >= 5 * words.length &&
    words.every((word) => word.length <= 40)
  if (!isList) return []
  const choices = words.map((word) => JSON.stringify(word)).join(', ')
  return [
    {
      setting: `type: choice, choices: [${choices}]`,
      reason: `${words.length} words in ${texts.length} values; adds a CHECK`,
    },
  ]
}

function booleanProposal({ name, type }: AdoptedField, filled: readonly Cell[]): Proposals {
  const isFlag = type === 'integer' && filled.length >= filledMin && filled.every((value) => value === 0 || value === 1)
  if (!isFlag || /count|attempts|step/.test(name)) return []
  return [{ setting: 'type: boolean', reason: `all ${filled.length} values are 0 or 1; adds a CHECK` }]
}

function uniqueProposal(texts: readonly string[]): Proposals {
  const shared = texts.length - new Set(texts.map((text) => text.trim().toLowerCase())).size
  const reason =
    shared === 0
      ? `all ${texts.length} values differ`
      : `once duplicates are merged: ${shared} of ${texts.length} values repeat another`
  return texts.length < filledMin ? [] : [{ setting: 'unique: true', reason }]
}

function futureProposal({ type, name }: AdoptedField, texts: readonly string[]): Proposals {
  if ((type !== 'date' && type !== 'datetime') || !/contacted|messaged|sent|created/.test(name)) return []
  const odd = texts.filter((text) => readMoment(text).is === 'invalid').length
  const reason =
    odd === 0
      ? 'it tells of something that has happened'
      : `it tells of something that has happened; ${odd} values are no dates`
  return [{ setting: 'quality: { notInFuture: true }', reason }]
}
