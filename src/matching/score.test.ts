import { describe, expect, it } from 'vitest'
import type { MatchModel } from './model.ts'
import type { Role } from './role.ts'
import {
  compareRecords,
  crossedFrom,
  decideLevels,
  evidenceOf,
  namePairOf,
  undecided,
  unfilled,
  weigh,
} from './score.ts'
import { modelOf, recordOf } from './testing-model.ts'

const levelsOf = (roles: readonly Role[], one: readonly string[], other: readonly string[]) => {
  const there = compareRecords(modelOf(roles), recordOf(one), recordOf(other))
  expect([...compareRecords(modelOf(roles), recordOf(other), recordOf(one))]).toEqual([...there])
  return [...there]
}

describe('the levels of two records', () => {
  it('are those of each feature that both fill', () => {
    expect(levelsOf(['family', 'place', 'category'], ['weber', '', 'gold'], ['weber', 'berlin', ''])).toEqual([
      0,
      unfilled,
      unfilled,
    ])
    expect(levelsOf(['family', 'category'], ['weber', 'gold'], ['wever', 'silver'])).toEqual([1, 1])
  })

  it('use the words of their own feature, and none where the model has none', () => {
    const bare = modelOf(['company'], { vocabularies: [] })
    expect([...compareRecords(bare, recordOf(['alpha bravo']), recordOf(['alpha xylo']))]).toEqual([3])
  })

  it('are left as they are where a first look has decided them', () => {
    const model = modelOf(['family', 'category'])
    const levels = new Uint8Array([2, undecided])
    expect(decideLevels(model, recordOf(['weber', 'gold']), recordOf(['weber', 'gold']), levels)).toBe(levels)
    expect([...levels]).toEqual([2, 0])
  })
})

describe('first and family name', () => {
  const names = (one: readonly string[], other: readonly string[]) => levelsOf(['given', 'family'], one, other)

  it('are taken crosswise where they are far nearer so', () => {
    expect(names(['anna', 'weber'], ['weber', 'anna'])).toEqual([crossedFrom, crossedFrom])
    expect(names(['anna', 'weber'], ['wever', 'anna'])).toEqual([crossedFrom, crossedFrom + 1])
    // One name is missing: the other one alone may be in the wrong place.
    expect(names(['weber', ''], ['anna', 'weber'])).toEqual([crossedFrom, unfilled])
  })

  it('are taken as they stand otherwise', () => {
    // Each has but one name, and not the same one: there is nothing that stands straight, and crosswise is too little.
    expect(names(['', 'anna'], ['anna', ''])).toEqual([unfilled, unfilled])
    expect(names(['anna', 'weber'], ['anna', 'weber'])).toEqual([0, 0])
    expect(names(['anna', 'weber'], ['otto', 'krause'])).toEqual([3, 3])
    // Alike crosswise is not enough: one name must be nearly equal there.
    expect(names(['lee', 'hoyer'], ['boyes', 'lea'])).toEqual([3, 3])
    // Crosswise one is equal and one different: nearer by two levels, and more would be needed.
    expect(names(['hoyer', 'weber'], ['boyes', 'hoyer'])).toEqual([2, 3])
    expect(names(['anna', 'weber'], ['weber', 'krause'])).toEqual([crossedFrom, crossedFrom + 3])
    expect(names(['martin', 'marten'], ['marten', 'martin'])).toEqual([1, 1])
  })

  it('are not taken crosswise where a first look found them different enough to be two', () => {
    const model = modelOf(['given', 'family'])
    const decided = decideLevels(
      model,
      recordOf(['anna', 'weber']),
      recordOf(['weber', 'anna']),
      new Uint8Array([3, 3]),
    )
    expect([...decided]).toEqual([3, 3])
    for (const open of [
      [undecided, 3],
      [3, undecided],
    ])
      expect([
        ...decideLevels(model, recordOf(['anna', 'weber']), recordOf(['weber', 'anna']), new Uint8Array(open)),
      ]).toEqual([crossedFrom, crossedFrom])
  })

  it('belong together where a table has both, wherever they stand', () => {
    expect(namePairOf(modelOf(['family', 'email', 'given']))).toEqual({ given: 2, family: 0 })
    expect(namePairOf(modelOf(['given', 'email']))).toBeUndefined()
    expect(namePairOf(modelOf(['email', 'family']))).toBeUndefined()
    const model = modelOf(['given', 'family'])
    expect(namePairOf(model)).toBe(namePairOf(model))
    expect(levelsOf(['family', 'email', 'given'], ['anna', 'a@b.example', 'weber'], ['weber', '', 'anna'])).toEqual([
      crossedFrom,
      unfilled,
      crossedFrom,
    ])
  })
})

