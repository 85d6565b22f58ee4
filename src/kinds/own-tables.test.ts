import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureExclusions, readExclusions } from './duplicates/exclusions.ts'
import { ensureWaivers, readWaivers } from './quality/waivers.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-table-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const all = [
  ['exclusions', ensureExclusions, readExclusions],
  ['waivers', ensureWaivers, readWaivers],
] as const

test.each(all)(
  '%s have their table also where a crash left the file without it, and it is private',
  (_, ensure, read) => {
    const made = join(folder, 'made', 'one.db')
    ensure(made)
    expect(statSync(made).mode & 0o777).toBe(0o600)
    const left = join(folder, 'left.db')
    writeFileSync(left, '')
    for (const path of [made, left]) {
      ensure(path)
      const db = new Database(path, { readonly: true })
      expect(read(db, 'leads')).toEqual([])
      db.close()
    }
  },
)
