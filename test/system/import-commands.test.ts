/** `trueup import`: what it would do, what it did with every row, and taking it back as one action. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { trueup, trueupJson } from '../support/cli.ts'
import { removeFolder } from '../support/remove.ts'

let workspace: string
beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), 'import-commands-'))
  mkdirSync(join(workspace, 'data/json'), { recursive: true, mode: 0o700 })
  writeFileSync(
    join(workspace, 'desired-state.yaml'),
    `apiVersion: trueup/v1
name: imports
policy: { blastRadius: { rows: 1000, percent: 100 } }
databases: { main: { path: data/leads.db }, cache: { path: data/cache.db, manage: observe } }
tables:
  leads:
    database: main
    key: id
    fields:
      full_name: { type: text, required: true }
      email: { type: email, unique: true }
      title: { type: text }
      raw_data: { type: json }
imports:
  cache: { from: { database: cache, table: people }, into: leads, map: auto }
  files: { from: { files: "data/json/*.json" }, into: leads, map: auto }
`,
  )
  sql(
    'data/leads.db',
    `CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, email TEXT UNIQUE, title TEXT, raw_data TEXT);
    INSERT INTO leads VALUES ('k1', 'Ann Lee', 'ann@x.com', NULL, NULL), ('k2', 'Bob Ray', 'bob@x.com', 'CTO', NULL)`,
  )
  sql(
    'data/cache.db',
    `CREATE TABLE people (name, mail, position);
    INSERT INTO people VALUES ('Ann Lee', 'ann@x.com', 'CEO'), ('Cy Day', 'cy@x.com', 'COO'), ('Cy Day', 'cy@x.com', 'COO'), (NULL, 'x@x.com', NULL)`,
  )
  writeFileSync(
    join(workspace, 'data/json/a.json'),
    '[{"name":"Dee Fox","email":"dee@x.com"},\n{"name":"N/A","email":"none@x.com"}]',
  )
})
afterAll(() => removeFolder(workspace))

function sql(path: string, text: string): void {
  const db = new Sqlite(join(workspace, path))
  db.exec(text)
  db.close()
}

function leads(): readonly unknown[] {
  const db = new Sqlite(join(workspace, 'data/leads.db'), { readonly: true })
  try {
    return db.prepare('SELECT id, full_name, email, title, raw_data FROM leads ORDER BY id').all()
  } finally {
    db.close()
  }
}

const counts = z.object({
  rows: z.number(),
  inserted: z.number(),
  merged: z.number(),
  repeated: z.number(),
  refused: z.number(),
  withheld: z.number(),
  pending: z.number(),
})
const reportSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      totals: counts,
      rows: z.record(
        z.string(),
        z.object({
          count: z.number(),
          first: z.array(
            z.object({
              file: z.string(),
              row: z.number(),
              field: z.string().nullable(),
              leadKey: z.string().nullable(),
              reason: z.string().nullable(),
            }),
          ),
        }),
      ),
    }),
  ),
})
const runSchema = z.object({ run: z.object({ id: z.string(), executed: z.array(z.object({ outcome: z.string() })) }) })
const run = {
  get in() {
    return workspace
  },
}

describe('trueup import', () => {
  it('prepares the table first', { timeout: 60_000 }, async () => {
    expect((await trueup(['apply', 'database', 'table'], run)).status).toBe(0)
  })

  it('dry run, import, report, undo: the data is as before, and stays so', { timeout: 180_000 }, async () => {
    const before = leads()
    const dry = await trueup(['import', '--dry-run'], run)
    expect([dry.status, leads()]).toEqual([2, before])
    expect(dry.stdout).toMatch(/import files into leads: insert 1 lead/)

    const done = await trueupJson(['import'], runSchema, run)
    expect(done.document.run.executed.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
    expect(leads()).toHaveLength(4)
    expect(leads()).toContainEqual(expect.objectContaining({ id: 'k1', title: 'CEO' }))

    const { status, document } = await trueupJson(['import', 'report'], reportSchema, run)
    expect(status).toBe(2)
    const [cache, files] = document.items
    expect(cache?.totals).toMatchObject({ rows: 4, inserted: 1, merged: 1, repeated: 1, refused: 1, pending: 0 })
    expect(cache?.rows.merged?.first).toMatchObject([
      { row: 1, leadKey: 'k1', reason: 'same e-mail address; filled title' },
    ])
    expect(cache?.rows.refused?.first).toMatchObject([
      { file: 'cache.people', row: 4, field: 'name', reason: 'has no usable full_name, which is required' },
    ])
    expect(files?.totals).toMatchObject({ rows: 2, inserted: 1, refused: 1 })
    expect(files?.rows.refused?.first).toMatchObject([{ file: 'data/json/a.json', row: 2, field: 'name' }])
    const text = await trueup(['import', 'report', 'files'], run)
    expect(text.stdout).toContain(
      'data/json/a.json, row 2, line 2, field name: refused: has no usable full_name, which is required',
    )

    const undone = await trueup(['undo', done.document.run.id], run)
    expect([undone.status, undone.stderr]).toEqual([0, ''])
    expect(leads()).toEqual(before)

    const again = await trueup(['import'], run)
    expect([again.status, leads()]).toEqual([0, before])
    const after = await trueupJson(['import', 'report', 'cache'], reportSchema, run)
    expect(after.document.items[0]?.totals).toMatchObject({
      rows: 4,
      inserted: 0,
      merged: 0,
      withheld: 2,
      repeated: 1,
      refused: 1,
    })
  })

  it('says what is wrong with its options', { timeout: 60_000 }, async () => {
    for (const [args, message] of [
      [['import', 'report', 'nobody'], /there is no import nobody/],
      [['import', 'report', '--rows', 'lost'], /--rows lost is no outcome/],
      [['import', '--into', 'leads'], /--into is for --discover/],
    ] as const) {
      const { status, stderr } = await trueup(args, run)
      expect([status, stderr]).toEqual([1, expect.stringMatching(message)])
    }
  })
})
