/** Reports by web address: a job that others run asks for a secret address when it has succeeded, or failed. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Declared } from '../../engine/resource.ts'
import type { JobPorts } from './ports.ts'
import { jobRecordOf, saveJob } from './record.ts'
import type { JobDeclaration } from './spec.ts'

export type PingOutcome = 'success' | 'failure'

const keyName = 'ping-key'

/**
 * The token of a job: 128 bits that cannot be guessed from another, and stay as long as `.trueup` does. Undefined where none
 * was made yet and only looking is allowed.
 */
export function pingTokenOf(name: string, ports: Pick<JobPorts, 'store'>): string | undefined {
  const key = keyOf(ports)
  return key === undefined ? undefined : createHmac('sha256', key).update(name).digest('hex').slice(0, 32)
}

function keyOf({ store }: Pick<JobPorts, 'store'>): string | undefined {
  const kept = store.get('kept', keyName)
  if (typeof kept === 'string') return kept
  if (!store.keeps) return undefined
  const key = randomBytes(32).toString('hex')
  store.set('kept', keyName, key)
  return key
}

/** Keeps the report of whichever declared job the token is of. */
export function takePing(
  token: string,
  outcome: PingOutcome,
  declared: readonly Declared<JobDeclaration>[],
  ports: JobPorts,
): string | undefined {
  const found = declared.find(({ spec }) => {
    if (spec.ping === null || !('url' in spec.ping)) return false
    const own = Buffer.from(pingTokenOf(spec.name, ports) ?? '')
    const given = Buffer.from(token)
    return own.length === given.length && timingSafeEqual(own, given)
  })
  if (found === undefined) return undefined
  const { name } = found.spec
  const record = jobRecordOf(ports.store, name)
  const atMs = ports.clock.nowMs()
  const pings = outcome === 'success' ? { ...record.pings, successAtMs: atMs } : { ...record.pings, failureAtMs: atMs }
  saveJob(ports.store, name, { ...record, pings })
  return name
}
