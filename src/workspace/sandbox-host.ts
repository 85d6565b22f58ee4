/**
 * The sandbox that `endpoint: sandbox` stands for. Who acts runs it over `.trueup/sandbox.db`, unless another process does;
 * who only looks uses the one that runs, or a copy in memory, and changes no file.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import { messageOf, OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { baseSeedSchema, type CheckedBaseSeed } from '../sandbox/metadata/base-seed.ts'
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { serveSandbox } from '../sandbox/serve.ts'
import type { Databases } from '../targets/sqlite/ports.ts'
import { lastSandboxPort, runningSandbox, type SandboxNote, writeSandboxNote } from './sandbox-note.ts'

export interface SandboxHostSettings {
  readonly directory: string
  readonly ownFolder: string
  readonly purpose: 'look' | 'act'
  readonly databases: Databases
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface SandboxHost {
  /**
   * Sees to it that a sandbox with the declared base answers, if the desired state names it. Never throws: without it the
   * base cannot be reached, and everything else goes on.
   */
  ensure(state: DesiredState): Promise<void>
  /** Where it answers: also the address of its page. Undefined while there is none. */
  url(): string | undefined
  /** Why the declared base is not to be had there. */
  failure(): OperationalError | undefined
  close(): Promise<void>
}

/**
 * What the embedded sandbox takes: nobody else uses it, so that it has no part in the pace that a base of Airtable's is
 * shared at. `trueup sandbox` and tests of the pace keep Airtable's own limits.
 */
export const sandboxRequestsPerSecond = 50

/** The file with what a sandbox holds when it is new, as `data/airtable-base.json` of the sample workspace; it may be absent. */
export const baseSeedFile = 'data/airtable-base.json'

const objectSchema = z.record(z.string(), z.json())

export function createSandboxHost(settings: SandboxHostSettings): SandboxHost {
  const { ownFolder, log } = settings
  let own: { readonly sandbox: Sandbox; readonly url: string } | undefined
  let foreign: SandboxNote | undefined
  let failure: OperationalError | undefined
  let wanted: DesiredState | undefined
  let turn: Promise<void> = Promise.resolve()

  const start = async (): Promise<{ sandbox: Sandbox; url: string }> =>
    settings.purpose === 'act' ? startOverFile(settings) : startInMemory(settings)

  const ensure = async (state: DesiredState): Promise<void> => {
    const { airtable } = state
    if (airtable?.endpoint !== 'sandbox') return
    if (own === undefined) {
      foreign = runningSandbox(ownFolder)
      if (foreign === undefined) own = await start()
    }
    if (own !== undefined) {
      own.sandbox.control.setLimits({
        requestsPerSecond: sandboxRequestsPerSecond,
        requestsPerSecondAndUser: sandboxRequestsPerSecond,
      })
      if (own.sandbox.control.hasBase(airtable.base)) return
      own.sandbox.control.ensureBase(seedOf(settings.directory, state.name, airtable.base))
    } else if (foreign !== undefined && settings.purpose === 'act') {
      await ensureThere(foreign, seedOf(settings.directory, state.name, airtable.base))
    }
  }

  const ensureQuietly = async (state: DesiredState): Promise<void> => {
    try {
      await ensure(state)
      failure = undefined
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'the sandbox does not start')
      failure =
        error instanceof OperationalError
          ? error
          : new OperationalError('AIRTABLE_UNREACHABLE', `the sandbox does not start: ${messageOf(error)}`, {
              cause: error,
              hint: `Mend what the message names, or move ${join(ownFolder, 'sandbox.db')} away for a new one.`,
            })
    }
  }

  return {
    ensure(state) {
      wanted = state
      turn = turn.then(() => ensureQuietly(state))
      return turn
    },
    url() {
      if (own !== undefined || foreign === undefined) return own?.url
      if (runningSandbox(ownFolder)?.url === foreign.url) return foreign.url
      // The process that ran it has ended: this one takes over, and who asks again finds it.
      foreign = undefined
      const state = wanted
      if (state !== undefined) turn = turn.then(() => ensureQuietly(state))
      return undefined
    },
    failure: () => failure,
    async close() {
      wanted = undefined
      await turn
      await own?.sandbox.close()
      own = undefined
    },
  }
}

