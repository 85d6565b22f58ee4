/**
 * How a list of people follows a table: which rows were written since the table was found to be as the list says, so that not
 * every look reads all of it. What the change log cannot tell (a table rebuilt without its triggers) is found after hours.
 */
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { Memory } from '../engine/memory.ts'
import type { Scope } from '../engine/observation.ts'
import type { PersonPlace } from '../targets/erasure/person-layout.ts'
import { placeIn, readChangeLog } from '../targets/sqlite/change-log.ts'
import type { Databases } from '../targets/sqlite/ports.ts'

const agreedSchema = z.object({ version: z.string(), seq: z.number(), atMs: z.number() })
/** How long it counts that a whole table was found to be as the list says. */
const wholeTableEveryMs = 6 * 3_600_000
/** More rows written since the last look than this are looked at by looking at all. */
const changedRowsMax = 2000

export interface PeopleFollow {
  /** The rows written since all agreed; undefined where all have to be looked at. `remember` notes that all agree now. */
  since(place: PersonPlace): Promise<{
    readonly rowIds: readonly number[] | undefined
    remember(isWhole: boolean): void
  }>
  /** What `Kind.changes` gives: another version of the list has all looked at. */
  changes(place: PersonPlace, cursor: string | undefined): Promise<{ readonly scope: Scope; readonly cursor: string }>
}

/**
 * @param kind under whose name it is remembered
 * @param version of the list now
 */
export function createPeopleFollow(
  kind: string,
  version: () => string,
  ports: { readonly databases: Pick<Databases, 'read'>; readonly memory: Memory; readonly clock: Clock },
): PeopleFollow {
  const { databases, memory, clock } = ports

  async function reading(place: PersonPlace, after: number | undefined) {
    const view = await databases.read(place.path)
    try {
      const found = readChangeLog(view.db, place.table, after, changedRowsMax)
      return { rowIds: found.is === 'rows' ? found.rowIds : undefined, lastSeq: found.lastSeq }
    } finally {
      view.close()
    }
  }

  return {
    async since(place) {
      const known = agreedSchema.safeParse(memory.get(kind, place.name)).data
      const now = version()
      const nowMs = clock.nowMs()
      const counts = known?.version === now && nowMs - known.atMs < wholeTableEveryMs && nowMs >= known.atMs
      const { rowIds, lastSeq } = await reading(place, counts ? known.seq : undefined)
      return {
        rowIds,
        remember(isWhole) {
          if (lastSeq === undefined) return
          const atMs = isWhole ? nowMs : (known?.atMs ?? nowMs)
          memory.set(kind, place.name, { version: now, seq: lastSeq, atMs })
        },
      }
    },
    async changes(place, cursor) {
      const now = version()
      const [knownVersion, seq] = cursor?.split(':') ?? []
      const after = knownVersion === now ? placeIn(seq) : undefined
      const { rowIds, lastSeq } = await reading(place, after)
      return {
        scope: rowIds === undefined ? { is: 'full' } : { is: 'rows', rowIds },
        cursor: `${now}:${lastSeq ?? ''}`,
      }
    },
  }
}
