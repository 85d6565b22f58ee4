/**
 * How two readings of one role are compared: into one of a few levels, from equal down to different. Each level carries
 * its m, the chance that two records of one thing show it. The m are fixed for all tables; what a level is worth in a
 * table follows from how often strangers show it there, which is measured.
 */
import { dayNumber } from './date-parts.ts'
import { editsWithin } from './edit-distance.ts'
import { jaroWinkler } from './jaro-winkler.ts'
import { areNicknames } from './nicknames.ts'
import { soundKey } from './phonetic.ts'
import type { Role } from './role.ts'
import { isSketched, sketches } from './sketch.ts'
import { commonOf, equalJoined, wordLikeness } from './token-likeness.ts'
import type { Vocabulary } from './vocabulary.ts'

export interface Level {
  /** Completes a sentence about the field: "name alike". */
  readonly name: string
  /** Chance of the level among duplicates that both fill the field. The levels of a role add up to 1. */
  readonly m: number
  /** What the level is worth at most, in bits, however seldom strangers show it: for likeness that comes with a kinship of things. */
  readonly most?: number
}

export interface Comparison {
  /** From equal to different. */
  readonly levels: readonly Level[]
  /** The level of two readings that differ, 1 or more. Symmetric. */
  compare(one: string, other: string, vocabulary: Vocabulary): number
}

const levels = (...pairs: readonly (readonly [string, number])[]): readonly Level[] =>
  pairs.map(([name, m]) => ({ name, m }))

const names = levels(['equal', 0.8], ['nearly equal', 0.1], ['alike', 0.04], ['different', 0.06])

const given: Comparison = { levels: names, compare: compareGiven }
const family: Comparison = { levels: names, compare: compareWord }
const place: Comparison = {
  levels: levels(['equal', 0.75], ['nearly equal', 0.12], ['alike', 0.04], ['different', 0.09]),
  compare: comparePlace,
}
/** Two branches of a chain, or two models of a make, are partly alike and two things. */
const words: Comparison = {
  levels: [
    ...levels(['equal', 0.55], ['nearly equal', 0.2], ['alike', 0.12]),
    { name: 'partly alike', m: 0.03, most: 1 },
    { name: 'different', m: 0.1 },
  ],
  compare: compareWords,
}
const address: Comparison = {
  levels: [
    ...levels(['equal', 0.55], ['nearly equal', 0.2], ['alike', 0.12]),
    { name: 'in one street or partly alike', m: 0.05, most: -1 },
    { name: 'different', m: 0.08 },
  ],
  compare: compareAddress,
}

/** The comparison of each role. Names of persons are compared by their parts (see feature.ts). */
export const comparisons: Readonly<Record<Role, Comparison>> = {
  person: words,
  given,
  family,
  email: {
    levels: levels(
      ['equal', 0.72],
      ['nearly equal', 0.14],
      ['alike', 0.04],
      ['at the same domain', 0.02],
      ['different', 0.08],
    ),
    compare: compareEmail,
  },
  phone: {
    levels: levels(['equal', 0.7], ['one digit apart', 0.1], ['different', 0.2]),
    compare: comparePhone,
  },
  linkedin: { levels: levels(['equal', 0.9], ['different', 0.1]), compare: () => 1 },
  url: {
    levels: levels(['equal', 0.7], ['at the same host', 0.1], ['different', 0.2]),
    compare: (one, other) => (hostOf(one) === hostOf(other) ? 1 : 2),
  },
  company: words,
  address,
  place,
  code: {
    levels: levels(['equal', 0.78], ['one character apart', 0.12], ['two characters apart', 0.04], ['different', 0.06]),
    compare: compareCode,
  },
  date: {
    levels: levels(
      ['equal', 0.72],
      ['one digit apart', 0.12],
      ['close', 0.06],
      ['in the same year', 0.04],
      ['different', 0.06],
    ),
    compare: compareDate,
  },
  number: {
    levels: levels(['equal', 0.6], ['close', 0.15], ['alike', 0.1], ['different', 0.15]),
    compare: compareNumber,
  },
  category: { levels: levels(['equal', 0.85], ['different', 0.15]), compare: () => 1 },
  text: words,
  prose: {
    levels: levels(['equal', 0.25], ['nearly equal', 0.15], ['alike', 0.2], ['partly alike', 0.1], ['different', 0.3]),
    compare: compareWords,
  },
  ignored: { levels: levels(['equal', 1]), compare: () => 0 },
}

/** The level of two readings, 0 where they are equal. Sketches that differ too much decide without a comparison. */
export function levelOf(role: Role, one: string, other: string, vocabulary: Vocabulary): number {
  if (one === other) return 0
  const comparison = comparisons[role]
  const sketch = sketches[role]
  if (isSketched(role) && !sketch.mayBeAlike(sketch.of(one), sketch.of(other))) return comparison.levels.length - 1
  return comparison.compare(one, other, vocabulary)
}

/** A single name: typing mistakes, then likeness or sound. */
function compareWord(one: string, other: string): number {
  const shorter = Math.min(one.length, other.length)
  if (shorter >= 4 && editsWithin(one, other, 1) <= 1) return 1
  const likeness = jaroWinkler(one, other)
  if (likeness >= 0.92 || equalJoined(one, other)) return 1
  if (likeness >= 0.85) return 2
  if (shorter >= 5 && editsWithin(one, other, 2) <= 2) return 2
  if (shorter >= 3 && likeness >= 0.75 && soundAlike(one, other)) return 2
  if (isPartOf(one, other)) return 2
  return 3
}

