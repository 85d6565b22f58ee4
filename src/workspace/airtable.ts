/**
 * Opens the Airtable bases of a workspace: the declared token from the environment or its file, what is remembered in
 * `.trueup/airtable.db`, and the sandbox where the endpoint is `sandbox`.
 */
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { AirtableTargets } from '../targets/airtable/ports.ts'
import { createSecretReader } from '../targets/airtable/secret.ts'
import { openAirtableTargets } from '../targets/airtable/target.ts'
import type { Databases } from '../targets/sqlite/ports.ts'
import { bytesOf } from './database-bytes.ts'
import { type SandboxHost, sandboxRequestsPerSecond } from './sandbox-host.ts'

export interface AirtableSettings {
  readonly directory: string
  readonly ownFolder: string
  readonly purpose: 'look' | 'act'
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly sandbox: SandboxHost
  readonly databases: Databases
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** The sandbox takes any token. The declared one, which may not be there, is never shown to it. */
const sandboxToken = { env: 'TRUEUP_SANDBOX_TOKEN' }

/** Opens them. Throws DATABASE_* when what is remembered cannot be read for a look. */
export async function openAirtable(settings: AirtableSettings): Promise<AirtableTargets> {
  const { ownFolder, environment, directory, sandbox, databases } = settings
  const targets = await openAirtableTargets({
    ...settings,
    storePath: join(ownFolder, 'airtable.db'),
    readCopy: (path) => bytesOf(path, databases),
    secrets: createSecretReader({
      environment: { ...environment, [sandboxToken.env]: 'sandbox' },
      directory,
    }),
    endpointOf: (endpoint) => addressOf(endpoint, sandbox),
  })
  return {
    of: (declaration) =>
      targets.of(
        declaration.endpoint === 'sandbox'
          ? { ...declaration, token: sandboxToken, requestsPerSecond: sandboxRequestsPerSecond }
          : declaration,
      ),
    close: () => targets.close(),
  }
}

function addressOf(endpoint: string, sandbox: SandboxHost): string {
  if (endpoint !== 'sandbox') return endpoint.replace(/\/+$/, '')
  const failure = sandbox.failure()
  if (failure !== undefined) throw failure
  const url = sandbox.url()
  if (url !== undefined) return url
  throw new OperationalError('AIRTABLE_UNREACHABLE', 'the sandbox does not answer yet', {
    hint: 'It is being started; look at the log of `trueup run` when this persists.',
  })
}
