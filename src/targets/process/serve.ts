/** How an entry module offers its work to `Offload`: it calls `serve` once, at its top level. */
import { invariant } from '../../errors.ts'

/** What the work is given beside its input. */
export interface ServeContext {
  /** Reports progress to whoever waits; at most twenty messages a second are sent. */
  readonly progress: (done: number, total: number) => void
  /** Aborted when nobody waits for the answer any longer; the thread or process is ended shortly after. */
  readonly signal: AbortSignal
}

/**
 * The work: structured-cloneable input and output; the input is parsed by the work itself. The thread or process may be
 * given other runs afterwards, of this entry or others, so the work closes what it opens.
 */
export type Work = (input: unknown, context: ServeContext) => Promise<unknown> | unknown

let offered: Work | undefined

/**
 * Makes the module an entry of `Offload.thread` and `Offload.process`.
 *
 * @example serve(async (input, { progress }) => countRows(inputSchema.parse(input), progress))
 */
export function serve(work: Work): void {
  offered = work
}

/** The work of the entry that was just loaded, for host.ts. */
export function takeOffered(entry: string): Work {
  const work = offered
  offered = undefined
  invariant(work !== undefined, `${entry} offers no work`)
  return work
}
