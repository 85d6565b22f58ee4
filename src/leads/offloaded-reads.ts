/** Long reads beside the main thread, on the files that the given path names. */
import { z } from 'zod'
import { entryUrl } from '../targets/process/entry-url.ts'
import type { Offload } from '../targets/process/ports.ts'
import type { LeadReads } from './ports.ts'

const rowsSchema = z.array(
  z.record(z.string(), z.union([z.null(), z.number(), z.bigint(), z.string(), z.instanceof(Uint8Array)])),
)

/**
 * The `offload` of {@link LeadReads} for one database file. The main program must hold the file open meanwhile, so that
 * the thread's connection creates nothing on the disk.
 */
export function offloadedReads(offload: Offload, path: string): NonNullable<LeadReads['offload']> {
  const entry = entryUrl('./read-entry', import.meta.url)
  return async (sql, parameters, limitMs) =>
    rowsSchema.parse(await offload.thread(entry, { path, sql, parameters, limitMs }))
}
