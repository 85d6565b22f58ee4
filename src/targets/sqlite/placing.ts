/** Puts whole files in the place of databases, which no program may have open meanwhile. */
import { constants, statSync } from 'node:fs'
import { chmod, chown, copyFile, open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { OperationalError } from '../../errors.ts'
import type { SqliteProgram } from './programs.ts'

/** What belongs to a database beside its file. */
export const companions = ['-wal', '-shm', '-journal'] as const

/** Where a file is made ready, on the file system that it is for; nobody else uses this name. */
export function partOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.trueup-new`)
}

/** With the mode and, where this process may give files away, the owner of the file whose place it takes. On the disk when this returns. */
export async function copyDurably(
  from: string,
  to: string,
  like: { readonly mode: number; readonly path?: string },
): Promise<void> {
  await rm(to, { force: true })
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  await chmod(to, like.mode)
  if (like.path !== undefined && process.getuid?.() === 0) {
    const { uid, gid } = statSync(like.path)
    await chown(to, uid, gid)
  }
  const file = await open(to, 'r')
  await file.sync()
  await file.close()
}

/** Device and inode. Opens nothing. Undefined where nothing is. */
export function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

/** Throws DATABASE_LOCKED where a program that is not passed over has the file open. */
export async function refuseWhileOpen(
  path: string,
  programsNow: (path: string) => Promise<readonly SqliteProgram[]>,
  passedOver: (pid: number) => boolean = () => false,
): Promise<void> {
  // The kernel names the file of one that was deleted under a program like this.
  const found = [...(await programsNow(path)), ...(await programsNow(`${path} (deleted)`))]
  const programs = found.filter(({ pid }) => !passedOver(pid))
  if (programs.length === 0) return
  const names = [...new Set(programs.map(({ name, pid }) => `${name} (${pid})`))].join(', ')
  throw new OperationalError(
    'DATABASE_LOCKED',
    `${path} is open in ${names}, which would go on with the file of before`,
    {
      hint: 'Stop them; a service whose `dependsOn` names the database is stopped by itself. The approved action is tried again by itself.',
    },
  )
}
