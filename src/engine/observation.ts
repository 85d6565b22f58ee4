import type { OperationalError } from '../errors.ts'

/** What was found in the world. Unreadable is never absent: from an unreadable thing no action follows. */
export type Observation<State> =
  | {
      readonly is: 'present'
      readonly state: State
      readonly fingerprint: string
      /** Why nothing that depends on it, directly or not, is repaired for now; left out as a rule. */
      readonly withheld?: string
    }
  | { readonly is: 'absent' }
  | { readonly is: 'unreadable'; readonly error: OperationalError }

/**
 * How much of a resource is looked at: all of it, or only the rows that a change table named. A kind that cannot look
 * at rows alone looks at all.
 */
export type Scope = { readonly is: 'full' } | { readonly is: 'rows'; readonly rowIds: readonly number[] }

/** The phrase for people of a kind whose resources are about a table: what is there, or why nothing can be said. Pure. */
export function describeTable<State>(observation: Observation<State>, present: (state: State) => string): string {
  switch (observation.is) {
    case 'present':
      return present(observation.state)
    case 'absent':
      return 'no such table yet'
    case 'unreadable':
      return `cannot be read: ${observation.error.code}`
  }
}
