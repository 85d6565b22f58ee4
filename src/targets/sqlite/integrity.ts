/** Asks a killable child process whether a database file is sound. A check that did not end has no result, good or bad. */
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import { entryUrl } from '../process/entry-url.ts'
import type { Offload } from '../process/ports.ts'
import { toDatabaseError } from './database-error.ts'
import type { IntegrityOrder } from './integrity-entry.ts'
import type { Databases } from './ports.ts'

export type IntegrityReply =
  | {
      readonly is: 'sound'
      /** Rows that point at nothing. */
      readonly foreignKeyViolations: number
      readonly violatingTables: readonly string[]
    }
  /** What SQLite found, 20 lines at most. */
  | { readonly is: 'broken'; readonly problems: readonly string[] }

/** Keeps its form when it is remembered as JSON. */
export const integrityReplySchema: z.ZodType<IntegrityReply> = z.discriminatedUnion('is', [
  z.strictObject({
    is: z.literal('sound'),
    foreignKeyViolations: z.number(),
    violatingTables: z.array(z.string()),
  }),
  z.strictObject({ is: z.literal('broken'), problems: z.array(z.string()) }),
])

export interface IntegrityOptions {
  readonly signal?: AbortSignal
  /** When the check is killed; then it throws ACTION_DEADLINE. */
  readonly deadlineMs: number
}

/**
 * Runs `quick_check` or `integrity_check`, and `foreign_key_check` with either, leaving no trace on the file. A file that
 * SQLite refuses to read is broken; other trouble is thrown as DATABASE_*, WORKER_DIED or ACTION_DEADLINE.
 */
export async function checkIntegrity(
  ports: { readonly databases: Databases; readonly offload: Offload },
  path: string,
  depth: 'quick' | 'full',
  options: IntegrityOptions,
): Promise<IntegrityReply> {
  let place: { readonly path: string; release(): void } | undefined
  try {
    place = await ports.databases.locate(path)
    const entry = entryUrl('./integrity-entry', import.meta.url)
    const order: IntegrityOrder = { path: place.path, depth }
    return integrityReplySchema.parse(await ports.offload.process(entry, order, options))
  } catch (error) {
    const known = toDatabaseError(error, path)
    if (known instanceof OperationalError && known.code === 'DATABASE_CORRUPT') {
      return { is: 'broken', problems: [known.message] }
    }
    throw known
  } finally {
    place?.release()
  }
}
