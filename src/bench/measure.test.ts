import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compared, median, percentile, type Row } from './measure.ts'
import { isMet, reportJson, reportText } from './report.ts'

describe('median and percentile', () => {
  it('gives one of the numbers, with at least the asked share of them at or below it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
        fc.integer({ min: 1, max: 100 }),
        (all, share) => {
          const found = percentile(all, share)
          expect(all).toContain(found)
          const atMost = all.filter((one) => one <= found).length
          expect(atMost).toBeGreaterThanOrEqual((share / 100) * all.length)
        },
      ),
    )
  })

  it('takes the lower of two middle ones, and refuses nothing at all', () => {
    expect(median([4, 1, 3, 2])).toBe(2)
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('a comparison with a floor', () => {
  it('takes the ratio round by round, so that a load that slows both is no difference', () => {
    const rounds = [
      { value: 30, floor: 10 },
      { value: 300, floor: 100 },
      { value: 31, floor: 10 },
    ]
    expect(compared('ms', rounds)).toEqual({
      median: { value: 31, unit: 'ms' },
      floor: { value: 10, unit: 'ms' },
      ratio: 3,
      rounds: 3,
    })
  })
})

describe('the report', () => {
  const row: Row = {
    bench: 'plan',
    what: 'plan of a table',
    ...compared('ms', [{ value: 50, floor: 10 }]),
    aims: [
      { of: 'ratio', below: 3 },
      { of: 'figure', below: 50 },
      { of: 'memory', below: 512 * 1024 ** 2 },
    ],
    peakBytes: 600 * 1024 ** 2,
  }
  const about = { at: 'now', cores: 2, processor: 'some', loadBefore: 0.2, node: 'v20', seed: 7, rounds: 1 }

  it('judges each aim by what it is of', () => {
    expect(row.aims.map((aim) => isMet(aim, row))).toEqual([false, true, false])
    expect(isMet({ of: 'memory', below: 1 }, { ...row, peakBytes: undefined })).toBe(false)
  })

  it('names seed, rounds and aims in both forms, and warns of a machine with other work', () => {
    expect(reportText([row], about)).toMatch(/ratio ≤ 3 MISSED[\s\S]*seed 7, 1 rounds$/)
    expect(reportText([row], { ...about, loadBefore: 5 })).toContain('busy with other work')
    expect(JSON.parse(reportJson([row], about))).toMatchObject({
      seed: 7,
      rows: [{ bench: 'plan', ratio: 5, aims: [{ met: false }, { met: true }, { met: false }] }],
    })
  })
})
