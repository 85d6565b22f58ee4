/**
 * What the journal keeps of who came in, who was refused, and who saw personal data in full. Each thing is noted once in an
 * hour for each token, however often it happens: the record tells who and what, and a program that reads all day, or is
 * refused a thousand times, does not fill it.
 */
import type { Clock } from '../clock.ts'
import { actorOf, type Viewer } from './auth/permissions.ts'

export interface Who {
  readonly actor: string
  readonly tokenId: string
  readonly role: string
}

/** `proxy`: a declared reverse proxy says who it is, with each request. */
type SignedInBy = 'link' | 'token' | 'proxy'

export type AccessNote =
  | ({ readonly is: 'signed-in'; readonly by: SignedInBy } & Who)
  /** Somebody who showed nothing valid; the address is personal and not kept. */
  | { readonly is: 'sign-in-refused' }
  | ({ readonly is: 'refused'; readonly permission: string } & Who)
  | ({ readonly is: 'unmasked'; readonly table: string; readonly fields: readonly string[] } & Who)
  | ({
      readonly is: 'exported'
      readonly table: string
      readonly format: string
      /** Null for all. */
      readonly fields: readonly string[] | null
      readonly filtered: boolean
    } & Who)

export interface AccessNotes {
  signedIn(viewer: Viewer, by: SignedInBy): void
  signInRefused(): void
  refused(viewer: Viewer, permission: string): void
  /** Before a personal value is shown in full. Throws where that cannot be recorded: then it is not shown. */
  seesInFull(viewer: Viewer, table: string, fields: readonly string[]): void
}

/** How a note names a viewer. */
export function whoIs(viewer: Viewer): Who {
  return { actor: actorOf(viewer), tokenId: viewer.tokenId, role: viewer.role.name }
}

const hourMs = 3_600_000
const keptMax = 10_000

export function createAccessNotes(record: (note: AccessNote) => void, clock: Clock): AccessNotes {
  const hourOf = new Map<string, number>()

  /** Whether it was not noted in this hour yet. */
  function isNew(key: string): boolean {
    const hour = Math.floor(clock.nowMs() / hourMs)
    if (hourOf.get(key) === hour) return false
    if (hourOf.size >= keptMax) hourOf.clear()
    hourOf.set(key, hour)
    return true
  }

  return {
    signedIn(viewer, by) {
      if (by !== 'proxy' || isNew(`in ${viewer.tokenId} ${viewer.role.name}`))
        record({ is: 'signed-in', by, ...whoIs(viewer) })
    },
    signInRefused() {
      if (isNew('sign-in')) record({ is: 'sign-in-refused' })
    },
    refused(viewer, permission) {
      if (isNew(`refused ${viewer.tokenId} ${permission}`)) record({ is: 'refused', permission, ...whoIs(viewer) })
    },
    seesInFull(viewer, table, fields) {
      const fresh = fields.filter((field) => isNew(`sees ${viewer.tokenId} ${table} ${field}`))
      if (fresh.length > 0) record({ is: 'unmasked', table, fields: fresh, ...whoIs(viewer) })
    },
  }
}
