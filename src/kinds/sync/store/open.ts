/** Opens the sync's memory of a workspace: for work, the file itself; to look, a copy of what is there. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Databases } from '../../../targets/sqlite/ports.ts'
import { openStoreCopy, openStoreFile } from './schema.ts'
import { type SyncStore, syncStoreOver } from './store.ts'

export interface SyncStoreOptions {
  /** `.trueup/sync.db`, absolute. */
  readonly path: string
  /** `look` changes nothing on the disk: what a look finds out is forgotten afterwards. */
  readonly purpose: 'look' | 'act'
  readonly databases: Databases
}

/** Gives the store, opened at the first call, and anew after a call that could not open it: the disk may have room again. */
export function lazySyncStore(options: SyncStoreOptions): { open(): Promise<SyncStore>; close(): Promise<void> } {
  let opened: Promise<SyncStore> | undefined
  return {
    open() {
      if (opened !== undefined) return opened
      const opening = openSyncStore(options)
      opened = opening
      opening.catch(() => {
        if (opened === opening) opened = undefined
      })
      return opening
    },
    async close() {
      const store = await opened?.catch(() => undefined)
      store?.close()
    },
  }
}

async function openSyncStore({ path, purpose, databases }: SyncStoreOptions): Promise<SyncStore> {
  if (purpose === 'act') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (!existsSync(path)) {
      // Made with its mode, so that nobody can read it for a moment.
      closeSync(openSync(path, 'wx', 0o600))
      chmodSync(path, 0o600)
    }
    return syncStoreOver(openStoreFile(path))
  }
  if (!existsSync(path)) return syncStoreOver(openStoreFile(':memory:'))
  const view = await databases.read(path)
  try {
    const bytes = view.db.serialize()
    // A copy in memory has no place for a write-ahead log: its header says so (https://www.sqlite.org/fileformat.html, 18 and 19).
    bytes[18] = 1
    bytes[19] = 1
    return syncStoreOver(openStoreCopy(bytes))
  } finally {
    view.close()
  }
}
