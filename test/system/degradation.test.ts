/**
 * A running controller when the machine fails it: the disk fills, a file system is read-only, another program keeps a database
 * to itself. What can go on goes on, the rest waits with its reason, nothing is half written, and all is caught up afterwards.
 */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { documents, trueup, trueupJson } from '../support/cli.ts'
import { type RunningController, startRun } from '../support/controller.ts'
import { python } from '../support/python.ts'
import { runPython } from '../support/run-python.ts'
import { cannotMount, type SmallDisk, smallDisk } from '../support/small-disk.ts'
import { type Workspace, workspaceAt } from '../support/workspace.ts'

const reason = cannotMount()
if (reason !== undefined) process.stderr.write(`tests of a failing disk are skipped: ${reason}\n`)

/** `npm run soak:degradation` runs what takes long. */
const isSoak = process.env.DEGRADATION === 'all'

const desiredState = `apiVersion: trueup/v1
name: small
policy: { mode: enforce, resync: 1m, disk: { freeMin: 6MB, ballast: 4MB }, blastRadius: { percent: 100 } }
databases:
  main: { path: data/leads.db }
  other: { path: other/leads.db }
tables:
  leads:
    database: main
    key: id
    fields:
      name: { type: text }
      email: { type: email, standardize: email }
  others:
    database: other
    key: id
    fields:
      email: { type: email, standardize: email }
`

let disk: SmallDisk
let workspace: Workspace
let controller: RunningController | undefined

beforeEach(() => {
  if (reason !== undefined) return
  disk = smallDisk(64_000_000)
  for (const name of ['data', 'other']) mkdirSync(join(disk.folder, name), { mode: 0o700 })
  writeFileSync(join(disk.folder, 'desired-state.yaml'), desiredState)
  workspace = workspaceAt(disk.folder)
})
afterEach(async () => {
  await controller?.kill()
  controller = undefined
  if (reason === undefined) disk.unmount()
})

const at = () => ({ in: disk.folder })

/** Asks until it holds. */
async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 40_000): Promise<void> {
  const giveUp = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > giveUp) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

interface Shown {
  readonly reasons: readonly string[]
  readonly text: string
}
/** What the API says of a resource: reasons of its conditions that hold, and all of it as text. */
async function shown(kind: string, name: string): Promise<Shown> {
  const data = await controller?.query(
    `query ($kind: String!, $name: String!) { resource(kind: $kind, name: $name) { status conditions { type status reason message nextStep } checks { name status message } } }`,
    { kind, name },
  )
  const text = JSON.stringify(data)
  return { text, reasons: [...text.matchAll(/"reason":"(\w+)"/g)].map(([, found]) => found ?? '') }
}

const insert = (id: string, database = 'data/leads.db', table = 'leads') =>
  runPython(
    `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20)
db.execute(f"INSERT INTO {sys.argv[2]} (id, email) VALUES (?, ?)", (sys.argv[3], sys.argv[3].upper() + '@X.EXAMPLE'))
db.commit()`,
    { args: [workspace.path(database), table, id] },
  )
const emailOf = (id: string, database = 'data/leads.db', table = 'leads') =>
  runPython(
    `import sqlite3, sys
print(sqlite3.connect(sys.argv[1], timeout=20).execute(f"SELECT email FROM {sys.argv[2]} WHERE id = ?", (sys.argv[3],)).fetchone()[0])`,
    { args: [workspace.path(database), table, id] },
  ).trim()
const mended = (id: string) => emailOf(id) === `${id}@x.example`
const ballast = () => statSync(workspace.path('.trueup/ballast'), { throwIfNoEntry: false })?.size ?? 0

