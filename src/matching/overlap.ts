/**
 * Which features say the same twice: strangers that share one value often share the other too, as colleagues share
 * company, website and industry. Without this, colleagues of one name would be taken for one person.
 */
import type { Random } from '../random.ts'
import type { MatchModel, Overlap } from './model.ts'
import { type ComparedRecord, evidenceOf } from './score.ts'

export interface Sharing {
  readonly model: MatchModel
  /** For each feature, the fingerprint of each row's reading. */
  readonly prints: readonly Uint32Array[]
  readonly recordOf: (row: number) => ComparedRecord
  readonly random: Random
}

/** Pairs of rows that are drawn for each feature. */
const pairsDrawn = 400
/** Fewer pairs of strangers tell nothing. */
const strangersMin = 25
/** Overlaps of less are chance. */
const bitsMin = 0.7
/** A pair is taken for strangers where so large a share of the other features differs. */
const differentShare = 1 / 3
/** So many of the pairs that look like duplicates would look like strangers by their mistakes; a cautious guess. */
const leaking = 0.12

/** The strongest overlaps that form no circle. */
export function overlapsOf(sharing: Sharing): readonly Overlap[] {
  const { model } = sharing
  const found: Overlap[] = []
  const agreements = model.features.map((_, feature) => agreementsAmongSharers(sharing, feature))
  for (let one = 0; one < model.features.length; one += 1)
    for (let other = one + 1; other < model.features.length; other += 1) {
      const lifts = [liftOf(model, agreements[one], other), liftOf(model, agreements[other], one)]
      const bits = Math.min(...lifts.flatMap((lift) => lift ?? []))
      if (!Number.isFinite(bits) || bits < bitsMin) continue
      const lesser = Math.min(model.weights[one]?.[0] ?? 0, model.weights[other]?.[0] ?? 0)
      found.push({ one, other, bits, share: lesser <= 0 ? 0 : Math.min(1, bits / lesser) })
    }
  return spanningTree(model.features.length, found)
}

interface Agreements {
  /** For each other feature, over pairs of strangers that both fill it. */
  readonly pairs: readonly number[]
  readonly agreeing: readonly number[]
}

function agreementsAmongSharers({ model, prints, recordOf, random }: Sharing, feature: number): Agreements {
  const pairs = model.features.map(() => 0)
  const agreeing = model.features.map(() => 0)
  for (const [one, other] of sharersOf(prints[feature] ?? new Uint32Array(), random)) {
    const found = evidenceOf(model, recordOf(one), recordOf(other)).features.filter((each) => each.feature !== feature)
    const isDifferent = (weight: number) => weight <= 0
    const different = found.reduce((count, each) => count + (isDifferent(each.weight) ? 1 : 0), 0)
    for (const each of found) {
      const others = found.length - 1
      const differentOthers = different - (isDifferent(each.weight) ? 1 : 0)
      const strangers = differentOthers >= 2 && differentOthers >= others * differentShare
      const counted = strangers ? 1 : -leaking
      pairs[each.feature] = (pairs[each.feature] ?? 0) + counted
      if (each.level <= 1 && each.weight > 0) agreeing[each.feature] = (agreeing[each.feature] ?? 0) + counted
    }
  }
  return { pairs, agreeing }
}

/** Pairs of rows with one value, drawn over all values. */
function sharersOf(prints: Uint32Array, random: Random): readonly (readonly [number, number])[] {
  const groups = groupsOf(prints)
  const pairs: (readonly [number, number])[] = []
  for (let round = 0; round < pairsDrawn && groups.length > 0; round += 1) {
    // A place among the grouped rows chooses groups in proportion to their size.
    const group = groups[Math.floor(random.next() * groups.length)] ?? []
    const at = Math.floor(random.next() * group.length)
    const one = group[at]
    const other = group[(at + 1 + Math.floor(random.next() * (group.length - 1))) % group.length]
    if (one !== undefined && other !== undefined) pairs.push([one, other])
  }
  return pairs
}

/** Values of so many rows at most are looked at; more would take memory and say the same. */
const groupsMax = 3_000

/** Groups of rows that share a value. */
function groupsOf(prints: Uint32Array): readonly (readonly number[])[] {
  const step = Math.max(1, Math.floor(prints.length / 10_000))
  const wanted = new Map<number, number[]>()
  // Values of some rows, evenly spread; then all rows of those values.
  for (let row = 0; row < prints.length; row += step) {
    const print = prints[row] ?? 0
    if (print !== 0) wanted.set(print, [])
  }
  for (let row = 0; row < prints.length; row += 1) {
    const group = wanted.get(prints[row] ?? 0)
    if (group !== undefined && group.length < 50) group.push(row)
  }
  return [...wanted.values()].filter((group) => group.length > 1).slice(0, groupsMax)
}

/** How much likelier strangers agree in `other` once they share the value of a feature, in bits. */
function liftOf(model: MatchModel, agreements: Agreements | undefined, other: number): number | undefined {
  const pairs = agreements?.pairs[other] ?? 0
  if (pairs < strangersMin) return undefined
  const shares = model.strangerShares[other] ?? []
  const usual = (shares[0] ?? 0) + ((model.weights[other]?.[1] ?? 0) > 0 ? (shares[1] ?? 0) : 0)
  const among = Math.max(0, agreements?.agreeing[other] ?? 0) / pairs
  return usual === 0 || among === 0 ? 0 : Math.log2(Math.min(1, among) / usual)
}

function spanningTree(features: number, overlaps: readonly Overlap[]): readonly Overlap[] {
  const group = Array.from({ length: features }, (_, at) => at)
  const kept: Overlap[] = []
  for (const overlap of [...overlaps].sort((left, right) => right.bits - left.bits)) {
    const one = group[overlap.one]
    const other = group[overlap.other]
    if (one === other || one === undefined) continue
    for (const [at, known] of group.entries()) if (known === other) group[at] = one
    kept.push(overlap)
  }
  return kept
}
