/** What every resolver is given. */
import type { LeadRepository } from '../../leads/repository.ts'
import type { Viewer } from '../auth/permissions.ts'

export interface ApiContext {
  readonly viewer: Viewer
}

/** The repositories of the declared tables, by entry name, in the order of the file. */
export type Repositories = ReadonlyMap<string, LeadRepository>
