/**
 * What an action of this kind carries. All statements, edits and evidence are resolved when it is planned; this module is
 * the border at which a journaled action is read back.
 */
import { z } from 'zod'
import type { JsonObject } from '../../json.ts'
import { questionsSchema } from './scan.ts'

const expectationSchema = z.strictObject({
  object: z.enum(['table', 'index', 'trigger', 'column']),
  name: z.string(),
  table: z.string(),
  form: z.string().nullable(),
})

const objectSchema = z.strictObject({
  type: z.enum(['table', 'index', 'trigger', 'view']),
  name: z.string(),
  on: z.string(),
  sql: z.string(),
})

const keptSchema = z.strictObject({
  column: z.string(),
  where: z.string(),
  to: z.enum(['TEXT', 'INTEGER', 'REAL', 'none']),
})

/** What an action relies on; its fingerprint is the action's precondition. */
const evidenceSchema = z.strictObject({
  expect: z.array(expectationSchema),
  /** Questions whose answers must not have changed. */
  questions: questionsSchema,
})

const editSchema = z.strictObject({
  column: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  follows: z.array(z.string()).readonly(),
})

const common = {
  database: z.string(),
  path: z.string(),
  table: z.string(),
  key: z.string(),
  evidence: evidenceSchema,
}

/** Statements in one transaction. */
const statementsSchema = z.strictObject({
  ...common,
  does: z.literal('statements'),
  statements: z.array(z.string()),
  inverse: z
    .strictObject({
      verb: z.string(),
      statements: z.array(z.string()),
      /** How the action leaves things: where they read otherwise now, it cannot be undone. */
      expect: z.array(expectationSchema),
      /** Rows that must not be there, or the inverse would lose them. */
      guard: z.strictObject({ table: z.string(), where: z.string(), says: z.string() }).nullable(),
    })
    .nullable(),
})

/** A new table in place of the old one, with the same rows (sqlite.org/lang_altertable.html, section 7). */
const rebuildSchema = z.strictObject({
  ...common,
  does: z.literal('rebuild'),
  edits: z.array(editSchema),
  /** Indexes and triggers that go, and those that come, with the rebuild. */
  drop: z.array(objectSchema),
  create: z.array(objectSchema),
  /** Columns whose cells the new form converts or drops: these are kept in the checkpoint. */
  keeps: z.array(keptSchema),
  /** The change set whose cells are written back, for an undo. */
  restores: z.string().nullable(),
})

/** Cells, by a change set. */
const cellsSchema = z.strictObject({
  ...common,
  does: z.literal('cells'),
  how: z.discriminatedUnion('is', [
    z.strictObject({ is: z.literal('fill-key') }),
    z.strictObject({ is: z.literal('move'), from: z.string(), to: z.string() }),
    z.strictObject({ is: z.literal('take-back'), set: z.string() }),
  ]),
})

/** The table goes; its rows are kept in the checkpoint. */
const dropTableSchema = z.strictObject({ ...common, does: z.literal('drop-table'), objects: z.array(objectSchema) })

/** The table comes back with its rows. */
const restoreTableSchema = z.strictObject({
  ...common,
  does: z.literal('restore-table'),
  objects: z.array(objectSchema),
  restores: z.string(),
})

const inputSchema = z.discriminatedUnion('does', [
  statementsSchema,
  rebuildSchema,
  cellsSchema,
  dropTableSchema,
  restoreTableSchema,
])

export type TableInput = z.output<typeof inputSchema>
export type StatementsInput = z.output<typeof statementsSchema>
export type RebuildInput = z.output<typeof rebuildSchema>
export type CellsInput = z.output<typeof cellsSchema>
export type DropTableInput = z.output<typeof dropTableSchema>
export type RestoreTableInput = z.output<typeof restoreTableSchema>
export type Evidence = z.output<typeof evidenceSchema>
export type KeptColumn = RebuildInput['keeps'][number]

/** Reads the input of a journaled action. */
export function parseInput(input: JsonObject): TableInput {
  // The records that an undo was asked for are read by `rowsOf`.
  const { rows: _, ...rest } = input
  return inputSchema.parse(rest)
}

/** No question about rows. */
export const noQuestions: Evidence['questions'] = { conditions: [], groupings: [], missingKeysOf: null }

const order = {
  actionId: z.string(),
  /** ISO 8601, for the marker. */
  at: z.string(),
  table: z.string(),
  /** What the action was planned on. */
  expect: z.array(expectationSchema),
}
const takesAway = {
  ...order,
  key: z.string(),
  /** What the checkpoint holds of the cells or rows that go. */
  kept: z.strictObject({ count: z.number(), fingerprint: z.string() }),
}

/** What carrying out a change of the schema needs, wherever it runs. */
export const schemaOrderSchema = z.discriminatedUnion('does', [
  z.strictObject({ ...order, does: z.literal('statements'), statements: z.array(z.string()) }),
  z.strictObject({
    ...takesAway,
    does: z.literal('rebuild'),
    edits: z.array(editSchema),
    drop: z.array(objectSchema),
    create: z.array(objectSchema),
    keeps: z.array(keptSchema),
  }),
  z.strictObject({ ...takesAway, does: z.literal('drop-table') }),
])
export type SchemaOrder = z.output<typeof schemaOrderSchema>
export type StatementsOrder = Extract<SchemaOrder, { does: 'statements' }>
export type RebuildOrder = Extract<SchemaOrder, { does: 'rebuild' }>
export type DropOrder = Extract<SchemaOrder, { does: 'drop-table' }>
export type Kept = RebuildOrder['kept']
