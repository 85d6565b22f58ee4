import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLog } from '../log.ts'
import { ensureDemoWorkspace } from './demo-workspace.ts'

const log = openLog('silent')
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trueup-demo-test-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function rowsOf(path: string): unknown {
  const db = new Database(join(directory, path), { readonly: true })
  try {
    return db.prepare('SELECT count(*) FROM leads').pluck().get()
  } finally {
    db.close()
  }
}

test('a first start makes the whole workspace and leaves nothing beside it', async () => {
  expect(await ensureDemoWorkspace({ directory, log })).toEqual({ created: true })
  expect(rowsOf('data/leads.db')).toBe(5000)
  expect(rowsOf('data/leads_cache.db')).toBe(1000)
  expect(rowsOf('data/scraper/leads.db')).toBe(1200)
  expect(readdirSync(directory).sort()).toEqual(['.trueup', 'data', 'desired-state.yaml', 'services'])
  expect(readdirSync(join(directory, '.trueup'))).toEqual([])
})

test('a second start changes nothing', async () => {
  await ensureDemoWorkspace({ directory, log })
  const before = statSync(join(directory, 'data/leads.db'))
  expect(await ensureDemoWorkspace({ directory, log })).toEqual({ created: false })
  const after = statSync(join(directory, 'data/leads.db'))
  expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
})

test('files of the owner are kept and only what is absent comes beside them', async () => {
  writeFileSync(join(directory, 'desired-state.yaml'), '# mine\n')
  mkdirSync(join(directory, 'data/scraper'), { recursive: true })
  writeFileSync(join(directory, 'data/leads.db'), 'mine')
  expect(await ensureDemoWorkspace({ directory, log })).toEqual({ created: true })
  expect(readFileSync(join(directory, 'desired-state.yaml'), 'utf8')).toBe('# mine\n')
  expect(readFileSync(join(directory, 'data/leads.db'), 'utf8')).toBe('mine')
  expect(rowsOf('data/scraper/leads.db')).toBe(1200)
  expect(readdirSync(join(directory, 'data/json')).length).toBeGreaterThan(3)
})

test('no database is put beside the log of one that is gone', async () => {
  mkdirSync(join(directory, 'data'))
  writeFileSync(join(directory, 'data/leads.db-wal'), 'what was not yet written')
  await ensureDemoWorkspace({ directory, log })
  expect(existsSync(join(directory, 'data/leads.db'))).toBe(false)
  expect(readFileSync(join(directory, 'data/leads.db-wal'), 'utf8')).toBe('what was not yet written')
})

test('what an interrupted start left is swept away by the next', async () => {
  mkdirSync(join(directory, '.trueup/demo-cut0ff/data'), { recursive: true })
  writeFileSync(join(directory, '.trueup/demo-cut0ff/data/leads.db'), 'half')
  writeFileSync(join(directory, '.trueup/journal.db'), 'kept')
  await ensureDemoWorkspace({ directory, log })
  expect(readdirSync(join(directory, '.trueup'))).toEqual(['journal.db'])
  expect(rowsOf('data/leads.db')).toBe(5000)
})
