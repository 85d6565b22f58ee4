/** In the place of src/targets/sqlite/live-locks.ts: in the simulated world somebody always has a database open. */
export async function isLive(): Promise<boolean> {
  return true
}

export async function walHoldersOf(): Promise<ReadonlySet<number>> {
  return new Set([process.pid])
}

/** Nobody there keeps a lock for long enough to be named. */
export async function lockHoldersOf(): Promise<readonly number[]> {
  return []
}
