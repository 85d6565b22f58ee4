/**
 * Joins, for each declared base, calls, pace, change feed, schema and meter. Declarations may change while the program
 * runs: what is remembered of a base stays, and token, pace and retries are taken from the newest declaration.
 */
import type Database from 'better-sqlite3'
import type { Clock } from '../../clock.ts'
import { invariant, messageOf } from '../../errors.ts'
import { canonicalJson } from '../../json.ts'
import type { Log } from '../../log.ts'
import type { Random } from '../../random.ts'
import { holderOf } from '../process/holder.ts'
import { createCaller } from './caller.ts'
import { createClient } from './client.ts'
import { createFeed } from './feed.ts'
import { feedStoreIn } from './feed-store.ts'
import { createMeter, type Meter } from './meter.ts'
import { createOfficialTransport } from './official-transport.ts'
import { createPace, type Pace } from './pace.ts'
import type { AirtableDeclaration, AirtableTarget, AirtableTargets } from './ports.ts'
import { openRuntimeFile, runtimeFolder } from './runtime-file.ts'
import { schemaCacheOf } from './schema-cache.ts'
import { type SecretReader, tokenFrom } from './secret.ts'
import { openStoreCopy, openStoreFile } from './store.ts'
import type { AirtableTransport } from './transport.ts'

export interface AirtableTargetsSettings {
  /** `.trueup/airtable.db`; made with the first base that is asked for. */
  readonly storePath: string
  /** `look` changes nothing on the disk but the shared permits, which lie outside of the workspace. */
  readonly purpose: 'look' | 'act'
  /** The bytes of the store for a look, read without a trace; undefined where there is none. Not asked when acting. */
  readonly readCopy: (path: string) => Promise<Buffer | undefined>
  readonly secrets: SecretReader
  /** The address of a declared endpoint (`sandbox` or a web address); throws OperationalError where there is none now. */
  readonly endpointOf: (endpoint: string) => string
  /** Default: the `airtable` package. */
  readonly transport?: AirtableTransport
  /**
   * The folder of the shared permits; default: one of this user in the system's temporary folder. `alone` keeps the whole
   * pace in this process, for simulations.
   */
  readonly permits?: { readonly folder: string } | 'alone'
  /** Longest time for a whole answer, in milliseconds; default 30 s. */
  readonly deadlineMs?: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Where Airtable itself answers. */
export const airtableEndpoint = 'https://api.airtable.com'

/** How often the counts of calls are added up while calls go on, in milliseconds. */
const collectMs = 10_000

/**
 * Opens the bases of a workspace. Throws DATABASE_* when the store cannot be read for a look.
 *
 * @example
 * const targets = await openAirtableTargets({ storePath, purpose: 'act', readCopy, secrets, endpointOf, clock, random, log })
 * const { base } = targets.of(declaration)
 * const { tables } = await base.schema({ signal })
 */
export async function openAirtableTargets(settings: AirtableTargetsSettings): Promise<AirtableTargets> {
  const { storePath, purpose, readCopy, clock } = settings
  const copy = purpose === 'look' ? openStoreCopy(await readCopy(storePath), storePath) : undefined
  const official = settings.transport === undefined ? createOfficialTransport({ clock }) : undefined
  const transport = settings.transport ?? official
  invariant(transport !== undefined, 'calls to Airtable have a transport')
  let file: Database.Database | undefined
  const store = () => {
    file ??= copy ?? openStoreFile(storePath)
    return file
  }
  const bases = new Map<string, OpenBase>()
  return {
    of(declaration) {
      tokenFrom(settings.secrets, declaration.token)
      const key = canonicalJson({ endpoint: declaration.endpoint ?? null, base: declaration.base })
      const known = bases.get(key)
      const opened = known ?? openBase({ ...settings, transport, db: store(), key }, declaration)
      opened.declare(declaration)
      bases.set(key, opened)
      return opened.target
    },
    async close() {
      for (const opened of bases.values()) opened.close()
      bases.clear()
      official?.close()
      ;(file ?? copy)?.close()
    },
  }
}

interface OpenBase {
  readonly target: AirtableTarget
  /** Takes up the newest declaration. */
  declare(declaration: AirtableDeclaration): void
  close(): void
}

interface BaseSettings extends AirtableTargetsSettings {
  readonly transport: AirtableTransport
  readonly db: Database.Database
  /** Of everything that is remembered of this base. */
  readonly key: string
}

function openBase(settings: BaseSettings, first: AirtableDeclaration): OpenBase {
  const { db, key, clock, random, log, transport, secrets } = settings
  let declared = first
  const listeners = new Set<() => void>()
  const notify = () => {
    for (const listener of [...listeners]) listener()
  }
  const meter = createMeter(db, key, clock)
  const paces = pacesOf(settings, meter, () => declared)
  const caller = createCaller({
    transport,
    connect: () => {
      const { endpoint } = declared
      const address = endpoint === undefined ? airtableEndpoint : settings.endpointOf(endpoint)
      const endpointUrl = address.replace(/\/+$/, '')
      return { endpointUrl, token: tokenFrom(secrets, declared.token), pace: paces.at(endpointUrl) }
    },
    retry: () => declared.retry,
    quota: meter,
    deadlineMs: settings.deadlineMs ?? 30_000,
    clock,
    random,
    log,
  })
  const usage = () => {
    paces.collect()
    return meter.usage(declared.monthlyCalls)
  }
  const plain = createClient({ baseId: first.base, caller, usage })
  const feedStore = feedStoreIn(db, key)
  const schemas = schemaCacheOf({ db, key, base: plain, feed: feedStore, clock, notify })
  const base = schemas.watching(plain)
  return {
    target: {
      base,
      feed: createFeed({ base, store: feedStore, clock, notify }),
      schema: (options) => schemas.schema(options),
      watch(listener) {
        const own = () => listener()
        listeners.add(own)
        return { close: () => void listeners.delete(own) }
      },
    },
    declare(declaration) {
      declared = declaration
    },
    close: () => paces.close(),
  }
}

/** The paces of one base: one for each address and declared pace that was in use. */
function pacesOf(settings: BaseSettings, meter: Meter, declared: () => AirtableDeclaration) {
  const { clock, random, log, permits = { folder: runtimeFolder() } } = settings
  const [boot = ''] = holderOf(process.pid).split(':')
  const open = new Map<string, Pace>()
  let collectedMs = clock.monotonicMs()
  const collect = () => {
    collectedMs = clock.monotonicMs()
    for (const pace of open.values()) meter.collect(pace.counted())
  }
  return {
    collect,
    at(endpointUrl: string): Pace {
      if (clock.monotonicMs() - collectedMs >= collectMs) collect()
      const { base, requestsPerSecond } = declared()
      const name = `${requestsPerSecond} ${endpointUrl}`
      const known = open.get(name)
      if (known !== undefined) return known
      const openFile =
        permits === 'alone'
          ? undefined
          : () => openRuntimeFile(permits.folder, { endpointUrl, base, nowMs: clock.nowMs() })
      const pace = createPace({ open: openFile, requestsPerSecond, boot, clock, random, log })
      open.set(name, pace)
      return pace
    },
    close() {
      try {
        collect()
      } catch (error) {
        // Nothing is lost: the counts stay where permits are given out, and the next process adds them up.
        log.warn({ err: messageOf(error) }, 'the calls of the month could not be added up now')
      }
      for (const pace of open.values()) pace.close()
      open.clear()
    },
  }
}
