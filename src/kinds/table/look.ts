/** Reads the rows' part of a look: in this thread where the file is small, in a worker thread where it is not. */
import type { Database } from 'better-sqlite3'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import type { TableSchema } from '../../targets/sqlite/schema-reader.ts'
import { columnOf } from './questions.ts'
import { databaseBytes } from './read-state.ts'
import { hidesRowId } from './row-id.ts'
import { type Questions, type ScanOutput, type ScanRequest, scanOutputSchema, scanTable } from './scan.ts'

/** Files up to this size, in bytes, are read here: a thread costs more than it saves. */
export const inlineBytesMax = 8 * 1024 * 1024

export interface LookPorts {
  readonly databases: Databases
  readonly offload: Offload
}

/** What is to be read of a table. */
export function scanRequest(table: TableSchema, key: string, questions: Questions, detailed = false): ScanRequest {
  const columns = table.columns.map((column) => column.name)
  return {
    table: table.name,
    columns,
    hasRowId: !table.withoutRowId && !hidesRowId(columns),
    keyColumn: columnOf(table, key)?.name ?? null,
    questions,
    detailed,
  }
}

/** The answers about a table, of the view where it is small enough, else of the file as it is a moment later. */
export async function answersFor(
  ports: LookPorts,
  view: Database,
  path: string,
  request: ScanRequest,
  signal: AbortSignal,
): Promise<ScanOutput> {
  if (databaseBytes(view) <= inlineBytesMax) return scanTable(view, request)
  const place = await ports.databases.locate(path)
  try {
    const entry = entryUrl('./scan-entry', import.meta.url)
    return scanOutputSchema.parse(await ports.offload.thread(entry, { path: place.path, request }, { signal }))
  } finally {
    place.release()
  }
}
