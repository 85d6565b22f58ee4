/**
 * A table and its mirror in Airtable: how fast new leads are taken there, what rest costs, and what a day of small edits
 * on both sides costs, counted by the server that is asked. The server keeps Airtable's own limits.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { z } from 'zod'
import { systemClock } from '../clock.ts'
import { seededRandom } from '../random.ts'
import type { BaseSeed } from '../sandbox/metadata/base-seed.ts'
import type { LoggedRequest } from '../sandbox/request-log.ts'
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { type Bench, type BenchContext, pause, type Row } from './measure.ts'
import { permitFloor } from './permit-floor.ts'
import { type RunningController, startController } from './product.ts'

const baseId = 'appBenchSync00001'
const floorBaseId = 'appBenchFloor0001'
const pullEveryMs = 10_000
const restIntervals = 6
const busyIntervals = 12
/** Edits on each side in an interval of the busy part. */
const editsPerInterval = 5
/** Records that one call lists at most. */
const listPage = 100
const floorCalls = 100
/** What follows a change (verification, acknowledgement) is over then, in milliseconds. */
const settleMs = 3000
const waitMaxMs = 3_600_000

const recordSchema = z.object({ id: z.string(), fields: z.record(z.string(), z.unknown()) })

export const sync: Bench = {
  name: 'sync',
  async run(context) {
    const rows = context.rows(10_000)
    const folder = join(context.folder, 'sync')
    const sandbox = createSandbox({
      path: ':memory:',
      clock: systemClock,
      random: seededRandom(context.seed),
      log: pino({ level: 'silent' }),
    })
    const url = await sandbox.listen()
    makeWorkspace(folder, url, rows)
    sandbox.control.ensureBase({ baseId, name: 'Bench', tables: [] })
    sandbox.control.ensureBase({ baseId: floorBaseId, name: 'Floor', tables: [floorTable] })
    try {
      return await measured({ context, rows, folder, sandbox, url })
    } finally {
      await sandbox.close()
    }
  },
}

interface World {
  readonly context: BenchContext
  readonly rows: number
  readonly folder: string
  readonly sandbox: Sandbox
  readonly url: string
}

async function measured(world: World): Promise<readonly Row[]> {
  const { context, rows, folder, sandbox, url } = world
  context.say(`sync: the permit rule, ${floorCalls} calls`)
  const floorMs = await permitFloor({
    url,
    baseId: floorBaseId,
    table: 'Leads',
    keyField: 'Lead ID',
    calls: floorCalls,
    cells,
  })
  sandbox.control.clearRequests()
  context.say(`sync: ${rows.toLocaleString('en-US')} new leads are pushed`)
  const controller = await startController(folder)
  const db = new Database(join(folder, 'data/leads.db'), { timeout: 10_000 })
  try {
    await until(() => {
      const written = writesOf(sandbox.control.requests())
      return written.length >= rows / 10 && systemClock.nowMs() - (written.at(-1)?.atMs ?? 0) > 5000
    })
    const pushed = sandbox.control.requests()
    const push = pushRow(pushed, rows, floorMs, controller)
    await controller.quiet()
    const refused = pushed.filter(({ status }) => status === 429).length
    context.say(`sync: at rest for ${restIntervals} pull intervals`)
    const rest = await callsOf(sandbox, () => pause(restIntervals * pullEveryMs))
    const here = await callsOf(sandbox, () => hereToThere(db, sandbox, 0))
    const there = await callsOf(sandbox, () => thereToHere(db, sandbox, 1))
    context.say(`sync: ${busyIntervals} pull intervals with ${editsPerInterval} edits on each side`)
    const busy = await callsOf(sandbox, () => busyTime(db, sandbox))
    const naive = busyIntervals * (Math.ceil(rows / listPage) + 2 * editsPerInterval)
    const shared = { bench: 'sync', peakBytes: undefined, rounds: 1 }
    const figure = (what: string, calls: number, below: number): Row => ({
      ...shared,
      what,
      median: { value: calls, unit: 'calls' },
      floor: undefined,
      ratio: undefined,
      aims: [{ of: 'figure', below }],
    })
    return [
      push,
      figure('the same: requests refused with 429', refused, 0),
      figure('at rest, calls in a pull interval', rest / restIntervals, 1),
      figure('one cell changed here, calls until it is there', here, 2),
      figure('one cell changed there, calls until it is here', there, 2),
      {
        ...shared,
        what: `${busyIntervals} pull intervals, ${editsPerInterval} edits on each side in each; floor: listing all ${rows.toLocaleString('en-US')} each interval and writing record by record`,
        median: { value: busy, unit: 'calls' },
        floor: { value: naive, unit: 'calls' },
        ratio: busy / naive,
        aims: [{ of: 'ratio', below: 0.2 }],
      },
    ]
  } finally {
    db.close()
    await controller.stop()
  }
}

function pushRow(
  requests: readonly LoggedRequest[],
  rows: number,
  floorMs: number,
  controller: RunningController,
): Row {
  const writes = writesOf(requests)
  const [first, last] = [writes[0], writes.at(-1)]
  if (first === undefined || last === undefined) throw new Error('no lead was written')
  const tookMs = (last.atMs - first.atMs) * (writes.length / Math.max(1, writes.length - 1))
  const idealMs = Math.ceil(rows / 10) * floorMs
  return {
    bench: 'sync',
    what: `${rows.toLocaleString('en-US')} new leads pushed in ${writes.length} writes; floor: five permits, each back a second after its answer, nothing else to do`,
    median: { value: tookMs, unit: 'ms' },
    floor: { value: idealMs, unit: 'ms' },
    ratio: tookMs / idealMs,
    aims: [{ of: 'ratio', below: 1 / 0.95 }],
    peakBytes: controller.memory.peakBytes(),
    rounds: 1,
  }
}

