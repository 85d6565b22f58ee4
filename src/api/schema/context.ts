/** What every resolver is given. */
import type { LeadRepository } from '../../leads/repository.ts'
import type { AccessNotes } from '../access-notes.ts'
import type { Viewer } from '../auth/permissions.ts'

export interface ApiContext {
  readonly viewer: Viewer
  /** Absent on the command line of a workspace that it holds itself: who owns the files sees them anyway. */
  readonly notes?: AccessNotes
  /** Set where the operation is Trueup's own text and no word of who asks, as that of a REST path is. */
  readonly isOwnOperation?: true
}

/** The repositories of the declared tables, by entry name, in the order of the file. */
export type Repositories = ReadonlyMap<string, LeadRepository>
