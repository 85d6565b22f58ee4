/**
 * Which keys put records into one block. Chosen on a sample, by simulated duplicates: those keys that together let most
 * duplicates meet, at a number of pairs that grows with the rows and not with their square. Small tables need no keys.
 */
import type { Random } from '../random.ts'
import { type Term, termValuesMax } from './blocking-term.ts'
import type { Feature } from './feature.ts'
import { joinedFingerprint } from './fingerprint.ts'

/** One kind of key: one term, or two of different features together. */
export interface BlockingKey {
  readonly terms: readonly Term[]
  /** First and family names are joined in either order, so that swapped ones meet. */
  readonly unordered: boolean
  /** For people: `name.last sound + name.first start`. */
  readonly label: string
}

export type BlockingPlan =
  /** The table is small enough to compare each record with each other one. */
  { readonly is: 'all-pairs' } | { readonly is: 'keys'; readonly keys: readonly BlockingKey[] }

/**
 * Up to so many pairs, which 346 rows have, every pair is compared. Of 1,600 generated leads keys let 324 of 325 duplicates meet in
 * 4,655 pairs; to compare all 1,279,200 found the last one too and took ten times as long (15.7 s of processor time).
 */
const allPairsMax = 60_000
/** Pairs that keys may give whatever the size of the table. */
const pairsFree = 2_500_000
/** Pairs that may be compared for each row of a large table. */
const pairsPerRow = 4
/** Fingerprints a key can have of one record. */
export function valuesOf(key: BlockingKey): number {
  return key.terms.some(isMultiple) ? keyValuesMax : 1
}

/** A record has at most so many fingerprints of one key. */
export const keyValuesMax = termValuesMax

/** Keys a table of so many rows can afford: each costs memory and time for every row. */
function keysMax(rows: number): number {
  return rows <= 60_000 ? 24 : rows <= 250_000 ? 12 : 7
}

export interface Planning {
  readonly features: readonly Feature[]
  readonly terms: readonly Term[]
  readonly sample: readonly (readonly string[])[]
  readonly rows: number
  readonly random: Random
}

const sampleMax = 6_000
const simulatedPairs = 600

/** Plans the keys of a table. */
export function planBlocking(planning: Planning): BlockingPlan {
  const { rows } = planning
  if ((rows * (rows - 1)) / 2 <= allPairsMax) return { is: 'all-pairs' }
  return { is: 'keys', keys: planKeys(planning) }
}

/** The keys of a table, however small it is: for comparing many other records with its own. */
export function planKeys(planning: Planning): readonly BlockingKey[] {
  const { rows } = planning
  const sample = planning.sample.slice(0, sampleMax)
  const written = planning.terms.map((term) => writtenOf(term, sample))
  const budget = Math.max(pairsFree, rows * pairsPerRow)
  const priced = candidateKeys(planning).flatMap((key) => {
    const pairs = pairsOf(key, planning.terms, written, sample.length) * (rows / Math.max(1, sample.length)) ** 2
    return pairs <= budget / 3 ? [{ key, pairs }] : []
  })
  return cheapestCover(priced, simulate(planning, sample), budget, keysMax(rows), rows)
}

/** Fingerprints of a term for each sampled row, {@link termValuesMax} a row, 0 for none. */
function writtenOf(term: Term, sample: readonly (readonly string[])[]): Uint32Array {
  const all = new Uint32Array(sample.length * termValuesMax)
  for (const [row, readings] of sample.entries()) {
    const reading = readings[term.feature] ?? ''
    if (reading !== '') term.write(reading, all.subarray(row * termValuesMax, (row + 1) * termValuesMax))
  }
  return all
}

/** A term of several values cannot be joined with another such: that would give nine. */
const isMultiple = (term: Term) => term.name === 'rare words'

function candidateKeys({ features, terms }: Planning): readonly BlockingKey[] {
  const keys: BlockingKey[] = terms.map((term) => keyOf(features, [term]))
  for (const [at, one] of terms.entries())
    for (const other of terms.slice(at + 1)) {
      if (one.feature === other.feature || (isMultiple(one) && isMultiple(other))) continue
      keys.push(keyOf(features, [one, other]))
    }
  return keys
}

function keyOf(features: readonly Feature[], terms: readonly Term[]): BlockingKey {
  const roles = terms.map((term) => features[term.feature]?.role)
  const [first, second] = terms
  const unordered =
    first !== undefined &&
    second !== undefined &&
    first.name === second.name &&
    roles.includes('given') &&
    roles.includes('family')
  return { terms, unordered, label: terms.map((term) => `${features[term.feature]?.name} ${term.name}`).join(' + ') }
}

export type VisitKeyPrint = (key: number, value: number, print: number) => void

/**
 * Prepares writing the keys of records: the visitor gets each fingerprint of each key, numbered from 0 within its key.
 * Terms that several keys share are read once; `prints` are the fingerprints of the readings.
 */
