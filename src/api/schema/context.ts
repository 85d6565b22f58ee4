/** What every resolver is given. */
import type { LeadRepository } from '../../leads/repository.ts'
import type { AccessNotes } from '../access-notes.ts'
import type { Viewer } from '../auth/permissions.ts'

export interface ApiContext {
  readonly viewer: Viewer
  /** Absent on the command line of a workspace that it holds itself: who owns the files sees them anyway. */
  readonly notes?: AccessNotes
}

/** The repositories of the declared tables, by entry name, in the order of the file. */
export type Repositories = ReadonlyMap<string, LeadRepository>
