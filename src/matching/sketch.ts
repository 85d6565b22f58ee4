/**
 * Sketches: 32 bits of a reading from which most strangers are told apart without their texts. A sketch that says
 * "different" decides the level, in a full pass as in a single comparison, so that both give the same answer.
 */
import { nicknameFamily } from './nicknames.ts'
import type { Role } from './role.ts'

export interface Sketch {
  readonly of: (reading: string) => number
  /** Whether two readings may be more alike than "different". Symmetric. */
  readonly mayBeAlike: (one: number, other: number) => boolean
}

/** How many bits are set. */
export function bitCount(bits: number): number {
  let rest = bits - ((bits >>> 1) & 0x55555555)
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333)
  return (((rest + (rest >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}

/** Which letters and digits occur. Other scripts fall on the same 26 bits. */
function lettersOf(reading: string, end = reading.length): number {
  let bits = 0
  for (let at = 0; at < end; at += 1) {
    const code = reading.charCodeAt(at)
    if (code >= 97 && code <= 122) bits |= 1 << (code - 97)
    else if (code >= 48 && code <= 57) bits |= 1 << (code - 48)
    else if (code > 127) bits |= 1 << (code % 26)
  }
  return bits
}

/** Letters of one that the other lacks, both ways together, that two alike words may have. */
const lettersApart = 5
const isInitial = 1 << 31
const hasNickname = 1 << 30
const letters: Sketch = {
  of: (reading) => lettersOf(reading),
  mayBeAlike: (one, other) => bitCount(one ^ other) <= lettersApart,
}
const given: Sketch = {
  of: (reading) => {
    if (reading.length === 1) return lettersOf(reading) | isInitial
    return lettersOf(reading) | (nicknameFamily(reading) === undefined ? 0 : hasNickname)
  },
  mayBeAlike: (one, other) => {
    // An initial is compared with any name that has its letter, nicknames with each other.
    if (((one | other) & isInitial) !== 0) return (one & other & 0x3ffffff) !== 0
    return (one & other & hasNickname) !== 0 || bitCount((one ^ other) & 0x3ffffff) <= lettersApart
  },
}
const email: Sketch = {
  of: (reading) => lettersOf(reading, Math.max(0, reading.lastIndexOf('@')) || reading.length),
  mayBeAlike: letters.mayBeAlike,
}

/** One bit for the beginning of each word. */
const words: Sketch = {
  of: (reading) => {
    let bits = 0
    let starts = true
    for (let at = 0; at < reading.length; at += 1) {
      const code = reading.charCodeAt(at)
      if (starts && code !== 32)
        bits |= 1 << ((code * 31 + (at + 1 < reading.length ? reading.charCodeAt(at + 1) : 7) * 17) & 31)
      starts = code === 32
    }
    return bits
  },
  mayBeAlike: (one, other) => bitCount(one & other) * 3 >= Math.min(bitCount(one), bitCount(other)),
}

/** Which digits and letters occur, for numbers that are names: two edits change four at most. */
const code: Sketch = { of: (reading) => lettersOf(reading), mayBeAlike: (one, other) => bitCount(one ^ other) <= 4 }
const phone: Sketch = { of: (reading) => lettersOf(reading), mayBeAlike: (one, other) => bitCount(one ^ other) <= 2 }

/** The eight digits of a date, four bits each. */
const date: Sketch = {
  of: (reading) => {
    if (reading.length !== 8) return 0
    let bits = 0
    for (let at = 0; at < 8; at += 1) bits = (bits << 4) | (reading.charCodeAt(at) & 15)
    return bits
  },
  mayBeAlike: (one, other) => {
    if (one === 0 || other === 0) return true
    const apart = one ^ other
    if (apart >>> 16 === 0) return true
    let equal = 0
    for (let shift = 0; shift < 32; shift += 4) if (((apart >>> shift) & 15) === 0) equal += 1
    return equal >= 5
  },
}

const none: Sketch = { of: () => 0, mayBeAlike: () => true }

/** The sketch of each role. */
export const sketches: Readonly<Record<Role, Sketch>> = {
  person: words,
  given,
  family: letters,
  email,
  phone,
  linkedin: none,
  url: none,
  company: words,
  address: words,
  place: letters,
  code,
  date,
  number: none,
  category: none,
  text: words,
  prose: words,
  ignored: none,
}

/** Whether the role's sketches tell anything. */
export function isSketched(role: Role): boolean {
  return sketches[role] !== none
}