/** Of letters that are not Latin no sound is known, and so none is shared. */
function soundAlike(one: string, other: string): boolean {
  const sound = soundKey(one)
  return sound !== 0 && sound === soundKey(other)
}

function compareGiven(one: string, other: string): number {
  if (areNicknames(one, other)) return 1
  const initial = one.length === 1 || other.length === 1
  if (initial) return one.charCodeAt(0) === other.charCodeAt(0) ? 2 : 3
  return compareWord(one, other)
}

/** Whether all words of one text are words of the other. */
function isPartOf(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  if (!long.includes(' ') || short.length < 3) return false
  return ` ${long} `.includes(` ${short} `)
}

function comparePlace(one: string, other: string, vocabulary: Vocabulary): number {
  const level = compareWord(one, other)
  if (level < 3 || !(one.includes(' ') || other.includes(' '))) return level
  const likeness = wordLikeness(vocabulary.bagOf(one), vocabulary.bagOf(other))
  return likeness >= 0.9 ? 1 : likeness >= 0.6 ? 2 : 3
}

/** Of the text that says less, so much must stand in the other to be called contained; and it must say something. */
const containedMin = 0.9
const containedBitsMin = 7

function compareWords(one: string, other: string, vocabulary: Vocabulary): number {
  if (equalJoined(one, other)) return 1
  const bag = vocabulary.bagOf(one)
  const facing = vocabulary.bagOf(other)
  const { shared, total, ofLesser } = commonOf(bag, facing)
  const likeness = total === 0 ? 0 : shared / total
  if (likeness >= 0.84) return 1
  if (Math.abs(one.length - other.length) <= 3 && Math.max(one.length, other.length) <= 40) {
    // A letter or two more or less wrong; numbers are told apart by the likeness of words.
    const edits = editsWithin(one.replaceAll(' ', ''), other.replaceAll(' ', ''), 2)
    if (edits <= 2 && digitsOf(one) === digitsOf(other)) return 1
  }
  if (likeness >= 0.64) return 2
  if (ofLesser >= containedMin && Math.min(bag.total, facing.total) >= containedBitsMin) return 2
  return likeness >= 0.42 ? 3 : 4
}

/** As words, but a house number that differs is another house, however alike the street is. */
function compareAddress(one: string, other: string, vocabulary: Vocabulary): number {
  const level = compareWords(one, other, vocabulary)
  if (level >= 3) return level
  const numbers = numbersOf(one)
  const others = numbersOf(other)
  if (numbers.length === 0 || others.length === 0) return level
  return numbers.some((number) => others.includes(number)) ? level : 3
}

function numbersOf(text: string): readonly string[] {
  return text.match(/\b\d+\b/gu) ?? []
}

function digitsOf(text: string): string {
  return text.replace(/\D+/gu, ' ')
}

function compareEmail(one: string, other: string): number {
  const oneAt = one.lastIndexOf('@')
  const otherAt = other.lastIndexOf('@')
  if (editsWithin(one, other, 2) <= 2) return 1
  const local = one.slice(0, Math.max(0, oneAt))
  const otherLocal = other.slice(0, Math.max(0, otherAt))
  const sameDomain = oneAt >= 0 && one.slice(oneAt) === other.slice(otherAt)
  if (local === otherLocal && local.length >= 5) return 1
  if (Math.max(one.length, other.length) >= 12 && editsWithin(one, other, 4) <= 4 && jaroWinkler(one, other) >= 0.9)
    return 2
  if (Math.min(local.length, otherLocal.length) >= 5 && jaroWinkler(local, otherLocal) >= 0.93) return 2
  return sameDomain ? 3 : 4
}

function comparePhone(one: string, other: string): number {
  return editsWithin(one, other, 1) <= 1 || one.endsWith(other) || other.endsWith(one) ? 1 : 2
}

function hostOf(address: string): string {
  const slash = address.indexOf('/')
  return slash < 0 ? address : address.slice(0, slash)
}

function compareCode(one: string, other: string): number {
  const shorter = Math.min(one.length, other.length)
  const edits = editsWithin(one, other, 2)
  if (edits <= 1 && shorter >= 3) return 1
  if (edits <= 2 && shorter >= 6) return 2
  if (shorter >= 4 && (one.startsWith(other) || other.startsWith(one))) return 2
  return shorter < 3 && edits <= 1 ? 2 : 3
}

function compareDate(one: string, other: string): number {
  if (one.length !== 8 || other.length !== 8) return editsWithin(one, other, 1) <= 1 ? 1 : 4
  if (editsWithin(one, other, 1) <= 1) return 1
  const swapped = other.slice(0, 4) + other.slice(6) + other.slice(4, 6)
  if (one === swapped) return 1
  const sameYear = one.slice(0, 4) === other.slice(0, 4)
  const sameMonth = one.slice(4, 6) === other.slice(4, 6)
  const sameDay = one.slice(6) === other.slice(6)
  if (Number(sameYear) + Number(sameMonth) + Number(sameDay) >= 2) return 2
  if (Math.abs(dayNumber(one) - dayNumber(other)) <= 31 || editsWithin(one, other, 2) <= 2) return 2
  return sameYear ? 3 : 4
}

function compareNumber(one: string, other: string): number {
  const left = Number(one)
  const right = Number(other)
  const apart = Math.abs(left - right) / Math.max(Math.abs(left), Math.abs(right), Number.MIN_VALUE)
  return apart <= 0.03 ? 1 : apart <= 0.2 ? 2 : 3
}
