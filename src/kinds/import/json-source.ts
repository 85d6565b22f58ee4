/** Rows from JSON files, read as they stream by. Whatever is wrong stays with its file, row or value; the others are read. */
import { messageOf } from '../../errors.ts'
import type { JsonObject, JsonValue } from '../../json.ts'
import { type JsonFlaw, readJson } from './json-value.ts'
import { splitRows } from './row-splitter.ts'
import type { Place, Source, SourceItem, SourceRow, SourceValue } from './source-row.ts'
import { type FoundFiles, readChunks } from './workspace-files.ts'

const rowBytesMax = 64_000_000
/** Names that mean the row itself, in the order of trust. */
const idNames = ['id', '_id', 'uuid', 'lead_id']

/** The rows of files, in the order of their paths. `read` gives a file's bytes. */
export function jsonSource(
  name: string,
  found: FoundFiles,
  read: (absolute: string) => Iterable<Uint8Array> = readChunks,
): Source {
  return {
    name,
    columns: [],
    // Rows of JSON need not be alike: a column may first appear in the last one.
    surveyRows: Number.POSITIVE_INFINITY,
    *items() {
      for (const { path, reason } of found.refused) yield fileProblem(path, null, reason)
      for (const file of found.files) yield* itemsOf(file.path, read(file.absolute))
    },
  }
}

function* itemsOf(file: string, chunks: Iterable<Uint8Array>): Generator<SourceItem> {
  let position = 0
  const lines = /\.(jsonl|ndjson)$/i.test(file)
  try {
    for (const split of splitRows(chunks, { lines, rowBytesMax })) {
      if (split.is === 'problem') {
        yield fileProblem(file, split.line, split.message)
        continue
      }
      position++
      yield itemOf({ file, row: position, line: split.line }, split.bytes)
    }
  } catch (error) {
    yield fileProblem(file, null, `cannot be read: ${messageOf(error)}`)
  }
}

function fileProblem(file: string, line: number | null, message: string): SourceItem {
  return { is: 'problem', problem: { file, row: null, line, field: null, message } }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

function itemOf(place: Place, bytes: Uint8Array): SourceItem {
  const { text, broken } = decode(bytes)
  const read = readJson(text)
  const problem = (message: string, line = place.line): SourceItem => ({
    is: 'problem',
    problem: { ...place, line, field: null, message },
  })
  if (read.is === 'error') return problem(`is not valid JSON: ${read.message}`, lineAt(place, text, read.offset))
  if (!isObject(read.value)) return problem('is no object')
  return { is: 'row', row: rowOf(place, read.value, read.flaws, broken) }
}

function decode(bytes: Uint8Array): { text: string; broken: boolean } {
  try {
    return { text: strict.decode(bytes), broken: false }
  } catch {
    return { text: lenient.decode(bytes), broken: true }
  }
}

function lineAt(place: Place, text: string, offset: number): number | null {
  return place.line === null ? null : place.line + (text.slice(0, offset).match(/\n/g)?.length ?? 0)
}

function rowOf(place: Place, value: JsonObject, flaws: readonly JsonFlaw[], broken: boolean): SourceRow {
  const airtable = airtableRecord(value)
  const cells = new Map<string, SourceValue>()
  flatten(airtable?.fields ?? value, cells)
  if (airtable !== undefined) for (const [column, own] of airtable.own) if (!cells.has(column)) cells.set(column, own)
  const bad = flawsByColumn(flaws, airtable !== undefined, cells)
  for (const [column, cell] of cells) {
    const text = typeof cell === 'string' ? cell : (JSON.stringify(cell) ?? '')
    if (broken && text.includes('\ufffd')) bad.set(column, 'is not valid UTF-8')
    else if (/\p{Surrogate}/u.test(typeof cell === 'string' ? cell : '')) bad.set(column, 'holds half of a character')
  }
  return { place, id: idOf(value), cells, flaws: bad }
}

/** A record of an Airtable export: `{ id, createdTime, fields }`. */
function airtableRecord(
  value: JsonObject,
): { fields: JsonObject; own: readonly (readonly [string, JsonValue])[] } | undefined {
  const { id, fields, createdTime } = value
  if (typeof id !== 'string' || fields === undefined || !isObject(fields)) return undefined
  return {
    fields,
    own: [['airtable_id', id], ...(createdTime === undefined ? [] : [['created_time', createdTime] as const])],
  }
}

/** One level of nesting becomes columns named `outer.inner`; what lies deeper stays a value. */
function flatten(value: JsonObject, cells: Map<string, SourceValue>): void {
  for (const name of Object.keys(value)) {
    const member = value[name] ?? null
    if (!isObject(member)) cells.set(name, member)
    else for (const inner of Object.keys(member)) cells.set(`${name}.${inner}`, member[inner] ?? null)
  }
}

function flawsByColumn(
  flaws: readonly JsonFlaw[],
  inFields: boolean,
  cells: Map<string, SourceValue>,
): Map<string, string> {
  const bad = new Map<string, string>()
  for (const flaw of flaws) {
    const path = inFields && flaw.path[0] === 'fields' ? flaw.path.slice(1) : flaw.path
    const nested = path.slice(0, 2).join('.')
    const column = cells.has(nested) ? nested : (path[0] ?? '')
    if (!cells.has(column)) continue
    bad.set(column, flaw.message)
    if (flaw.earlier !== undefined && path.join('.') === column)
      cells.set(column, [flaw.earlier, plain(cells.get(column))])
  }
  return bad
}

/** JSON sources hold JSON values only. */
function plain(value: SourceValue | undefined): JsonValue {
  if (value === undefined || typeof value === 'bigint' || value instanceof Uint8Array) return null
  return value
}

function idOf(value: JsonObject): string | undefined {
  for (const name of idNames) {
    const id = value[name]
    if ((typeof id === 'string' && id.trim() !== '') || typeof id === 'number') return `${name}:${id}`
  }
  return undefined
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
