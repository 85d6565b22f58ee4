/** Notices commits of any program by the stamps of a database's files, which costs no connection and leaves no trace. */
import { realpathSync, statSync } from 'node:fs'
import type { Clock, Timer } from '../../clock.ts'
import type { Log } from '../../log.ts'
import { codeOf } from './database-error.ts'
import { type FileSignature, signatureOf } from './file-signature.ts'

const everyMs = 100
/** Two writes closer together than this may carry the same stamp (the kernel's clock tick is 4 ms or 10 ms). */
const tickMs = 20

/**
 * Calls `notify` when the files of the database at `path` changed, also when they appear, go or are replaced. A commit is
 * never missed: a file that was written so lately that a write after the look might carry the same stamp is reported
 * once more at the next look. A checkpoint, or a transaction that is rolled back, may be reported too.
 */
export function watchDatabase(
  path: string,
  notify: () => void,
  settings: { readonly clock: Clock; readonly log: Log },
): { close(): void } {
  const { clock, log } = settings
  let timer: Timer | undefined
  let closed = false
  /** The state last reported; undefined where the next look reports whatever it finds. */
  let reported: string | undefined

  const place = placeAt(path)
  const look = (first: boolean, youngFromMs: number) => {
    const now = place()
    const young = now.newestMs >= youngFromMs
    if (first ? young : now.text !== reported) notify()
    reported = young ? undefined : now.text
  }
  const keepLooking = (first: boolean) => {
    try {
      look(first, clock.nowMs() - tickMs)
    } catch (error) {
      log.warn({ error, path }, 'a database could not be watched; it is tried again')
    }
    if (!closed) timer = clock.after(everyMs, () => keepLooking(false))
  }
  keepLooking(true)
  return {
    close() {
      closed = true
      timer?.cancel()
    },
  }
}

/** Follows links anew only when another file stands at the path, since that takes a call for each folder. */
function placeAt(path: string): () => FileSignature {
  let known: { readonly dev: bigint; readonly ino: bigint; readonly real: string } | undefined
  return () => {
    try {
      const file = statSync(path, { bigint: true })
      if (known?.dev !== file.dev || known.ino !== file.ino)
        known = { dev: file.dev, ino: file.ino, real: realpathSync(path) }
      return signatureOf(known.real)
    } catch (error) {
      const code = codeOf(error)
      if (code === undefined) throw error
      known = undefined
      return { text: code, newestMs: 0 }
    }
  }
}
