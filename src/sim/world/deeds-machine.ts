/** The machine and the network: programs that end or hang, refusals, jumps of the clock, and the death of the process. */
import type { FaultInput } from '../../sandbox/faults/fault.ts'
import { type Deed, oneOf } from './deed.ts'

const locks = ['service-collector', 'service-sender'] as const
const airtableFaults = [
  'drop-reply',
  'drop-request',
  'stall-body',
  'stall-headers',
  'html',
  'truncate',
  'unavailable',
  'server-error',
  'rate-limit',
  'expire-iterators',
  'split-payloads',
  'duplicate-payloads',
  'invalid-hook',
  'latency',
] as const satisfies readonly FaultInput['kind'][]

/** Between two of its own records the process does these: where it dies there, the next one has to find out what was done. */
const crashPoints = [
  ['sqlite', 'journal.db'],
  ['sqlite', 'journal.db'],
  ['sqlite', 'main.db'],
  ['sqlite', 'main.db'],
  ['sqlite', 'sync.db'],
  ['sqlite', 'checkpoints.db'],
  ['sqlite', 'processes.db'],
  ['airtable', 'PATCH records'],
  ['airtable', 'DELETE records'],
  ['airtable', 'POST'],
  ['process', 'launch'],
  ['process', 'launch'],
  ['process', 'end'],
  ['file', ''],
] as const

export const machineDeeds: readonly Deed[] = [
  {
    name: 'process is killed',
    weight: 0.5,
    do({ world, controller }) {
      if (controller === undefined) return undefined
      world.kill()
      return 'at rest'
    },
  },
  {
    name: 'process will die at an effect',
    weight: 2,
    do({ world, controller, random }) {
      if (controller === undefined || world.crashIn !== undefined) return undefined
      world.crashIn = Math.floor(random.next() ** 2 * 60)
      return `after ${world.crashIn} moments`
    },
  },
  {
    name: 'process will die at a certain effect',
    weight: 4,
    do({ world, controller, random }) {
      if (controller === undefined || world.crashAt !== undefined) return undefined
      const point = oneOf(crashPoints, random)
      if (point === undefined) return undefined
      const [kind, part] = point
      world.crashAt = { kind, part, side: random.next() < 0.5 ? 'before' : 'after' }
      return `${world.crashAt.side} ${kind} ${part}`
    },
  },
  {
    name: 'Airtable goes wrong',
    weight: 6,
    do({ world, book, random }) {
      const kind = oneOf(airtableFaults, random) ?? 'drop-reply'
      const times = 1 + Math.floor(random.next() * 3)
      const commit = random.next() < 0.5
      book.hooksLost ||= kind === 'invalid-hook'
      const delayMs = Math.floor(random.next() * 5000)
      world.sandbox.control.addFault({ kind, times, after: Math.floor(random.next() * 4), commit, delayMs })
      return `${kind} ${times} times${commit ? ', carried out' : ''}`
    },
  },
  {
    name: 'disk refuses',
    weight: 2,
    do({ world, random }) {
      const [kind, part] = oneOf(
        [
          ['sqlite', 'journal.db'],
          ['sqlite', 'main.db'],
          ['sqlite', 'checkpoints.db'],
          ['sqlite', 'sync.db'],
          ['sqlite', 'airtable.db'],
          ['sqlite', 'processes.db'],
          ['sqlite', '.db'],
          ['file', ''],
        ] as const,
        random,
      ) ?? ['file', '']
      world.refusing.set(kind, part)
      const forMs = Math.floor(random.next() * 20_000)
      world.clock.after(forMs, () => {
        if (world.refusing.get(kind) === part) world.refusing.delete(kind)
      })
      return `${kind} ${part} for ${forMs} ms`
    },
  },
  {
    name: 'network is down',
    weight: 1.5,
    do({ world, random }) {
      world.refusing.set('airtable', '')
      const forMs = Math.floor(random.next() * 60_000)
      world.clock.after(forMs, () => world.refusing.delete('airtable'))
      return `for ${forMs} ms`
    },
  },
  {
    name: 'program ends',
    weight: 4,
    do({ world, random }) {
      const lock = oneOf(locks, random)
      if (lock === undefined || !world.programs.fake.runs(lock)) return undefined
      const code = oneOf([0, 1, 1, 137], random) ?? 1
      if (code !== 0 && !world.programs.redeclared.has(lock))
        world.programs.failures.set(lock, world.clock.monotonicMs())
      world.programs.fake.finish(lock, code)
      return `${lock} ${code}`
    },
  },
  {
    name: 'program hangs',
    weight: 1,
    do({ world }) {
      if (!world.programs.fake.runs('service-collector')) return undefined
      world.programs.hanging.add('service-collector')
      return 'service-collector'
    },
  },
  {
    name: 'clock is set',
    weight: 0.3,
    do({ world, random }) {
      const jumpMs = Math.floor((random.next() - 0.5) * 120_000)
      world.clock.jumpWallClock(jumpMs)
      // Pauses are kept by the wall clock, which outlives the process.
      world.programs.failures.clear()
      return `${jumpMs} ms`
    },
  },
]
