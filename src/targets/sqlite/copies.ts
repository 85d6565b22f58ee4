/**
 * Where a database file can be opened for reading without a trace: the file itself, or a private copy of it that a child
 * process made. An unchanged file is copied once; copies are gone when nobody has used them for a while, at the end of
 * the process, and, after a crash, at the next start.
 */
import { rmSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock, Timer } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { entryUrl } from '../process/entry-url.ts'
import type { Offload } from '../process/ports.ts'
import type { CopyOrder, CopyReply } from './copy-entry.ts'
import { codeOf, toDatabaseError } from './database-error.ts'
import { signatureOf } from './file-signature.ts'
import type { Place } from './ports.ts'

export interface Copies {
  /** @param path the real path of a readable regular file that no program has open. */
  locate(path: string): Promise<Place>
  close(): void
}

export interface CopiesSettings {
  readonly offload: Offload
  readonly clock: Clock
  readonly log: Log
  /** Where copies are put; on the same file system as the databases they share blocks where it can. */
  readonly folder: string
}

const replySchema: z.ZodType<CopyReply> = z.discriminatedUnion('is', [
  z.object({ is: z.literal('direct') }),
  z.object({ is: z.literal('copied') }),
  z.object({ is: z.literal('no-database') }),
  z.object({ is: z.literal('moving') }),
])

/** How long a copy is kept after its last use, in milliseconds. */
const idleMs = 60_000
const copyDeadlineMs = 600_000
const folderPrefix = 'trueup-read-'

/** What was found out about one state of a file. */
interface Finding {
  readonly signature: string
  /** The copy's folder; undefined where the file itself can be opened. */
  readonly folder: string | undefined
  users: number
  idle: Timer | undefined
}

export function createCopies(settings: CopiesSettings): Copies {
  const findings = new Map<string, Promise<Finding>>()
  const folders = new Set<string>()
  const removeAll = () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    folders.clear()
  }
  process.on('exit', removeAll)
  const swept = sweep(settings)

  const remove = (folder: string) => {
    folders.delete(folder)
    rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
      settings.log.warn({ error, folder }, 'a copy could not be removed'),
    )
  }

  const look = async (path: string, signature: string): Promise<Finding> => {
    await swept
    const folder = await mkdtemp(join(settings.folder, `${folderPrefix}${process.pid}-`))
    folders.add(folder)
    try {
      const order: CopyOrder = { path, to: join(folder, 'copy.db') }
      const entry = entryUrl('./copy-entry', import.meta.url)
      const reply = replySchema.parse(await settings.offload.process(entry, order, { deadlineMs: copyDeadlineMs }))
      if (reply.is === 'no-database') throw new OperationalError('DATABASE_CORRUPT', `${path} is not a SQLite database`)
      if (reply.is === 'copied') return { signature, folder, users: 0, idle: undefined }
    } catch (error) {
      remove(folder)
      throw toDatabaseError(error, path)
    }
    remove(folder)
    // A file that is written without end is open in a program that this machine does not show; opening it is safe then.
    return { signature, folder: undefined, users: 0, idle: undefined }
  }

  const forget = (path: string, held: Promise<Finding>, finding: Finding) => {
    if (findings.get(path) === held) findings.delete(path)
    if (finding.folder !== undefined && finding.users === 0) remove(finding.folder)
  }

  const use = (path: string, held: Promise<Finding>, finding: Finding): Place => {
    finding.users += 1
    finding.idle?.cancel()
    let released = false
    return {
      path: finding.folder === undefined ? path : join(finding.folder, 'copy.db'),
      release() {
        if (released) return
        released = true
        finding.users -= 1
        if (finding.users > 0) return
        if (findings.get(path) !== held) forget(path, held, finding)
        else finding.idle = settings.clock.after(idleMs, () => forget(path, held, finding))
      },
    }
  }

  return {
    async locate(path) {
      const signature = signatureOf(path).text
      const known = findings.get(path)
      if (known !== undefined) {
        const finding = await known.catch(() => undefined)
        if (finding?.signature === signature && findings.get(path) === known) return use(path, known, finding)
        if (finding !== undefined && findings.get(path) === known) {
          finding.idle?.cancel()
          forget(path, known, finding)
        }
      }
      const fresh = look(path, signature)
      findings.set(path, fresh)
      try {
        return use(path, fresh, await fresh)
      } catch (error) {
        if (findings.get(path) === fresh) findings.delete(path)
        throw error
      }
    },
    close() {
      process.off('exit', removeAll)
      findings.clear()
      removeAll()
    },
  }
}

/** Removes what a killed process left behind. */
async function sweep({ folder, log }: CopiesSettings): Promise<void> {
  const own = process.getuid?.()
  for (const name of await readdir(folder)) {
    const pid = /^trueup-read-(\d+)-/.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    try {
      const path = join(folder, name)
      if ((await stat(path)).uid === own) await rm(path, { recursive: true, force: true })
    } catch (error) {
      log.debug({ error, name }, 'a leftover copy could not be removed')
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}
