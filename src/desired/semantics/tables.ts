/** Tables fit their database, their fields fit one another, and nothing is managed twice. */
import { graphqlFieldName, graphqlTypeName, graphqlTypesReserved } from '../graphql-names.ts'
import { groupingFunctions, parseGrouping } from '../grouping.ts'
import type { Path } from '../problem.ts'
import type { TableSpec } from '../schema.ts'
import { type Check, knownField, repeats, type TableFields, tableFields } from './check.ts'
import { checkField } from './fields.ts'

export function checkTables(check: Check): void {
  const databases = check.names('databases')
  const tables = Object.entries(check.state.tables).map(([name, table]) => ({
    name,
    table,
    sqlite: table.table ?? name,
  }))
  for (const { name, table, sqlite } of tables) {
    const path = ['tables', name]
    check.known([...path, 'database'], table.database, databases, 'a declared database')
    const named = table.table === undefined ? path : [...path, 'table']
    if (/^sqlite_/i.test(sqlite))
      check.problem(named, 'starts with sqlite_, which SQLite reserves', named === path ? { at: 'key' } : {})
    if (/^_?trueup/i.test(sqlite))
      check.problem(named, "starts like Trueup's own tables", named === path ? { at: 'key' } : {})
    checkTable(check, path, table)
  }
  checkOneOwner(check, tables)
  checkTypeNames(check, tables)
}

interface NamedTable {
  readonly name: string
  readonly table: TableSpec
  readonly sqlite: string
}

/** Names of SQLite do not tell upper and lower case apart. */
const placeOf = (database: string, table: string): string => `${database}\0${table.toLowerCase()}`

function checkOneOwner(check: Check, tables: readonly NamedTable[]): void {
  for (const { item, earlier } of repeats(tables, ({ table, sqlite }) => placeOf(table.database, sqlite))) {
    check.problem(
      ['tables', item.name],
      `manages the table ${item.sqlite} of the database ${item.table.database}, which ${earlier.name} manages already`,
      { at: 'key' },
    )
  }
  const places = new Map(tables.map(({ name, table, sqlite }) => [placeOf(table.database, sqlite), name]))
  const renamed = tables.flatMap(({ name, table }) =>
    table.renamedFrom === undefined ? [] : [{ name, table, from: table.renamedFrom }],
  )
  for (const { name, table, from } of renamed) {
    const path = ['tables', name, 'renamedFrom']
    const owner = places.get(placeOf(table.database, from))
    if (owner === name) check.problem(path, 'is the name that the table has')
    else if (owner !== undefined) check.problem(path, `is the table that ${owner} manages`)
    if (table.absent) check.problem(path, 'cannot stand beside absent: true')
  }
  for (const { item, earlier } of repeats(renamed, ({ table, from }) => placeOf(table.database, from))) {
    check.problem(['tables', item.name, 'renamedFrom'], `is named by ${earlier.name} too`)
  }
}

function checkTypeNames(check: Check, tables: readonly NamedTable[]): void {
  const named = tables.map(({ name }) => ({ name, type: graphqlTypeName(name) }))
  for (const { name, type } of named) {
    if (graphqlTypesReserved.has(type))
      check.problem(['tables', name], `would be the GraphQL type ${type}, which exists already`, { at: 'key' })
  }
  for (const { item, earlier } of repeats(named, ({ type }) => type)) {
    check.problem(['tables', item.name], `would be the GraphQL type ${item.type}, as ${earlier.name} is`, { at: 'key' })
  }
}

/** The columns that SQLite allows for a table, the key among them. */
const columnsMax = 1999

function checkTable(check: Check, path: readonly string[], table: TableSpec): void {
  const fields = tableFields(check, String(path[1]), table)
  for (const [name, field] of Object.entries(table.fields)) checkField(check, [...path, 'fields', name], field, fields)
  if (Object.keys(table.fields).length > columnsMax) {
    check.problem([...path, 'fields'], `declares more than ${columnsMax} fields, which SQLite cannot hold`, {
      at: 'key',
    })
  }
  checkKey(check, path, table)
  checkMarks(check, path, table)
  checkFieldNames(check, path, table)
  checkRenames(check, path, table)
  checkIndexes(check, path, table, fields)
  checkRowRules(check, path, table, fields)
  checkQualityRules(check, path, table, fields)
  checkDuplicates(check, path, table, fields)
}

