/** How much room is left on the disk of a path. */
import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { codeOf } from './sqlite/database-error.ts'

/** The path itself where it is there, else the nearest folder above it that is. */
export function existingFolderOf(path: string): string {
  let existing = path
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
  return existing
}

/**
 * Bytes that this user may still take on the disk of a path that is there or will be. What cannot be told counts as plenty: it must
 * not hold anything back.
 */
export function freeBytesOf(path: string, log?: Log): number {
  try {
    const { bavail, bsize } = statfsSync(existingFolderOf(path))
    return bavail * bsize
  } catch (error) {
    // A folder that is gone meanwhile has not filled the disk.
    if (codeOf(error) !== 'ENOENT') log?.warn({ err: messageOf(error) }, 'the free room of a disk cannot be told')
    return Number.MAX_SAFE_INTEGER
  }
}
