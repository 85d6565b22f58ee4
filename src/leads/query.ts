import { z } from 'zod'
import { entryUrl } from '../targets/process/entry-url.ts'
import type { Offload } from '../targets/process/ports.ts'
import type { Databases } from '../targets/sqlite/ports.ts'

const answerSchema = z.object({ columns: z.array(z.string()), rows: z.array(z.array(z.unknown())), more: z.boolean() })

export type QueryAnswer = z.output<typeof answerSchema>

export interface QueryLimits {
  readonly rowsMax: number
  readonly deadlineMs: number
  readonly signal?: AbortSignal
}

/** Runs a reading statement on a database file without a trace. Throws QUERY_REFUSED, DATABASE_*. */
export async function runQuery(
  path: string,
  sql: string,
  limits: QueryLimits,
  ports: { readonly databases: Databases; readonly offload: Offload },
): Promise<QueryAnswer> {
  const place = await ports.databases.locate(path)
  try {
    const input = { path: place.path, sql, rowsMax: limits.rowsMax }
    const answer = await ports.offload.process(entryUrl('./query-entry', import.meta.url), input, {
      deadlineMs: limits.deadlineMs,
      ...(limits.signal === undefined ? {} : { signal: limits.signal }),
    })
    return answerSchema.parse(answer)
  } finally {
    place.release()
  }
}