async function startOverFile(settings: SandboxHostSettings): Promise<{ sandbox: Sandbox; url: string }> {
  const { ownFolder, clock, random, log } = settings
  const path = join(ownFolder, 'sandbox.db')
  const serve = (port: number) => serveSandbox({ path, port, clock, random, log })
  const served = await servedAt(serve, lastSandboxPort(ownFolder))
  writeSandboxNote(ownFolder, { url: served.url, controlToken: served.sandbox.controlToken })
  return served
}

/** At the port of the last time, if it is free. */
async function servedAt(
  serve: (port: number) => ReturnType<typeof serveSandbox>,
  port: number | undefined,
): ReturnType<typeof serveSandbox> {
  if (port === undefined) return serve(0)
  try {
    return await serve(port)
  } catch (error) {
    if (!(error instanceof OperationalError) || error.code !== 'USAGE') throw error
    return serve(0)
  }
}

async function startInMemory(settings: SandboxHostSettings): Promise<{ sandbox: Sandbox; url: string }> {
  const { ownFolder, clock, random, log, databases } = settings
  const content = await bytesOf(join(ownFolder, 'sandbox.db'), databases)
  const sandbox = createSandbox({
    path: ':memory:',
    ...(content === undefined ? {} : { content }),
    clock,
    random,
    log,
  })
  return { sandbox, url: await sandbox.listen() }
}

/** What a SQLite file holds, read without a trace; undefined where there is none. */
export async function bytesOf(path: string, databases: Databases): Promise<Buffer | undefined> {
  if (!existsSync(path)) return undefined
  const view = await databases.read(path)
  try {
    return view.db.serialize()
  } finally {
    view.close()
  }
}

/** How a base begins: as the file says, or empty. Throws DESIRED_STATE_INVALID for a file of another form. */
function seedOf(directory: string, name: string, baseId: string): CheckedBaseSeed {
  const path = join(directory, baseSeedFile)
  if (!existsSync(path)) return baseSeedSchema.parse({ baseId, name, tables: [] })
  try {
    const content = objectSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    return withIds(baseSeedSchema.parse({ name, ...content, baseId }))
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)
    throw new OperationalError('DESIRED_STATE_INVALID', `${path} is no description of a base: ${message}`, {
      hint: 'Mend the file, or remove it: the sandbox begins with an empty base then.',
      cause: error,
    })
  }
}

const basesSchema = z.object({ bases: z.array(z.object({ id: z.string() })) })

/**
 * Ids that follow from the base and the names: a copy in memory, on which a plan is made, and the sandbox that is then made to
 * carry the plan out have the same.
 */
function withIds(seed: CheckedBaseSeed): CheckedBaseSeed {
  const idOf = (prefix: string, ...parts: readonly string[]) =>
    `${prefix}${hashOf([seed.baseId, ...parts]).slice(0, 14)}`
  return {
    ...seed,
    tables: seed.tables.map((table) => ({
      ...table,
      id: table.id ?? idOf('tbl', table.name),
      fields: table.fields.map((field) => ({ ...field, id: field.id ?? idOf('fld', table.name, field.name) })),
      records: table.records.map((record, index) => ({
        ...record,
        id: record.id ?? idOf('rec', table.name, String(index)),
      })),
    })),
  }
}

/** Creates the base in a sandbox that another process runs, unless it is there. */
async function ensureThere({ url, controlToken }: SandboxNote, seed: CheckedBaseSeed): Promise<void> {
  const ask = async (path: string, token: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(new URL(path, url), {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    })
    if (!answer.ok) throw new OperationalError('AIRTABLE_UNREACHABLE', `the sandbox at ${url} answers ${answer.status}`)
    return answer.json()
  }
  const { bases } = basesSchema.parse(await ask('/v0/meta/bases', 'sandbox'))
  if (!bases.some(({ id }) => id === seed.baseId)) await ask('/sandbox/bases', controlToken, seed)
}
