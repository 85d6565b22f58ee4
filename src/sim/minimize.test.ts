import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fewest, minimize } from './minimize.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at)

/** Whether all of these are there, with each set that was asked for. */
function needing(wanted: readonly number[], most = Number.POSITIVE_INFINITY) {
  const asked: string[] = []
  const holds = async (kept: readonly number[]) => {
    if (asked.length === most) return undefined
    asked.push(kept.join())
    return wanted.every((one) => kept.includes(one))
  }
  return { asked, holds }
}

it('finds the few that matter among many, in a number of tries that grows with the few', async () => {
  const { asked, holds } = needing([3, 170, 299])
  expect(await minimize(numbers(300), holds)).toEqual([3, 170, 299])
  expect(asked.length).toBeLessThan(60)
})

it('finds that none is needed in one try', async () => {
  const { asked, holds } = needing([])
  expect(await minimize(numbers(300), holds)).toEqual([])
  expect(asked).toEqual([''])
})

it('leaves nothing that can be left out, and tries no set twice, whatever holds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 24 }), fc.func(fc.boolean()), async (count, chance) => {
      const asked: string[] = []
      const all = numbers(count)
      const says = (kept: readonly number[]) => kept.length === count || chance(kept)
      const kept = await minimize(all, async (some) => {
        asked.push(some.join())
        return says(some)
      })
      expect(new Set(asked).size).toBe(asked.length)
      expect(says(kept)).toBe(true)
      for (const one of kept) expect(says(kept.filter((other) => other !== one))).toBe(false)
    }),
  )
})

it('gives the fewest so far when no more may be tried', async () => {
  const { asked, holds } = needing([299], 2)
  expect(await minimize(numbers(300), holds)).toEqual(numbers(300).slice(150))
  expect(asked).toHaveLength(2)
})

it('finds the fewest by halves, none first, to the grain that is asked for', async () => {
  const asked: number[] = []
  const from = (least: number) => async (some: number) => {
    asked.push(some)
    return some >= least
  }
  expect(await fewest(1000, 1, from(37))).toBe(37)
  expect(asked.length).toBeLessThan(13)
  expect(await fewest(1000, 1, from(0))).toBe(0)
  expect(await fewest(1000, 100, from(37))).toBeLessThan(137)
})

it('stays with what was tried last where no more may be tried', async () => {
  let left = 3
  const answer = await fewest(1000, 1, async (some) => {
    left -= 1
    return left < 0 ? undefined : some >= 400
  })
  expect(answer).toBe(500)
})
