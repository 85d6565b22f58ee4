/**
 * Names for the change sets of an action. A finished set never changes, but an action may be kept for more than once: it
 * was void at its checkpoint, or was undone and planned anew. Each time has a set of its own, the last one counts.
 */
import type { ChangeSets } from '../../targets/sqlite/ports.ts'

/** Earlier sets of an action may have expired before later ones; so many may be missing in a row. */
const missingMax = 8

function nameAt(actionId: string, at: number): string {
  return at === 0 ? actionId : `${actionId}+${at}`
}

/** The place of the last finished set; -1 where there is none. */
function lastPlace(changeSets: ChangeSets, actionId: string): number {
  let last = -1
  for (let at = 0; at - last <= missingMax; at += 1) {
    if (changeSets.summary(nameAt(actionId, at)) !== undefined) last = at
  }
  return last
}

/** The set that counts; undefined where none was finished or all have expired. */
export function lastSet(changeSets: ChangeSets, actionId: string): string | undefined {
  const last = lastPlace(changeSets, actionId)
  return last === -1 ? undefined : nameAt(actionId, last)
}

/** A name for one more set. */
export function nextSet(changeSets: ChangeSets, actionId: string): string {
  return nameAt(actionId, lastPlace(changeSets, actionId) + 1)
}