function checkKey(check: Check, path: Path, table: TableSpec): void {
  const here = [...path, 'key']
  if (/^(rowid|oid)$/.test(table.key)) check.problem(here, 'is a name that SQLite reserves for its row id')
  const field = table.fields[table.key]
  if (field === undefined) return
  if (field.absent) check.problem(here, `names ${table.key}, which is to be removed`)
  if (!['text', 'email', 'url', 'phone', 'integer'].includes(field.type)) {
    check.problem(here, `names ${table.key}, whose type ${field.type} cannot be a key`, {
      allowed: ['text', 'email', 'url', 'phone', 'integer'],
    })
  }
  if (field.default !== undefined && field.default !== null) {
    check.problem(
      [...path, 'fields', table.key, 'default'],
      'cannot be given for the key, which must differ from row to row',
    )
  }
}

/** Two fields that say whether somebody may be contacted could say two things. */
function checkMarks(check: Check, path: Path, table: TableSpec): void {
  const [first, ...others] = Object.entries(table.fields).filter(
    ([, { doNotContact, absent }]) => doNotContact === true && !absent,
  )
  for (const [name] of others)
    check.problem([...path, 'fields', name, 'type'], `is doNotContact, as ${first?.[0]} is; a table has one such field`)
}

function checkFieldNames(check: Check, path: Path, table: TableSpec): void {
  const named = [...new Set([table.key, ...Object.keys(table.fields)])].map((name) => ({
    name,
    graphql: graphqlFieldName(name),
  }))
  for (const { item, earlier } of repeats(named, ({ graphql }) => graphql)) {
    check.problem([...path, 'fields', item.name], `is ${item.graphql} in GraphQL, as ${earlier.name} is`, { at: 'key' })
  }
  if (table.fields.id !== undefined && table.key !== 'id') {
    check.problem(
      [...path, 'fields', 'id'],
      'must be the key of the table, since GraphQL gives each record its key as id',
      { at: 'key' },
    )
  }
}

function checkRenames(check: Check, path: Path, table: TableSpec): void {
  const renamed = Object.entries(table.fields).flatMap(([name, field]) =>
    field.renamedFrom === undefined ? [] : [{ name, from: field.renamedFrom.toLowerCase() }],
  )
  for (const { name, from } of renamed) {
    const here = [...path, 'fields', name, 'renamedFrom']
    if (from === name) check.problem(here, 'is the name that the field has')
    else if (table.fields[from] !== undefined)
      check.problem(here, `names ${from}, which is declared as a field of its own`)
    else if (from === table.key) check.problem(here, `names ${from}, which is the key`)
  }
  for (const { item, earlier } of repeats(renamed, ({ from }) => from)) {
    check.problem([...path, 'fields', item.name, 'renamedFrom'], `is named by ${earlier.name} too`)
  }
}

function checkIndexes(check: Check, path: Path, table: TableSpec, fields: TableFields): void {
  for (const [index, entry] of table.indexes.entries()) {
    const here = [...path, 'indexes', index]
    for (const [position, field] of entry.on.entries()) knownField(check, [...here, 'on', position], field, fields)
    const numbered = entry.on.map((field, position) => ({ field, position }))
    for (const { item } of repeats(numbered, ({ field }) => field))
      check.problem([...here, 'on', item.position], `names ${item.field} twice`)
    if (entry.name !== undefined && /^sqlite_|^trueup_/.test(entry.name))
      check.problem([...here, 'name'], 'starts with a prefix that is reserved')
  }
  const numbered = table.indexes.map((entry, index) => ({ entry, index }))
  for (const { item } of repeats(numbered, ({ entry }) => entry.on.join()))
    check.problem([...path, 'indexes', item.index], 'repeats an index over the same fields')
  const named = numbered.filter(({ entry }) => entry.name !== undefined)
  for (const { item } of repeats(named, ({ entry }) => entry.name ?? ''))
    check.problem([...path, 'indexes', item.index, 'name'], 'is the name of another index')
}

function checkRowRules(check: Check, path: Path, table: TableSpec, fields: TableFields): void {
  const here = [...path, 'quality']
  for (const field of Object.keys(table.quality?.completeness ?? {}))
    knownField(check, [...here, 'completeness', field], field, fields)
  // One rule may stand without its list, and then its place has no number.
  const single = !check.names('tables', String(path[1]), 'quality', 'consistent').includes('0')
  for (const [index, rule] of (table.quality?.consistent ?? []).entries()) {
    const place = single ? [...here, 'consistent'] : [...here, 'consistent', index]
    const grouping = parseGrouping(rule.by)
    if (grouping === undefined) {
      check.problem([...place, 'by'], 'must be a field, or a function of one such as domain(email)', {
        allowed: groupingFunctions.map((name) => `${name}(field)`),
      })
    } else knownField(check, [...place, 'by'], grouping.field, fields)
    for (const [position, field] of rule.fields.entries())
      knownField(check, [...place, 'fields', position], field, fields)
  }
}

