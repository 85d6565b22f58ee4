/**
 * Which table of a base mirrors which adopted table, and field by field with what reason. Nothing of it is in force: the
 * desired state that is written from it says `paused`. Pure.
 */
import { airtableFieldTypes, isPullOnly, writableAirtableTypes } from '../desired/airtable-types.ts'
import type { TableSpec } from '../desired/schema.ts'
import { isList, type JsonValue } from '../json.ts'
import { proposeMapping } from '../kinds/import/index.ts'
import type { RemoteField, RemoteRecord, RemoteTable } from '../targets/airtable/ports.ts'
import type { FieldType } from '../values/field-type.ts'
import { foldWords } from '../values/fold.ts'
import { emailKey, linkedInKey } from '../values/match-key.ts'

/** A table of the base with its first records. */
export interface SampledTable {
  readonly remote: RemoteTable
  readonly records: readonly RemoteRecord[]
  /** Whether these are all. */
  readonly isWhole: boolean
}

/** A table of the database with what its rows are recognised by. */
export interface AdoptableTable {
  readonly name: string
  readonly spec: TableSpec
  /** E-mail addresses and LinkedIn profiles of its rows, as keys. */
  readonly people: ReadonlySet<string>
  readonly keys: ReadonlySet<string>
}

export interface AdoptedMirror {
  readonly table: string
  /** Why this table, in words. */
  readonly reason: string
  readonly keyField: string
  readonly keyReason: string
  /** By the name of the declared field. */
  readonly fields: ReadonlyMap<string, { readonly remote: string; readonly reason: string }>
  /** Fields of the base that nothing is mapped to. */
  readonly others: readonly {
    readonly remote: string
    readonly reason: string
    /** The entry that would take it over; undefined where none can. */
    readonly proposal: { readonly name: string; readonly type: FieldType; readonly pull: boolean } | undefined
  }[]
}

/** Fields that a mirror needs at least, so that a table is not taken for one because both have a name. */
const mappedMin = 2
/** Where no record is known, the share of fields that fit which a mirror needs. */
const coveredMin = 0.5
const usualKeyField = 'Lead ID'
const keyTypes: readonly string[] = ['singleLineText', 'multilineText']

/** The mirrors by the name of the adopted table; each table of the base mirrors one at most. */
export function proposeMirrors(
  tables: readonly AdoptableTable[],
  base: readonly SampledTable[],
): ReadonlyMap<string, AdoptedMirror> {
  const pairs = tables
    .flatMap((table) => base.map((remote) => ({ table, remote, ...likeness(table, remote) })))
    .filter(({ mirror, shared, covered }) => mirror.fields.size >= mappedMin && (shared > 0 || covered >= coveredMin))
    .sort((one, other) => other.shared - one.shared || other.mirror.fields.size - one.mirror.fields.size)
  const found = new Map<string, AdoptedMirror>()
  const taken = new Set<string>()
  for (const { table, remote, mirror } of pairs) {
    if (found.has(table.name) || taken.has(remote.remote.id)) continue
    taken.add(remote.remote.id)
    found.set(table.name, mirror)
  }
  return found
}

interface Likeness {
  readonly mirror: AdoptedMirror
  /** Records that are people of the table. */
  readonly shared: number
  /** Share of the fields of the base that are mapped. */
  readonly covered: number
}

function likeness(table: AdoptableTable, sampled: SampledTable): Likeness {
  const { remote, records, isWhole } = sampled
  const samples = remote.fields.map((field) => ({
    column: field.name,
    values: records.flatMap((record) => cellOf(record.fields[field.id])),
  }))
  const proposed = proposeMapping(table.name, table.spec, samples)
  const shared = records.filter((record) => isKnown(record, table)).length
  const key = keyFieldOf(table, sampled, proposed.mapped.find(({ field }) => field === table.spec.key)?.column)
  const fields = new Map<string, { remote: string; reason: string }>()
  const refused = new Map<string, string>(proposed.unmapped.map(({ column, reason }) => [column, reason]))
  for (const { column, field, reason } of proposed.mapped) {
    const spec = table.spec.fields[field]
    const there = remote.fields.find(({ name }) => name === column)
    if (field === table.spec.key || column === key.name || spec === undefined || there === undefined) continue
    const before = fields.get(field)
    if (before !== undefined) refused.set(column, `${field} is mapped to "${before.remote}" already`)
    else if (isWritable(there, spec.type)) fields.set(field, { remote: column, reason: plainReason(reason) })
    // It could be read into the column, whose own values would then be overwritten.
    else refused.set(column, `its type ${there.type} cannot hold what is written to ${field} (${spec.type})`)
  }
  const mapped = new Set([...fields.values()].map((one) => one.remote))
  const others = remote.fields
    .filter(({ name }) => !mapped.has(name) && name !== key.name)
    .map((field) => ({
      remote: field.name,
      reason: refused.get(field.name) ?? 'no field has this name or holds such values',
      proposal: proposalFor(field, table.spec),
    }))
  const counted = isWhole ? `${records.length} records` : `the first ${records.length} records`
  return {
    shared,
    covered: fields.size / remote.fields.length,
    mirror: {
      table: remote.name,
      reason: `${shared} of ${counted} are people of this table, by e-mail or LinkedIn address; ${fields.size} of ${remote.fields.length} fields fit`,
      keyField: key.name,
      keyReason: key.reason,
      fields,
      others,
    },
  }
}

