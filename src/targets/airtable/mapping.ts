/**
 * Finds in a base what a declared table is mapped to. What was found once is followed by its id, so that a rename in the
 * app breaks nothing; what cannot be used is named as a problem and left out, so that the rest goes on. Pure.
 */
import { z } from 'zod'
import { isList, type JsonValue } from '../../json.ts'
import { foldChoice } from '../../values/fold.ts'
import type { BaseSchema, RemoteField, RemoteTable } from './ports.ts'

/** What of a declared field decides which Airtable field mirrors it. */
export interface DeclaredField {
  /** Its name in the desired state. */
  readonly name: string
  readonly type: string
  /** Name or id of the Airtable field. */
  readonly remote: string
  readonly choices: readonly string[]
  /** Digits after the point; null where none are declared. */
  readonly precision: number | null
  readonly direction: 'both' | 'push' | 'pull'
  readonly unknownChoices: 'refuse' | 'add'
  /** Airtable types that hold it and can be written. */
  readonly writableTypes: readonly string[]
  /** Airtable types that can only be read into it. */
  readonly readableTypes: readonly string[]
}

export interface DeclaredTable<Field extends DeclaredField = DeclaredField> {
  /** Its name in the desired state. */
  readonly name: string
  /** Name or id of the Airtable table. */
  readonly remote: string
  /** Name or id of the Airtable field that holds our key. */
  readonly keyField: string
  readonly fields: readonly Field[]
}

const knownIdSchema = z.strictObject({ declared: z.string(), id: z.string() })

/** The form in which {@link KnownIds} are kept. */
export const knownIdsSchema = z.strictObject({
  table: knownIdSchema.optional(),
  keyField: knownIdSchema.optional(),
  /** By the name of the declared field. */
  fields: z.record(z.string(), knownIdSchema),
})

/**
 * What a declared name stood for when it was last found. It counts only while the declaration names the same: another
 * name in the desired state means another field.
 */
export type KnownIds = z.output<typeof knownIdsSchema>

/** Nothing was found before. */
export const noKnownIds: KnownIds = { fields: {} }

/** A declared field with the Airtable field that mirrors it. */
export interface ResolvedField<Field extends DeclaredField = DeclaredField> {
  readonly name: string
  readonly localType: Field['type']
  readonly remote: RemoteField
  readonly direction: Field['direction']
  readonly unknownChoices: Field['unknownChoices']
  readonly declared: Field
}

/** Why something cannot be used as it is declared, or what a person should know of it. */
export type MappingProblem<Field extends DeclaredField = DeclaredField> =
  /** No table has the name, and none is known by its id. Nothing of the mapping can be used. */
  | { readonly is: 'table-missing'; readonly declared: string; readonly wasId: string | undefined }
  /** It has another name now and is used as before. `taken`: another table has the declared name. */
  | { readonly is: 'table-renamed'; readonly declared: string; readonly remote: RemoteTable; readonly taken: boolean }
  /** Without the key field no record can be told from another: nothing may be written. */
  | { readonly is: 'key-missing'; readonly declared: string; readonly wasId: string | undefined }
  | { readonly is: 'key-renamed'; readonly declared: string; readonly remote: RemoteField; readonly taken: boolean }
  /** The Airtable field that is named for the key mirrors a declared field, `by`. */
  | { readonly is: 'key-claimed'; readonly declared: string; readonly remote: RemoteField; readonly by: string }
  /** It is no field that an upsert can merge on. */
  | { readonly is: 'key-clash'; readonly declared: string; readonly remote: RemoteField }
  | { readonly is: 'field-missing'; readonly field: Field; readonly wasId: string | undefined }
  /** It has another name now and is used as before. `taken`: another field has the declared name. */
  | { readonly is: 'field-renamed'; readonly field: Field; readonly remote: RemoteField; readonly taken: boolean }
  /** The Airtable field mirrors another declared field already, `by`; `the key` where it holds our key. */
  | { readonly is: 'field-claimed'; readonly field: Field; readonly remote: RemoteField; readonly by: string }
  /** Its type cannot hold the declared one. */
  | { readonly is: 'field-clash'; readonly field: Field; readonly remote: RemoteField }
  /** Airtable alone writes it, and the declaration wants to write it. */
  | { readonly is: 'field-computed'; readonly field: Field; readonly remote: RemoteField }
  /** Declared choices that the Airtable field lacks; the field is used all the same. */
  | { readonly is: 'choices-missing'; readonly field: Field; readonly remote: RemoteField; readonly choices: string[] }
  /** The Airtable field keeps fewer digits than declared; it is used all the same. */
  | { readonly is: 'precision-short'; readonly field: Field; readonly remote: RemoteField }

/** A declared table as the base has it. */
export interface ResolvedMapping<Field extends DeclaredField = DeclaredField> {
  /** The name of the declared table. */
  readonly name: string
  /** Undefined where it is missing. */
  readonly table: RemoteTable | undefined
  /** Undefined where it is missing or cannot hold a key: then nothing may be written. */
  readonly keyField: RemoteField | undefined
  /** The fields that can be used, in the order of the declaration. */
  readonly fields: readonly ResolvedField<Field>[]
  readonly problems: readonly MappingProblem<Field>[]
  /** What to keep for the next time; nothing that was known is forgotten while the declaration names it. */
  readonly known: KnownIds
}

