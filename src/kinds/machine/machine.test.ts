/** What is told of a machine before something gets short, from figures as a look gives them. */
import { describe, expect, it } from 'vitest'
import { desiredStateSchema } from '../../desired/schema.ts'
import type { Memory } from '../../engine/memory.ts'
import type { JsonValue } from '../../json.ts'
import { createVirtualClock } from '../../sim/virtual-clock.ts'
import type { MachineFacts } from '../../targets/process/machine.ts'
import { machineKind } from './index.ts'

const hour = 3_600_000
const well: MachineFacts = {
  disk: { totalBytes: 100e9, freeBytes: 50e9 },
  memory: { totalBytes: 8e9, availableBytes: 4e9 },
  load: { perCore: 0.5, cores: 2 },
  loopLagMs: { p99: 3, max: 20 },
  walBytes: { '/leads.db': 4e6 },
}

function memoryOf(): Memory {
  const kept = new Map<string, JsonValue>()
  return {
    get: (owner, name) => kept.get(`${owner} ${name}`),
    set: (owner, name, value) => {
      kept.set(`${owner} ${name}`, value)
    },
  }
}

function machineOn(clock = createVirtualClock(Date.UTC(2026, 0, 5)), memory = memoryOf()) {
  let facts = well
  const kind = machineKind({ machine: { look: async () => facts }, memory, clock, workspace: '/w' })
  const [resource] = kind.list(desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'x' }))
  if (resource === undefined) throw new Error('there is a machine')
  return {
    clock,
    async look(changed: Partial<MachineFacts> = {}) {
      facts = { ...well, ...changed }
      const context = { signal: new AbortController().signal, progress: () => undefined }
      const observation = await kind.observe(resource, { is: 'full' }, context)
      const drift = kind.diff(resource, observation)
      const health = kind.health?.(resource, observation, []) ?? []
      const status = (name: string) => health.find((one) => one.name === name)
      const figures = kind.figures?.(resource, observation, clock.nowMs()) ?? []
      return { observation, drift, health, status, figures }
    },
  }
}

describe('a machine', () => {
  it('that is well has five checks, all of them ok, and no drift', async () => {
    const { drift, health } = await machineOn().look()
    expect(drift).toEqual([])
    expect(health.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'disk ok',
      'memory ok',
      'load ok',
      'event loop ok',
      'wal ok',
    ])
  })

  it.each([
    ['disk', { disk: { totalBytes: 100e9, freeBytes: 4e9 } }, 'failed', '4.0 GB of 100 GB free'],
    ['disk', { disk: { totalBytes: 2e9, freeBytes: 0.4e9 } }, 'failed', '0.4 GB of 2.0 GB free'],
    ['memory', { memory: { totalBytes: 8e9, availableBytes: 0.3e9 } }, 'warning', '0.3 GB of 8.0 GB'],
    ['memory', { memory: undefined }, 'unknown', 'cannot be read'],
    ['load', { load: { perCore: 9, cores: 2 } }, 'warning', '9.00 for each of 2 cores'],
    ['load', { load: undefined }, 'unknown', 'cannot be read'],
    ['event loop', { loopLagMs: { p99: 1200, max: 5000 } }, 'warning', 'up to 5000 ms late'],
    ['wal', { walBytes: { '/a.db': 1e6, '/b.db': 300e6 } }, 'warning', 'the largest is 300 MB, of /b.db'],
  ] as const)('whose %s is %j is %s', async (name, facts, status, words) => {
    const look = await machineOn().look(facts)
    expect(look.status(name)).toMatchObject({ status, message: expect.stringContaining(words) })
    expect(look.health.filter((one) => one.status !== 'ok')).toHaveLength(1)
  })

  it('whose disk fills is told of a week before, by hourly samples that outlive Trueup', async () => {
    const memory = memoryOf()
    const clock = createVirtualClock(Date.UTC(2026, 0, 5))
    let free = 40e9
    let found = await machineOn(clock, memory).look({ disk: { totalBytes: 100e9, freeBytes: free } })
    // 100 MB an hour, and another life of Trueup at each look.
    for (let turn = 0; found.drift.length === 0 && turn < 400; turn += 1) {
      await clock.advance(hour)
      free -= 100e6
      found = await machineOn(clock, memory).look({ disk: { totalBytes: 100e9, freeBytes: free } })
    }
    const hoursLeft = free / 100e6
    expect(hoursLeft / 24).toBeGreaterThan(6.9)
    expect(hoursLeft / 24).toBeLessThan(7)
    expect(found.drift).toMatchObject([
      {
        path: 'disk',
        severity: 'medium',
        message: 'The disk is full in 7 days if it goes on filling as in the last days.',
      },
    ])
    expect(found.status('disk')).toMatchObject({ status: 'warning' })
    const figures = found.figures.map(({ name, value }) => [name, value] as const)
    expect(new Map<string, number>(figures).get('machine_disk_full_timestamp_seconds')).toBeCloseTo(
      clock.nowMs() / 1000 + hoursLeft * 3600,
      0,
    )
  })

  it('forgets samples from a future that a wrong clock made', async () => {
    const clock = createVirtualClock(Date.UTC(2026, 0, 5))
    const machine = machineOn(clock)
    for (let turn = 0; turn < 10; turn += 1) {
      await clock.advance(hour)
      await machine.look({ disk: { totalBytes: 100e9, freeBytes: (50 - turn) * 1e9 } })
    }
    clock.jumpWallClock(-365 * 24 * hour)
    const { drift } = await machine.look({ disk: { totalBytes: 100e9, freeBytes: 41e9 } })
    expect(drift).toEqual([])
  })
})
