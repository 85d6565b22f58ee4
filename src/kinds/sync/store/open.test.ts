import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../clock.ts'
import { openLog } from '../../../log.ts'
import { sharedOffload } from '../../../targets/process/testing-offload.ts'
import { openDatabases } from '../../../targets/sqlite/databases.ts'
import { lazySyncStore } from './open.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sync-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('that could not be opened, as on a full disk, is opened by a later call', async () => {
  const log = openLog('silent')
  const offload = sharedOffload()
  const databases = openDatabases({ offload, clock: systemClock, log })
  const path = join(folder, 'sync.db')
  // What another version wrote is refused as it is opened, like a file that has no room for its schema.
  const other = new Database(path)
  other.pragma('user_version = 9999')
  const store = lazySyncStore({ path, purpose: 'act', databases })
  await expect(store.open()).rejects.toMatchObject({ code: 'JOURNAL_TOO_NEW' })
  other.pragma('user_version = 0')
  other.close()
  const opened = await store.open()
  expect(opened.table('leads').pairs.hasUnmet()).toBe(false)
  expect(await store.open()).toBe(opened)
  await store.close()
  databases.closeAll()
})
