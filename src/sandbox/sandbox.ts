/**
 * A local server that answers as Airtable's Web API does, for tests, the demo and the simulator. What each of its
 * answers rests on is said in README.md beside this file. It listens on loopback only and opens no connection itself.
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { TokenBook, type TokenProfile } from './access/tokens.ts'
import { type Colleague, colleagueOf } from './colleague.ts'
import type { Behaviour, SandboxCore } from './core.ts'
import type { FaultInput } from './faults/fault.ts'
import { FaultBook, type FaultState } from './faults/fault-book.ts'
import { exchange, type Reply } from './http/exchange.ts'
import type { SandboxRequest } from './http/request.ts'
import { createSandboxServer } from './http/server.ts'
import { documentedLimits, LimitGate, type SandboxLimits } from './limits/limit-gate.ts'
import type { BaseSeed, CheckedBaseSeed } from './metadata/base-seed.ts'
import { ensureBase } from './metadata/seed.ts'
import { Iterators } from './records/iterators.ts'
import { type LoggedRequest, RequestLog } from './request-log.ts'
import { Catalog } from './store/catalog.ts'
import { openStore } from './store/open.ts'
import { RecordStore } from './store/records.ts'
import { UsageStore } from './store/usage.ts'
import { UserStore } from './store/users.ts'
import { WebhookStore } from './store/webhooks.ts'

export interface SandboxOptions {
  /** A SQLite file, made with mode 0600, or `:memory:`. */
  readonly path: string
  /** With `:memory:`: the bytes of a sandbox's database to begin with. */
  readonly content?: Uint8Array
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Left out: every token may do everything. */
  readonly tokens?: readonly TokenProfile[]
  readonly limits?: Partial<SandboxLimits>
  /** Default `2025`. */
  readonly behaviour?: Behaviour
  /** For `/sandbox/…`; left out: a random one. */
  readonly controlToken?: string
}

/** What tests and the simulator do to a sandbox from inside the process. */
interface SandboxControl {
  hasBase(baseId: string): boolean
  /** Creates what is missing of a base; safe to call at every start. */
  ensureBase(seed: BaseSeed | CheckedBaseSeed): void
  /** Injects a fault; gives its number. */
  addFault(fault: FaultInput): number
  faults(): readonly FaultState[]
  clearFaults(): void
  requests(): readonly LoggedRequest[]
  clearRequests(): void
  setToken(profile: TokenProfile): void
  setLimits(limits: Partial<SandboxLimits>): void
  /** Calls of the current month that count against the quota of the base's workspace. */
  monthlyCalls(baseId: string): number
  /** A person who works in the base in the app. */
  colleague(baseId: string): Colleague
}

export interface Sandbox {
  readonly control: SandboxControl
  readonly controlToken: string
  /** Starts listening. Port 0 takes a free one. Only loopback addresses are taken. */
  listen(port?: number, host?: '127.0.0.1' | '::1' | 'localhost'): Promise<string>
  /** For example `http://127.0.0.1:4010`: the `endpointUrl` of airtable.js. undefined when it does not listen. */
  address(): string | undefined
  /** Handles a request of `/v0/…` without a socket, as the simulator needs it. */
  exchange(request: SandboxRequest): Reply
  /** Ends all connections, stalled ones too, and closes the database. */
  close(): Promise<void>
}

/**
 * Makes a sandbox; it answers after `listen`.
 *
 * @example
 * const sandbox = createSandbox({ path: ':memory:', clock: systemClock, random: systemRandom, log })
 * sandbox.control.ensureBase({ baseId: 'appSandbox0000000', tables: [{ name: 'Leads', fields: [{ name: 'Name', type: 'singleLineText' }] }] })
 * const endpointUrl = await sandbox.listen()
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  const core = createCore(options)
  const controlToken = options.controlToken ?? options.random.hex(24)
  const server = createSandboxServer({ core, controlToken, log: options.log })
  return {
    controlToken,
    control: controlOf(core),
    listen: (port = 0, host = '127.0.0.1') => listen(server, port, host),
    address: () => addressOf(server),
    exchange: (request) => exchange(core, request, options.log),
    close: () => close(server, core),
  }
}

function createCore(options: SandboxOptions): SandboxCore {
  const database = openStore(options.path, options.content)
  const { clock, random } = options
  const limits = { ...documentedLimits, ...options.limits }
  return {
    database,
    clock,
    random,
    catalog: new Catalog(database),
    records: new RecordStore(database),
    users: new UserStore(database),
    webhooks: new WebhookStore(database),
    iterators: new Iterators(clock, random),
    tokens: new TokenBook(options.tokens),
    limits: new LimitGate(clock, new UsageStore(database), limits),
    faults: new FaultBook(random),
    requests: new RequestLog(),
    behaviour: options.behaviour ?? '2025',
  }
}

function controlOf(core: SandboxCore): SandboxControl {
  return {
    hasBase: (baseId) => core.catalog.base(baseId) !== undefined,
    ensureBase: (seed) => ensureBase(core, seed),
    addFault: (fault) => core.faults.add(fault),
    faults: () => core.faults.all(),
    clearFaults: () => core.faults.clear(),
    requests: () => core.requests.entries(),
    clearRequests: () => core.requests.clear(),
    setToken: (profile) => core.tokens.set(profile),
    setLimits: (limits) => core.limits.set(limits),
    monthlyCalls: (baseId) => core.limits.spent(core.catalog.base(baseId)?.workspaceId ?? ''),
    colleague: (baseId) => colleagueOf(core, baseId),
  }
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new OperationalError('USAGE', `the sandbox cannot listen on ${host}:${port}`, {
          hint: 'Another program has this port; choose another one, or 0 for any that is free.',
          cause: error,
        }),
      )
    })
    server.listen(port, host, () => resolve(addressOf(server) ?? ''))
  })
}

function addressOf(server: Server): string | undefined {
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') return undefined
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}

function close(server: Server, core: SandboxCore): Promise<void> {
  return new Promise((resolve) => {
    const closeDatabase = () => {
      core.database.close()
      resolve()
    }
    if (!server.listening) return closeDatabase()
    server.close(closeDatabase)
    server.closeAllConnections()
  })
}
