import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openProcessStore } from './process-store.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'process-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('says with a code what the file does not let it do, and goes on when it does', () => {
  const path = join(folder, 'processes.db')
  writeFileSync(path, 'this is no database, and longer than the head of one '.repeat(20))
  const store = openProcessStore(path, { keep: true })
  try {
    expect(() => store.set('service', 'worker', {})).toThrow(expect.objectContaining({ code: 'DATABASE_CORRUPT' }))
    rmSync(path)
    store.set('service', 'worker', { runs: 1 })
    const other = new Database(path)
    other.exec('BEGIN EXCLUSIVE')
    expect(() => store.set('service', 'worker', { runs: 2 })).toThrow(
      expect.objectContaining({ code: 'DATABASE_LOCKED' }),
    )
    other.exec('COMMIT')
    other.close()
    expect(store.get('service', 'worker')).toEqual({ runs: 1 })
  } finally {
    store.close()
  }
})
