import { randomBytes, randomUUID } from 'node:crypto'

/** Chance as a port, so that one seed reproduces a run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** A version 4 UUID, lower-case. */
  uuid(): string
  /** `count` random bytes as lower-case hexadecimal text. */
  hex(count: number): string
}

/** The operating system's randomness. */
export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  uuid: () => randomUUID(),
  hex: (count) => randomBytes(count).toString('hex'),
}

/** A reproducible source (mulberry32): equal seeds give equal sequences. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const hex = (count: number) =>
    Array.from({ length: count }, () =>
      Math.floor(next() * 256)
        .toString(16)
        .padStart(2, '0'),
    ).join('')
  const uuid = () => {
    const digits = hex(16)
    const variant = ((Number.parseInt(digits[16] ?? '0', 16) & 3) | 8).toString(16)
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`
  }
  return { next, hex, uuid }
}
