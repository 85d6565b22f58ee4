import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openPages } from './pages.ts'
import { readRecord, readVarint } from './record.ts'
import { entriesOf, shapeOf } from './shapes.ts'
import { readSchemaRows, type SalvagedRow, walkTables } from './walk.ts'

const cell = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
  fc.string({ maxLength: 40 }).filter((text) => !text.includes('\u0000')),
  fc.nat(6000).map((length) => 'ä'.repeat(length)),
  fc.uint8Array({ maxLength: 3000 }),
)
const rows = fc.array(fc.tuple(cell, cell), { maxLength: 60 })

/** The bytes of a database that SQLite wrote, and what it says is in it. */
function written(sizes: { readonly pageSize: number; readonly encoding: string }, cells: [unknown, unknown][]) {
  const db = new Database(':memory:')
  db.exec(`PRAGMA page_size = ${sizes.pageSize}; PRAGMA encoding = '${sizes.encoding}';
    CREATE TABLE plain (a, b); CREATE TABLE keyed (id INTEGER PRIMARY KEY, a, b); CREATE TABLE bare (id TEXT PRIMARY KEY, a, b) WITHOUT ROWID;
    CREATE INDEX plain_a ON plain (a)`)
  cells.forEach(([a, b], at) => {
    db.prepare('INSERT INTO plain VALUES (?, ?)').run(a, b)
    db.prepare('INSERT INTO keyed VALUES (?, ?, ?)').run(at * 7, a, b)
    db.prepare('INSERT INTO bare VALUES (?, ?, ?)').run(`k${at}`, a, b)
  })
  db.exec('DELETE FROM plain WHERE rowid % 3 = 0; ALTER TABLE keyed ADD COLUMN later TEXT')
  return db
}

test('reads every row of every table as SQLite does, whatever is in it, page size and encoding', () => {
  fc.assert(
    fc.property(
      fc.record({
        pageSize: fc.constantFrom(512, 1024, 4096),
        encoding: fc.constantFrom('UTF-8', 'UTF-16le', 'UTF-16be'),
      }),
      rows,
      (sizes, cells) => {
        const db = written(sizes, cells)
        const bytes = db.serialize()
        const pages = openPages((from, length) => bytes.subarray(from, from + length), bytes.length)
        const schema = readSchemaRows(pages)
        const shapes = entriesOf(schema.rows)
          .filter(({ type }) => type === 'table')
          .map((entry) => shapeOf(db, entry))
        const found = new Map<string, SalvagedRow[]>(shapes.map(({ name }) => [name, []]))
        const walked = walkTables(pages, shapes, new Set([1]), (table, row) => found.get(table)?.push(row))
        expect(walked.tables.map(({ isWhole }) => isWhole)).toEqual([true, true, true])
        for (const [table, sql] of [
          ['plain', 'SELECT a, b FROM plain ORDER BY rowid'],
          ['keyed', 'SELECT NULL, a, b FROM keyed ORDER BY id'],
          ['bare', 'SELECT id, a, b FROM bare ORDER BY id'],
        ] as const) {
          const wanted = db.prepare<[], unknown[]>(sql).safeIntegers().raw(true).all()
          const same = (values: readonly unknown[]) => values.map((one) => (one instanceof Uint8Array ? [...one] : one))
          expect(found.get(table)?.map((row) => same(row.cells))).toEqual(wanted.map(same))
          expect(found.get(table)?.some(({ isDoubtful }) => isDoubtful)).toBe(false)
        }
        db.close()
      },
    ),
    { numRuns: 40 },
  )
})

test('takes no bytes for more than they are, and never fails on them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2048 }), fc.nat(40), (bytes, at) => {
      readVarint(bytes, at)
      const record = readRecord(bytes, 'utf-8')
      if (record !== undefined) expect(record.length).toBeLessThanOrEqual(bytes.length)
      const pages = openPages((from, length) => bytes.subarray(from, from + length), bytes.length)
      expect(readSchemaRows(pages).rows.length).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 300 },
  )
})
