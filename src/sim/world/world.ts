/**
 * The simulated machine: its files, programs and clock, Airtable, and everybody who has to do with them. It outlives the
 * controllers that run on it, which die and are started anew.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openLog } from '../../log.ts'
import { seededRandom } from '../../random.ts'
import type { BaseSeed } from '../../sandbox/metadata/base-seed.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { type Effect, type Life, SimulatedCrash, type Simulation, setSimulation } from '../edges/current.ts'
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts'
import { leadsAtFirst } from './book.ts'
import { baseId, type Declaration, declarationOf, maxRuntimeMs, remoteTable, startHour, textOf } from './declared.ts'
import { createPrograms, type Programs } from './programs.ts'
import { createRemote } from './remote.ts'
import { createTrace, type Trace } from './trace.ts'

/** What was promised and is not so. */
export interface Violation {
  readonly invariant: string
  readonly message: string
}

/** What is told of all that happens. */
export interface Witness {
  before?(effect: Effect): void
  after?(effect: Effect): void
}

export interface Trap {
  readonly type: string
  readonly kinds: readonly string[]
  /** Only at an action of these verbs; undefined: of all. */
  readonly verbs?: readonly string[]
  /** Does it and says what was done. */
  spring(action: { readonly affected: { readonly sample: readonly string[] } }): string | undefined
}

export interface CrashPoint {
  readonly kind: Effect['kind']
  readonly part: string
  readonly side: 'before' | 'after'
}

export interface World {
  readonly seed: number
  readonly folder: string
  readonly clock: VirtualClock
  readonly sandbox: Sandbox
  readonly programs: Programs
  readonly simulation: Simulation
  readonly trace: Trace
  /** Another program's own connection. */
  readonly agent: Database.Database
  readonly cache: Database.Database
  readonly violations: Violation[]
  readonly witnesses: Witness[]
  /** Told of each request at the moment at which it reaches Airtable. */
  readonly arrived: ((line: string, atMs: number) => void)[]
  /** Told right before and right after Airtable carries out a request. */
  readonly exchanges: { before(method: string): void; after(method: string): void }[]
  /** What somebody does at the very moment at which an action of these kinds comes so far; each once. */
  readonly traps: Trap[]
  /** What the owner wrote last. */
  declaration: Declaration
  /** Events so far: timers, effects, deeds. */
  steps: number
  /** After so many more moments right before or after an effect the process dies; undefined never. */
  crashIn: number | undefined
  /** The process dies right before or after such an effect; undefined never. */
  crashAt: CrashPoint | undefined
  /** Kinds of effects that are refused, by what their target holds. */
  readonly refusing: Map<Effect['kind'], string>
  /** Whether the file of the permits for calls to Airtable was ever refused. */
  sharesNoPermits: boolean
  /** Refusals so far. */
  refused: number
  /** Whether a change of a file is not told, as on a disk in the network that gives the stamps of a while ago. */
  hidesChanges: boolean
  step(line: string): void
  /** Whoever watches this file is told that it has changed. */
  noticed(name: string): void
  /** Judges a line of the product's log. */
  broke(line: string): void
  violate(invariant: string, message: string): void
  /** Ends the process as kill -9 does. */
  kill(): void
  close(): Promise<void>
}

/** Runs of the job take up to so long: some are longer than the declaration allows. */
const runMs = 1.3 * maxRuntimeMs
const startMs = Date.UTC(2026, 0, 5, startHour, 40)

