/** Whether a pair can have enough evidence at all, told from fingerprints and sketches, before any text is looked at. */
import { type Columns, countBitsOf } from './columns.ts'
import { againstMax, equalWeight, type MatchModel, type Overlap } from './model.ts'
import { namePairOf } from './score.ts'
import { bitCount, sketches } from './sketch.ts'

interface Look {
  readonly feature: number
  readonly prints: Uint32Array
  readonly sketches: Uint32Array
  readonly commonness: Uint8Array
  readonly mayBeAlike: (one: number, other: number) => boolean
  /** Bits of the best level but equality, and of difference. */
  readonly most: number
  readonly least: number
}

/** Never says no to a pair whose evidence reaches `floor`. */
export function reachOf(model: MatchModel, columns: Columns): (floor: number, one: number, other: number) => boolean {
  const looks = model.features.map(({ role }, feature): Look => {
    const weights = model.weights[feature] ?? []
    return {
      feature,
      prints: columns.prints[feature] ?? new Uint32Array(),
      sketches: columns.sketches[feature] ?? new Uint32Array(),
      commonness: columns.commonness[feature] ?? new Uint8Array(),
      mayBeAlike: sketches[role].mayBeAlike,
      most: Math.max(weights[1] ?? 0, againstMax),
      least: Math.max(weights.at(-1) ?? 0, againstMax),
    }
  })
  const pair = namePairOf(model)
  const given = looks[pair?.given ?? -1]
  const family = looks[pair?.family ?? -1]
  const saying = new Float64Array(looks.length)
  return (floor, one, other) => {
    let most = 0
    for (let feature = 0; feature < looks.length; feature += 1) {
      const look = looks[feature]
      if (look === undefined) continue
      const a = look.prints[one] ?? 0
      const b = look.prints[other] ?? 0
      let says = 0
      if (a !== 0 && b !== 0) {
        if (a === b) says = equalWeight(model, feature, countBitsOf(look.commonness[one] ?? 0))
        else says = look.mayBeAlike(look.sketches[one] ?? 0, look.sketches[other] ?? 0) ? look.most : look.least
      }
      saying[feature] = says
      most += says
    }
    for (const overlap of model.overlaps) most -= saidTwice(overlap, saying)
    if (most >= floor) return true
    if (given === undefined || family === undefined || !mayBeCrossed(given, family, one, other)) return false
    return most + equalMost(model) * 2 - Math.min(0, given.least) - Math.min(0, family.least) >= floor
  }
}

/** What an overlap takes off at least; below 0 what it gives back at most. */
function saidTwice(overlap: Overlap, saying: Float64Array): number {
  const left = saying[overlap.one] ?? 0
  const right = saying[overlap.other] ?? 0
  // A level between may turn out lower, so only sure difference gives back and only sure agreement is taken off.
  return left < 0 && right < 0 ? overlap.share * Math.max(left, right) : 0
}

/** The most that equality of a value can say: that only two records have it. */
function equalMost(model: MatchModel): number {
  return Math.log2(model.rows) + 1
}

/** Whether a first name of one may be the family name of the other. */
function mayBeCrossed(given: Look, family: Look, one: number, other: number): boolean {
  return nearlyEqual(given, family, one, other) || nearlyEqual(given, family, other, one)
}

const letterBits = 0x3ffffff
/** An edit changes two letters at most; a crosswise name counts when it is nearly equal, and a nickname is not one. */
const lettersApart = 3

function nearlyEqual(given: Look, family: Look, one: number, other: number): boolean {
  if (given.prints[one] === 0 || family.prints[other] === 0) return false
  return bitCount(((given.sketches[one] ?? 0) ^ (family.sketches[other] ?? 0)) & letterBits) <= lettersApart
}
