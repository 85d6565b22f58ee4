import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBaseline } from './baseline.ts'
import { type ScanRequest, scanTable } from './scan.ts'

const columns = ['id', 'email', 'name', 'company', 'score']
const request: ScanRequest = {
  table: 'leads',
  columns,
  hasRowId: true,
  keyColumn: 'id',
  detailed: true,
  questions: {
    conditions: [
      { id: 'required.name', where: '"name" IS NULL', preview: null },
      {
        id: 'converts.score',
        where: `typeof("score") = 'text'`,
        preview: { field: 'score', before: '"score"', after: 'CAST("score" AS INTEGER)' },
      },
    ],
    groupings: [
      { id: 'key', columns: ['id'] },
      { id: 'unique.email', columns: ['email'] },
      { id: 'index.name,company', columns: ['name', 'company'] },
    ],
    missingKeysOf: 'id',
  },
}

// Values that meet: equal but for case, blanks at the end, type, or the bytes of a blob; and beside them some that do not.
const meeting = fc.constantFrom<(string | number | Buffer | null)[]>(
  ...[null, '', 'a', 'A', 'a ', 'b', 'B', 'c', 1, 1.5, '1', Buffer.from('a')],
)
const lone = fc.integer({ min: 1000, max: 1_000_000 }).map((number) => `x${number}`)
const cell: fc.Arbitrary<string | number | Buffer | null> = fc.oneof(
  { weight: 2, arbitrary: meeting },
  { weight: 3, arbitrary: lone },
)
/** Seldom text, which is a fault of its row that makes all its changes news. */
const score = fc.constantFrom<(string | number | null)[]>(null, 1, 2, 3, 4, 1.5, '1')
const row = fc.tuple(cell, cell, cell, cell, score)
const edit = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant('update'),
      at: fc.nat(),
      column: fc.constantFrom(...columns),
      value: cell,
      score,
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('insert'), row }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('delete'), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('swap'), at: fc.nat(), with: fc.nat() }) },
)

/** All but how many rows there are and what the sampled ones are called, which a changed key may have changed. */
function answersNow(db: Database.Database) {
  const { conditions, groupings, missingKeys } = scanTable(db, request).answers
  return {
    conditions: Object.entries(conditions).map(([id, { count, preview }]) => [
      id,
      count,
      preview.map(({ key: _, ...cells }) => cells),
    ]),
    groupings: Object.entries(groupings).map(([id, { groups, rows, emptyRows }]) => [
      id,
      groups,
      rows.count,
      groups > 0 || emptyRows,
    ]),
    missingKeys: [missingKeys.count, missingKeys.digest],
  }
}

test('where changed rows are no news, a full look finds what the last one found', () => {
  let newsless = 0
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 12 }),
      fc.array(fc.array(edit, { maxLength: 3 }), { maxLength: 6 }),
      (rows, commits) => {
        const db = new Database(':memory:')
        // Collations of every kind, and no affinity, so that values keep their types.
        db.exec('CREATE TABLE leads (id, email COLLATE NOCASE, name COLLATE RTRIM, company, score)')
        const insert = db.prepare('INSERT INTO leads VALUES (?, ?, ?, ?, ?)')
        for (const one of rows) insert.run(...one)
        const { answers, detail } = scanTable(db, request)
        if (detail === null) throw new Error('so few rows are always named')
        const baseline = createBaseline(request, answers, detail)
        const before = answersNow(db)
        for (const commit of commits) {
          const changed = new Set<number>()
          const present = () => db.prepare<[], number>('SELECT rowid FROM leads').pluck().all()
          const rowAt = (at: number) => {
            const all = present()
            return all[at % Math.max(1, all.length)]
          }
          for (const one of commit) {
            if (one.is === 'insert') changed.add(Number(insert.run(...one.row).lastInsertRowid))
            const rowId = 'at' in one ? rowAt(one.at) : undefined
            if (rowId === undefined) continue
            changed.add(rowId)
            if (one.is === 'update')
              db.prepare(`UPDATE leads SET ${one.column} = ? WHERE rowid = ?`).run(
                one.column === 'score' ? one.score : one.value,
                rowId,
              )
            if (one.is === 'delete') db.prepare('DELETE FROM leads WHERE rowid = ?').run(rowId)
            if (one.is === 'swap') {
              const other = rowAt(one.with) ?? rowId
              const values = db.prepare<[number], [unknown]>('SELECT email FROM leads WHERE rowid = ?').pluck()
              const [mine, theirs] = [values.get(rowId), values.get(other)]
              db.prepare('UPDATE leads SET email = ? WHERE rowid = ?').run(theirs, rowId)
              db.prepare('UPDATE leads SET email = ? WHERE rowid = ?').run(mine, other)
              changed.add(other)
            }
          }
          if (
            baseline.isNews(
              db,
              [...changed].sort((a, b) => a - b),
            )
          )
            break
          if (changed.size > 0) newsless += 1
          expect(answersNow(db)).toEqual(before)
        }
        db.close()
      },
    ),
    { numRuns: 600 },
  )
  // The rule must not hold for want of cases.
  expect(newsless).toBeGreaterThan(50)
})

test('a repaired row of a table whose addresses repeat is no news; one that joins or leaves a repetition is', () => {
  const db = new Database(':memory:')
  db.exec('CREATE TABLE leads (id, email, name, company, score)')
  const insert = db.prepare('INSERT INTO leads VALUES (?, ?, ?, ?, ?)')
  for (let at = 1; at <= 2000; at += 1)
    insert.run(`k${at}`, at <= 2 ? 'twice@x.org' : `p${at}@x.org`, `n${at}`, `c${at}`, at)
  const { answers, detail } = scanTable(db, request)
  expect(answers.groupings).toMatchObject({ 'unique.email': { groups: 1, rows: { count: 2, sample: ['k1', 'k2'] } } })
  if (detail === null) throw new Error('so few rows are always named')
  const judge = (sql: string, rowId: number) => {
    const baseline = createBaseline(request, answers, detail)
    db.exec('SAVEPOINT try')
    db.exec(sql)
    const isNews = baseline.isNews(db, [rowId])
    db.exec('ROLLBACK TO try; RELEASE try')
    return isNews
  }
  expect(judge(`UPDATE leads SET email = '  P9@X.ORG' WHERE rowid = 9`, 9)).toBe(false)
  expect(judge('UPDATE leads SET score = 5 WHERE rowid = 1', 1)).toBe(false)
  expect(judge(`UPDATE leads SET email = 'p8@x.org' WHERE rowid = 9`, 9)).toBe(true)
  expect(judge(`UPDATE leads SET email = 'other@x.org' WHERE rowid = 1`, 1)).toBe(true)
  expect(judge('DELETE FROM leads WHERE rowid = 2', 2)).toBe(true)
  expect(judge('DELETE FROM leads WHERE rowid = 9', 9)).toBe(false)
  expect(judge('UPDATE leads SET id = NULL WHERE rowid = 9', 9)).toBe(true)
})
