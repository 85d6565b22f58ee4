/** Starts sandboxes and says how their bases begin. Loaded where one is needed only: it brings the whole server along. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'
import { baseSeedSchema, type CheckedBaseSeed } from '../sandbox/metadata/base-seed.ts'
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { serveSandbox } from '../sandbox/serve.ts'
import { bytesOf } from './database-bytes.ts'
import type { SandboxHostSettings } from './sandbox-host.ts'
import { lastSandboxPort, type SandboxNote, writeSandboxNote } from './sandbox-note.ts'

/** The file with what a sandbox holds when it is new, as `data/airtable-base.json` of the sample workspace; it may be absent. */
const baseSeedFile = 'data/airtable-base.json'

const objectSchema = z.record(z.string(), z.json())

/** Starts one: over its file for who acts, as a copy in memory for who looks. */
export function startSandbox(settings: SandboxHostSettings): Promise<{ sandbox: Sandbox; url: string }> {
  return settings.purpose === 'act' ? startOverFile(settings) : startInMemory(settings)
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

/** How a base begins: as the file says, or empty. Throws DESIRED_STATE_INVALID for a file of another form. */
export function seedOf(directory: string, name: string, baseId: string): CheckedBaseSeed {
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
export async function ensureThere({ url, controlToken }: SandboxNote, seed: CheckedBaseSeed): Promise<void> {
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
