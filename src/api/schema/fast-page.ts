/**
 * A short cut for the common query: one list of records with plain fields. It is recognised once for a parsed query;
 * its answer is then made directly from the rows, without a resolver for every cell. Whatever it does not understand,
 * and every refusal, is left to the schema's own execution, so that both always answer alike.
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getArgumentValues,
  getVariableValues,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import type { JsonValue } from '../../json.ts'
import { readCell } from '../../leads/cells.ts'
import { type Lead, type LeadPage, pageSizeMax, unreadPage } from '../../leads/reader.ts'
import type { LeadField, LeadTable } from '../../leads/table.ts'
import { may } from '../auth/permissions.ts'
import { complexityMax, pageSizeDefault } from './builder.ts'
import type { ApiContext } from './context.ts'
import { choiceName, recordFieldName } from './lead-names.ts'
import { hasCursor, type ListRoot, readListArguments } from './leads.ts'
import { isPersonal, shownTo } from './masking.ts'
import { encodeNodeId } from './node-id.ts'
import { countFields } from './projection.ts'

/** What a recognised query needs at run time. */
export interface FastPage {
  run(variables: Readonly<Record<string, unknown>>, context: ApiContext): Promise<FastResult | undefined>
}

interface FastResult {
  readonly data: Readonly<Record<string, unknown>>
}

type Row = Record<string, unknown>
/** Puts one requested field of a record into its answer. */
type Put = (row: Row, lead: Lead, cursor: string, context: ApiContext) => void

/** Gives the short cut for an operation, or undefined where there is none. */
export function fastPageOf(
  schema: GraphQLSchema,
  lists: ReadonlyMap<string, ListRoot>,
  document: DocumentNode,
  operationName: string | null | undefined,
): FastPage | undefined {
  const operations = document.definitions.filter((one) => one.kind === 'OperationDefinition')
  const [operation, ...others] =
    operationName == null ? operations : operations.filter((one) => one.name?.value === operationName)
  if (operation === undefined || others.length > 0 || operation.operation !== 'query') return undefined
  if ((operation.directives?.length ?? 0) > 0) return undefined
  const [root, ...more] = plainFields(operation.selectionSet) ?? []
  if (root === undefined || more.length > 0) return undefined
  const list = lists.get(root.name.value)
  return list === undefined ? undefined : compile(schema, operation, root, list)
}

/** The fields of a selection, each answered under its own name; undefined when it holds anything but such fields. */
function plainFields(set: SelectionSetNode | undefined): readonly FieldNode[] | undefined {
  if (set === undefined) return undefined
  const fields: FieldNode[] = []
  const keys = new Set<string>()
  for (const selection of set.selections) {
    if (selection.kind !== 'Field' || (selection.directives?.length ?? 0) > 0) return undefined
    if (keys.has(responseKey(selection))) return undefined
    keys.add(responseKey(selection))
    fields.push(selection)
  }
  return fields
}

function responseKey(field: FieldNode): string {
  return field.alias?.value ?? field.name.value
}