export function createWorld(seed: number, show?: (line: string) => void): World {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'trueup-sim-'))
  for (const name of ['data', 'run', 'tmp']) mkdirSync(join(folder, name), { mode: 0o700 })
  const clock = createVirtualClock(startMs)
  const trace = createTrace(show)
  const sandbox = createSandbox({
    path: ':memory:',
    clock,
    random: seededRandom(seed ^ 0x51ed),
    log: openLog('silent'),
  })
  const base: BaseSeed = { baseId, name: 'Simulated', tables: [remoteSeed] }
  sandbox.control.ensureBase(base)
  const programs = createPrograms(clock, folder)
  const hours = seededRandom(seed ^ 0x3c)
  programs.fake.script = (order) => {
    if (!order.lockName.startsWith('job-')) return undefined
    const isEndless = programs.isNextRunEndless
    programs.isNextRunEndless = false
    return isEndless ? undefined : { afterMs: Math.floor(hours.next() * runMs), code: hours.next() < 0.2 ? 1 : 0 }
  }
  const watchers = new Map<string, Set<() => void>>()
  const told: Sandbox = {
    ...sandbox,
    exchange(request) {
      for (const one of world.exchanges) one.before(request.method)
      const reply = sandbox.exchange(request)
      for (const one of world.exchanges) one.after(request.method)
      return reply
    },
  }
  const remote = createRemote(told, clock, seededRandom(seed ^ 0x77), (line, atMs) => {
    world.step(`arrives ${line}`)
    for (const listener of world.arrived) listener(line, atMs)
  })
  const simulation: Simulation = {
    folder,
    random: seededRandom(seed ^ 0x2b),
    life: undefined,
    host: programs.host,
    transport: remote,
    before(effect) {
      for (const witness of world.witnesses) witness.before?.(effect)
      crashHere(world, effect, 'before')
      const part = world.refusing.get(effect.kind)
      if (part === undefined || !effect.target.includes(part)) return undefined
      world.refused += 1
      world.sharesNoPermits ||= effect.target.startsWith('airtable-')
      world.step(`refused ${effect.kind} ${effect.target}`)
      return 'refused'
    },
    after(effect) {
      world.step(`${effect.kind} ${effect.target}`)
      for (const witness of world.witnesses) witness.after?.(effect)
      if (effect.kind === 'sqlite') world.noticed(effect.target)
      crashHere(world, effect, 'after')
    },
    watch(path, notify) {
      const name = path.slice(path.lastIndexOf('/') + 1)
      const listeners = watchers.get(name) ?? new Set()
      listeners.add(notify)
      watchers.set(name, listeners)
      return { close: () => listeners.delete(notify) }
    },
  }
  const declaration = declarationOf(seededRandom(seed ^ 0x1f))
  writeFileSync(join(folder, 'desired-state.yaml'), textOf(declaration))
  const agent = openAgent(join(folder, 'data/main.db'), seed)
  const cache = openAgent(join(folder, 'data/cache.db'), seed)
  const world: World = {
    seed,
    folder,
    clock,
    sandbox,
    programs,
    simulation,
    trace,
    agent,
    cache,
    violations: [],
    witnesses: [],
    arrived: [],
    exchanges: [],
    traps: [],
    declaration,
    steps: 0,
    crashIn: undefined,
    crashAt: undefined,
    refusing: new Map(),
    refused: 0,
    hidesChanges: false,
    sharesNoPermits: false,
    step(line) {
      world.steps += 1
      trace.note(`${clock.monotonicMs()} ${line}`)
    },
    noticed(name) {
      if (world.hidesChanges) return
      for (const notify of watchers.get(name) ?? []) notify()
    },
    broke(line) {
      // While the disk refuses the record, nothing can be written of what failed.
      if (line.includes('a reconcile broke') && !/JOURNAL_UNWRITABLE|died here|disk is full/.test(line))
        world.violate('every failure of a reconcile is an outcome', line.trim())
    },
    violate(invariant, message) {
      world.violations.push({ invariant, message })
      trace.note(`VIOLATED ${invariant}: ${message}`)
    },
    kill() {
      const { life } = simulation
      if (life === undefined || life.isDead) return
      life.isDead = true
      world.crashIn = undefined
      world.crashAt = undefined
      world.step(`life ${life.number} dies`)
    },
    async close() {
      if (simulation.life !== undefined) bury(simulation.life)
      setSimulation(undefined)
      agent.close()
      cache.close()
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  setSimulation(simulation)
  return world
}

function crashHere(world: World, { kind, target }: Effect, side: CrashPoint['side']): void {
  const { crashAt } = world
  if (crashAt?.kind === kind && crashAt.side === side && target.includes(crashAt.part)) {
    world.kill()
    throw new SimulatedCrash()
  }
  if (world.crashIn === undefined) return
  world.crashIn -= 1
  if (world.crashIn >= 0) return
  world.kill()
  throw new SimulatedCrash()
}

/** Closes what a dead process had open. */
export function bury(life: Life): void {
  life.isDead = true
  for (const close of [...life.open]) close()
}

const remoteSeed: BaseSeed['tables'][number] = {
  name: remoteTable,
  fields: [
    { name: 'Full Name', type: 'singleLineText' },
    { name: 'Lead ID', type: 'singleLineText' },
    { name: 'Email', type: 'email' },
    { name: 'Company', type: 'singleLineText' },
    { name: 'Score', type: 'number', options: { precision: 0 } },
  ],
}

/** A program of before: its table lacks a column and holds values that are not as declared. */
function openAgent(path: string, seed: number): Database.Database {
  const db = new Database(path, { timeout: 0 })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = OFF')
  db.exec(
    'CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, email TEXT UNIQUE, company TEXT, score INTEGER)',
  )
  const random = seededRandom(seed ^ 0x99)
  const insert = db.prepare('INSERT INTO leads VALUES (?, ?, ?, ?, ?)')
  for (let at = 0; at < leadsAtFirst; at += 1)
    insert.run(`k${at}`, `Person ${at}`, `P${at}@Example.com`, `Company ${Math.floor(random.next() * 5)}`, at)
  return db
}
