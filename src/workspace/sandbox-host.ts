/**
 * The sandbox that `endpoint: sandbox` stands for. Who acts runs it over `.trueup/sandbox.db`, unless another process does;
 * who only looks uses the one that runs, or a copy in memory, and changes no file.
 */
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import { messageOf, OperationalError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Databases } from '../targets/sqlite/ports.ts'
import { runningSandbox, type SandboxNote } from './sandbox-note.ts'

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

export function createSandboxHost(settings: SandboxHostSettings): SandboxHost {
  const { ownFolder, log } = settings
  let own: { readonly sandbox: Sandbox; readonly url: string } | undefined
  let foreign: SandboxNote | undefined
  let failure: OperationalError | undefined
  let wanted: DesiredState | undefined
  let turn: Promise<void> = Promise.resolve()

  const ensure = async (state: DesiredState): Promise<void> => {
    const { airtable } = state
    if (airtable?.endpoint !== 'sandbox') return
    const { ensureThere, seedOf, startSandbox } = await import('./sandbox-start.ts')
    if (own === undefined) {
      foreign = runningSandbox(ownFolder)
      if (foreign === undefined) own = await startSandbox(settings)
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
