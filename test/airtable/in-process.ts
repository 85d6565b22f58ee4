/** A sandbox without sockets on a virtual clock, and targets that talk to it: thousands of calls in a second. */
import { seededRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts'
import { inProcessTransport } from '../../src/sim/airtable-in-process.ts'
import { createVirtualClock, type VirtualClock } from '../../src/sim/virtual-clock.ts'
import type { AirtableDeclaration, AirtableTarget, AirtableTargets } from '../../src/targets/airtable/ports.ts'
import { type AirtableTargetsSettings, openAirtableTargets } from '../../src/targets/airtable/target.ts'
import { baseId } from '../sandbox/support.ts'
import { linkedBase } from './linked-base.ts'
import { plantedToken, quiet } from './world.ts'

export interface InProcessWorld {
  readonly clock: VirtualClock
  readonly sandbox: Sandbox
  readonly targets: AirtableTargets
  readonly target: AirtableTarget
  /** Lets virtual time pass until the work has come to its end. */
  done<Result>(work: Promise<Result>): Promise<Result>
  close(): Promise<void>
}

export const inProcessDeclaration: AirtableDeclaration = {
  base: baseId,
  token: { env: 'AIRTABLE_API_KEY' },
  endpoint: 'sandbox',
  requestsPerSecond: 5,
  monthlyCalls: 1000,
  retry: { attempts: 0, delayMs: 1000 },
}

/** Opens both; the targets look at a store in memory, so that nothing is written anywhere. */
export async function openInProcess(
  options: {
    readonly sandbox?: Partial<SandboxOptions>
    readonly targets?: Partial<AirtableTargetsSettings>
    readonly declaration?: Partial<AirtableDeclaration>
    readonly latencyMs?: number
  } = {},
): Promise<InProcessWorld> {
  const clock = createVirtualClock(Date.UTC(2026, 10, 20, 12))
  const sandbox = createSandbox({ path: ':memory:', clock, random: seededRandom(3), log: quiet, ...options.sandbox })
  sandbox.control.ensureBase(linkedBase)
  const targets = await openAirtableTargets({
    storePath: '/nowhere/airtable.db',
    purpose: 'look',
    readCopy: () => Promise.resolve(undefined),
    secrets: { read: () => plantedToken },
    endpointOf: () => 'http://sandbox.invalid',
    transport: inProcessTransport(sandbox, clock, options.latencyMs),
    permits: 'alone',
    clock,
    random: seededRandom(4),
    log: quiet,
    ...options.targets,
  })
  return {
    clock,
    sandbox,
    targets,
    target: targets.of({ ...inProcessDeclaration, ...options.declaration }),
    async done(work) {
      let isOver = false
      const over = () => {
        isOver = true
      }
      work.then(over, over)
      while (!isOver) await clock.advance(Math.max(1, clock.nextTimerInMs() ?? 1))
      return await work
    },
    async close() {
      await targets.close()
      await sandbox.close()
    },
  }
}