/** What `quality` says of rows across fields names fields and tables that there are. */
function checkQualityRules(check: Check, path: Path, table: TableSpec, fields: TableFields): void {
  const here = [...path, 'quality']
  const { quality } = table
  if (quality === undefined) return
  for (const field of Object.keys(quality.weights)) knownField(check, [...here, 'weights', field], field, fields)
  for (const [index, { when, filled, empty }] of quality.implies.entries()) {
    const place = [...here, 'implies', index]
    for (const field of Object.keys(when)) knownField(check, [...place, 'when', field], field, fields)
    for (const [at, field] of filled.entries()) knownField(check, [...place, 'filled', at], field, fields)
    for (const [at, field] of empty.entries()) knownField(check, [...place, 'empty', at], field, fields)
    if (filled.length + empty.length === 0) check.problem(place, 'asks for nothing: name fields in `filled` or `empty`')
  }
  for (const [index, order] of quality.ordered.entries()) {
    for (const [at, field] of order.entries()) {
      const place = [...here, 'ordered', index, at]
      knownField(check, place, field, fields)
      const type = table.fields[field]?.type
      if (type !== undefined && type !== 'date' && type !== 'datetime')
        check.problem(place, `fits only date and datetime; ${field} is ${type}`)
    }
  }
  for (const [index, pair] of quality.sameDomain.entries())
    for (const [at, field] of pair.entries()) knownField(check, [...here, 'sameDomain', index, at], field, fields)
  checkPairs(check, [...here, 'sameCountry'], quality.sameCountry, table, fields, 'phone')
  checkPairs(check, [...here, 'sameName'], quality.sameName, table, fields, 'email')
  for (const [field, to] of Object.entries(quality.references)) {
    knownField(check, [...here, 'references', field], field, fields)
    check.known([...here, 'references', field], to, check.names('tables'), 'a declared table')
  }
  for (const [index, count] of quality.counts.entries()) {
    const place = [...here, 'counts', index]
    if (count.within === undefined && count.atLeast === undefined)
      check.problem(place, 'asks for nothing: give `within` or `atLeast`')
    if (count.with === 'airtable') {
      if (table.airtable === undefined)
        check.problem([...place, 'with'], 'is airtable, but the table has no mirror there')
    } else {
      check.known([...place, 'with', 'database'], count.with.database, check.names('databases'), 'a declared database')
    }
  }
}

/** Pairs of which one field, and only one, is of a type. */
function checkPairs(
  check: Check,
  here: Path,
  pairs: readonly (readonly string[])[],
  table: TableSpec,
  fields: TableFields,
  type: 'phone' | 'email',
): void {
  for (const [index, pair] of pairs.entries()) {
    for (const [at, field] of pair.entries()) knownField(check, [...here, index, at], field, fields)
    const types = pair.map((field) => table.fields[field]?.type)
    if (!types.includes(undefined) && types.filter((one) => one === type).length !== 1)
      check.problem([...here, index], `must name one field of type ${type}, and one of another`)
  }
}

function checkDuplicates(check: Check, path: Path, table: TableSpec, fields: TableFields): void {
  const duplicates = table.duplicates
  if (duplicates === undefined) return
  const here = [...path, 'duplicates']
  for (const [index, rule] of duplicates.rules.entries()) {
    const [word, named] = 'exact' in rule ? ['exact', rule.exact] : ['fuzzy', rule.fuzzy]
    const alone =
      word === 'exact' &&
      !check.names('tables', String(path[1]), 'duplicates', 'rules', String(index), 'exact').includes('0')
    for (const [position, field] of named.entries()) {
      knownField(
        check,
        alone ? [...here, 'rules', index, word] : [...here, 'rules', index, word, position],
        field,
        fields,
      )
    }
  }
  const numbered = duplicates.rules.map((rule, index) => ({ rule, index }))
  for (const { item } of repeats(numbered, ({ rule }) => rule.name))
    check.problem([...here, 'rules', item.index, 'name'], `is the name of another rule`)
  for (const field of Object.keys(duplicates.merge.fields)) {
    if (!fields.usable.includes(field)) {
      check.warning([...here, 'merge', 'fields', field], 'is no declared field, so nothing is merged by it', {
        at: 'key',
      })
    }
  }
}
