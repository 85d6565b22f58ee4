/** A base in a real sandbox over HTTP, and an engine with the real client that keeps it true to a desired state. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { type DesiredState, desiredStateSchema } from '../../src/desired/schema.ts'
import type { Drift } from '../../src/engine/drift.ts'
import { type Convergence, converge, createEngine, type Engine } from '../../src/engine/engine.ts'
import type { Kind } from '../../src/engine/kind.ts'
import { takeLease } from '../../src/engine/lease.ts'
import { createMemory } from '../../src/engine/memory.ts'
import type { ResourceStatus } from '../../src/engine/status.ts'
import { type JournalStore, openJournal } from '../../src/journal/store.ts'
import { airtableSchemaKind } from '../../src/kinds/airtable-schema/index.ts'
import { seededRandom, systemRandom } from '../../src/random.ts'
import type { BaseSeed } from '../../src/sandbox/metadata/base-seed.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts'
import type { AirtableTargets } from '../../src/targets/airtable/ports.ts'
import { createSecretReader } from '../../src/targets/airtable/secret.ts'
import { openAirtableTargets } from '../../src/targets/airtable/target.ts'
import { removeFolder } from './remove.ts'

export const baseId = 'appTest0000000001'
const tablesSchema = z.object({
  tables: z.array(z.object({ name: z.string(), fields: z.array(z.object({ name: z.string(), type: z.string() })) })),
})
const log = pino({ level: 'silent' })

export interface AirtableBench {
  readonly sandbox: Sandbox
  readonly engine: () => Engine
  readonly journal: JournalStore
  /** What `airtable` must be for this base; `token` in the environment is `patTest` unless set. */
  readonly connection: object
  readonly environment: Record<string, string | undefined>
  /** Puts a desired state with these tables in force. */
  declare(tables: object, airtable?: object): DesiredState
  /** One convergence; as a person who runs a command, it looks anew. */
  run(): Promise<Convergence>
  /** A new process on the same journal, files and base. */
  restart(): Promise<void>
  status(): ResourceStatus
  drift(): readonly Drift[]
  /** Paths of the newest look's drift. */
  paths(): readonly string[]
  /** Names and types of the fields of a table in the base. */
  fields(table: string): Promise<Readonly<Record<string, string>>>
  targets(): AirtableTargets
  close(): Promise<void>
}

/** Opens one; `tokens` as for the sandbox. */
export async function airtableBench(
  seed: Omit<BaseSeed, 'baseId'> = { tables: [] },
  options: Partial<SandboxOptions> = {},
): Promise<AirtableBench> {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-airtable-test-'))
  const sandbox = createSandbox({
    path: ':memory:',
    clock: systemClock,
    random: seededRandom(1),
    log,
    limits: { requestsPerSecond: 1000, requestsPerSecondAndUser: 1000 },
    ...options,
  })
  sandbox.control.ensureBase({ baseId, ...seed })
  const url = await sandbox.listen()
  const environment: Record<string, string | undefined> = { AIRTABLE_API_KEY: 'patTest' }
  const connection = { token: { env: 'AIRTABLE_API_KEY' }, base: baseId, endpoint: url, requestsPerSecond: 50 }
  const journal = openJournal(':memory:', systemClock)
  let state = desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test' })
  let generation = 0
  let starts = 0

  const start = async () => {
    starts += 1
    const holder = `test:${starts}`
    const targets = await openAirtableTargets({
      storePath: join(folder, 'airtable.db'),
      purpose: 'act',
      readCopy: async () => undefined,
      secrets: createSecretReader({ environment, directory: folder }),
      endpointOf: (endpoint) => endpoint,
      permits: 'alone',
      clock: systemClock,
      random: systemRandom,
      log,
    })
    const lease = takeLease({ journal, clock: systemClock, holder, isAlive: (one) => one === holder })
    const memory = createMemory(journal, { keep: true })
    const kinds: readonly Kind[] = [airtableSchemaKind({ airtable: targets, memory, clock: systemClock })]
    const engine = createEngine({ journal, kinds, clock: systemClock, random: seededRandom(starts), log, lease })
    generation += 1
    engine.declare(generation, state)
    return { engine, targets, lease, kinds }
  }
  let process = await start()

  const status = (): ResourceStatus => {
    const found = process.engine.statuses.get({ kind: 'airtable-schema', name: 'base' })
    if (found === undefined) throw new Error('no base is declared')
    return found
  }
  const stop = async () => {
    process.lease.release()
    await process.targets.close()
  }
  return {
    sandbox,
    engine: () => process.engine,
    targets: () => process.targets,
    journal,
    connection,
    environment,
    declare(tables, airtable = {}) {
      generation += 1
      state = desiredStateSchema.parse({
        apiVersion: 'trueup/v1',
        name: 'test',
        databases: { main: { path: 'leads.db' } },
        airtable: { ...connection, ...airtable },
        tables,
      })
      process.engine.declare(generation, state)
      return state
    },
    run() {
      const [kind] = process.kinds
      kind?.refresh?.(status().declared)
      return converge(process.engine, { keys: undefined, actor: 'local', signal: new AbortController().signal })
    },
    async restart() {
      await stop()
      process = await start()
    },
    status,
    drift: () => status().drift,
    paths: () =>
      status()
        .drift.map(({ path }) => path)
        .sort(),
    async fields(table) {
      const answer = await fetch(`${url}/v0/meta/bases/${baseId}/tables`, {
        headers: { authorization: 'Bearer patTest' },
      })
      const { tables } = tablesSchema.parse(await answer.json())
      const found = tables.find(({ name }) => name === table)
      return Object.fromEntries((found?.fields ?? []).map(({ name, type }) => [name, type]))
    },
    async close() {
      await stop()
      journal.close()
      await sandbox.close()
      removeFolder(folder)
    },
  }
}