async function callsOf(sandbox: Sandbox, work: () => Promise<void>): Promise<number> {
  sandbox.control.clearRequests()
  await work()
  return sandbox.control.requests().length
}

/** Writes of records that were not refused. */
function writesOf(requests: readonly LoggedRequest[]): readonly LoggedRequest[] {
  return requests.filter(({ method, path, status }) => method === 'PATCH' && path.includes(baseId) && status === 200)
}

function editHere(db: Database.Database, index: number, title: string): void {
  db.prepare('UPDATE leads SET title = ? WHERE id = ?').run(title, keyOf(index))
}

function remoteTitle(sandbox: Sandbox, id: string): unknown {
  return recordsThere(sandbox).get(id)?.fields.Title
}

async function hereToThere(db: Database.Database, sandbox: Sandbox, index: number): Promise<void> {
  const record = recordsThere(sandbox).get(keyOf(index))
  if (record === undefined) throw new Error(`${keyOf(index)} was not pushed`)
  editHere(db, index, 'Edited Here')
  await until(() => remoteTitle(sandbox, keyOf(index)) === 'Edited Here')
  await pause(settleMs)
}

async function thereToHere(db: Database.Database, sandbox: Sandbox, index: number): Promise<void> {
  editThere(sandbox, [index], 'Edited There')
  const title = db.prepare<[string], string>('SELECT title FROM leads WHERE id = ?').pluck()
  await until(() => title.get(keyOf(index)) === 'Edited There')
  await pause(settleMs)
}

function editThere(sandbox: Sandbox, indexes: readonly number[], title: string): void {
  const known = recordsThere(sandbox)
  const colleague = sandbox.control.colleague(baseId)
  for (const index of indexes) {
    const record = known.get(keyOf(index))
    if (record === undefined) throw new Error(`${keyOf(index)} was not pushed`)
    colleague.updateRecord('Leads', record.id, { Title: title })
  }
}

/** Both sides edit other leads in every interval; it ends when all is in step. */
async function busyTime(db: Database.Database, sandbox: Sandbox): Promise<void> {
  for (let interval = 0; interval < busyIntervals; interval += 1) {
    const first = 10 + interval * 2 * editsPerInterval
    for (let at = 0; at < editsPerInterval; at += 1) editHere(db, first + at, `Here ${interval}`)
    const there = Array.from({ length: editsPerInterval }, (_, at) => first + editsPerInterval + at)
    editThere(sandbox, there, `There ${interval}`)
    await pause(pullEveryMs)
  }
  const title = db.prepare<[string], string>('SELECT title FROM leads WHERE id = ?').pluck()
  const last = 10 + (busyIntervals - 1) * 2 * editsPerInterval
  await until(
    () =>
      remoteTitle(sandbox, keyOf(last)) === `Here ${busyIntervals - 1}` &&
      title.get(keyOf(last + editsPerInterval)) === `There ${busyIntervals - 1}`,
  )
}

function recordsThere(sandbox: Sandbox): ReadonlyMap<string, z.output<typeof recordSchema>> {
  const records = sandbox.control.colleague(baseId).records('Leads')
  return new Map(records.map((one) => recordSchema.parse(one)).map((one) => [String(one.fields['Lead ID']), one]))
}

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = performance.now() + waitMaxMs
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error('the mirror was not brought in step within an hour')
    await pause(250)
  }
}

const keyOf = (index: number) => `k${String(index).padStart(6, '0')}`

function cells(index: number): Readonly<Record<string, string>> {
  return {
    'Lead ID': keyOf(index),
    'Full Name': `Ada Number${index}`,
    Email: `ada.${index}@company${index}.example`,
    Title: 'Head of Sales',
    Company: `Company ${index}`,
  }
}

const floorTable: BaseSeed['tables'][number] = {
  name: 'Leads',
  fields: ['Lead ID', 'Full Name', 'Email', 'Title', 'Company'].map((name) => ({ name, type: 'singleLineText' })),
}

function makeWorkspace(folder: string, url: string, rows: number): void {
  mkdirSync(join(folder, 'data'), { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'airtable.token'), 'any', { mode: 0o600 })
  writeFileSync(join(folder, 'desired-state.yaml'), desiredState(url))
  const db = new Database(join(folder, 'data/leads.db'))
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, email TEXT, title TEXT, company TEXT)')
  const insert = db.prepare('INSERT INTO leads VALUES (?, ?, ?, ?, ?)')
  db.transaction(() => {
    for (let index = 0; index < rows; index += 1) insert.run(...Object.values(cells(index)))
  })()
  db.close()
}

/** A policy that lets everything through: what waits for a person cannot be measured. */
function desiredState(url: string): string {
  return `apiVersion: trueup/v1
name: bench
policy:
  mode: enforce
  approvals: { low: auto, medium: auto, high: auto, critical: auto }
  blastRadius: { rows: 100000000, percent: 100 }
databases: { main: { path: data/leads.db } }
airtable: { token: { file: airtable.token }, base: ${baseId}, endpoint: "${url}", monthlyCalls: 1000000 }
tables:
  leads:
    database: main
    key: id
    airtable: { table: Leads, key: Lead ID, pull: { every: ${pullEveryMs / 1000}s } }
    fields:
      full_name: { type: text, required: true, airtable: Full Name }
      email: { type: text, airtable: Email }
      title: { type: text, airtable: Title }
      company: { type: text, airtable: Company }
`
}
