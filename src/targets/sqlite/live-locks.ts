/**
 * Tells whether a program has a SQLite file open right now, from the kernel's lock table and without touching the file.
 * A connection in WAL mode holds a shared lock on a byte of the -shm for as long as it lives; one in another mode holds
 * locks only while it works.
 */
import { readFile, stat } from 'node:fs/promises'
import { codeOf } from './database-error.ts'

/** One POSIX lock of /proc/locks. */
export interface KernelLock {
  readonly inode: bigint
  readonly pid: number
  readonly mode: 'READ' | 'WRITE'
  readonly from: bigint
  /** Last byte, inclusive. */
  readonly to: bigint
}

/** Reads the text of /proc/locks; lines of another form (leases, flock, waiting requests) are left out. */
export function parseLocks(text: string): readonly KernelLock[] {
  return text.split('\n').flatMap((line) => {
    const match =
      /^\d+: (?:POSIX|OFDLCK) +ADVISORY +(READ|WRITE) +(-?\d+) [0-9a-f]+:[0-9a-f]+:(\d+) (\d+) (\d+|EOF)$/.exec(
        line.trimEnd(),
      )
    const [, mode, pid, inode, from, to] = match ?? []
    if (inode === undefined || from === undefined || (mode !== 'READ' && mode !== 'WRITE')) return []
    return [
      {
        mode,
        pid: Number(pid),
        inode: BigInt(inode),
        from: BigInt(from),
        to: to === undefined || to === 'EOF' ? 2n ** 63n - 1n : BigInt(to),
      },
    ]
  })
}

/** The lock that every WAL connection holds on the -shm (WAL_READ_LOCK area, "deadman switch", os_unix.c). */
const livingByte = 128n
/** Where SQLite locks the database file itself (PENDING_BYTE, RESERVED_BYTE, SHARED_FIRST, os.h). */
const pendingByte = 0x40000000n
const sharedLast = pendingByte + 2n + 509n

/**
 * Whether some program, this one included, has the file open in WAL mode (its -shm is locked) or is in a transaction on
 * it. Without a lock table (not Linux) the presence of both -wal and -shm is taken for it. A program in another
 * container may not be seen.
 */
export async function isLive(path: string): Promise<boolean> {
  const [file, shm, wal] = await Promise.all([inodeOf(path), inodeOf(`${path}-shm`), inodeOf(`${path}-wal`)])
  const locks = await kernelLocks()
  if (locks === undefined) return shm !== undefined && wal !== undefined
  // Only inode and byte are compared: some file systems show another device number in the lock table than in stat.
  return locks.some(
    (lock) =>
      (lock.inode === shm && lock.from <= livingByte && lock.to >= livingByte) ||
      (lock.inode === file && lock.from <= sharedLast && lock.to >= pendingByte),
  )
}

/**
 * The processes that have the -shm beside the path open, that is: are connected in WAL mode to the file that is, or was
 * when they opened it, at the path. Undefined without a lock table; empty where there is no -shm.
 */
export async function walHoldersOf(path: string): Promise<ReadonlySet<number> | undefined> {
  const [shm, locks] = await Promise.all([inodeOf(`${path}-shm`), kernelLocks()])
  const held = locks?.filter((lock) => lock.inode === shm && lock.from <= livingByte && lock.to >= livingByte)
  return held === undefined ? undefined : new Set(held.map((lock) => lock.pid))
}

/** Bytes of the -shm by which WAL connections keep each other out: writing, checkpointing, recovering (WAL_WRITE_LOCK …). */
const walLocks = { first: 120n, last: 122n }

/**
 * The other processes that keep this one from the file: they write it, are about to, or have it to themselves. Empty where
 * that cannot be told.
 */
export async function lockHoldersOf(path: string): Promise<readonly number[]> {
  const [file, shm, locks] = await Promise.all([inodeOf(path), inodeOf(`${path}-shm`), kernelLocks()])
  const keeping = (locks ?? []).filter(
    ({ inode, mode, from, to, pid }) =>
      mode === 'WRITE' &&
      pid > 0 &&
      pid !== process.pid &&
      ((inode === file && from <= sharedLast && to >= pendingByte) ||
        (inode === shm && from <= walLocks.last && to >= walLocks.first)),
  )
  return [...new Set(keeping.map(({ pid }) => pid))]
}

async function kernelLocks(): Promise<readonly KernelLock[] | undefined> {
  try {
    return parseLocks(await readFile('/proc/locks', 'utf8'))
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return undefined
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return undefined
  }
}
