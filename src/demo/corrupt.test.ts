import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CorruptionScenario, corruptDatabase, corruptionScenarios } from './corrupt.ts'
import { databasePaths, generateWorkspace } from './generate.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-corrupt-test-'))
  await generateWorkspace({ into: folder, rows: 800, seed: 3, mess: 'light' })
  path = join(folder, databasePaths.main)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What SQLite says about the file: `ok`, the findings of the integrity check, or the code it cannot even open it with. */
function verdict(): string {
  const db = new Database(path)
  try {
    return db.prepare<[], string>('PRAGMA integrity_check(1)').pluck().all().join()
  } catch (error) {
    return error instanceof Database.SqliteError ? error.code : String(error)
  } finally {
    db.close()
  }
}

test('a generated database is sound before it is damaged', () => {
  expect(verdict()).toBe('ok')
})

test.each<[CorruptionScenario, RegExp]>([
  ['header', /^SQLITE_NOTADB$/],
  ['zero-page', /^(?!ok$)/],
  ['truncate', /^(?!ok$)/],
  ['wal-mismatch', /^(?!ok$)/],
])('SQLite notices the damage of %s', (scenario, expected) => {
  corruptDatabase(path, scenario, 1)
  expect(verdict()).toMatch(expected)
})

test('flipped bits keep the size and spare the first page', () => {
  const before = readFileSync(path)
  corruptDatabase(path, 'bit-flips', 1)
  const after = readFileSync(path)
  expect(after.length).toBe(before.length)
  expect(after.subarray(0, 4096).equals(before.subarray(0, 4096))).toBe(true)
  const changed = after.reduce((count, byte, at) => count + (byte === before[at] ? 0 : 1), 0)
  expect(changed).toBeGreaterThan(40)
  expect(changed).toBeLessThanOrEqual(64)
})

test('a mismatched log leaves the database file itself as it was', () => {
  const before = readFileSync(path)
  corruptDatabase(path, 'wal-mismatch', 1)
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(existsSync(`${path}-wal`)).toBe(true)
})

test('a truncated file ends within a page of its second half', () => {
  const before = statSync(path).size
  corruptDatabase(path, 'truncate', 1)
  const after = statSync(path).size
  expect(after % 4096).toBe(100)
  expect(after).toBeGreaterThanOrEqual(before / 2 - 4096)
  expect(after).toBeLessThan(before)
})

describe.each(corruptionScenarios.filter((scenario) => scenario !== 'wal-mismatch'))('%s', (scenario) => {
  test('does equal damage for equal seeds', async () => {
    const other = join(folder, 'other')
    await generateWorkspace({ into: other, rows: 800, seed: 3, mess: 'light' })
    const otherPath = join(other, databasePaths.main)
    expect(readFileSync(otherPath).equals(readFileSync(path))).toBe(true)
    corruptDatabase(path, scenario, 7)
    corruptDatabase(otherPath, scenario, 7)
    expect(readFileSync(otherPath).equals(readFileSync(path))).toBe(true)
  })
})
