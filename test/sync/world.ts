/**
 * One mirrored table in a folder of its own: a real SQLite file that an agent has open, the sandbox in process, the real
 * engine and kind on a virtual clock. A crash is a new engine on the same files.
 */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import type { Clock } from '../../src/clock.ts'
import { desiredStateSchema } from '../../src/desired/schema.ts'
import { converge, createEngine, type Engine } from '../../src/engine/engine.ts'
import { createEventStore, type EventStore } from '../../src/engine/event-store.ts'
import type { Kind } from '../../src/engine/kind.ts'
import { type Lease, takeLease } from '../../src/engine/lease.ts'
import { type JournalStore, openJournal } from '../../src/journal/store.ts'
import type { JsonValue } from '../../src/json.ts'
import { createSyncDesk, type SyncDesk, syncKind } from '../../src/kinds/sync/index.ts'
import { listSync } from '../../src/kinds/sync/spec.ts'
import { lazySyncStore } from '../../src/kinds/sync/store/open.ts'
import { openLog } from '../../src/log.ts'
import { seededRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { inProcessTransport } from '../../src/sim/airtable-in-process.ts'
import { createVirtualClock, type VirtualClock } from '../../src/sim/virtual-clock.ts'
import type { AirtableTarget, AirtableTargets } from '../../src/targets/airtable/ports.ts'
import { createSecretReader } from '../../src/targets/airtable/secret.ts'
import { openAirtableTargets } from '../../src/targets/airtable/target.ts'
import type { AirtableTransport } from '../../src/targets/airtable/transport.ts'
import { sharedOffload } from '../../src/targets/process/testing-offload.ts'
import { changeLogStatements } from '../../src/targets/sqlite/change-log.ts'
import { openChangeSets } from '../../src/targets/sqlite/change-sets.ts'
import { openDatabases } from '../../src/targets/sqlite/databases.ts'
import type { ChangeSets, Databases } from '../../src/targets/sqlite/ports.ts'
import { removeFolder } from '../support/remove.ts'

const log = openLog('silent')
const startMs = Date.UTC(2026, 0, 5, 12)
export const baseId = 'appSync0000000001'
export const remoteTable = 'Leads'

const turnsMax = 20

export const signal = new AbortController().signal

/** The fields of the mirrored table, as a desired state declares them. */
export interface Declared {
  readonly fields?: Record<string, unknown>
  readonly airtable?: Record<string, unknown>
  readonly policy?: Record<string, unknown>
}

const defaultFields: Record<string, unknown> = {
  full_name: { type: 'text', required: true, airtable: 'Full Name' },
  email: { type: 'email', unique: true, airtable: 'Email', standardize: 'email' },
  company: { type: 'text', airtable: 'Company' },
  score: { type: 'integer', airtable: 'Score' },
  verified: { type: 'boolean', default: false, airtable: 'Verified' },
  status: { type: 'choice', choices: ['open', 'won', 'lost'], airtable: 'Status' },
  updated_at: { type: 'datetime', default: 'now', onUpdate: 'now' },
}

export interface SyncWorld {
  readonly clock: VirtualClock
  readonly sandbox: Sandbox
  /** The agent's own connection to the table. */
  readonly agent: Database.Database
  readonly journal: JournalStore
  engine: Engine
  desk: SyncDesk
  target: AirtableTarget
  /** For a loop over the engine. */
  readonly kinds: readonly Kind[]
  readonly events: EventStore
  /** A new process on the same files, as after kill -9. */
  restart(): Promise<void>
  /** Another declaration comes into force. */
  declare(declared: Declared): void
  /** Reconciles until nothing moves, time passing as it must. */
  run(): Promise<Awaited<ReturnType<typeof converge>>>
  /**
   * At the request after so many more, the process dies, before Airtable sees it or (`committed`) after: nothing of it moves
   * any more, and `run` rejects.
   */
  crashAfter(requests: number, committed: boolean): void
  /** Has somebody do something right before the request after so many more reaches the base, or the first one from when on it is so. */
  intrude(requests: number | (() => boolean), work: () => void): void
  /** Waits for a promise while virtual time passes. */
  pump<Result>(work: Promise<Result>): Promise<Result>
  /** Rows by key. */
  rows(): Record<string, Record<string, unknown>>
  /** Records of Airtable by id, fields by name. */
  records(): Record<string, Record<string, JsonValue>>
  colleague(): ReturnType<Sandbox['control']['colleague']>
  insert(row: Record<string, unknown>): void
  update(key: string, cells: Record<string, unknown>): void
  remove(key: string): void
  /** The requests since the last call of this or of `calls`, as `PATCH tbl…` or `GET payloads`. */
  requests(): readonly string[]
  /** Airtable answered so many requests since the last call of this. */
  calls(): number
  close(): Promise<void>
}

interface Process {
  readonly engine: Engine
  readonly kinds: readonly Kind[]
  readonly events: EventStore
  readonly desk: SyncDesk
  readonly target: AirtableTarget
  readonly lease: Lease
  close(): Promise<void>
}

export interface SyncWorldOptions {
  readonly declared?: Declared
  readonly seed?: number
  /** Of each way of a request, in milliseconds of virtual time; default 40. */
  readonly latencyMs?: number
}

export async function openSyncWorld(options: SyncWorldOptions = {}): Promise<SyncWorld> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'trueup-sync-'))
  const path = join(folder, 'leads.db')
  const clock = createVirtualClock(startMs)
  const sandbox = createSandbox({ path: ':memory:', clock, random: seededRandom(options.seed ?? 7), log })
  sandbox.control.ensureBase({
    baseId,
    name: 'Sales',
    tables: [
      {
        name: remoteTable,
        fields: [
          { name: 'Full Name', type: 'singleLineText' },
          { name: 'Lead ID', type: 'singleLineText' },
          { name: 'Email', type: 'email' },
          { name: 'Company', type: 'singleLineText' },
          { name: 'Score', type: 'number', options: { precision: 0 } },
          { name: 'Verified', type: 'checkbox', options: { icon: 'check', color: 'greenBright' } },
          { name: 'Status', type: 'singleSelect', options: { choices: [{ name: 'Open' }, { name: 'Won' }] } },
          { name: 'Notes', type: 'multilineText' },
        ],
      },
    ],
  })
  const agent = openAgent(path)
  const journal = openJournal(':memory:', clock)
  let declared = options.declared ?? {}
  let generation = 0
  let starts = 0
  let fuse: Fuse | undefined
  let process = await startProcess()

  async function startProcess(): Promise<Process> {
    starts += 1
    const holder = `test:${starts}`
    fuse = createFuse(inProcessTransport(sandbox, clock, options.latencyMs ?? 40))
    const { transport } = fuse
    const opened = await openProcess(
      { folder, path, clock, transport, journal, holder, random: starts },
      () => declared,
    )
    generation += 1
    opened.engine.declare(generation, stateOf(declared))
    return opened
  }

  const pump = async <Result>(work: Promise<Result>): Promise<Result> => {
    let ended = false
    const settled = work.finally(() => {
      ended = true
    })
    // Its rejection is thrown by the await below.
    settled.catch(() => undefined)
    while (!ended) {
      // Files are real and take turns of the event loop; time passes only where nothing else moves.
      for (let turn = 0; turn < turnsMax && !ended; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      const nextMs = clock.nextTimerInMs()
      if (!ended && nextMs !== undefined) await clock.advance(Math.min(nextMs, 1000))
    }
    return settled
  }

  const world: SyncWorld = {
    clock,
    sandbox,
    agent,
    journal,
    engine: process.engine,
    desk: process.desk,
    target: process.target,
    kinds: process.kinds,
    events: process.events,
    async restart() {
      await process.close()
      process = await startProcess()
      Object.assign(world, { engine: process.engine, desk: process.desk, target: process.target })
    },
    declare(next) {
      declared = next
      generation += 1
      process.engine.declare(generation, stateOf(declared))
    },
    run: () =>
      pump(
        Promise.race([
          converge(process.engine, { keys: undefined, actor: 'controller', signal }),
          fuse?.blown ?? new Promise<never>(() => undefined),
        ]),
      ),
    intrude: (requests, work) => fuse?.intrude(requests, work),
    crashAfter: (requests, committed) => fuse?.arm(requests, committed),
    pump,
    rows: () => rowsOf(agent),
    records: () => recordsOf(sandbox),
    colleague: () => sandbox.control.colleague(baseId),
    insert(row) {
      const names = Object.keys(row)
      agent
        .prepare(`INSERT INTO leads (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
        .run(...Object.values(row))
    },
    update(key, cells) {
      const stamped = { ...cells, updated_at: new Date(clock.nowMs()).toISOString() }
      const set = Object.keys(stamped).map((name) => `${name} = ?`)
      agent.prepare(`UPDATE leads SET ${set.join(', ')} WHERE id = ?`).run(...Object.values(stamped), key)
    },
    remove: (key) => void agent.prepare('DELETE FROM leads WHERE id = ?').run(key),
    requests() {
      const made = sandbox.control.requests().map(({ method, path }) => `${method} ${path.split('/').at(-1)}`)
      sandbox.control.clearRequests()
      return made
    },
    calls() {
      const made = sandbox.control.requests().length
      sandbox.control.clearRequests()
      return made
    },
    async close() {
      await process.close()
      journal.close()
      agent.close()
      await sandbox.close()
      removeFolder(folder)
    },
  }
  return world
}

function openAgent(path: string): Database.Database {
  const agent = new Database(path)
  agent.pragma('journal_mode = WAL')
  agent.exec(`CREATE TABLE leads (
    id TEXT PRIMARY KEY, full_name TEXT NOT NULL, email TEXT UNIQUE, company TEXT, score INTEGER,
    verified INTEGER DEFAULT 0, status TEXT CHECK (status IN ('open', 'won', 'lost')), updated_at TEXT
  )`)
  for (const statement of changeLogStatements('leads')) agent.exec(statement)
  return agent
}

function stateOf({ fields = defaultFields, airtable = {}, policy = {} }: Declared) {
  return desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'test',
    policy: { blastRadius: { rows: 500, percent: 50 }, ...policy },
    databases: { main: { path: 'leads.db' } },
    airtable: { token: { env: 'AIRTABLE_API_KEY' }, base: baseId, endpoint: 'http://127.0.0.1:1' },
    tables: {
      leads: {
        database: 'main',
        key: 'id',
        airtable: { table: remoteTable, key: 'Lead ID', ...airtable },
        fields,
      },
    },
  })
}

export class Crashed extends Error {}

interface Fuse {
  readonly transport: AirtableTransport
  /** Rejects at the crash. */
  readonly blown: Promise<never>
  arm(requests: number, committed: boolean): void
  intrude(requests: number | (() => boolean), work: () => void): void
}

function createFuse(inner: AirtableTransport): Fuse {
  let left = Number.POSITIVE_INFINITY
  let isCommitted = false
  let intrusion: { readonly isDue: () => boolean; readonly work: () => void } | undefined
  let isDead = false
  let die: (error: Error) => void = () => undefined
  const blown = new Promise<never>((_, reject) => {
    die = reject
  })
  // Nobody may be waiting when nothing crashes.
  blown.catch(() => undefined)
  const never = new Promise<never>(() => undefined)
  return {
    blown,
    arm(requests, committed) {
      left = requests
      isCommitted = committed
    },
    intrude(requests, work) {
      let passed = 0
      const isNumbered = () => {
        passed += 1
        return typeof requests === 'number' && passed > requests
      }
      intrusion = { isDue: typeof requests === 'number' ? isNumbered : requests, work }
    },
    transport: {
      async send(request) {
        if (isDead) return never
        if (intrusion?.isDue() === true) {
          const { work } = intrusion
          intrusion = undefined
          work()
        }
        left -= 1
        if (left < 0) {
          isDead = true
          if (isCommitted) await inner.send(request)
          die(new Crashed('the process died'))
          return never
        }
        const sent = await inner.send(request)
        return isDead ? never : sent
      },
    },
  }
}

interface ProcessOptions {
  readonly folder: string
  readonly path: string
  readonly clock: VirtualClock
  readonly transport: AirtableTransport
  readonly journal: JournalStore
  readonly holder: string
  readonly random: number
}

async function openProcess(options: ProcessOptions, declaredNow: () => Declared): Promise<Process> {
  const { folder, path, clock, transport, journal, holder } = options
  const random = seededRandom(options.random)
  const offload = sharedOffload()
  const databases: Databases = openDatabases({ offload, clock, log })
  const changeSets: ChangeSets = openChangeSets({ path: join(folder, 'checkpoints.db'), clock })
  const targets: AirtableTargets = await openAirtableTargets({
    storePath: join(folder, 'airtable.db'),
    purpose: 'act',
    readCopy: () => Promise.resolve(undefined),
    secrets: createSecretReader({ environment: { AIRTABLE_API_KEY: 'pat' }, directory: folder }),
    endpointOf: () => 'http://127.0.0.1:1',
    transport,
    permits: 'alone',
    clock,
    random,
    log,
  })
  const store = lazySyncStore({ path: join(folder, 'sync.db'), purpose: 'act', databases })
  const specOf = (table: string) => listSync(stateOf(declaredNow())).find(({ key }) => key.name === table)?.spec
  const ports = {
    clock,
    databases,
    changeSets,
    airtable: targets,
    syncStore: store.open,
    pathOf: () => path,
    isErased: () => false,
    isAllowed: () => false,
    specOf,
  }
  const kind = syncKind(ports)
  // The kinds it stands on have tests of their own; here the table and the base are as declared.
  const alone: typeof kind = { ...kind, list: (state) => kind.list(state).map((one) => ({ ...one, dependsOn: [] })) }
  // The lease does not age: its renewal would be the only timer while a real file is read, and time would run away.
  const still: Clock = { ...clock, nowMs: () => startMs, after: () => ({ cancel: () => undefined }) }
  const lease = takeLease({ journal, clock: still, holder, isAlive: (one) => one === holder })
  const events = createEventStore(journal)
  const engine = createEngine({ journal, kinds: [alone], clock, random, log, lease, events })
  const spec = specOf('leads')
  if (spec === undefined) throw new Error('the table is mirrored')
  const target = targets.of({
    ...spec.airtable,
    endpoint: spec.airtable.endpoint ?? undefined,
    monthlyCalls: undefined,
  })
  return {
    engine,
    kinds: [alone],
    events,
    lease,
    target,
    desk: createSyncDesk({ ...ports, tables: () => ['leads'] }),
    async close() {
      lease.release()
      await store.close()
      await targets.close()
      changeSets.close()
      databases.closeAll()
    },
  }
}

const recordSchema = z.object({ id: z.string(), fields: z.record(z.string(), z.json()) })

function rowsOf(agent: Database.Database): Record<string, Record<string, unknown>> {
  const rows = agent
    .prepare<[], { id: string }>('SELECT id, full_name, email, company, score, verified, status FROM leads ORDER BY id')
    .all()
  return Object.fromEntries(rows.map(({ id, ...cells }) => [id, cells]))
}

function recordsOf(sandbox: Sandbox): Record<string, Record<string, JsonValue>> {
  const found: Record<string, Record<string, JsonValue>> = {}
  for (const record of sandbox.control.colleague(baseId).records(remoteTable)) {
    const { id, fields } = recordSchema.parse(record)
    found[id] = fields
  }
  return found
}
