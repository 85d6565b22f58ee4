/**
 * Compares the rows of a file that nobody wrote since a verified set was made with what that set holds: a changed value in
 * an intact page passes every check of SQLite, and only this finds it. Where the file was written since, by whichever
 * program, a difference says nothing, and none is looked for.
 */
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import type { ContentOrder } from '../../targets/backup/content-entry.ts'
import { tableSchema } from '../../targets/backup/manifest.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { DatabaseFacts } from '../../targets/sqlite/database-files.ts'
import type { CheckPorts } from './checks.ts'
import type { SetOfDatabase } from './ports.ts'
import type { DatabaseDeclaration } from './spec.ts'
import type { CheckRecord } from './state.ts'

const rememberedSchema = z.strictObject({
  atMs: z.number(),
  identity: z.string(),
  /** Null: there was no set to compare with. */
  setId: z.string().nullable(),
  problems: z.array(z.string()),
})

/**
 * The oldest verified set that was made after the last change of the file, of whatever sort (its times, which a bad disk
 * leaves alone): the nearest to what was written then.
 */
export function unwrittenSince(
  { file, wal }: Pick<DatabaseFacts, 'file' | 'wal'>,
  sets: readonly SetOfDatabase[],
): SetOfDatabase | undefined {
  const changedAtMs = Math.max(file.modifiedAtMs, file.changedAtMs, (wal?.size ?? 0) > 0 ? (wal?.modifiedAtMs ?? 0) : 0)
  return sets.filter(({ createdAtMs, tables }) => createdAtMs > changedAtMs && tables.length > 0).at(-1)
}

/** Compares where that is due: after each full check. Undefined where there is no set to compare with, or it did not end. */
export async function contentCheckOf(
  ports: CheckPorts,
  owner: string,
  at: { readonly spec: DatabaseDeclaration; readonly facts: DatabaseFacts; readonly full: CheckRecord | undefined },
  setsOf: () => readonly SetOfDatabase[],
  options: { readonly signal: AbortSignal; readonly deadlineMs: number },
): Promise<CheckRecord | undefined> {
  const { identity } = at.facts.file
  const known = rememberedSchema.safeParse(ports.memory.get(owner, 'content')).data
  const isFresh = known?.identity === identity && known.atMs >= (at.full?.atMs ?? 0)
  // Looks come with every commit; the sets are gone through when a check is due, or one found something.
  if (known !== undefined && isFresh && known.problems.length === 0) return recordOf(known)
  const set = unwrittenSince(at.facts, setsOf())
  if (known !== undefined && isFresh && known.setId === set?.id) return recordOf(known)
  const problems = set === undefined ? [] : await differences(ports, at.spec.path, set, options)
  if (problems === undefined) return undefined
  const remembered = { atMs: ports.clock.nowMs(), identity, setId: set?.id ?? null, problems: [...problems] }
  ports.memory.set(owner, 'content', remembered)
  return recordOf(remembered)
}

function recordOf({ atMs, setId, problems }: z.output<typeof rememberedSchema>): CheckRecord | undefined {
  if (setId === null) return undefined
  return problems.length === 0 ? { atMs, reply: undefined } : { atMs, reply: { is: 'broken', problems } }
}

async function differences(
  { databases, offload }: CheckPorts,
  path: string,
  set: SetOfDatabase,
  options: { readonly signal: AbortSignal; readonly deadlineMs: number },
): Promise<readonly string[] | undefined> {
  const place = await databases.locate(path)
  try {
    const order: ContentOrder = { path: place.path, name: path, check: 'quick', rows: { known: [...set.tables] } }
    const entry = entryUrl('../../targets/backup/content-entry', import.meta.url)
    const now = z.array(tableSchema).parse(await offload.process(entry, order, options))
    const known = new Map(now.map((table) => [table.name, table]))
    return set.tables.flatMap(({ name, rows, sha256 }) => {
      const found = known.get(name)
      if (found?.sha256 === sha256 && found.rows === rows) return []
      return [`${name} differs from ${set.id}, although the file was not written since that was made`]
    })
  } catch (error) {
    const ended = error instanceof OperationalError && ['ACTION_DEADLINE', 'WORKER_DIED'].includes(error.code)
    if (!ended || options.signal.aborted) throw error
    return undefined
  } finally {
    place.release()
  }
}
