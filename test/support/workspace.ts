/** Whole workspaces on the disk: generated once by the command line, copied for each test, and read as other programs read them. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { systemClock } from '../../src/clock.ts'
import { type ActionRecord, createLedger } from '../../src/engine/ledger.ts'
import type { ActionState } from '../../src/journal/entry.ts'
import { openJournal } from '../../src/journal/store.ts'
import { documents, type ShownAction, trueup, trueupJson } from './cli.ts'
import { mainAlone, withoutBackups, withoutMirror } from './local-state.ts'
import { removeFolder } from './remove.ts'

export interface Workspaces {
  /** A workspace of its own, equal to all others. */
  fresh(): Workspace
  /** A further copy of one as it stands; nothing may be running on it. */
  copyOf(workspace: Workspace): Workspace
  remove(): void
}

export interface Workspace {
  readonly folder: string
  /** Absolute path of a file in it. */
  path(relative: string): string
  readonly main: string
  /** Rewrites desired-state.yaml. */
  edit(change: (yaml: string) => string): void
  /** Reads rows through a connection of its own. */
  rows(sql: string, ...values: readonly (string | number)[]): Record<string, unknown>[]
  /** Changes the main database through a connection of its own, as another program would. */
  write(sql: string): void
}

/** Generates a messy workspace with `rows` leads in the main database. Call `remove` afterwards. */
export async function generateWorkspaces(options: {
  rows: number
  seed: number
  /** Whether the table has its mirror in the embedded base; default no. */
  mirror?: boolean
  /** Whether the legacy files are declared and imported from; default yes. Without them a look takes half the time. */
  sources?: boolean
}): Promise<Workspaces> {
  const root = mkdtempSync(join(tmpdir(), 'trueup-system-test-'))
  const template = join(root, 'template')
  const { rows, seed } = options
  const made = await trueup([
    'generate',
    '--rows',
    `${rows}`,
    '--seed',
    `${seed}`,
    '--mess',
    'heavy',
    '--into',
    template,
  ])
  if (made.status !== 0) throw new Error(`generate failed: ${made.stdout}${made.stderr}`)
  workspaceAt(template).edit(withoutBackups)
  // Airtable has tests of its own (test/airtable, test/sync, test/system/sync-*.test.ts).
  if (options.mirror !== true) workspaceAt(template).edit(withoutMirror)
  if (options.sources === false) workspaceAt(template).edit(mainAlone)
  let count = 0
  const copy = (from: string): Workspace => {
    count += 1
    const folder = join(root, `workspace-${count}`)
    cpSync(from, folder, { recursive: true, preserveTimestamps: true })
    return workspaceAt(folder)
  }
  return {
    fresh: () => copy(template),
    copyOf: (workspace) => copy(workspace.folder),
    remove: () => removeFolder(root),
  }
}

export function workspaceAt(folder: string): Workspace {
  const path = (relative: string) => join(folder, relative)
  const stateFile = path('desired-state.yaml')
  const main = path('data/leads.db')
  return {
    folder,
    path,
    main,
    edit(change) {
      const before = readFileSync(stateFile, 'utf8')
      const after = change(before)
      if (after === before) throw new Error('the edit changed nothing')
      writeFileSync(stateFile, after)
    },
    rows: (sql, ...values) => readRows(main, sql, values),
    write(sql) {
      const db = new Database(main, { fileMustExist: true })
      db.exec(sql)
      db.close()
    },
  }
}

function readRows(path: string, sql: string, values: readonly (string | number)[]): Record<string, unknown>[] {
  // Opened as an agent opens it: what a killed program left half written is rolled back first.
  const db = new Database(path, { fileMustExist: true })
  try {
    return db.prepare<unknown[], Record<string, unknown>>(sql).all(...values)
  } finally {
    db.close()
  }
}

/** What waits for a person. */
export async function waiting(workspace: Workspace): Promise<readonly ShownAction[]> {
  return (await trueupJson(['approvals'], documents.approvals, { in: workspace.folder })).document.items
}

/** Approves and applies until nothing waits any more. */
export async function applyEverything(workspace: Workspace): Promise<void> {
  const { document } = await trueupJson(['apply', '--approve-risk', 'critical'], documents.apply, {
    in: workspace.folder,
  })
  if (document.actions.length > 0) throw new Error(`${document.actions.length} repairs still wait`)
}

/** Names of columns that say when a row was written. */
const passing = /(^|_)(at|modified|timestamp|synced)$/
const randomKey = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The keys that the sources hold: any other random one was assigned by Trueup to a row without a key. */
export function givenKeys(workspace: Workspace): ReadonlySet<unknown> {
  const paths = ['data/leads.db', 'data/leads_cache.db', 'data/scraper/leads.db']
  return new Set(
    paths.flatMap((path) => readRows(workspace.path(path), 'SELECT id FROM leads', []).map(({ id }) => id)),
  )
}

/**
 * The content of a database without what Trueup keeps for itself: schema and rows of every table. Rows are sorted, and
 * stamps of the moment of writing and keys that were assigned, which are none of `given`, only say that they are there.
 */
export function contentOf(path: string, given: ReadonlySet<unknown>): Record<string, readonly string[]> {
  const schema = readRows(
    path,
    "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE '~_trueup~_%' ESCAPE '~' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
    [],
  )
  const content: Record<string, readonly string[]> = {
    schema: schema.map((row) => `${row.type} ${row.name} on ${row.tbl_name}: ${row.sql}`).sort(),
  }
  for (const { name } of schema.filter(({ type }) => type === 'table')) {
    content[`${name}`] = readRows(path, `SELECT * FROM "${name}"`, [])
      .map((row) =>
        JSON.stringify(Object.entries(row).map(([column, value]) => [column, evened(column, value, given)])),
      )
      .sort()
  }
  return content
}

function evened(column: string, value: unknown, given: ReadonlySet<unknown>): unknown {
  if (passing.test(column) && value !== null) return 'a moment'
  return typeof value === 'string' && randomKey.test(value) && !given.has(value) ? 'an assigned key' : value
}

/** What the journal says, read when no Trueup runs. */
export function journalOf(workspace: Workspace) {
  const read = <Result>(work: (journal: ReturnType<typeof openJournal>) => Result): Result => {
    const journal = openJournal(workspace.path('.trueup/journal.db'), systemClock)
    try {
      return work(journal)
    } finally {
      journal.close()
    }
  }
  return {
    check: () => read((journal) => journal.check()),
    length: () =>
      read(
        (journal) =>
          journal.newest({ before: undefined, actor: undefined, resource: undefined, limit: 1 })[0]?.seq ?? 0,
      ),
    /** Approves as somebody else, as the API records it for a person with a token of their own. */
    approveAs: (approver: string, actionId: string): void =>
      read((journal) => {
        const ledger = createLedger(journal)
        const record = ledger.record(actionId)
        if (record === undefined) throw new Error(`no action has the id ${actionId}`)
        const expiresAtMs = systemClock.nowMs() + 3_600_000
        ledger.move('action.approved', record.action, { actor: approver }, { expiresAtMs, comment: null })
      }),
    records: (...states: readonly ActionState[]): readonly ActionRecord[] =>
      read((journal) => createLedger(journal).records({ states, limit: 10_000 })),
  }
}
