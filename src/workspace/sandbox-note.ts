/**
 * `.trueup/sandbox.json`: where the sandbox of this workspace answers, so that every process uses the one that runs. It holds
 * the sandbox's control token and is readable by its owner only; what it says counts only while its writer lives.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { holderOf, isHolderAlive } from '../targets/process/holder.ts'

const noteSchema = z.object({ url: z.string(), holder: z.string(), controlToken: z.string() })

export interface SandboxNote {
  readonly url: string
  readonly controlToken: string
}

function noteIn(ownFolder: string): string {
  return join(ownFolder, 'sandbox.json')
}

function read(ownFolder: string): z.output<typeof noteSchema> | undefined {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(noteIn(ownFolder), 'utf8')))
  } catch {
    // Absent, or from another version: no sandbox is known to run, and one can be started.
    return undefined
  }
}

/** The sandbox of this workspace that another process, or this one, runs. */
export function runningSandbox(ownFolder: string): SandboxNote | undefined {
  const note = read(ownFolder)
  return note !== undefined && isHolderAlive(note.holder) ? note : undefined
}

/** The port that the last sandbox had, so that a page that is open in a browser goes on after a restart. */
export function lastSandboxPort(ownFolder: string): number | undefined {
  const note = read(ownFolder)
  const port = note === undefined || !URL.canParse(note.url) ? 0 : Number(new URL(note.url).port)
  return port > 0 ? port : undefined
}

/** Says that this process runs it. The folder must be there. */
export function writeSandboxNote(ownFolder: string, note: SandboxNote): void {
  const path = noteIn(ownFolder)
  const part = `${path}.${process.pid}.part`
  rmSync(part, { force: true })
  writeFileSync(part, JSON.stringify({ ...note, holder: holderOf(process.pid) }), { mode: 0o600, flag: 'wx' })
  renameSync(part, path)
}
