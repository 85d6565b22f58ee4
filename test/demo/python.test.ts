/** The generated databases as the agents see them: through Python's own SQLite, as readers and as writers. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { databasePaths, generateWorkspace } from '../../src/demo/generate.ts'
import { removeFolder } from '../support/remove.ts'
import { runPython } from '../support/run-python.ts'

let root: string
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'trueup-python-test-'))
  await generateWorkspace({ into: join(root, 'one'), rows: 1500, seed: 77, mess: 'heavy' })
  await generateWorkspace({ into: join(root, 'same'), rows: 1500, seed: 77, mess: 'heavy' })
  await generateWorkspace({ into: join(root, 'other'), rows: 1500, seed: 78, mess: 'heavy' })
})
afterAll(() => removeFolder(root))

const python = (script: string, ...args: readonly string[]) => runPython(script, { args }).trim()

const dumpHash = `
import hashlib, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
digest = hashlib.sha256()
for line in connection.iterdump():
    digest.update(line.encode())
print(digest.hexdigest())
`

test.each(Object.values(databasePaths))('the SQL dump of %s is equal for equal seeds only', (path) => {
  const [one, same, other] = ['one', 'same', 'other'].map((name) => python(dumpHash, join(root, name, path)))
  expect(same).toBe(one)
  expect(other).not.toBe(one)
})

const readAndWrite = `
import sqlite3, sys
path, table, statement = sys.argv[1:]
connection = sqlite3.connect(path)
assert connection.execute('PRAGMA integrity_check').fetchone() == ('ok',)
before = len(connection.execute(f'SELECT * FROM {table}').fetchall())
assert before > 0
with connection:
    assert connection.execute(statement).rowcount > 0
connection.close()
connection = sqlite3.connect(path)
print(len(connection.execute(f'SELECT * FROM {table}').fetchall()) - before, connection.execute('PRAGMA journal_mode').fetchone()[0])
`

test.each<[keyof typeof databasePaths, string, string]>([
  ['main', 'leads', "INSERT INTO leads (id, name, email) VALUES ('from-python', 'Ada Agent', 'ada@agent.example')"],
  ['main', 'sync_log', "UPDATE leads SET airtable_synced = '2026-11-23 01:30:00' WHERE rowid = 1"],
  ['cache', 'engagement_tracking', 'INSERT INTO engagement_tracking (lead_id) SELECT id FROM leads LIMIT 1'],
  ['scraper', 'leads', "INSERT INTO leads (id, uuid, full_name) VALUES ('from-python', 'from-python', 'Ada Agent')"],
  ['campaigns', 'campaigns', "INSERT INTO campaigns (name) VALUES ('from Python')"],
])('Python reads and writes %s (%s), and one row comes of it', (name, table, statement) => {
  expect(python(readAndWrite, join(root, 'one', databasePaths[name]), table, statement)).toBe('1 delete')
})