describe.skipIf(reason !== undefined)('a running controller', () => {
  test('gives up its ballast on a full disk, waits with the reason, lives through a full one, and catches up', async () => {
    controller = await startRun(disk.folder)
    await until('the ballast is made', () => ballast() === 4_000_000)
    await until('the table is there', () => existsSync(workspace.main) || existsSync(workspace.path('data/leads.db')))
    await until('it is ready', async () => (await shown('standardization', 'leads')).text.includes('CONVERGED'))
    insert('one')
    await until('a repair is made', () => mended('one'))

    disk.fillTo(2_500_000)
    await until('the ballast is given up', () => ballast() === 0)
    insert('two')
    await until('the repair waits', async () => (await shown('standardization', 'leads')).reasons.includes('DiskShort'))
    expect(emailOf('two')).toBe('TWO@X.EXAMPLE')
    await until('health says so', async () => (await shown('machine', 'local')).text.includes('All repairs wait'))

    // Now to the last byte, past what the ballast gave: the journal cannot be written either.
    disk.fillTo(0)
    await until('nothing is free', () => disk.freeBytes() < 8192)
    // In the long run for so long that the lease cannot be renewed in time.
    await new Promise((resolve) => setTimeout(resolve, isSoak ? 18_000 : 3000))
    expect((await shown('machine', 'local')).text).toContain('All repairs wait')
    expect(emailOf('two')).toBe('TWO@X.EXAMPLE')

    disk.empty()
    await until('it is caught up', () => mended('two'))
    await until('the ballast is there again', () => ballast() === 4_000_000)
    await until('nothing waits', async () => !(await shown('standardization', 'leads')).reasons.includes('DiskShort'))
    insert('three')
    await until('repairs go on', () => mended('three'))

    disk.fillTo(0)
    await until('the ballast is given up once more', () => ballast() === 0)
    expect(await controller.stop()).toBe(0)
    controller = undefined
    disk.empty()
    expect((await trueup(['audit', 'verify'], at())).status).toBe(0)
    expect(workspace.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  }, 120_000)

  test.runIf(isSoak)(
    'goes on looking at a database on a read-only file system, lets its repairs wait, and makes them afterwards',
    async () => {
      await trueup(['apply'], at())
      insert('one')
      disk.readOnly(workspace.path('data'))
      controller = await startRun(disk.folder)
      await until('the repair waits', async () =>
        (await shown('standardization', 'leads')).reasons.includes('DatabaseReadOnly'),
      )
      // What is elsewhere is repaired meanwhile.
      insert('far', 'other/leads.db', 'others')
      await until('the other is repaired', () => emailOf('far', 'other/leads.db', 'others') === 'far@x.example')
      expect((await shown('standardization', 'leads')).text).toContain('standard form')
      disk.writable(workspace.path('data'))
      await until('it is caught up', () => mended('one'), 70_000)
    },
    120_000,
  )

  test.runIf(isSoak)(
    'names who keeps a database to itself, looks after the others, and catches up',
    async () => {
      await trueup(['apply'], at())
      insert('one')
      const holder = python(
        `db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('PRAGMA journal_mode')
db.execute('BEGIN EXCLUSIVE')
say('held')
wait()
db.execute('COMMIT')
db.close()`,
        workspace.path('data/leads.db'),
      )
      try {
        insert('far', 'other/leads.db', 'others')
        expect(await holder.line()).toBe('held')
        controller = await startRun(disk.folder)
        await until('the other is repaired', () => emailOf('far', 'other/leads.db', 'others') === 'far@x.example')
        const repairs = () => shown('standardization', 'leads')
        await until('who holds it is told', async () => (await repairs()).text.includes(`pid ${holder.pid}`))
        expect((await repairs()).reasons).toContain('DatabaseLocked')
        holder.tell('go')
        await holder.ended()
        await until('it is caught up', () => mended('one'), 90_000)
      } finally {
        await holder.kill()
      }
    },
    120_000,
  )
})

describe.skipIf(reason !== undefined)('commands on a read-only workspace', () => {
  test.runIf(isSoak)('look, say what they would do, and refuse to act without a journal', async () => {
    await trueup(['apply'], at())
    insert('one')
    disk.readOnly(disk.folder)
    const plan = await trueup(['plan'], at())
    expect([plan.status, plan.stdout]).toEqual([2, expect.stringContaining('standard form')])
    const { status, document } = await trueupJson(['apply'], documents.error, at())
    expect([status, document.error.code]).toEqual([1, 'JOURNAL_UNWRITABLE'])
    disk.writable(disk.folder)
    await trueup(['apply'], at())
    expect(mended('one')).toBe(true)
  })
})
