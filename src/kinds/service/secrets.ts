/**
 * Whether the secrets that a service was started with are those of now. What is kept of a secret is a keyed hash, whose key
 * never leaves `.trueup`: no record, drift, action or log holds its value.
 */
import { createHmac } from 'node:crypto'
import { messageOf, OperationalError } from '../../errors.ts'
import { knownSecretsKey, secretsKey } from '../../targets/process/supervision/earlier-secrets.ts'
import type { Launch } from '../../targets/process/supervision/launch-declaration.ts'
import type { ServicePorts } from './ports.ts'
import type { ServiceRecord } from './record.ts'

/** How the secrets of now differ from those that it was started with, by the variables that hold them. */
export interface SecretsState {
  readonly changed: readonly string[]
  /** Each with the reason, as a sentence that holds no secret. */
  readonly unreadable: readonly string[]
}

export const sameSecrets: SecretsState = { changed: [], unreadable: [] }

/** Keyed hashes of what the references among `declared` gave in `environment`, by variable; makes the key when it is first needed. */
export function hashesOf(
  declared: Launch['environment'],
  environment: Readonly<Record<string, string>>,
  { store }: Pick<ServicePorts, 'store'>,
): Record<string, string> {
  const names = secretNames(declared)
  if (names.length === 0) return {}
  const key = secretsKey(store)
  return Object.fromEntries(names.map((name) => [name, hashOfSecret(key, name, environment[name] ?? '')]))
}

function hashOfSecret(key: string, name: string, value: string): string {
  return createHmac('sha256', key).update(`${name}\n${value}`).digest('hex')
}

function secretNames(declared: Launch['environment']): readonly string[] {
  return Object.entries(declared).flatMap(([name, value]) => (typeof value === 'string' ? [] : [name]))
}

/** Reads the secrets of now and compares. One that was not there when it was started is a matter of its declaration. */
export async function compareSecrets(
  declared: Launch['environment'],
  record: Pick<ServiceRecord, 'secrets'> | undefined,
  { store, secrets }: Pick<ServicePorts, 'store' | 'secrets'>,
): Promise<SecretsState> {
  const key = knownSecretsKey(store)
  const known = record?.secrets ?? {}
  if (key === undefined || Object.keys(known).length === 0) return sameSecrets
  const changed: string[] = []
  const unreadable: string[] = []
  for (const [name, reference] of Object.entries(declared)) {
    const before = known[name]
    if (typeof reference === 'string' || before === undefined) continue
    try {
      if (hashOfSecret(key, name, await secrets(reference)) !== before) changed.push(name)
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      unreadable.push(`${name}: ${messageOf(error)}`)
    }
  }
  return { changed, unreadable }
}