export function keyWriter(
  keys: readonly BlockingKey[],
): (readings: readonly string[], prints: ArrayLike<number>, visit: VisitKeyPrint) => void {
  const terms = [...new Set(keys.flatMap((key) => key.terms))]
  const written = terms.map((term) => ({ term, prints: new Uint32Array(termValuesMax), count: 0 }))
  const writtenOf = (term: Term | undefined) => written.find((each) => each.term === term)
  const joins = keys.map((key) => ({ key, first: writtenOf(key.terms[0]), second: writtenOf(key.terms[1]) }))
  return (readings, prints, visit) => {
    for (const each of written) {
      const reading = readings[each.term.feature] ?? ''
      if (reading === '') each.count = 0
      else if (each.term.name === 'value') {
        each.prints[0] = prints[each.term.feature] ?? 0
        each.count = 1
      } else each.count = each.term.write(reading, each.prints)
    }
    for (let at = 0; at < joins.length; at += 1) {
      const join = joins[at]
      if (join?.first === undefined) continue
      let value = 0
      for (let one = 0; one < join.first.count; one += 1) {
        const print = join.first.prints[one] ?? 0
        if (join.second === undefined) visit(at, value++, print)
        else
          for (let other = 0; other < join.second.count && value < keyValuesMax; other += 1)
            visit(at, value++, joined(join.key, print, join.second.prints[other] ?? 0))
      }
    }
  }
}

function joined(key: BlockingKey, one: number, other: number): number {
  return key.unordered && one > other ? joinedFingerprint(other, one) : joinedFingerprint(one, other)
}

/** Pairs of sampled rows that share the key. */
function pairsOf(key: BlockingKey, terms: readonly Term[], written: readonly Uint32Array[], rows: number): number {
  const [first, second] = key.terms.map((term) => written[terms.indexOf(term)])
  if (first === undefined) return 0
  const prints = new Uint32Array(rows * keyValuesMax)
  let count = 0
  for (let row = 0; row < rows; row += 1)
    for (let one = row * termValuesMax; one < (row + 1) * termValuesMax; one += 1) {
      const print = first[one] ?? 0
      if (print === 0) break
      if (second === undefined) prints[count++] = print
      else
        for (let other = row * termValuesMax; other < (row + 1) * termValuesMax; other += 1) {
          const facing = second[other] ?? 0
          if (facing === 0) break
          prints[count++] = joined(key, print, facing)
        }
    }
  const sorted = prints.subarray(0, count).sort()
  let pairs = 0
  let run = 1
  for (let at = 1; at < sorted.length; at += 1) {
    run = sorted[at] === sorted[at - 1] ? run + 1 : 1
    pairs += run - 1
  }
  return pairs
}

/** For each simulated pair of duplicates, whether it shares each term. */
type Simulated = readonly ReadonlySet<Term>[]

function simulate({ features, terms, random }: Planning, sample: readonly (readonly string[])[]): Simulated {
  const fill = features.map(
    (_, at) =>
      sample.reduce((count, readings) => count + (readings[at] === '' ? 0 : 1), 0) / Math.max(1, sample.length),
  )
  return Array.from({ length: simulatedPairs }, () => {
    const readings = sample[Math.floor(random.next() * sample.length)] ?? []
    const luck = features.map((_, at) => (random.next() < (fill[at] ?? 0) ? random.next() : 1))
    return new Set(
      terms.filter((term) => (readings[term.feature] ?? '') !== '' && (luck[term.feature] ?? 1) < term.kept),
    )
  })
}

interface Priced {
  readonly key: BlockingKey
  /** Pairs that the key would bring in the whole table. */
  readonly pairs: number
}

/** A pair should meet more than once, as real duplicates are worse than simulated ones; each time more counts less. */
const worth = [1, 0.5, 0.25, 0.12, 0.06, 0.03]
const gainMin = 0.5

/** Adds the key with the most new meetings for its price until the budget or the number of keys is used up. */
function cheapestCover(
  priced: readonly Priced[],
  simulated: Simulated,
  budget: number,
  keysMost: number,
  rows: number,
): readonly BlockingKey[] {
  const meetings = simulated.map(() => 0)
  const met = new Map(
    priced.map(({ key }) => [
      key,
      simulated.flatMap((shared, at) => (key.terms.every((term) => shared.has(term)) ? [at] : [])),
    ]),
  )
  const chosen: BlockingKey[] = []
  let left = budget
  const open = new Set(priced)
  while (chosen.length < keysMost) {
    let best: Priced | undefined
    let bestRate = 0
    for (const candidate of open) {
      if (candidate.pairs > left) continue
      const gain = (met.get(candidate.key) ?? []).reduce((sum, at) => sum + (worth[meetings[at] ?? 0] ?? 0), 0)
      if (gain < gainMin) continue
      const rate = gain / (candidate.pairs + rows)
      if (rate > bestRate) {
        best = candidate
        bestRate = rate
      }
    }
    if (best === undefined) break
    open.delete(best)
    left -= best.pairs
    chosen.push(best.key)
    for (const at of met.get(best.key) ?? []) meetings[at] = (meetings[at] ?? 0) + 1
  }
  return chosen
}
