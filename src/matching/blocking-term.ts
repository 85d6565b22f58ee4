/**
 * Terms: coarse readings of one feature that duplicates mostly share although their values differ. Keys of blocks are
 * made of one or two terms of different features.
 */
import type { Feature } from './feature.ts'
import { fingerprintOf } from './fingerprint.ts'
import { nicknameFamily } from './nicknames.ts'
import { soundKey } from './phonetic.ts'
import type { Role } from './role.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

export interface Term {
  /** Position among the features. */
  readonly feature: number
  readonly name: TermName
  /** Share of duplicates that fill the feature and share the term, roughly; for planning only. */
  readonly kept: number
  /** Writes the fingerprints of a reading (never empty) into `into` and returns how many, at most {@link termValuesMax}. */
  readonly write: (reading: string, into: Uint32Array) => number
}

export type TermName =
  | 'value'
  | 'sound'
  | 'start'
  | 'end'
  | 'year'
  | 'month'
  | 'day'
  | 'rare words'
  | 'local part'
  | 'size'

/** A term of several words gives so many fingerprints at most. */
export const termValuesMax = 3

type TermMaker = (vocabulary: Vocabulary) => (reading: string, into: Uint32Array) => number

const single =
  (of: (reading: string) => number): TermMaker =>
  () =>
  (reading, into) => {
    const found = of(reading)
    into[0] = found
    return found === 0 ? 0 : 1
  }

/** Text of a part, or no value where the part is too short to tell anything. */
const part = (text: string, lengthMin: number) => (text.length < lengthMin ? 0 : fingerprintOf(text))

const value: TermMaker = single((reading) => fingerprintOf(reading))
const sound: TermMaker = single((reading) => soundKey(lastWordJoined(reading)))
const start = (length: number): TermMaker => single((reading) => part(reading.slice(0, length), Math.min(2, length)))
const end = (length: number): TermMaker => single((reading) => part(reading.slice(-length), length))

/** Nicknames sound as their family, so that Bob and Robert meet. */
const givenSound: TermMaker = single((reading) => {
  const family = nicknameFamily(reading)
  return family === undefined ? soundKey(lastWordJoined(reading)) : 0x10000 + family
})

function lastWordJoined(reading: string): string {
  return reading.includes(' ') ? reading.replaceAll(' ', '') : reading
}

const rareWords: TermMaker =
  ({ weightOf }) =>
  (reading, into) => {
    const words = reading.split(' ', 40).filter((word) => word.length > 1)
    if (words.length > termValuesMax)
      words.sort((one, other) => weightOf(other) - weightOf(one) || (one < other ? -1 : 1))
    let count = 0
    for (const word of words.slice(0, termValuesMax)) {
      const print = fingerprintOf(word)
      if (into.subarray(0, count).includes(print)) continue
      into[count] = print
      count += 1
    }
    return count
  }

const localPart: TermMaker = single((reading) => {
  const at = reading.lastIndexOf('@')
  return part(reading.slice(0, at < 0 ? reading.length : at), 4)
})

const slice = (from: number, to: number): TermMaker =>
  single((reading) => (reading.length === 8 ? fingerprintOf(reading.slice(from, to), from) : 0))
const yearAndDay: TermMaker = single((reading) =>
  reading.length === 8 ? fingerprintOf(reading.slice(0, 4) + reading.slice(6), 9) : 0,
)
const size: TermMaker = single((reading) => fingerprintOf(Number(reading).toPrecision(2)))

type Kind = readonly [TermName, number, TermMaker]
const valueKind = (kept: number): Kind => ['value', kept, value]
const ofWords: readonly Kind[] = [valueKind(0.5), ['start', 0.78, start(5)], ['rare words', 0.88, rareWords]]

const termsOfRole: Readonly<Record<Role, readonly Kind[]>> = {
  person: [],
  given: [valueKind(0.75), ['sound', 0.86, givenSound], ['start', 0.88, start(2)]],
  family: [valueKind(0.75), ['sound', 0.86, sound], ['start', 0.86, start(3)], ['end', 0.8, end(3)]],
  email: [valueKind(0.72), ['local part', 0.78, localPart], ['start', 0.86, start(5)]],
  phone: [valueKind(0.7), ['end', 0.76, end(4)]],
  linkedin: [valueKind(0.9)],
  url: [valueKind(0.7), ['start', 0.8, start(7)]],
  company: ofWords,
  address: ofWords,
  place: [valueKind(0.75), ['sound', 0.85, sound], ['start', 0.85, start(3)]],
  code: [valueKind(0.78), ['start', 0.86, start(3)], ['end', 0.86, end(3)]],
  date: [
    valueKind(0.72),
    ['month', 0.83, slice(0, 6)],
    ['year', 0.9, slice(0, 4)],
    ['day', 0.85, slice(4, 8)],
    ['end', 0.84, yearAndDay],
  ],
  number: [valueKind(0.6), ['size', 0.72, size]],
  category: [valueKind(0.88)],
  text: [...ofWords, ['sound', 0.7, sound]],
  prose: [['rare words', 0.8, rareWords]],
  ignored: [],
}

/** All terms of a table's features. */
export function termsOf(features: readonly Feature[], vocabularies: readonly Vocabulary[]): readonly Term[] {
  return features.flatMap(({ role }, feature) =>
    termsOfRole[role].map(([name, kept, maker]) => ({
      feature,
      name,
      kept,
      write: maker(vocabularies[feature] ?? vocabularyOf([])),
    })),
  )
}
