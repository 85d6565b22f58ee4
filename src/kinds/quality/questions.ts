/**
 * What is asked of a table as a whole, beside its rows one by one: references that lead nowhere, numbers of rows elsewhere,
 * the last change. Read only; the other files are attached to the reading connection, which cannot write them.
 */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { readMoment } from '../../values/calendar.ts'
import type { Cell } from '../../values/field-type.ts'
import { type QualityLayout, tableOf } from './layout.ts'
import type { QualitySpec } from './spec.ts'

export const answersSchema = z.object({
  /** In the order of the declaration; null where the other table cannot be read. */
  orphans: z.array(z.object({ count: z.number(), sample: z.array(z.string()) }).nullable()),
  /** Rows of the other tables; null where one is not there, or is Airtable's. */
  counts: z.array(z.number().nullable()),
  /** Of any row, milliseconds since the epoch; null where none tells. */
  lastChangeMs: z.number().nullable(),
})
export type Answers = Readonly<z.output<typeof answersSchema>>

export const noAnswers: Answers = { orphans: [], counts: [], lastChangeMs: null }

/** Whether anything is asked. */
export function asksAnything(spec: QualitySpec): boolean {
  return spec.references.length > 0 || spec.counts.some((count) => count.with !== null) || spec.freshWithinMs !== null
}

/** The other databases that answers need. */
export function databasesAsked(spec: QualitySpec): readonly string[] {
  const named = [...spec.references, ...spec.counts.flatMap((count) => count.with ?? [])].map(
    ({ database }) => database,
  )
  return [...new Set(named)].filter((database) => database !== spec.database)
}

const sampleMax = 20

/** @param places where the other databases can be opened, by their names; those that cannot be read are left out */
export function answersOf(
  db: Database,
  spec: QualitySpec,
  layout: QualityLayout,
  places: Readonly<Record<string, string>>,
): Answers {
  const schemas = new Map([[spec.database, 'main']])
  try {
    for (const [database, path] of Object.entries(places)) {
      const schema = `other_${schemas.size}`
      db.prepare(`ATTACH ? AS ${schema}`).run(path)
      schemas.set(database, schema)
    }
    return {
      orphans: spec.references.map((reference) => orphansOf(db, layout, reference, schemas.get(reference.database))),
      counts: spec.counts.map((count) =>
        count.with === null ? null : countIn(db, schemas.get(count.with.database), count.with.table),
      ),
      lastChangeMs: spec.freshWithinMs === null ? null : lastChangeOf(db, spec, layout),
    }
  } finally {
    for (const schema of schemas.values()) if (schema !== 'main') db.exec(`DETACH ${schema}`)
  }
}

function nameIn(db: Database, schema: string, table: string): string | undefined {
  return db
    .prepare<[string], string>(
      `SELECT name FROM ${schema}.sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE`,
    )
    .pluck()
    .get(table)
}

function countIn(db: Database, schema: string | undefined, table: string): number | null {
  const name = schema === undefined ? undefined : nameIn(db, schema, table)
  if (name === undefined) return null
  return (
    db
      .prepare<[], number>(`SELECT count(*) FROM ${schema}.${quoteIdentifier(name)}`)
      .pluck()
      .get() ?? 0
  )
}

function orphansOf(
  db: Database,
  layout: QualityLayout,
  reference: QualitySpec['references'][number],
  schema: string | undefined,
): Answers['orphans'][number] {
  const column = layout.columns.get(reference.field)
  if (schema === undefined || column === undefined) return null
  const other =
    schema === 'main'
      ? tableOf(db, reference)?.name
      : (nameIn(db, schema, reference.table) ?? nameIn(db, schema, reference.formerTable ?? ''))
  if (other === undefined) return null
  const columns = db
    .prepare<[string, string], string>('SELECT name FROM pragma_table_info(?, ?)')
    .pluck()
    .all(other, schema)
  const key = columns.find((name) => name.toLowerCase() === reference.key.toLowerCase())
  if (key === undefined) return null
  const cell = `one.${quoteIdentifier(column)}`
  const from = `FROM main.${quoteIdentifier(layout.table)} AS one
    LEFT JOIN ${schema}.${quoteIdentifier(other)} AS other ON other.${quoteIdentifier(key)} = ${cell}
    WHERE ${cell} IS NOT NULL AND ${cell} <> '' AND other.${quoteIdentifier(key)} IS NULL`
  const count = db.prepare<[], number>(`SELECT count(*) ${from}`).pluck().get() ?? 0
  const shown = layout.keyColumn === undefined ? 'NULL' : `one.${quoteIdentifier(layout.keyColumn)}`
  const sample = db
    .prepare<[], [Cell, number]>(`SELECT ${shown}, one.${layout.rowId} ${from} LIMIT ${sampleMax}`)
    .raw()
    .all()
  return { count, sample: sample.map(([found, rowId]) => keyTextOf(found, rowId)) }
}

/** The key of a record for people; records without one are named by their place. */
export function keyTextOf(key: Cell, rowId: number): string {
  return key === null || key === '' || key instanceof Uint8Array ? `row ${rowId}` : `${key}`
}

function lastChangeOf(db: Database, spec: QualitySpec, layout: QualityLayout): number | null {
  const moments = spec.stamps.flatMap((field) => {
    const column = layout.columns.get(field)
    if (column === undefined) return []
    const found = db
      .prepare<[], Cell>(`SELECT max(${quoteIdentifier(column)}) FROM ${quoteIdentifier(layout.table)}`)
      .pluck()
      .get()
    const reading = typeof found === 'string' ? readMoment(found) : undefined
    return reading?.is === 'moment' ? [reading.atMs] : []
  })
  return moments.length === 0 ? null : Math.max(...moments)
}
