/**
 * How one world is: who does much in it and who nothing, and how often. A world in which everybody does everything a little
 * hides what only many deeds of one sort, or none of another, bring to light (swarm testing).
 */
import type { Random } from '../../random.ts'
import type { Deed } from './deed.ts'

export interface Temper {
  /** The share of turns in which somebody does something, from 0 to 1. */
  readonly deedShare: number
  /** The share of turns in which time goes on for a while. */
  readonly leapShare: number
  /** What the weight of a deed is multiplied with. */
  factorOf(deed: Deed): number
}

const factors = [0, 0.3, 1, 1, 1, 3, 8] as const

export function temperOf(random: Random): Temper {
  const chosen = new Map<string, number>()
  const isCalm = random.next() < 0.3
  const isPlain = random.next() < 0.4
  const seed = Math.floor(random.next() * 2 ** 31)
  return {
    deedShare: 0.15 + random.next() * 0.45,
    leapShare: random.next() ** 2 * 0.008,
    factorOf(deed) {
      if (isCalm && deed.sort === 'fault') return 0
      // Where nobody takes anything back, more can be told of the end.
      if (isPlain && deed.sort === 'taking-back') return 0
      const known = chosen.get(deed.name)
      if (known !== undefined) return known
      // By its name, so that a new deed leaves those of other worlds as they are.
      const factor = factors[hashOf(deed.name, seed) % factors.length] ?? 1
      chosen.set(deed.name, factor)
      return factor
    },
  }
}

function hashOf(text: string, seed: number): number {
  let value = seed | 0
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return (value ^ (value >>> 15)) >>> 0
}