describe('what the levels are worth', () => {
  /** Of 1024 records two have the value: log2(0.85 × 1024 / 0.5). */
  const categoryEqual = Math.log2((0.85 * 1024) / 0.5)

  it('is the more the rarer an equal value is, by the record in which it is commoner', () => {
    const model = modelOf(['category'])
    const bits = (one: number, other: number) =>
      evidenceOf(model, recordOf(['gold'], [one]), recordOf(['gold'], [other])).bits
    expect(bits(2, 2)).toBeCloseTo(categoryEqual, 9)
    expect(bits(2, 33.5)).toBeCloseTo(Math.log2((0.85 * 1024) / 32), 9)
    expect(bits(33.5, 2)).toBeCloseTo(bits(2, 33.5), 9)
  })

  it('is by the level where values differ, and never more than an equal one would be', () => {
    const model = modelOf(['family'])
    const nearly = (count: number) => evidenceOf(model, recordOf(['weber'], [count]), recordOf(['wever'], [2]))
    expect(nearly(2).bits).toBeCloseTo(Math.log2(0.1 / 0.25), 9)
    const surer = modelOf(['family'], { weights: [[9, 3, 2, -2]] })
    const equal = Math.log2((0.8 * 1024) / 1022.5)
    expect(evidenceOf(surer, recordOf(['weber'], [1024]), recordOf(['wever'], [2])).features).toEqual([
      { feature: 0, level: 1, weight: expect.closeTo(equal, 9), crossed: false },
    ])
  })

  it('is nothing for what is not filled, and never less than five bits against', () => {
    const model = modelOf(['category', 'family'], {
      weights: [
        [2, -9],
        [3, 2, 1, -2],
      ],
    })
    expect(evidenceOf(model, recordOf(['gold', '']), recordOf(['silver', 'weber']))).toEqual({
      features: [{ feature: 0, level: 1, weight: -5, crossed: false }],
      overlapBits: 0,
      bits: -5,
    })
    expect(evidenceOf(model, recordOf(['gold', 'krause']), recordOf(['silver', 'weber'])).bits).toBe(-7)
  })

  it('is a bit less for each name that stands crosswise, and there at most that of its level', () => {
    const model = modelOf(['given', 'family'])
    const { features, bits } = evidenceOf(model, recordOf(['anna', 'weber']), recordOf(['weber', 'anna']))
    const worth = Math.log2(0.8 / 0.25) - 1
    expect(features).toEqual([
      { feature: 0, level: 0, weight: expect.closeTo(worth, 9), crossed: true },
      { feature: 1, level: 0, weight: expect.closeTo(worth, 9), crossed: true },
    ])
    expect(bits).toBeCloseTo(2 * worth, 9)
  })

  it('is nothing for a level that the model has no weight for', () => {
    const model = modelOf(['category'], { weights: [] })
    const record = recordOf(['gold'])
    expect(weigh(model, new Uint8Array([1]), record.countBits, record.countBits).bits).toBe(0)
  })

  describe('together', () => {
    const both = (overlap: Partial<MatchModel['overlaps'][number]>, weights: readonly (readonly number[])[]) => {
      const model = modelOf(['family', 'place'], {
        weights,
        overlaps: [{ one: 0, other: 1, bits: 0, share: 0, ...overlap }],
      })
      // Level 1 of both, so that the weights are those of the model.
      return weigh(
        model,
        new Uint8Array([1, 1]),
        () => 1,
        () => 1,
      )
    }

    it('is less by what two features say twice when both agree: so many bits, but no more than the lesser has', () => {
      expect(
        both({ bits: 2 }, [
          [9, 3],
          [9, 5],
        ]),
      ).toMatchObject({ overlapBits: 2, bits: 6 })
      expect(
        both({ bits: 4 }, [
          [9, 3],
          [9, 5],
        ]),
      ).toMatchObject({ overlapBits: 3, bits: 5 })
      expect(
        both({ bits: 4 }, [
          [9, 5],
          [9, 3],
        ]),
      ).toMatchObject({ overlapBits: 3, bits: 5 })
      expect(
        both({ bits: 1, share: 0.5 }, [
          [9, 4],
          [9, 6],
        ]),
      ).toMatchObject({ overlapBits: 2, bits: 8 })
    })

    it('is more by the share of the lesser doubt where both differ', () => {
      expect(
        both({ bits: 2, share: 0.5 }, [
          [9, -2],
          [9, -4],
        ]),
      ).toMatchObject({ overlapBits: -1, bits: -5 })
      expect(
        both({ bits: 2, share: 0.5 }, [
          [9, -4],
          [9, -2],
        ]),
      ).toMatchObject({ overlapBits: -1, bits: -5 })
    })

    it('is their sum where one agrees and one differs, one says nothing, or one is not filled', () => {
      for (const weights of [
        [3, -2],
        [-2, 3],
        [0, 3],
        [3, 0],
        [0, -2],
        [-2, 0],
      ] as const)
        expect(
          both({ bits: 2, share: 0.5 }, [
            [9, weights[0]],
            [9, weights[1]],
          ]),
        ).toMatchObject({ overlapBits: 0, bits: weights[0] + weights[1] })
      const model = modelOf(['family', 'place'], {
        weights: [
          [9, 3],
          [9, 5],
        ],
        overlaps: [{ one: 0, other: 1, bits: 2, share: 0 }],
      })
      for (const levels of [
        [1, unfilled],
        [unfilled, 1],
      ])
        expect(
          weigh(
            model,
            new Uint8Array(levels),
            () => 1,
            () => 1,
          ).overlapBits,
        ).toBe(0)
    })
  })
})
