/**
 * Copies of the signed heads in folders that this machine should only be able to add to. Each copy is behind the workspace's
 * own file or equal to it, and what it lacks is appended; a copy that holds a head which the workspace lacks shows that
 * somebody cut or exchanged the file here.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { type ReadHead, readHeads } from '../journal/heads.ts'

export interface CopyState {
  readonly folder: string
  /** The file in it; undefined while there is no key yet. */
  readonly file: string | undefined
  /** Why the newest heads are not there; undefined where they are. */
  readonly problem: string | undefined
  /** Whether the copy holds what the workspace lacks. */
  readonly isTampered: boolean
  /** Since when that is so. */
  readonly sinceMs: number | undefined
}

export interface HeadCopies {
  /** Brings all copies up to date. Never throws; what went wrong is in {@link HeadCopies.states}. */
  send(): Promise<void>
  states(): readonly CopyState[]
  /** The heads of all copies that can be read. */
  heads(): Promise<readonly ReadHead[]>
}

export interface HeadCopiesPorts {
  /** The workspace's own file of heads. */
  readonly headsPath: string
  /** The key that heads are signed with; undefined before the first. */
  readonly key: () => string | undefined
  /** The name of the workspace, and the folders, absolute. */
  readonly declared: () => { readonly name: string; readonly folders: readonly string[] }
  readonly clock: Clock
}

/** Longer is not waited for one folder: a mount whose server is gone answers never. */
const answerMs = 20_000

export function createHeadCopies(ports: HeadCopiesPorts): HeadCopies {
  const { clock } = ports
  const problems = new Map<
    string,
    { readonly problem: string; readonly isTampered: boolean; readonly sinceMs: number }
  >()
  const busy = new Set<string>()

  /** Named after the key, so that workspaces of one name do not mix. */
  function fileIn(folder: string): string | undefined {
    const key = ports.key()
    if (key === undefined) return undefined
    const mark = createHash('sha256').update(key).digest('hex').slice(0, 8)
    return join(folder, `${ports.declared().name}-${mark}.audit.heads`)
  }

  async function sendTo(folder: string): Promise<void> {
    // One that has not answered yet would only be asked twice.
    if (busy.has(folder)) return
    busy.add(folder)
    const sent = copyTo(folder).finally(() => busy.delete(folder))
    try {
      await within(sent, clock)
      problems.delete(folder)
    } catch (error) {
      const sinceMs = problems.get(folder)?.sinceMs ?? clock.nowMs()
      problems.set(folder, { problem: messageOf(error), isTampered: error instanceof OtherHeads, sinceMs })
    }
  }

  async function copyTo(folder: string): Promise<void> {
    const file = fileIn(folder)
    if (file === undefined || !existsSync(ports.headsPath)) return
    const own = wholeLines(await readFile(ports.headsPath, 'utf8'))
    const copy = await open(file, 'a+', 0o600)
    try {
      const there = await copy.readFile('utf8')
      const lines = wholeLines(there)
      const known = new Set(own)
      const strange = lines.findIndex((line) => !known.has(line))
      if (strange >= 0) throw new OtherHeads(strange + 1, file)
      const last = lines.at(-1)
      const missing = own.slice(last === undefined ? 0 : own.lastIndexOf(last) + 1)
      const text = missing.map((line) => `${line}\n`).join('')
      // What a crash left of a line is completed; nothing is ever taken away there.
      const begun = there.slice(there.lastIndexOf('\n') + 1)
      if (!text.startsWith(begun)) throw new OtherHeads(lines.length + 1, file)
      if (text === begun) return
      await copy.appendFile(text.slice(begun.length))
      await copy.sync()
    } finally {
      await copy.close()
    }
  }

  return {
    async send() {
      const { folders } = ports.declared()
      for (const folder of problems.keys()) if (!folders.includes(folder)) problems.delete(folder)
      await Promise.all(folders.map(sendTo))
    },
    states: () =>
      ports.declared().folders.map((folder) => ({
        folder,
        file: fileIn(folder),
        problem: problems.get(folder)?.problem,
        isTampered: problems.get(folder)?.isTampered ?? false,
        sinceMs: problems.get(folder)?.sinceMs,
      })),
    async heads() {
      const read = await Promise.all(
        ports.declared().folders.map(async (folder) => {
          const file = fileIn(folder)
          if (file === undefined) return []
          const text = await within(readFile(file, 'utf8'), clock).catch(() => '')
          return readHeads(text).filter(({ is }) => is === 'head')
        }),
      )
      return read.flat()
    },
  }
}

class OtherHeads extends Error {
  constructor(line: number, file: string) {
    super(`line ${line} of ${file} is none of the heads in the workspace: they were cut or exchanged here`)
  }
}

/** Lines that are ended and hold something. */
function wholeLines(text: string): readonly string[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
}

function within<Result>(work: Promise<Result>, clock: Clock): Promise<Result> {
  let timer: ReturnType<Clock['after']> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = clock.after(answerMs, () => reject(new Error(`it did not answer within ${answerMs / 1000} s`)))
  })
  return Promise.race([work, late]).finally(() => timer?.cancel())
}