/** Types on which an upsert can merge and that keep a text to the letter. */
const keyTypes: ReadonlySet<string> = new Set(['singleLineText', 'multilineText'])

/**
 * Resolves the mapping of one table.
 *
 * @example
 * const { keyField, fields, problems, known } = resolveMapping(await target.schema(options), mapped, noKnownIds)
 */
export function resolveMapping<Field extends DeclaredField>(
  schema: BaseSchema,
  declared: DeclaredTable<Field>,
  known: KnownIds,
): ResolvedMapping<Field> {
  const found = findOne(schema.tables, declared.remote, known.table)
  if (found.is === 'missing') {
    const missing = { is: 'table-missing', declared: declared.remote, wasId: found.wasId } as const
    return {
      name: declared.name,
      table: undefined,
      keyField: undefined,
      fields: [],
      problems: [missing],
      known: keptOf(declared, known),
    }
  }
  const table = found.item
  const problems: MappingProblem<Field>[] = []
  if (found.is === 'renamed') {
    problems.push({ is: 'table-renamed', declared: declared.remote, remote: table, taken: found.taken })
  }
  // Ids mean nothing in another table than the one they were found in.
  const before = known.table?.id === table.id ? known : noKnownIds
  const claims = claimsOf(declared, table, before)
  const key = resolveKey<Field>(declared.keyField, table, before, claims)
  const resolved = resolveFields(declared.fields, table, before, claims)
  return {
    name: declared.name,
    table,
    keyField: key.keyField,
    fields: resolved.fields,
    problems: [...problems, ...key.problems, ...resolved.problems],
    known: {
      table: { declared: declared.remote, id: table.id },
      ...(key.known === undefined ? {} : { keyField: key.known }),
      fields: resolved.known,
    },
  }
}

type KnownId = z.output<typeof knownIdSchema>

interface ResolvedKey<Field extends DeclaredField> {
  readonly keyField: RemoteField | undefined
  readonly problems: readonly MappingProblem<Field>[]
  readonly known: KnownId | undefined
}

/** Claims the field for the key. */
function resolveKey<Field extends DeclaredField>(
  declared: string,
  table: RemoteTable,
  before: KnownIds,
  claims: Map<string, string>,
): ResolvedKey<Field> {
  const was = before.keyField?.declared === declared ? before.keyField : undefined
  const found = findOne(table.fields, declared, was)
  if (found.is === 'missing') {
    return { keyField: undefined, problems: [{ is: 'key-missing', declared, wasId: found.wasId }], known: was }
  }
  const { item } = found
  const by = claims.get(item.id)
  if (by !== undefined && by !== keyClaim) {
    // A renamed field holds values of another sort: used as the key it would double every record.
    return { keyField: undefined, problems: [{ is: 'key-claimed', declared, remote: item, by }], known: was }
  }
  claims.set(item.id, keyClaim)
  const holdsKeys = keyTypes.has(item.type)
  return {
    keyField: holdsKeys ? item : undefined,
    problems: [
      ...(found.is === 'renamed' ? [{ is: 'key-renamed', declared, remote: item, taken: found.taken } as const] : []),
      ...(holdsKeys ? [] : [{ is: 'key-clash', declared, remote: item } as const]),
    ],
    known: { declared, id: item.id },
  }
}

interface ResolvedFields<Field extends DeclaredField> {
  readonly fields: readonly ResolvedField<Field>[]
  readonly problems: readonly MappingProblem<Field>[]
  readonly known: KnownIds['fields']
}

function resolveFields<Field extends DeclaredField>(
  declared: readonly Field[],
  table: RemoteTable,
  known: KnownIds,
  claims: Map<string, string>,
): ResolvedFields<Field> {
  const fields: ResolvedField<Field>[] = []
  const problems: MappingProblem<Field>[] = []
  const knownAfter: Record<string, { declared: string; id: string }> = {}
  for (const field of declared) {
    const was = known.fields[field.name]
    const found = findOne(table.fields, field.remote, was)
    if (found.is === 'missing') {
      problems.push({ is: 'field-missing', field, wasId: found.wasId })
      if (was?.declared === field.remote) knownAfter[field.name] = was
      continue
    }
    const claimed = claims.get(found.item.id)
    if (claimed !== undefined && claimed !== field.name) {
      problems.push({ is: 'field-claimed', field, remote: found.item, by: claimed })
      if (was?.declared === field.remote) knownAfter[field.name] = was
      continue
    }
    claims.set(found.item.id, field.name)
    knownAfter[field.name] = { declared: field.remote, id: found.item.id }
    if (found.is === 'renamed') problems.push({ is: 'field-renamed', field, remote: found.item, taken: found.taken })
    const fit = fitOf(field, found.item)
    problems.push(...fit.problems)
    if (!fit.usable) continue
    const { name, type, direction, unknownChoices } = field
    fields.push({ name, localType: type, remote: found.item, direction, unknownChoices, declared: field })
  }
  return { fields, problems, known: knownAfter }
}

