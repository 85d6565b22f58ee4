/**
 * The first look at a pair, by fingerprints and sketches alone: what its levels are as far as they tell, and whether it
 * can have enough evidence at all. Only what is left open is decided by the texts.
 */
import { type Columns, countBitsOf } from './columns.ts'
import { comparisons } from './comparison.ts'
import { againstMax, equalWeight, type MatchModel, type Overlap } from './model.ts'
import { type Levels, namePairOf, undecided, unfilled } from './score.ts'
import { isSketched, sketches } from './sketch.ts'

interface Look {
  readonly prints: Uint32Array
  readonly sketches: Uint32Array
  readonly commonness: Uint8Array
  readonly mayBeAlike: (one: number, other: number) => boolean
  /** Bits of the best level but equality, and of difference. */
  readonly most: number
  readonly least: number
  /** The level of difference; also that of any two different values where a role has no level between. */
  readonly last: number
}

/** Writes the levels into `into`; false where the evidence cannot reach `floor`. Never says no to a pair that reaches it. */
export type FirstLook = (floor: number, one: number, other: number, into: Levels) => boolean

export function firstLookOf(model: MatchModel, columns: Columns): FirstLook {
  const looks = model.features.map(({ role }, feature): Look => {
    const weights = model.weights[feature] ?? []
    const last = comparisons[role].levels.length - 1
    return {
      prints: columns.prints[feature] ?? new Uint32Array(),
      sketches: columns.sketches[feature] ?? new Uint32Array(),
      commonness: columns.commonness[feature] ?? new Uint8Array(),
      mayBeAlike: isSketched(role) ? sketches[role].mayBeAlike : () => last > 1,
      most: Math.max(weights[1] ?? 0, againstMax),
      least: Math.max(weights.at(-1) ?? 0, againstMax),
      last,
    }
  })
  const names = namePairOf(model)
  const saying = new Float64Array(looks.length)
  return (floor, one, other, into) => {
    let most = 0
    for (let feature = 0; feature < looks.length; feature += 1) {
      const look = looks[feature]
      if (look === undefined) continue
      const level = levelByPrints(look, one, other)
      into[feature] = level
      let says = 0
      if (level === 0) says = equalWeight(model, feature, countBitsOf(look.commonness[one] ?? 0))
      else if (level === undecided) says = look.most
      else if (level !== unfilled) says = look.least
      saying[feature] = says
      most += says
    }
    for (const overlap of model.overlaps) most -= saidTwice(overlap, saying)
    if (names === undefined || into[names.given] === 0 || into[names.family] === 0) return most >= floor
    const [given, family] = [looks[names.given], looks[names.family]]
    if (given === undefined || family === undefined || !mayBeCrossed(given, family, one, other)) return most >= floor
    for (const at of [names.given, names.family]) if (into[at] !== unfilled) into[at] = undecided
    return most + crossedMost(model) - Math.min(0, given.least) - Math.min(0, family.least) >= floor
  }
}

function levelByPrints(look: Look, one: number, other: number): number {
  const a = look.prints[one] ?? 0
  const b = look.prints[other] ?? 0
  if (a === 0 || b === 0) return unfilled
  if (a === b) return 0
  return look.mayBeAlike(look.sketches[one] ?? 0, look.sketches[other] ?? 0) ? undecided : look.last
}

/** What an overlap gives back at most, as a negative number: where two features surely differ together. */
function saidTwice({ one, other, share }: Overlap, saying: Float64Array): number {
  const left = saying[one] ?? 0
  const right = saying[other] ?? 0
  return left < 0 && right < 0 ? share * Math.max(left, right) : 0
}

/** The most that two names taken crosswise can say: that only two records have them. */
function crossedMost(model: MatchModel): number {
  return 2 * (Math.log2(Math.max(2, model.rows)) + 1)
}

const letterBits = 0x3ffffff

/** Whether a first name of one may be the family name of the other. Not so where sketches of family names would differ. */
function mayBeCrossed(given: Look, family: Look, one: number, other: number): boolean {
  const near = (left: number, right: number) =>
    given.prints[left] !== 0 &&
    family.prints[right] !== 0 &&
    sketches.family.mayBeAlike((given.sketches[left] ?? 0) & letterBits, family.sketches[right] ?? 0)
  return near(one, other) || near(other, one)
}
