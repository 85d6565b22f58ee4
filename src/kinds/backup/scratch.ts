/**
 * Private folders for plain copies. Each names the process that works in it: several may verify at once, and what a killed
 * one left behind is told from what is in use.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { holderOf, isHolderAlive } from '../../targets/process/holder.ts'

const separator = '_'

/** An empty folder that only this user can read. Whoever asks for it removes it. */
export function makeScratch(ownFolder: string): string {
  const folder = join(ownFolder, 'scratch')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return mkdtempSync(join(folder, `${holderOf(process.pid)}${separator}`))
}

/** The folders that processes which have ended left behind, absolute. */
export function leftScratchIn(ownFolder: string): readonly string[] {
  const folder = join(ownFolder, 'scratch')
  if (!existsSync(folder)) return []
  const bootOf = (holder: string) => holder.split(':')[0]
  const isLeft = (name: string) => {
    const [holder = ''] = name.split(separator)
    // Of an earlier start of the machine nothing runs any more.
    return bootOf(holder) !== bootOf(holderOf(process.pid)) || !isHolderAlive(holder)
  }
  return readdirSync(folder)
    .filter(isLeft)
    .map((name) => join(folder, name))
}

/** Removes what processes that have ended left behind. */
export function sweepScratch(ownFolder: string): void {
  for (const left of leftScratchIn(ownFolder)) rmSync(left, { recursive: true, force: true })
}
