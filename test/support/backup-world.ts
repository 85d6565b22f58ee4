/** A small workspace with a declared backup, opened in this process on a clock that can be set forward. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { type Clock, systemClock } from '../../src/clock.ts'
import { type Convergence, converge } from '../../src/engine/engine.ts'
import { openLog } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { createBackupPort } from '../../src/workspace/backup-port.ts'
import { openWorkspace } from '../../src/workspace/open.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import { annKey } from './person-world.ts'
import { removeFolder } from './remove.ts'

export interface BackupWorld {
  readonly folder: string
  path(relative: string): string
  /** Opens the workspace to act on it, for as long as the work takes. */
  open<Result>(work: (opened: Opened) => Promise<Result>): Promise<Result>
  /** From now on it is so much later. */
  later(ms: number): void
  /** Ids of the sets in `backups/`, oldest first. */
  sets(): readonly string[]
  /** Another program's connection to the main database. */
  sql(text: string): void
  rows(path: string, text: string): unknown[]
  remove(): void
}

export interface Opened {
  readonly workspace: Workspace
  readonly port: ReturnType<typeof createBackupPort>
  apply(): Promise<Convergence>
}

const signal = new AbortController().signal
export const quietContext = { signal, progress: () => undefined }

export interface BackupWorldOptions {
  /** Lines of the backup besides `of` and `schedule`; default `to: [backups/]`. */
  readonly backup?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly more?: string
  readonly of?: string
  /** Whether the leads have their mirror in the embedded base; a text: in the base of these settings. */
  readonly mirror?: boolean | string
}

export function createBackupWorld(options: BackupWorldOptions = {}): BackupWorld {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-backup-'))
  const path = (relative: string) => join(folder, relative)
  let aheadMs = 0
  mkdirSync(path('data'))
  writeFileSync(path('desired-state.yaml'), desired(options))
  const connected = <Result>(file: string, work: (db: Database.Database) => Result): Result => {
    const db = new Database(file)
    db.pragma('foreign_keys = OFF') // as Python's are
    try {
      return work(db)
    } finally {
      db.close()
    }
  }
  const main = path('data/leads.db')
  connected(main, (db) => db.exec(`PRAGMA journal_mode = WAL; ${leads}`))
  return {
    folder,
    path,
    async open(work) {
      const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs }
      const workspace = await openWorkspace({
        stateFile: path('desired-state.yaml'),
        purpose: 'act',
        environment: { PATH: process.env.PATH, ...options.environment },
        clock,
        random: systemRandom,
        log: openLog('silent'),
      })
      try {
        const port = createBackupPort({ workspace, signal, wake: () => undefined })
        const apply = () => converge(workspace.engine, { keys: undefined, actor: 'test', signal })
        return await work({ workspace, port, apply })
      } finally {
        await workspace.close()
      }
    },
    later(ms) {
      aheadMs += ms
    },
    sets: () =>
      readdirSync(path('backups'))
        .filter((name) => !name.startsWith('.'))
        // Names tell the second; two sets of one second are told apart by when they were written.
        .map((name) => ({ name, atMs: statSync(path(`backups/${name}`)).mtimeMs }))
        .sort((one, other) => one.atMs - other.atMs)
        .map(({ name }) => name),
    sql: (text) => connected(main, (db) => void db.exec(text)),
    rows: (file, text) => connected(file, (db) => db.prepare(text).raw().all()),
    remove: () => removeFolder(folder),
  }
}

function desired({ backup = 'to: [backups/]', more = '', of = 'main', mirror = false }: BackupWorldOptions): string {
  const mirrored = (text: string) => (mirror === false ? '' : text)
  const base = mirror === true ? 'endpoint: sandbox' : mirror
  return `apiVersion: trueup/v1
name: backups
${mirrored(`policy: { approvals: { low: auto, medium: auto, high: auto, critical: auto } }\nairtable: { base: appBackups0000000, token: { env: T }, ${base} }\n`)}databases:
  main: { path: data/leads.db }
${more}tables:
  leads:
    database: main
    key: id
${mirrored('    airtable: { table: People, key: Lead ID }\n')}    fields:
      full_name: { type: text${mirrored(', airtable: Full Name')} }
      email: { type: email${mirrored(', airtable: Mail')} }
backups:
  nightly:
    of: [${of}]
    schedule: "0 3 * * *"
    ${backup}
`
}

const leads = `
  CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT, email TEXT);
  CREATE TABLE notes (id INTEGER PRIMARY KEY, lead_id TEXT REFERENCES leads (id), body TEXT);
  INSERT INTO leads VALUES ('${annKey}', 'Ann Forgettable', 'ann.forgettable@gmail.com'), ('bob', 'Bob', 'bob@lasting.example');
  INSERT INTO notes VALUES (1, '${annKey}', 'on Ann'), (2, 'bob', 'on Bob');`

/** Files below a folder, relative to it, that hold a text in whatever case. */
export function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).toString('latin1').toLowerCase().includes(text))
    .map((file) => file.slice(folder.length + 1))
}