/** What an Airtable field that holds our key is claimed by; no declared field has such a name. */
const keyClaim = 'the key'

/** By which declared field, or the key, an Airtable field is claimed because it was known for it. */
function claimsOf(declared: DeclaredTable, table: RemoteTable, known: KnownIds): Map<string, string> {
  const there = new Set(table.fields.map(({ id }) => id))
  const wanted = [
    { by: keyClaim, remote: declared.keyField, was: known.keyField },
    ...declared.fields.map(({ name, remote }) => ({ by: name, remote, was: known.fields[name] })),
  ]
  const claims = new Map<string, string>()
  for (const { by, remote, was } of wanted) {
    if (was?.declared === remote && there.has(was.id) && !claims.has(was.id)) claims.set(was.id, by)
  }
  return claims
}

function fitOf<Field extends DeclaredField>(
  field: Field,
  remote: RemoteField,
): { readonly usable: boolean; readonly problems: readonly MappingProblem<Field>[] } {
  if (!field.writableTypes.includes(remote.type)) {
    if (!field.readableTypes.includes(remote.type)) {
      return { usable: false, problems: [{ is: 'field-clash', field, remote }] }
    }
    if (field.direction !== 'pull') return { usable: false, problems: [{ is: 'field-computed', field, remote }] }
    return { usable: true, problems: [] }
  }
  const problems: MappingProblem<Field>[] = []
  const choices = missingChoices(field, remote)
  if (choices.length > 0) problems.push({ is: 'choices-missing', field, remote, choices })
  if (field.precision !== null && remote.precision !== undefined && remote.precision < field.precision) {
    problems.push({ is: 'precision-short', field, remote })
  }
  return { usable: true, problems }
}

/** Declared choices that no choice of the field stands for, regardless of case, spaces, underscores and hyphens. */
function missingChoices(field: DeclaredField, remote: RemoteField): string[] {
  if (remote.type !== 'singleSelect' && remote.type !== 'multipleSelects') return []
  return field.choices.filter((choice) => choiceOf(remote, choice) === undefined)
}

/** The choice of a select field that stands for a declared one: the same, or else one in another spelling. */
export function choiceOf({ choices }: RemoteField, declared: string): RemoteField['choices'][number] | undefined {
  const folded = foldChoice(declared)
  return choices.find(({ name }) => name === declared) ?? choices.find(({ name }) => foldChoice(name) === folded)
}

/** Whether a cell that is about to be written names a choice that the field does not have yet. */
export function addsChoice(remote: RemoteField, cell: JsonValue): boolean {
  if (remote.type !== 'singleSelect' && remote.type !== 'multipleSelects') return false
  const names = new Set(remote.choices.map(({ name }) => name))
  const written = cell !== null && typeof cell === 'object' && isList(cell) ? cell : [cell]
  return written.some((one) => typeof one === 'string' && !names.has(one))
}

type Found<Item> =
  | { readonly is: 'named'; readonly item: Item }
  | { readonly is: 'renamed'; readonly item: Item; readonly taken: boolean }
  | { readonly is: 'missing'; readonly wasId: string | undefined }

/**
 * By the id it was known by, then by id or name as declared. Airtable has no two names that differ in case alone; a name
 * with other spaces stands for the declared one only where no other could be meant.
 */
function findOne<Item extends { readonly id: string; readonly name: string }>(
  items: readonly Item[],
  declared: string,
  known: { readonly declared: string; readonly id: string } | undefined,
): Found<Item> {
  const named = byName(items, declared)
  const wasId = known?.declared === declared ? known.id : undefined
  const followed = items.find(({ id }) => id === wasId)
  if (followed !== undefined && followed !== named) {
    // Named by its id, or in other spelling, it has not been renamed.
    const isSame = followed.id === declared || foldName(followed.name) === foldName(declared)
    return isSame ? { is: 'named', item: followed } : { is: 'renamed', item: followed, taken: named !== undefined }
  }
  return named === undefined ? { is: 'missing', wasId } : { is: 'named', item: named }
}

function byName<Item extends { readonly id: string; readonly name: string }>(
  items: readonly Item[],
  declared: string,
): Item | undefined {
  const exact = items.find(({ id, name }) => id === declared || name === declared)
  if (exact !== undefined) return exact
  const alike = items.filter(({ name }) => foldName(name) === foldName(declared))
  return alike.length === 1 ? alike[0] : undefined
}

/** Whether two names of tables or fields are one to Airtable, or differ in spaces alone. */
export function sameName(one: string, other: string): boolean {
  return foldName(one) === foldName(other)
}

function foldName(name: string): string {
  return name.trim().replace(/\s+/gu, ' ').toLowerCase()
}

function keptOf(declared: DeclaredTable, known: KnownIds): KnownIds {
  return known.table?.declared === declared.remote ? known : noKnownIds
}
