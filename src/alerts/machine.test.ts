import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AlertState, calmMs, keyOf, type Notice, step } from './machine.ts'
import type { Reading } from './readings.ts'
import { type AlertRule, rulesOf, usualRules } from './rules.ts'

const minuteMs = 60_000
const start = Date.UTC(2026, 0, 5)

function ruleOf(when: string, forMs = 0): AlertRule {
  const [rule] = rulesOf({
    alerts: {
      channels: { ops: { webhook: { env: 'URL' } } },
      rules: [{ when, to: 'ops', ...(forMs > 0 ? { for: forMs } : {}) }],
      reports: [],
    },
  })
  if (rule === undefined) throw new Error(`${when} is a rule`)
  return rule
}

/** Lives through values, one every step; undefined where nothing is read. */
function live(
  rule: AlertRule,
  values: readonly (number | undefined)[],
  options: { stepMs?: number; silenced?: (at: number) => boolean; seen?: (at: number) => boolean } = {},
) {
  const stepMs = options.stepMs ?? minuteMs
  let states: readonly AlertState[] = []
  const notices: Notice[] = []
  values.forEach((value, at) => {
    const nowMs = start + at * stepMs
    const readings: readonly Reading[] = value === undefined ? [] : [{ metric: rule.metric, instance: '', value }]
    const next = step({
      states,
      rules: [rule],
      readingsOf: () => readings,
      isSilenced: () => options.silenced?.(at) ?? false,
      isSeen: options.seen?.(at) ?? true,
      nowMs,
    })
    states = next.states
    notices.push(...next.notices)
  })
  return { states, notices, told: notices.map(({ is, atMs }) => `${is} ${(atMs - start) / stepMs}`) }
}

const times = (count: number, value: number) => Array.from({ length: count }, () => value)

describe('an alert', () => {
  it('is told when its rule has held for as long as it says, and once', () => {
    expect(live(ruleOf('errorPercent > 5', 10 * minuteMs), [4, ...times(30, 9)]).told).toEqual(['firing 11'])
    expect(live(ruleOf('errorPercent > 5', 10 * minuteMs), [...times(9, 9), 1, ...times(9, 9)]).told).toEqual([])
  })

  it('is told as over once it has been calm for a while, and what was never told is not', () => {
    const calmSteps = calmMs / minuteMs
    expect(live(ruleOf('drift.critical > 0'), [1, 1, ...times(20, 0)]).told).toEqual([
      'firing 0',
      `resolved ${2 + calmSteps}`,
    ])
    expect(live(ruleOf('servicesDown > 0', 5 * minuteMs), [1, 1, ...times(20, 0)]).told).toEqual([])
  })

  it('of a thousand equal differences is one, and so is the end of it', () => {
    const { notices } = live(ruleOf('drift.high > 0'), [
      ...Array.from({ length: 1000 }, (_, at) => at + 1),
      ...times(20, 0),
    ])
    expect(notices.map(({ is }) => is)).toEqual(['firing', 'resolved'])
  })

  it('of a service that flaps all day is told once, and its end once', () => {
    const day = Array.from({ length: 24 * 60 }, (_, at) => (at % 8 < 4 ? 1 : 0))
    expect(live(ruleOf('servicesDown > 0'), [...day, ...times(90, 0)]).notices.map(({ is }) => is)).toEqual([
      'firing',
      'resolved',
    ])
  })

  it('is told before all was looked at, and not taken as over before', () => {
    const seen = (at: number) => at >= 30
    const calmSteps = calmMs / minuteMs
    expect(live(ruleOf('drift.critical > 0'), [1, ...times(60, 0)], { seen }).told).toEqual([
      'firing 0',
      `resolved ${30 + calmSteps}`,
    ])
  })

  it('of a silenced rule is told when the silence ends, if it still fires', () => {
    const silenced = (at: number) => at < 10
    expect(live(ruleOf('drift.critical > 0'), times(20, 1), { silenced }).told).toEqual(['firing 10'])
    expect(live(ruleOf('drift.critical > 0'), [...times(5, 1), ...times(20, 0)], { silenced }).told).toEqual([])
  })

  it('of what is not read any more is over', () => {
    const values = [1, 1, ...Array.from({ length: 20 }, () => undefined)]
    expect(live(ruleOf('backupAge > 0s'), values).notices.map(({ is }) => is)).toEqual(['firing', 'resolved'])
  })

  it('keeps one id for each thing that is told', () => {
    const { notices } = live(ruleOf('drift.critical > 0'), [1, ...times(20, 0), 1, ...times(20, 0)])
    expect(notices).toHaveLength(4)
    expect(new Set(notices.map(({ id }) => id)).size).toBe(4)
  })

  it('is told alternately, whatever the values do, and never two days long of nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }), { maxLength: 200 }),
        fc.integer({ min: 0, max: 5 }),
        (values, forMinutes) => {
          const { notices, states } = live(ruleOf('drift.critical > 0', forMinutes * minuteMs), values)
          expect(notices.map(({ is }) => is)).toEqual(notices.map((_, at) => (at % 2 === 0 ? 'firing' : 'resolved')))
          // What was told and not ended is still there.
          const isOpen = notices.length % 2 === 1
          expect(states.some(({ toldAtMs }) => toldAtMs !== null)).toBe(isOpen)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('survives a clock that is set back', () => {
    const rule = ruleOf('drift.critical > 0')
    const read = (value: number) => () => [{ metric: rule.metric, instance: '', value }]
    const common = { rules: [rule], isSilenced: () => false, isSeen: true }
    const first = step({ ...common, states: [], readingsOf: read(1), nowMs: start })
    let states = step({ ...common, states: first.states, readingsOf: read(0), nowMs: start - 86_400_000 }).states
    const last = step({ ...common, states, readingsOf: read(0), nowMs: start - 86_400_000 + calmMs })
    states = last.states
    expect([states, last.notices.map(({ is }) => is)]).toEqual([[], ['resolved']])
  })
})

describe('rules', () => {
  it('are the usual ones for each channel where none is declared', () => {
    const channels = { ops: { webhook: { env: 'A' } }, night: { slack: { env: 'B' } } }
    const rules = rulesOf({ alerts: { channels, rules: [], reports: [] } })
    expect(rules).toHaveLength(usualRules.length * 2)
    expect(rules.map(({ when }) => when)).toEqual(
      expect.arrayContaining(['errorPercent > 5', 'backupAge > 26h', 'longestOperation > 1h']),
    )
    expect(rulesOf({ alerts: undefined })).toEqual([])
  })

  it('are known by channel, comparison and what they are of', () => {
    expect(keyOf({ to: 'ops', when: 'backupAge  >  26h' }, 'nightly')).toBe('ops | backupAge > 26h | nightly')
  })
})
