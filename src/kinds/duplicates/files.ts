/** Where what is known of duplicates is kept: beside the journal for work, in a folder that is thrown away to look. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { exclusionsFile, openDuplicateStore, storeFile } from './store.ts'

export interface DuplicateFiles {
  /** The file of what looks found. */
  readonly store: string
  /** Where indexes of keys are written. */
  readonly folder: string
  /** Where such of earlier passes may be read, too. */
  readonly also: string | undefined
  /** What people told apart; need not be there. */
  readonly exclusions: string
}

export interface DuplicateFilesOptions {
  /** `.trueup`, absolute. */
  readonly ownFolder: string
  /** `look` changes nothing on the disk: what a look finds out is forgotten afterwards. */
  readonly purpose: 'look' | 'act'
  readonly databases: Databases
}

export interface LazyDuplicateFiles {
  open(): Promise<DuplicateFiles>
  /** What people told apart; need not be there. */
  readonly exclusions: string
  close(): Promise<void>
}

/** Gives the places, made at the first call. */
export function lazyDuplicateFiles({ ownFolder, purpose, databases }: DuplicateFilesOptions): LazyDuplicateFiles {
  let opened: Promise<DuplicateFiles> | undefined
  const store = join(ownFolder, storeFile)
  const exclusions = join(ownFolder, exclusionsFile)
  const toLook = async (): Promise<DuplicateFiles> => {
    const folder = mkdtempSync(join(tmpdir(), 'trueup-look-'))
    const copy = join(folder, storeFile)
    if (existsSync(store)) await copyStore(store, copy, databases)
    return { store: copy, folder, also: ownFolder, exclusions }
  }
  return {
    exclusions,
    open() {
      opened ??=
        purpose === 'look' ? toLook() : Promise.resolve({ store, folder: ownFolder, also: undefined, exclusions })
      return opened
    },
    async close() {
      const files = await opened?.catch(() => undefined)
      if (files !== undefined && purpose === 'look') rmSync(files.folder, { recursive: true, force: true })
    },
  }
}

async function copyStore(from: string, to: string, databases: Databases): Promise<void> {
  const view = await databases.read(from)
  try {
    const bytes = view.db.serialize()
    // A copy has no write-ahead log: its header says so (https://www.sqlite.org/fileformat.html, 18 and 19).
    bytes[18] = 1
    bytes[19] = 1
    writeFileSync(to, bytes, { mode: 0o600 })
  } finally {
    view.close()
  }
}

/** Forgets all that looks found, of an erased person too: it is found anew. Gives how many passes there were. */
export function emptyDuplicateStore(ownFolder: string): number {
  const path = join(ownFolder, storeFile)
  if (!existsSync(path)) return 0
  const store = openDuplicateStore(path)
  try {
    return store.transaction(() => store.clear())
  } finally {
    store.close()
  }
}
