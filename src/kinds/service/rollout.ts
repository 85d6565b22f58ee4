/**
 * Restarts because of changed declarations come one at a time: the next when the one before is ready. A service that does
 * not get ready with its new declaration holds the others back, which go on with their old one.
 */
import type { Clock } from '../../clock.ts'

export interface Rollout {
  /** Takes the turn for a restart that is about to begin; false while another one has it. */
  claim(name: string, forMs: number): boolean
  release(name: string): void
  /** Another service that has the turn. */
  other(name: string): string | undefined
}

export function createRollout(clock: Clock): Rollout {
  let holder: { readonly name: string; readonly untilMs: number } | undefined
  const other = (name: string): string | undefined => {
    // A turn that was cut off before it was given back ends by itself.
    if (holder !== undefined && clock.monotonicMs() > holder.untilMs) holder = undefined
    return holder === undefined || holder.name === name ? undefined : holder.name
  }
  return {
    other,
    claim(name, forMs) {
      if (other(name) !== undefined) return false
      holder = { name, untilMs: clock.monotonicMs() + forMs }
      return true
    },
    release(name) {
      if (holder?.name === name) holder = undefined
    },
  }
}
