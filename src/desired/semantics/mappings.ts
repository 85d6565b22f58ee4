/** Airtable mappings are one to one and lose nothing; imports lead from a source that is there to fields that are. */
import { defaultAirtableType, isPullOnly, writableAirtableTypes } from '../airtable-types.ts'
import type { Path } from '../problem.ts'
import type { FieldSpec, TableSpec } from '../schema.ts'
import { type Check, knownField, repeats, tableFields } from './check.ts'
import { checkPattern } from './paths.ts'

export function checkMappings(check: Check): void {
  for (const [name, table] of Object.entries(check.state.tables)) checkTableMapping(check, name, table)
  const mapped = Object.entries(check.state.tables).flatMap(([name, { airtable }]) =>
    airtable === undefined ? [] : [{ name, airtable }],
  )
  if (mapped.length > 0 && !check.names().includes('airtable')) {
    for (const { name } of mapped)
      check.problem(['tables', name, 'airtable'], 'needs the section airtable, with token and base', { at: 'key' })
  }
  for (const { item, earlier } of repeats(mapped, ({ airtable }) => airtable.table.toLowerCase())) {
    check.problem(['tables', item.name, 'airtable', 'table'], `is mirrored by ${earlier.name} already`)
  }
}

function checkTableMapping(check: Check, name: string, table: TableSpec): void {
  const path = ['tables', name]
  const mapped = Object.entries(table.fields).flatMap(([field, spec]) =>
    spec.airtable === undefined
      ? []
      : [{ field, spec, airtable: spec.airtable, path: [...path, 'fields', field, 'airtable'] }],
  )
  const wholeTable = check.names(...path).includes('airtable')
  for (const { field, spec, airtable, path: here } of mapped) {
    if (!wholeTable) check.problem(here, `needs the section airtable of the table, with table and key`, { at: 'key' })
    checkFieldType(check, here, spec, airtable)
    if (field !== table.key && airtable.field.toLowerCase() === table.airtable?.key.toLowerCase()) {
      check.problem(fieldPlace(check, here), `names ${airtable.field}, which holds the key`)
    }
  }
  for (const { item, earlier } of repeats(mapped, ({ airtable }) => airtable.field.toLowerCase())) {
    check.problem(
      fieldPlace(check, item.path),
      `names ${item.airtable.field}, to which ${earlier.field} is mapped already`,
    )
  }
  for (const [field, spec] of Object.entries(table.fields)) {
    if (spec.conflicts !== undefined && spec.airtable === undefined) {
      check.warning(
        [...path, 'fields', field, 'conflicts'],
        'has no effect, since the field is not mapped to Airtable',
        { at: 'key' },
      )
    }
  }
}

/** Where the Airtable field's name stands: the shorthand itself, or its key `field`. */
function fieldPlace(check: Check, path: readonly string[]): Path {
  return check.names(...path).includes('field') ? [...path, 'field'] : path
}

function checkFieldType(
  check: Check,
  path: Path,
  field: FieldSpec,
  airtable: NonNullable<FieldSpec['airtable']>,
): void {
  if (
    airtable.unknownChoices === 'add' &&
    field.type !== 'choice' &&
    field.type !== 'choices' &&
    airtable.type !== 'singleSelect'
  ) {
    check.problem([...path, 'unknownChoices'], `fits only fields with choices; the field is ${field.type}`)
  }
  const type = airtable.type ?? defaultAirtableType(field.type)
  const allowed = writableAirtableTypes(field.type)
  if (allowed.includes(type)) return
  const here = [...path, 'type']
  if (!isPullOnly(type, field.type)) {
    check.problem(here, `cannot hold a field of type ${field.type} without loss`, { allowed })
  } else if (airtable.direction !== 'pull') {
    check.problem(here, `is written by Airtable alone; add direction: pull, or choose another type`, { allowed })
  }
}

export function checkImports(check: Check): void {
  const tables = check.names('tables')
  const databases = check.names('databases')
  for (const [name, entry] of Object.entries(check.state.imports)) {
    const path = ['imports', name]
    const known = check.known([...path, 'into'], entry.into, tables, 'a declared table')
    const table = known ? check.state.tables[entry.into] : undefined
    if ('files' in entry.from) checkPattern(check, [...path, 'from', 'files'], entry.from.files)
    else {
      check.known([...path, 'from', 'database'], entry.from.database, databases, 'a declared database')
      const own = (table?.table ?? entry.into).toLowerCase() === entry.from.table.toLowerCase()
      if (table?.database === entry.from.database && own)
        check.problem([...path, 'from'], 'is the table that it is imported into')
    }
    if (table?.absent) check.problem([...path, 'into'], `names ${entry.into}, which is to be removed`)
    if (entry.map === 'auto' || table === undefined) continue
    const fields = tableFields(check, entry.into, table)
    for (const [column, field] of Object.entries(entry.map)) {
      knownField(check, [...path, 'map', column], field, fields, `a field of ${entry.into}`)
    }
    for (const { item, earlier } of repeats(Object.entries(entry.map), ([, field]) => field)) {
      check.problem([...path, 'map', item[0]], `leads to ${item[1]}, to which ${earlier[0]} leads already`)
    }
  }
}
