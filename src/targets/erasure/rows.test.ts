import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findByKey, findRows } from './find-rows.ts'
import { markOf } from './marks.ts'
import type { PersonPlace } from './person-layout.ts'
import { referringRows, removeRows } from './remove-rows.ts'

const place: PersonPlace = {
  name: 'leads',
  path: '/data/leads.db',
  table: 'leads',
  formerTable: 'people',
  key: 'id',
  formerColumns: { full_name: 'name' },
  fields: { emails: ['email'], linkedins: [], phones: [{ field: 'phone', region: 'US' }], person: 'full_name' },
}

let db: Database.Database
beforeEach(() => {
  db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
})
afterEach(() => db.close())

const leads = `CREATE TABLE leads (id INTEGER PRIMARY KEY, full_name TEXT, email TEXT, phone TEXT);
  INSERT INTO leads VALUES (1, 'Ann Lee', 'Ann.Lee@gmail.com', '(415) 555-2671'), (2, 'Bob Ray', 'bob@x.example', '(415) 555-2671'),
    (3, 'Ann Lee', NULL, '415-555-2671')`
const wanted = (...identities: string[]) => ({ is: 'identities' as const, identities })
const keysOf = (rows: readonly { key: unknown }[]) => rows.map(({ key }) => key)

describe("a person's records", () => {
  test('are found by each identity, in plain and as marks, and colleagues are not', () => {
    db.exec(leads)
    const key = 'ab'.repeat(32)
    const identities = ['email:annlee@gmail.com', 'phone:14155552671/ann lee']
    expect(keysOf(findRows(db, place, wanted(...identities)))).toEqual([1, 3])
    const marks = identities.map((identity) => markOf(key, identity))
    expect(keysOf(findRows(db, place, { is: 'marks', key, marks }))).toEqual([1, 3])
    expect(keysOf(findRows(db, place, { is: 'marks', key, marks }, { rowIds: [2, 3] }))).toEqual([3])
    expect(findByKey(db, place, '1')).toMatchObject({ rowId: 1, key: 1, identities })
  })

  test('are found under former names of table and columns, in tables without rowids, and not in a table that is not there', () => {
    expect(findRows(db, place, wanted('email:a@x.example'))).toEqual([])
    db.exec(`CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, email TEXT, phone TEXT) WITHOUT ROWID;
      INSERT INTO people VALUES ('k1', 'Ann Lee', NULL, '415 555 2671'), ('k2', 'Bob', 'b@x.example', NULL)`)
    const found = findRows(db, place, wanted('phone:14155552671/ann lee'))
    expect(found).toMatchObject([{ rowId: null, key: 'k1' }])
    expect(removeRows(db, place, found)).toEqual([{ table: 'people', count: 1 }])
    expect(db.prepare('SELECT id FROM people').pluck().all()).toEqual(['k2'])
  })

  test('go with whatever refers to them, near and far, and nothing else does', () => {
    db.exec(`${leads};
      CREATE TABLE messages (id INTEGER PRIMARY KEY, lead INTEGER REFERENCES leads, answers INTEGER REFERENCES messages (id));
      CREATE TABLE opens (message INTEGER, at TEXT, PRIMARY KEY (message, at), FOREIGN KEY (message) REFERENCES messages (id)) WITHOUT ROWID;
      INSERT INTO messages VALUES (1, 1, NULL), (2, 2, NULL), (3, NULL, 1);
      INSERT INTO opens VALUES (3, 'now'), (2, 'now')`)
    const found = findRows(db, place, wanted('email:annlee@gmail.com'))
    expect(referringRows(db, place, found)).toEqual(
      expect.arrayContaining([
        { table: 'messages', count: 2 },
        { table: 'opens', count: 1 },
      ]),
    )
    const removed = db.transaction(() => removeRows(db, place, found))()
    expect(removed.reduce((sum, { count }) => sum + count, 0)).toBe(4)
    expect(db.prepare('SELECT id FROM leads').pluck().all()).toEqual([2, 3])
    expect(db.prepare('SELECT id FROM messages').pluck().all()).toEqual([2])
    expect(db.prepare('SELECT message FROM opens').pluck().all()).toEqual([2])
  })

  test('that refer to each other in a circle go, too', () => {
    db.exec(`CREATE TABLE leads (id INTEGER PRIMARY KEY, full_name TEXT, email TEXT, phone TEXT, friend INTEGER REFERENCES leads DEFERRABLE INITIALLY DEFERRED);
      BEGIN; INSERT INTO leads VALUES (1, 'Ann', 'a@x.example', NULL, 2), (2, 'Bea', 'b@x.example', NULL, 1); COMMIT`)
    const found = findRows(db, place, wanted('email:a@x.example'))
    db.transaction(() => removeRows(db, place, found))()
    expect(db.prepare('SELECT count(*) FROM leads').pluck().get()).toBe(0)
  })

  test('that moved since they were found stay for the next look', () => {
    db.exec(leads)
    const found = findRows(db, place, wanted('email:annlee@gmail.com'))
    db.exec('UPDATE leads SET id = 9 WHERE id = 1')
    expect(removeRows(db, place, found)).toEqual([])
  })
})
