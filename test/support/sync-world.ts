/** A small workspace whose table is mirrored in a sandbox that this process runs, and a colleague who works in the base. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import type { JsonValue } from '../../src/json.ts'
import { systemRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { trueup } from './cli.ts'
import { removeFolder } from './remove.ts'
import { type Workspace, workspaceAt } from './workspace.ts'

export interface RemoteLead {
  readonly id: string
  readonly cells: Readonly<Record<string, JsonValue>>
}

export interface SyncWorld {
  readonly workspace: Workspace
  /** The records of the base, by our key. */
  remote(): ReadonlyMap<string, RemoteLead>
  /** A colleague edits the record with our key. */
  editThere(key: string, cells: Readonly<Record<string, JsonValue>>): void
  deleteThere(key: string): void
  addThere(cells: Readonly<Record<string, JsonValue>>): string
  /** Another program edits the row. */
  editHere(key: string, column: string, value: string | number | null): void
  here(key: string): Record<string, unknown> | undefined
  /** The base's server, from inside: its faults, and what it was asked. */
  readonly control: Sandbox['control']
  readonly baseId: string
  /** Rows of the journal; nothing may be writing it. */
  journal(sql: string): readonly Record<string, unknown>[]
  close(): Promise<void>
}

const baseId = 'appSyncWorld00001'
const recordSchema = z.object({ id: z.string(), fields: z.record(z.string(), z.json()) })

export interface SyncWorldOptions {
  readonly leads: number
  /** Of the table: `manual` unless told. */
  readonly conflicts?: string
  /** Nothing waits for a person, and the base bears ten times the usual pace. */
  readonly isTrusting?: boolean
  /** Declares `do_not_contact`, of the type of that name, mirrored as `Do Not Contact`. */
  readonly hasMark?: boolean
}

/** Makes it, with `leads` leads k0, k1, … that are on both sides and agree. */
export async function createSyncWorld({
  leads,
  conflicts = 'manual',
  isTrusting = false,
  hasMark = false,
}: SyncWorldOptions): Promise<SyncWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-sync-world-'))
  const sandbox = createSandbox({
    path: ':memory:',
    clock: systemClock,
    random: systemRandom,
    log: pino({ level: 'silent' }),
    ...(isTrusting ? { limits: { requestsPerSecond: 1000, requestsPerSecondAndUser: 1000 } } : {}),
  })
  const endpoint = await sandbox.listen()
  sandbox.control.ensureBase({ baseId, name: 'Small', tables: [] })
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  writeFileSync(join(folder, 'airtable.token'), 'any', { mode: 0o600 })
  writeFileSync(join(folder, 'desired-state.yaml'), desiredState(endpoint, conflicts, isTrusting, hasMark))
  const workspace = workspaceAt(folder)
  const close = async () => {
    await sandbox.close()
    removeFolder(folder)
  }
  const colleague = () => sandbox.control.colleague(baseId)
  const remote = () => {
    const records = colleague()
      .records('Leads')
      .map((record) => recordSchema.parse(record))
    return new Map(records.map(({ id, fields }) => [String(fields['Lead ID'] ?? id), { id, cells: fields }] as const))
  }
  const idOf = (key: string) => {
    const found = remote().get(key)
    if (found === undefined) throw new Error(`${key} is not in the base`)
    return found.id
  }
  try {
    await must(trueup(['apply'], { in: folder }))
    const rows = Array.from(
      { length: leads },
      (_, index) => `('k${index}', 'Person ${index}', 'p${index}@x.example', 'CEO')`,
    )
    workspace.write(`INSERT INTO leads (id, full_name, email, title) VALUES ${rows.join(', ')}`)
    await must(trueup(['sync', 'push'], { in: folder }))
  } catch (error) {
    await close()
    throw error
  }
  return {
    workspace,
    control: sandbox.control,
    baseId,
    remote,
    editThere: (key, cells) => colleague().updateRecord('Leads', idOf(key), cells),
    deleteThere: (key) => colleague().deleteRecord('Leads', idOf(key)),
    addThere: (cells) => colleague().createRecord('Leads', cells),
    editHere(key, column, value) {
      const text = typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
      workspace.write(`UPDATE leads SET ${column} = ${text} WHERE id = '${key}'`)
    },
    here: (key) => workspace.rows('SELECT * FROM leads WHERE id = ?', key)[0],
    journal(sql) {
      const db = new Database(workspace.path('.trueup/journal.db'), { readonly: true })
      try {
        return db.prepare<[], Record<string, unknown>>(sql).all()
      } finally {
        db.close()
      }
    },
    close,
  }
}

async function must(run: ReturnType<typeof trueup>): Promise<void> {
  const { status, stdout, stderr } = await run
  if (status !== 0) throw new Error(`exit status ${status}: ${stdout}${stderr}`)
}

function desiredState(endpoint: string, conflicts: string, isTrusting: boolean, hasMark: boolean): string {
  const trust =
    ', approvals: { low: auto, medium: auto, high: auto, critical: auto }, blastRadius: { rows: 100000, percent: 100 }'
  return `apiVersion: trueup/v1
name: small
policy: { mode: enforce${isTrusting ? trust : ''} }
databases: { main: { path: data/leads.db } }
airtable:
  token: { file: airtable.token }
  base: ${baseId}
  endpoint: ${endpoint}
  monthlyCalls: 100000
  requestsPerSecond: ${isTrusting ? 50 : 5}
tables:
  leads:
    database: main
    key: id
    airtable: { table: Leads, key: Lead ID, conflicts: ${conflicts}, pull: { every: 10m } }
    fields:
      full_name: { type: text, required: true, airtable: Full Name }
      email: { type: email, unique: true, airtable: Email }
      title: { type: text, airtable: Title }
      company: { type: text, airtable: Company, conflicts: local_wins }
      verified: { type: boolean, default: false, airtable: Verified }
${hasMark ? '      do_not_contact: { type: doNotContact, airtable: { field: Do Not Contact, direction: push } }\n' : ''}`
}
