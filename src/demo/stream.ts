/** Chance by place: what is drawn for record `index` depends on seed, stream and index alone, never on what was drawn before. */
import { type Random, seededRandom } from '../random.ts'

/** MurmurHash3's finalizer: a bijection of 32-bit numbers, so that different indexes never share a sequence. */
function scramble(value: number): number {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** A family of random sequences, one for each index. */
export type Stream = (index: number) => Random

/** Opens the family with this name. Two names give unrelated families. */
export function streamOf(seed: number, name: string): Stream {
  let start = scramble(seed)
  for (let at = 0; at < name.length; at += 1) start = scramble(start ^ (name.charCodeAt(at) + at * 0x9e3779b1))
  return (index) => seededRandom(scramble((start + index) | 0))
}

/** A whole number from 0 up to, and without, `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random.next() * end)
}

/** One of the choices. Throws on none, which is a mistake of the caller. */
export function pick<Choice>(random: Random, choices: readonly Choice[]): Choice {
  return at(choices, below(random, choices.length))
}

/** The entry at `index`, counted round the end. */
export function at<Entry>(entries: readonly Entry[], index: number): Entry {
  const entry = entries[index % entries.length]
  if (entry === undefined) throw new RangeError('the list is empty')
  return entry
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other)
}

/** A bijection of 0…size−1 that keeps nothing of the order; the same for equal seeds. */
export function shuffled(size: number, seed: number): (index: number) => number {
  let step = Math.max(1, Math.floor(size * 0.618034))
  while (commonDivisor(step, size) !== 1) step += 1
  const shift = scramble(seed) % size
  // Exact in a double as long as index × size stays under 2^53, which the row limit of a workspace sees to.
  return (index) => ((index % size) * step + shift) % size
}
