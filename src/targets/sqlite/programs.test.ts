import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { python } from '../../../test/support/python.ts'
import { createProgramFinder, safetyOf } from './programs.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'programs-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a Python program that has the file open is found, with its user and its SQLite, and not once it has closed it', async () => {
  const path = join(folder, 'leads.db')
  const program = python(
    `c = sqlite3.connect(sys.argv[1]); c.execute('CREATE TABLE t (n)'); c.commit(); say(sqlite3.sqlite_version); wait(); c.close(); say('closed'); wait()`,
    path,
  )
  const version = await program.line()
  const finder = createProgramFinder()
  expect(await finder.programsOf(path)).toEqual([
    { pid: program.pid, name: 'python3', uid: process.getuid?.(), sqlite: version, safety: safetyOf(version) },
  ])
  program.tell('close')
  await program.line()
  expect(await finder.programsOf(path)).toEqual([])
  await program.kill()
})

describe('the WAL-reset bug', () => {
  test.each([
    ['3.6.23', 'safe'],
    ['3.7.0', 'affected'],
    ['3.40.1', 'affected'],
    ['3.44.5', 'affected'],
    ['3.44.6', 'safe'],
    ['3.45.0', 'affected'],
    ['3.50.6', 'affected'],
    ['3.50.7', 'safe'],
    ['3.51.2', 'affected'],
    ['3.51.3', 'safe'],
    ['3.53.2', 'safe'],
    ['4.0.0', 'unknown'],
    [undefined, 'unknown'],
  ])('%s is %s', (version, safety) => {
    expect(safetyOf(version)).toBe(safety)
  })
})
