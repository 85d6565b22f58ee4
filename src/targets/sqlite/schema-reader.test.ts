import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { quoteIdentifier, readSchemaNames, readTableSchema, readViews } from './schema-reader.ts'

function databaseWith(sql: string) {
  return new Database(':memory:').exec(sql)
}

describe('schema reader', () => {
  test('gives columns with type, NOT NULL, default, primary key and generation', () => {
    const db = databaseWith(`CREATE TABLE leads (
      id TEXT PRIMARY KEY, name VARCHAR(40) NOT NULL DEFAULT 'x', n INTEGER DEFAULT 0, plain,
      upper_name TEXT AS (upper(name)) VIRTUAL, kept TEXT AS (lower(name)) STORED)`)
    expect(readTableSchema(db, 'leads')?.columns).toEqual([
      { name: 'id', type: 'TEXT', notNull: false, defaultSql: undefined, primaryKey: 1, generated: 'no' },
      { name: 'name', type: 'VARCHAR(40)', notNull: true, defaultSql: "'x'", primaryKey: 0, generated: 'no' },
      { name: 'n', type: 'INTEGER', notNull: false, defaultSql: '0', primaryKey: 0, generated: 'no' },
      { name: 'plain', type: '', notNull: false, defaultSql: undefined, primaryKey: 0, generated: 'no' },
      { name: 'upper_name', type: 'TEXT', notNull: false, defaultSql: undefined, primaryKey: 0, generated: 'virtual' },
      { name: 'kept', type: 'TEXT', notNull: false, defaultSql: undefined, primaryKey: 0, generated: 'stored' },
    ])
  })

  test('tells unique, partial, descending and expression indexes apart, and those of constraints', () => {
    const db = databaseWith(`CREATE TABLE t (id TEXT PRIMARY KEY, a TEXT UNIQUE, b TEXT);
      CREATE UNIQUE INDEX by_b ON t (b COLLATE NOCASE DESC, a) WHERE b IS NOT NULL;
      CREATE INDEX by_lower ON t (lower(b));`)
    const indexes = readTableSchema(db, 't')?.indexes
    expect(indexes?.map((index) => [index.name, index.origin, index.unique, index.partial, index.expressions])).toEqual(
      [
        ['by_b', 'create', true, true, false],
        ['by_lower', 'create', false, false, true],
        ['sqlite_autoindex_t_1', 'primary-key', true, false, false],
        ['sqlite_autoindex_t_2', 'unique', true, false, false],
      ],
    )
    expect(indexes?.[0]?.terms).toEqual([
      { column: 'b', descending: true, collation: 'NOCASE' },
      { column: 'a', descending: false, collation: 'BINARY' },
    ])
    expect(indexes?.[0]?.sql).toContain('WHERE b IS NOT NULL')
    expect(indexes?.[2]?.sql).toBeUndefined()
  })

  test('groups the columns of a composite foreign key', () => {
    const db = databaseWith(`CREATE TABLE p (a, b, PRIMARY KEY (a, b));
      CREATE TABLE c (x, y, z REFERENCES p ON DELETE CASCADE, FOREIGN KEY (x, y) REFERENCES p (a, b));`)
    expect(readTableSchema(db, 'c')?.foreignKeys).toEqual([
      { columns: ['x', 'y'], toTable: 'p', toColumns: ['a', 'b'], onUpdate: 'NO ACTION', onDelete: 'NO ACTION' },
      { columns: ['z'], toTable: 'p', toColumns: [undefined], onUpdate: 'NO ACTION', onDelete: 'CASCADE' },
    ])
  })

  test('knows WITHOUT ROWID, STRICT, virtual and shadow tables, triggers and views', () => {
    const db = databaseWith(`CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE s (k TEXT) STRICT;
      CREATE VIRTUAL TABLE f USING fts5(body);
      CREATE TRIGGER tr AFTER INSERT ON s BEGIN SELECT 1; END;
      CREATE VIEW v AS SELECT k FROM s;`)
    expect(readTableSchema(db, 'w')).toMatchObject({ withoutRowId: true, strict: false, form: 'ordinary' })
    expect(readTableSchema(db, 's')).toMatchObject({ withoutRowId: false, strict: true })
    expect(readTableSchema(db, 's')?.triggers.map((trigger) => [trigger.name, trigger.on])).toEqual([['tr', 's']])
    expect(readTableSchema(db, 'f')?.form).toBe('virtual')
    expect(readTableSchema(db, 'f_data')?.form).toBe('shadow')
    expect(readTableSchema(db, 'f')?.columns.map((column) => column.name)).toEqual(['body'])
    expect(readTableSchema(db, 'v')).toBeUndefined()
    expect(readViews(db)).toEqual([{ name: 'v', sql: 'CREATE VIEW v AS SELECT k FROM s' }])
    expect(readSchemaNames(db)).toMatchObject({ views: ['v'], triggers: ['tr'], indexes: [] })
    expect(readSchemaNames(db).tables).toEqual(expect.arrayContaining(['f', 'f_data', 's', 'w']))
  })

  test('finds a table whatever the case, gives its true name, and undefined for what is not there', () => {
    const db = databaseWith('CREATE TABLE "Leads" (id)')
    expect(readTableSchema(db, 'LEADS')?.name).toBe('Leads')
    expect(readTableSchema(db, 'nothing')).toBeUndefined()
  })

  test('quotes any name so that SQLite reads it back unchanged', () => {
    for (const name of ['plain', 'a "b"', "it's", 'drop table x; --', 'ä\n\t', '[x]', '`y`', '""']) {
      const db = databaseWith(`CREATE TABLE ${quoteIdentifier(name)} (${quoteIdentifier(name)})`)
      expect(readTableSchema(db, name)?.columns[0]?.name).toBe(name)
    }
    expect(() => quoteIdentifier('a\u0000b')).toThrow(RangeError)
  })
})
