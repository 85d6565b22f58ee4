/** Copies database files, byte by byte and without a trace. For child processes: closing a descriptor drops the locks of its process. */
import { type BigIntStats, constants, copyFileSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { invariant } from '../../errors.ts'

/** Changes whenever the file, its -wal or its journal does, is replaced, appears or goes. */
export function stateOf(path: string): string {
  return ['', '-wal', '-journal'].map((part) => stateOfOne(path + part)).join('|')
}

function stateOfOne(path: string): string {
  const found = statOf(path)
  return found === undefined ? 'absent' : `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`
}

export function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}

/** Shares blocks where the file system can; else reads without leaving an access time. */
export async function copyQuietly(from: string, to: string): Promise<void> {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE)
    return
  } catch (error) {
    // ENOTSUP, EXDEV, EINVAL, ENOSYS, ENOTTY: this file system or pair of them cannot share blocks.
    invariant(error instanceof Error, 'Node throws errors')
  }
  const source = await openQuietly(from)
  try {
    const target = await open(to, 'w', 0o600)
    try {
      const block = Buffer.allocUnsafe(1 << 20)
      for (;;) {
        const { bytesRead } = await source.read(block, 0, block.length)
        if (bytesRead === 0) return
        await target.writeFile(block.subarray(0, bytesRead))
      }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** O_NOATIME is allowed to the owner of the file only; O_NONBLOCK, lest a pipe put in its place blocks. */
export async function openQuietly(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK
  try {
    return await open(path, flags | constants.O_NOATIME)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EPERM' || error.code === 'EINVAL')) {
      return await open(path, flags)
    }
    throw error
  }
}