/** `\`Email\` → email: same name`: what stands beside the field already is left out. */
function plainReason(reason: string): string {
  return reason.replace(/^`.*?` → \w+: /u, '').replaceAll('`', '')
}

/** Cells that are texts, numbers, ticks and lists of these; what is made of parts says nothing here. */
function cellOf(cell: JsonValue | undefined): readonly JsonValue[] {
  if (cell === undefined || cell === null || cell === '') return []
  if (typeof cell !== 'object') return [cell]
  return isList(cell) && cell.every((one) => typeof one === 'string') ? [cell] : []
}

function isKnown(record: RemoteRecord, { people, keys }: AdoptableTable): boolean {
  return Object.values(record.fields).some((cell) => {
    if (typeof cell !== 'string' || cell.length > 300) return false
    const email = cell.includes('@') ? emailKey(cell) : undefined
    const profile = cell.includes('linkedin') ? linkedInKey(cell) : undefined
    return (
      keys.has(cell) || (email !== undefined && people.has(email)) || (profile !== undefined && people.has(profile))
    )
  })
}

/** The field that holds our keys, if there is one; else the name of one that can be made. */
function keyFieldOf(
  { keys }: AdoptableTable,
  { remote, records }: SampledTable,
  named: string | undefined,
): { readonly name: string; readonly reason: string } {
  const candidates = remote.fields.filter(({ type }) => keyTypes.includes(type))
  for (const field of candidates) {
    const cells = records.flatMap((record) => cellOf(record.fields[field.id]))
    const held = cells.filter((cell) => typeof cell === 'string' && keys.has(cell)).length
    if (held > 0 && held * 2 >= cells.length)
      return { name: field.name, reason: `holds the key of ${held} of these records` }
  }
  const empty = candidates.find(
    ({ id, name }) =>
      (name === named || foldWords(name) === foldWords(usualKeyField)) &&
      records.every((record) => cellOf(record.fields[id]).length === 0),
  )
  if (empty !== undefined) return { name: empty.name, reason: 'is there and empty' }
  const names = new Set(remote.fields.map(({ name }) => name.toLowerCase()))
  const free = [usualKeyField, 'Trueup Key', 'Trueup Row Key'].find((name) => !names.has(name.toLowerCase()))
  return { name: free ?? usualKeyField, reason: 'is not in the base yet, and is made with the first apply' }
}

function isWritable({ type }: RemoteField, local: FieldType): boolean {
  return writableAirtableTypes(local).some((one) => one === type)
}

/** The field type that a field of the base would be declared with; the first that can be written, else one to read into. */
const typesToTry: readonly FieldType[] = [
  'email',
  'url',
  'phone',
  'boolean',
  'choices',
  'integer',
  'number',
  'date',
  'datetime',
  'text',
  'longtext',
]

function proposalFor(field: RemoteField, { fields }: TableSpec): AdoptedMirror['others'][number]['proposal'] {
  const name = foldWords(field.name).replaceAll(/[^a-z0-9]+/g, '_')
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name) || fields[name] !== undefined) return undefined
  const known = airtableFieldTypes.find((one) => one === field.type)
  // Choices would have to be declared with it.
  if (known === undefined || known === 'multipleSelects') return undefined
  const own = typesToTry.find((type) => writableAirtableTypes(type)[0] === known && isWholeEnough(field, type))
  const type = own ?? typesToTry.find((one) => writableAirtableTypes(one).includes(known))
  if (type !== undefined) return { name, type, pull: false }
  const read = (['datetime', 'integer', 'text'] as const).find((one) => isPullOnly(known, one))
  return read === undefined ? undefined : { name, type: read, pull: true }
}

function isWholeEnough({ precision }: RemoteField, type: FieldType): boolean {
  return type !== 'integer' || (precision ?? 0) === 0
}
