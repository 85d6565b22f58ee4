/** Starts the sandbox as a program of its own: `trueup sandbox [--port]`, and the embedded one of `trueup run`. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { tokenProfile } from './access/tokens.ts'
import type { SandboxLimits } from './limits/limit-gate.ts'
import type { BaseSeed } from './metadata/base-seed.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'

export interface ServeSandboxOptions {
  /** The SQLite file that keeps its data; its folder is made with mode 0700. */
  readonly path: string
  /** Default 0: any that is free. */
  readonly port?: number
  /** The one token that may do everything; left out: any token may. */
  readonly token?: string
  /** Bases that must exist. */
  readonly bases?: readonly BaseSeed[]
  readonly limits?: Partial<SandboxLimits>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface ServedSandbox {
  readonly sandbox: Sandbox
  /** The `endpointUrl` of clients, and the address of the page. */
  readonly url: string
}

/**
 * Opens, seeds and starts a sandbox; end it with `sandbox.close()`.
 *
 * @throws OperationalError USAGE when the port is taken; ZodError for a base of a wrong form.
 */
export async function serveSandbox(options: ServeSandboxOptions): Promise<ServedSandbox> {
  const { path, port, token, bases = [], limits, clock, random, log } = options
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const sandbox = createSandbox({
    path,
    clock,
    random,
    log,
    ...(token === undefined ? {} : { tokens: [tokenProfile(token)] }),
    ...(limits === undefined ? {} : { limits }),
  })
  try {
    for (const base of bases) sandbox.control.ensureBase(base)
    return { sandbox, url: await sandbox.listen(port ?? 0) }
  } catch (error) {
    await sandbox.close()
    throw error
  }
}
