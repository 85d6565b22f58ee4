import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { freeRowIdName, rowIdNameOf, writableColumn } from './addressing.ts'
import { readTableSchema, type TableSchema } from './schema-reader.ts'

function tableOf(sql: string): TableSchema {
  const db = new Database(':memory:')
  db.exec(sql)
  const table = readTableSchema(db, 't')
  if (table === undefined) throw new Error('no table t')
  return table
}

test('a name of the rowid is one that no column has taken, in whatever case', () => {
  expect(freeRowIdName(['id', 'ROWID'])).toBe('_rowid_')
  expect(freeRowIdName(['oid', 'rowid', '_ROWID_'])).toBeUndefined()
  expect(rowIdNameOf(tableOf('CREATE TABLE t (id, RowId)'))).toBe('_rowid_')
})

test('rows of a table without rowid, and of a virtual one, are not addressed', () => {
  expect(rowIdNameOf(tableOf('CREATE TABLE t (id TEXT PRIMARY KEY) WITHOUT ROWID'))).toBeUndefined()
  expect(rowIdNameOf(tableOf('CREATE VIRTUAL TABLE t USING fts5(text)'))).toBeUndefined()
})

test('a column is found in the spelling of the table; a generated one cannot be written', () => {
  const table = tableOf('CREATE TABLE t (Email TEXT, folded TEXT AS (lower(Email)))')
  expect(writableColumn(table, 'email')).toBe('Email')
  expect(writableColumn(table, 'folded')).toBeUndefined()
})
