import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, test } from 'vitest'
import { checkCopy, contentOf } from './content.ts'

const folder = mkdtempSync(join(tmpdir(), 'trueup-content-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function made(sql: string): string {
  files += 1
  const path = join(folder, `${files}.db`)
  const db = new Database(path)
  db.exec(sql)
  db.close()
  return path
}
const tableIn = (sql: string) => contentOf(made(sql)).find(({ name }) => name === 't')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('the content of a table', () => {
  test('is its rows in their order, a line of JSON each, in however many pieces they are read', () => {
    const sql = `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b);
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
        INSERT INTO t SELECT i * 7 - 5000, 'row ' || i, iif(i % 3 = 0, NULL, replace(hex(zeroblob(i % 900)), '00', 'wordy')) FROM n`
    const lines = Array.from({ length: 10_000 }, (_, i) =>
      JSON.stringify([i * 7 - 5000, `row ${i}`, i % 3 === 0 ? null : 'wordy'.repeat(i % 900)]),
    )
    const expected = { name: 't', rows: 10_000, sha256: sha256(`${lines.join('\n')}\n`), form: 'json' }
    expect(tableIn(sql)).toEqual(expected)
  })

  test('differs for whatever values SQLite tells apart', () => {
    const values = [
      ...[
        'NULL',
        "''",
        "'NULL'",
        '0',
        '1',
        '1.0',
        '-1',
        "'1'",
        "'1.0'",
        '0.1',
        '0.1 + 1e-17',
        '0.30000000000000004',
        '0.3',
      ],
      ...['9223372036854775807', '9223372036854775806', '9e999', '-9e999', "'Inf'", "x''", "x'31'", "x'00'", "x'0000'"],
      ...[
        "'a'",
        "'A'",
        "'a '",
        "'a' || char(0)",
        "'a' || char(0) || 'b'",
        "'a' || char(10)",
        `'"'`,
        `'\\"'`,
        "'ä'",
        "'a' || char(776)",
      ],
      ...["'[1]'", "json('[1]') || ' '", "'null'", `'a","b'`],
    ]
    const hashes = values.map((value) => tableIn(`CREATE TABLE t (a, b); INSERT INTO t VALUES (${value}, 'b')`)?.sha256)
    const alike = values.filter((_, at) => hashes.indexOf(hashes[at]) !== at)
    expect(alike).toEqual([])
  })

  test('is told of tables without rowids, with BLOBs, or whose columns have all names of the rowid too', () => {
    for (const sql of [
      `CREATE TABLE t (a TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1), ('y', 'it''s')`,
      `CREATE TABLE t (a, b); INSERT INTO t VALUES ('x', x'00ff'), ('y', 1)`,
      `CREATE TABLE t (rowid, oid, _rowid_); INSERT INTO t VALUES (1, 2, 3), (2, 1, 4)`,
    ]) {
      const found = tableIn(sql)
      expect(found).toMatchObject({ rows: 2 })
      expect(found).not.toHaveProperty('form')
      expect(tableIn(`${sql}; UPDATE t SET rowid = rowid`.replace(/; UPDATE.*$/, '; DELETE FROM t'))).toMatchObject({
        rows: 0,
      })
    }
  })

  test('is hashed in the form of what it is compared with, as sets that were made before have it', () => {
    const path = made(`CREATE TABLE t (a, b); INSERT INTO t VALUES ('it''s', 1), (NULL, 0.5)`)
    const known = { name: 't', rows: 2, sha256: sha256("'it''s',1\nNULL,0.5\n") }
    expect(contentOf(path, [known]).find(({ name }) => name === 't')).toEqual(known)
  })

  test('is found broken where an index does not fit its table, which the rows alone do not show', () => {
    const path = made(`CREATE TABLE t (a); CREATE INDEX i ON t (a); INSERT INTO t VALUES ('x'), ('y')`)
    const db = new Database(path)
    const [{ root } = { root: 0 }] = db
      .prepare<[], { root: number }>("SELECT rootpage AS root FROM sqlite_schema WHERE name = 'i'")
      .all()
    const pageSize = Number(db.pragma('page_size', { simple: true }))
    db.close()
    const bytes = readFileSync(path)
    const at = bytes.indexOf('y', (root - 1) * pageSize)
    bytes.write('z', at)
    writeFileSync(path, bytes)
    expect(() => checkCopy(path, 'main', 'full')).toThrow(/^main: .*index i/)
    expect(contentOf(path).find(({ name }) => name === 't')).toMatchObject({ rows: 2 })
  })
})
