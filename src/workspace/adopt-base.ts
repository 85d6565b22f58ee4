/** Reads a base for those who adopt it: tables, fields, and a sample of records of each. Writes nothing, there or here. */
import type { Clock } from '../clock.ts'
import type { Environment } from '../desired/references.ts'
import { OperationalError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { AirtableBase, RemoteRecord, RemoteTable } from '../targets/airtable/ports.ts'
import { createSecretReader } from '../targets/airtable/secret.ts'
import { openAirtableTargets } from '../targets/airtable/target.ts'
import type { SampledTable } from './adopted-mapping.ts'

export interface BaseAddress {
  readonly base: string
  /** The variable that holds the token. */
  readonly tokenVariable: string
  /** Undefined: Airtable itself. */
  readonly endpoint: string | undefined
}

interface Ports {
  readonly workspace: string
  readonly environment: Environment
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly signal: AbortSignal
}

/** Pages of 100 records that are read of each table. */
const pagesMax = 5

/** Throws AIRTABLE_*, and USAGE for an id that is none. */
export async function readBase(address: BaseAddress, ports: Ports): Promise<readonly SampledTable[]> {
  const { base: id, tokenVariable, endpoint } = address
  if (!/^app[A-Za-z0-9]{14}$/.test(id)) {
    throw new OperationalError('USAGE', `${id} is no id of an Airtable base`, {
      hint: 'It begins with "app" and has 17 letters and digits; the address of the base in the browser shows it.',
    })
  }
  const targets = await openAirtableTargets({
    // What is remembered of a base belongs to a workspace, and there is none yet.
    storePath: ':memory:',
    purpose: 'look',
    readCopy: async () => undefined,
    secrets: createSecretReader({ environment: ports.environment, directory: ports.workspace }),
    endpointOf: (declared) => declared,
    clock: ports.clock,
    random: ports.random,
    log: ports.log,
  })
  try {
    const { base } = targets.of({
      base: id,
      token: { env: tokenVariable },
      endpoint,
      requestsPerSecond: 5,
      monthlyCalls: undefined,
      retry: { attempts: 2, delayMs: 1000 },
    })
    const { tables } = await base.schema({ signal: ports.signal })
    const sampled: SampledTable[] = []
    for (const table of tables) sampled.push(await sampleOf(base, table, ports.signal))
    return sampled
  } finally {
    await targets.close()
  }
}

async function sampleOf(base: AirtableBase, remote: RemoteTable, signal: AbortSignal): Promise<SampledTable> {
  const records: RemoteRecord[] = []
  let offset: string | undefined
  for (let page = 0; page < pagesMax; page += 1) {
    const found = await base.list(remote.id, offset === undefined ? {} : { offset }, { signal })
    records.push(...found.records)
    offset = found.offset
    if (offset === undefined) break
  }
  return { remote, records, isWhole: offset === undefined }
}
