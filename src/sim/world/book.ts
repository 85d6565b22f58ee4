import type { EditedField } from './cells.ts'

/** So many leads a table has at the beginning, and no more than so many later. */
export const leadsAtFirst = 8
export const leadsMax = 24

/** What the people and programs of the simulated world did, kept by the simulator itself and not by the product. */
export interface Edit {
  readonly side: 'local' | 'remote'
  /** What is asked of the program is done later than it is noted, or in another order. */
  readonly by: 'agent' | 'colleague' | 'API'
  /** The lead, by the name it was born with, which nobody changes. */
  readonly name: string
  readonly field: EditedField
  readonly value: string | number | null
}

export interface Approval {
  readonly actionId: string
  readonly person: string
  readonly atMs: number
}

export interface Book {
  readonly edits: Edit[]
  /** Asked of the program and not answered: where the process died, it was done or not. */
  readonly unanswered: Set<Edit>
  /** Asked of the program and seen in its commit, which may be long before its answer. */
  readonly committed: Set<Edit>
  readonly born: Set<string>
  /** Leads that somebody deleted, on whichever side. */
  readonly deleted: Set<string>
  readonly approvals: Approval[]
  /** The one that the controller is being asked for at this moment. */
  approving: Approval | undefined
  readonly rejected: Map<string, string>
  /** Undos that were asked for, by the action that they take back. */
  readonly undos: { readonly of: string; readonly person: string; readonly atMs: number }[]
  /** Leads whose cells an undo may have set back. */
  readonly takenBack: Set<string>
  /** Whether Airtable ever stopped to tell of changes: what a push then overwrote in the moment before is told by nobody. */
  hooksLost: boolean
  /** E-mail addresses of people whose erasure ended. */
  readonly erased: Set<string>
  /** Addresses that another program wrote again after that. */
  readonly writtenAgain: Set<string>
}

/** A name that no lead has or ever had. */
export function freshName({ born }: Book): string {
  return `Person ${leadsAtFirst + born.size}`
}

export function newBook(): Book {
  return {
    edits: [],
    unanswered: new Set(),
    committed: new Set(),
    born: new Set(),
    deleted: new Set(),
    approvals: [],
    approving: undefined,
    rejected: new Map(),
    undos: [],
    takenBack: new Set(),
    hooksLost: false,
    erased: new Set(),
    writtenAgain: new Set(),
  }
}
