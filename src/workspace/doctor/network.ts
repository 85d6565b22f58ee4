/** The declared Airtable base: reached with the declared token, and what the token may do there. Nothing is written. */
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { Environment } from '../../desired/references.ts'
import type { DesiredState } from '../../desired/schema.ts'
import { OperationalError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Random } from '../../random.ts'
import type { AirtableBase, BaseSchema, CallOptions } from '../../targets/airtable/ports.ts'
import { createSecretReader } from '../../targets/airtable/secret.ts'
import { openAirtableTargets } from '../../targets/airtable/target.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { bytesOf } from '../database-bytes.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, warn, fail } = checksOf('network')

/** All calls together, in milliseconds. */
const deadlineMs = 20_000

export interface NetworkLook {
  readonly state: DesiredState
  readonly directory: string
  readonly ownFolder: string
  readonly environment: Environment
  readonly databases: Databases
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export async function checkNetwork(look: NetworkLook): Promise<readonly DoctorCheck[]> {
  const { airtable } = look.state
  if (airtable === undefined) return []
  if (airtable.endpoint === 'sandbox') return [ok('airtable', 'Airtable is the embedded sandbox: no network is needed')]
  const targets = await openAirtableTargets({
    storePath: join(look.ownFolder, 'airtable.db'),
    purpose: 'look',
    readCopy: (path) => bytesOf(path, look.databases),
    secrets: createSecretReader({ environment: look.environment, directory: look.directory }),
    endpointOf: (endpoint) => endpoint.replace(/\/+$/, ''),
    clock: look.clock,
    random: look.random,
    log: look.log,
  })
  try {
    const { base } = targets.of({
      base: airtable.base,
      token: airtable.token,
      endpoint: airtable.endpoint,
      requestsPerSecond: airtable.requestsPerSecond,
      monthlyCalls: airtable.monthlyCalls,
      // Somebody waits for the answer.
      retry: { attempts: 0, delayMs: 0 },
    })
    return await baseChecks(base, look.state, { signal: AbortSignal.timeout(deadlineMs) })
  } catch (error) {
    return [refused('airtable', 'Airtable', error)]
  } finally {
    await targets.close()
  }
}

async function baseChecks(base: AirtableBase, state: DesiredState, options: CallOptions): Promise<DoctorCheck[]> {
  let schema: BaseSchema
  try {
    schema = await base.schema(options)
  } catch (error) {
    return [refused('airtable', `the base ${base.baseId}`, error)]
  }
  const checks = [ok('airtable', `the base ${base.baseId} answers, with ${schema.tables.length} tables`)]
  checks.push(await permissionCheck(base, options))
  const mirrored = Object.values(state.tables).flatMap(({ airtable }) =>
    airtable === undefined ? [] : [airtable.table],
  )
  for (const name of mirrored) {
    const table = schema.tables.find((one) => one.name === name)
    if (table === undefined)
      checks.push(warn(`airtable.${name}`, `the base has no table "${name}" yet`, 'It is made by `trueup apply`.'))
    else checks.push(await recordsCheck(base, table, options))
  }
  checks.push(await webhookCheck(base, options))
  return checks
}

async function recordsCheck(
  base: AirtableBase,
  { id, name }: { readonly id: string; readonly name: string },
  options: CallOptions,
): Promise<DoctorCheck> {
  try {
    await base.list(id, { pageSize: 1 }, options)
    return ok(`airtable.${name}`, `records of "${name}" can be read`)
  } catch (error) {
    return refused(`airtable.${name}`, `reading "${name}"`, error)
  }
}

/** Whether the token's owner may write; which scopes a personal token has, Airtable tells nobody. */
async function permissionCheck(base: AirtableBase, options: CallOptions): Promise<DoctorCheck> {
  const id = 'airtable.permission'
  try {
    const level = await base.permission(options)
    if (level === 'create') return ok(id, 'the owner of the token may write records and make fields')
    const may =
      level === 'edit' ? 'may write records, but make no tables and fields' : `has the permission "${level}" only`
    const remedy =
      'Have the owner of the token made Creator of the base, if Trueup shall make tables, fields or records.'
    return level === 'edit'
      ? warn(id, `the owner of the token ${may}`, remedy)
      : fail(id, `the owner of the token ${may}`, remedy)
  } catch (error) {
    return refused(id, 'asking for the permissions', error)
  }
}

async function webhookCheck(base: AirtableBase, options: CallOptions): Promise<DoctorCheck> {
  try {
    await base.webhooks(options)
    return ok('airtable.webhooks', 'changes can be followed by webhook')
  } catch (error) {
    const check = refused('airtable.webhooks', 'listing webhooks', error)
    // Without one, whole tables are compared instead.
    return check.remedy === null
      ? check
      : warn('airtable.webhooks', check.message, `${check.remedy} Without it every look reads whole tables.`)
  }
}

function refused(name: string, what: string, error: unknown): DoctorCheck {
  if (error instanceof OperationalError) return fail(name, `${what}: ${error.message}`, error.hint)
  if (error instanceof Error && error.name === 'TimeoutError')
    return fail(
      name,
      `${what}: no answer within ${deadlineMs / 1000} s`,
      'Check the network, `airtable.endpoint` and status.airtable.com.',
    )
  throw error
}
