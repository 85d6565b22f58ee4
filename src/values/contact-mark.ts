/** What a mark of a field of type `doNotContact` says, and of whom. */
import type { Cell } from './field-type.ts'

/** Whether a cell of a mark's column says that the person is not to be contacted: what is not clearly "no" is a yes. */
export function isMarked(cell: Cell | undefined): boolean {
  if (cell === null || cell === undefined) return false
  if (typeof cell === 'number' || typeof cell === 'bigint') return Number(cell) !== 0
  return typeof cell === 'string'
    ? !['', '0', 'false', 'no', 'f', 'n', 'off'].includes(cell.trim().toLowerCase())
    : true
}

/**
 * Under which identities somebody is put on the list: their own, and the bare mailbox of an office where they have one, since
 * whoever asks before writing to it knows no name.
 */
export function contactIdentitiesOf(identities: readonly string[]): readonly string[] {
  const mailboxes = identities.flatMap((identity) => {
    const found = /^(email:[^/]+\/).+$/.exec(identity)?.[1]
    return found === undefined ? [] : [found]
  })
  return [...new Set([...identities, ...mailboxes])]
}
