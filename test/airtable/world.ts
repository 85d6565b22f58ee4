/** A sandbox over HTTP and the target that talks to it, in a folder of their own. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/clock.ts'
import { openLog } from '../../src/log.ts'
import { seededRandom, systemRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts'
import type {
  AirtableDeclaration,
  AirtableTarget,
  AirtableTargets,
  RemoteTable,
} from '../../src/targets/airtable/ports.ts'
import { createSecretReader } from '../../src/targets/airtable/secret.ts'
import { type AirtableTargetsSettings, openAirtableTargets } from '../../src/targets/airtable/target.ts'
import { leadsBase } from '../sandbox/leads-base.ts'
import { removeFolder } from '../support/remove.ts'
import { fastClock } from './fast-clock.ts'

export const quiet = openLog('silent')
export const signal = new AbortController().signal
/** A token that would be noticed anywhere. */
export const plantedToken = 'patPLANTED1234567.0123456789abcdef0123456789abcdef'

export interface AirtableWorld {
  readonly folder: string
  readonly clock: Clock
  readonly sandbox: Sandbox
  readonly url: string
  readonly environment: Record<string, string | undefined>
  readonly declaration: AirtableDeclaration
  readonly targets: AirtableTargets
  readonly target: AirtableTarget
  /** The leads table as the schema tells it. */
  leads(): Promise<RemoteTable>
  /** The id of a field of the leads table. */
  field(name: string): Promise<string>
  close(): Promise<void>
}

export interface WorldOptions {
  readonly sandbox?: Partial<SandboxOptions>
  readonly targets?: Partial<AirtableTargetsSettings>
  readonly declaration?: Partial<AirtableDeclaration>
  /** How much faster than the machine's clock; default 50. */
  readonly speed?: number
}

export async function openWorld(options: WorldOptions = {}): Promise<AirtableWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'airtable-'))
  const clock = options.targets?.clock ?? fastClock(options.speed ?? 50)
  const sandbox = createSandbox({ path: ':memory:', clock, random: seededRandom(7), log: quiet, ...options.sandbox })
  sandbox.control.ensureBase(leadsBase)
  const url = await sandbox.listen()
  const environment: Record<string, string | undefined> = { AIRTABLE_API_KEY: plantedToken }
  const declaration: AirtableDeclaration = {
    base: leadsBase.baseId,
    token: { env: 'AIRTABLE_API_KEY' },
    endpoint: url,
    requestsPerSecond: 5,
    monthlyCalls: undefined,
    retry: { attempts: 3, delayMs: 2000 },
    ...options.declaration,
  }
  const targets = await openAirtableTargets({
    storePath: join(folder, '.trueup', 'airtable.db'),
    purpose: 'act',
    readCopy: () => Promise.resolve(undefined),
    secrets: createSecretReader({ environment, directory: folder }),
    endpointOf: (endpoint) => endpoint,
    permits: { folder: join(folder, 'run') },
    clock,
    random: systemRandom,
    log: quiet,
    ...options.targets,
  })
  const target = targets.of(declaration)
  const leads = async () => {
    const { tables } = await target.schema({ signal, maxAgeMs: Number.POSITIVE_INFINITY })
    const [table] = tables
    if (table === undefined) throw new Error('the base has a table')
    return table
  }
  return {
    folder,
    clock,
    sandbox,
    url,
    environment,
    declaration,
    targets,
    target,
    leads,
    async field(name) {
      const found = (await leads()).fields.find((field) => field.name === name)
      if (found === undefined) throw new Error(`the leads have no field ${name}`)
      return found.id
    },
    async close() {
      await targets.close()
      await sandbox.close()
      removeFolder(folder)
    },
  }
}