function compile(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  root: FieldNode,
  list: ListRoot,
): FastPage | undefined {
  const { names, repository } = list
  const definition = schema.getQueryType()?.getFields()[root.name.value]
  const parts = plainFields(root.selectionSet)
  if (definition === undefined || parts === undefined) return undefined

  const columns = new Set<string>()
  let fieldsOfRow = 0
  /** The fields of a record as steps. */
  const record = (set: SelectionSetNode | undefined): readonly Put[] | undefined => {
    const steps = plainFields(set)?.map((field) => putRecordField(field, list, columns))
    fieldsOfRow += steps?.length ?? 0
    return allDefined(steps)
  }

  type Section = (page: LeadPage, rows: (puts: readonly Put[]) => Row[], count: () => Promise<number>) => unknown
  const sections: [string, Section][] = []
  for (const part of parts) {
    const section = sectionOf(part)
    if (section === undefined) return undefined
    sections.push([responseKey(part), section])
  }

  function sectionOf(part: FieldNode): Section | undefined {
    switch (part.name.value) {
      case '__typename':
        return () => `${names.type}Connection`
      case 'totalCount':
        return (_page, _rows, count) => count()
      case 'nodes': {
        const puts = record(part.selectionSet)
        return puts && ((_page, rows) => rows(puts))
      }
      case 'edges': {
        const puts = allDefined(plainFields(part.selectionSet)?.map(edgePut))
        return puts && ((_page, rows) => rows(puts))
      }
      case 'pageInfo': {
        const fields = plainFields(part.selectionSet)
        return (
          fields && ((page) => Object.fromEntries(fields.map((field) => [responseKey(field), pageInfoOf(page, field)])))
        )
      }
      default:
        return undefined
    }
  }

  function edgePut(field: FieldNode): Put | undefined {
    const key = responseKey(field)
    fieldsOfRow += 1
    switch (field.name.value) {
      case '__typename':
        return (row) => {
          row[key] = `${names.type}Edge`
        }
      case 'cursor':
        return (row, _lead, cursor) => {
          row[key] = cursor
        }
      case 'node': {
        const puts = record(field.selectionSet)
        if (puts === undefined) return undefined
        return (row, lead, cursor, context) => {
          const node: Row = {}
          for (const put of puts) put(node, lead, cursor, context)
          row[key] = node
        }
      }
      default:
        return undefined
    }
  }

  const isCount = parts.every((part) => countFields.has(part.name.value))
  const columnList = repository.allColumns.filter((column) => columns.has(column))
  const rootKey = responseKey(root)
  return {
    async run(given, context) {
      if (!may(context.viewer, 'leads.read')) return undefined
      const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], given)
      if (coerced === undefined) return undefined
      const args = getArgumentValues(definition, root, coerced)
      const size = args.last ?? args.first ?? pageSizeDefault
      if (typeof size !== 'number' || size < 1 || size > pageSizeMax) return undefined
      // A little more than the schema's own sum; close to the limit that one decides.
      if ((fieldsOfRow + 6) * size + 10 > complexityMax) return undefined
      if (typeof args.search === 'string' && args.search.length > 1000) return undefined
      if (typeof args.skip === 'number' && args.skip < 0) return undefined
      const request = readListArguments(repository, args, context)
      const page =
        isCount && !hasCursor(request.span) ? unreadPage : await repository.list({ ...request, columns: columnList })
      noteSight(context, repository.table, columnList)
      const rows = (puts: readonly Put[]): Row[] =>
        page.leads.map((lead, at) => {
          const row: Row = {}
          for (const put of puts) put(row, lead, page.cursors[at] ?? '', context)
          return row
        })
      const count = () => repository.count({ filter: request.filter, search: request.search })
      const connection: Row = {}
      for (const [key, section] of sections) connection[key] = await section(page, rows, count)
      return { data: { [rootKey]: connection } }
    },
  }
}

/** Once for a page, since who sees all is shown its cells without another look at each. */
function noteSight({ viewer, notes }: ApiContext, table: LeadTable, columns: readonly string[]): void {
  if (viewer.role.unmasked !== 'all' || notes === undefined) return
  const seen = columns.filter((column) => isPersonal(table, column))
  if (seen.length > 0) notes.seesInFull(viewer, table.name, seen)
}

function allDefined<Value>(values: readonly (Value | undefined)[] | undefined): readonly Value[] | undefined {
  const defined = values?.filter((value) => value !== undefined)
  return defined?.length === values?.length ? defined : undefined
}

function pageInfoOf(page: LeadPage, field: FieldNode): unknown {
  switch (field.name.value) {
    case 'hasNextPage':
      return page.hasNextPage
    case 'hasPreviousPage':
      return page.hasPreviousPage
    case 'startCursor':
      return page.cursors[0] ?? null
    case 'endCursor':
      return page.cursors.at(-1) ?? null
    default:
      return 'PageInfo'
  }
}

function putRecordField(node: FieldNode, { names, repository }: ListRoot, columns: Set<string>): Put | undefined {
  const key = responseKey(node)
  const name = node.name.value
  switch (name) {
    case '__typename':
      return (row) => {
        row[key] = names.type
      }
    case 'id':
      return (row, lead) => {
        row[key] = encodeNodeId(names.type, lead.key)
      }
    case 'recordKey':
      return (row, lead) => {
        row[key] = lead.key
      }
  }
  const field = [...repository.table.fields.values()].find((one) => recordFieldName(one.name) === name)
  if (field === undefined) return undefined
  columns.add(field.name)
  const named = choiceNamer(field)
  const isText = textTypes.has(field.spec.type)
  return (row, lead, _cursor, context) => {
    const cell = lead.cells[field.name] ?? null
    if (context.viewer.role.unmasked === 'all' && (cell === null || (isText && typeof cell === 'string'))) {
      row[key] = cell
      return
    }
    const read = readCell(field.spec, cell)
    const value = read.is === 'value' ? read.value : null
    row[key] = named(shownTo(context, repository.table, field.name, value))
  }
}

/** Types whose stored text is the answer as it is. */
const textTypes = new Set(['text', 'longtext', 'email', 'url', 'phone'])

/** From stored choices to the names of their enum. */
function choiceNamer({ spec }: LeadField): (value: JsonValue) => JsonValue {
  if (spec.choices === undefined || (spec.type !== 'choice' && spec.type !== 'choices')) return (value) => value
  const names = new Map(spec.choices.map((choice, index) => [choice, choiceName(choice, index)]))
  const one = (value: JsonValue): JsonValue => (typeof value === 'string' ? (names.get(value) ?? null) : null)
  return (value) => (Array.isArray(value) ? value.map(one) : one(value))
}
