/**
 * The records of a table as a stream of text: page by page, so that a million take no more memory than one page. A record that
 * is written meanwhile comes as it is when its page is read; none comes twice.
 */
import type { JsonObject, JsonValue } from '../../json.ts'
import { readCell } from '../cells.ts'
import type { LeadFilter } from '../filter.ts'
import type { Lead } from '../reader.ts'
import type { LeadRepository } from '../repository.ts'
import { csvCell, csvLine, type ExportColumn } from './csv.ts'

export type ExportFormat = 'csv' | 'json'

export interface ExportRequest {
  readonly format: ExportFormat
  readonly filter?: LeadFilter | undefined
  /** Fields in their order; all where nothing is said. The key comes first in any case. */
  readonly fields?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** Records of one piece of the stream. */
const pageRows = 500

/** A piece of the text with the records it holds. */
export interface ExportPiece {
  readonly text: string
  readonly rows: number
}

/** CSV with a line of names, or the JSON document `{"items":[…]}`, one record a line. */
export async function* exportLeads(repository: LeadRepository, request: ExportRequest): AsyncGenerator<ExportPiece> {
  const columns = exportColumns(repository, request.fields)
  yield { text: request.format === 'csv' ? csvLine(columns.map(({ name }) => name)) : '{"items":[', rows: 0 }
  let after: string | undefined
  let rows = 0
  do {
    request.signal?.throwIfAborted()
    const page = await repository.list({
      filter: request.filter,
      span: { first: pageRows, after },
      columns: columns.map(({ name }) => name).filter((name) => name !== repository.table.key),
    })
    const lines = page.leads.map((lead) => lineOf(repository, columns, lead, request.format))
    const text =
      request.format === 'csv'
        ? lines.join('')
        : lines.map((line, at) => `${rows + at === 0 ? '' : ','}\n${line}`).join('')
    rows += lines.length
    yield { text, rows: lines.length }
    after = page.hasNextPage ? page.cursors.at(-1) : undefined
  } while (after !== undefined)
  if (request.format === 'json') yield { text: '\n]}\n', rows: 0 }
}

function exportColumns({ table }: LeadRepository, fields: readonly string[] | undefined): readonly ExportColumn[] {
  const wanted = (fields ?? [...table.fields.keys()]).filter((name) => name !== table.key)
  return [
    { name: table.key, type: table.fields.get(table.key)?.spec.type ?? 'text' },
    ...wanted.flatMap((name) => {
      const spec = table.fields.get(name)?.spec
      return spec === undefined ? [] : [{ name, type: spec.type }]
    }),
  ]
}

function lineOf(
  repository: LeadRepository,
  columns: readonly ExportColumn[],
  lead: Lead,
  format: ExportFormat,
): string {
  const { table } = repository
  const cellValue = (name: string): JsonValue => {
    if (name === table.key) return lead.key
    const spec = table.fields.get(name)?.spec
    if (spec === undefined) return null
    const read = readCell(spec, lead.cells[name] ?? null)
    return read.is === 'value' ? read.value : read.text
  }
  if (format === 'csv') return csvLine(columns.map(({ name, type }) => csvCell(textOf(cellValue(name)), type)))
  const record: JsonObject = Object.fromEntries(columns.map(({ name }) => [name, cellValue(name)]))
  return JSON.stringify(record)
}

function textOf(value: JsonValue): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
