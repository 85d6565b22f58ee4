import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runPython } from '../../../test/support/run-python.ts'
import { systemClock } from '../../clock.ts'
import { type DesiredState, desiredStateSchema } from '../../desired/schema.ts'
import type { EffectContext, Kind } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { openLog } from '../../log.ts'
import { sharedOffload } from '../../targets/process/testing-offload.ts'
import { changeLogStatements } from '../../targets/sqlite/change-log.ts'
import { openDatabases } from '../../targets/sqlite/databases.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import {
  createQualityInspector,
  createQualityStore,
  type QualityInspector,
  type QualityStore,
  qualityKind,
} from './index.ts'
import type { QualitySpec } from './spec.ts'
import type { QualityState } from './state.ts'
import { everyCheck } from './testing-table.ts'

interface Opened {
  readonly kind: Kind<QualitySpec, QualityState>
  readonly inspector: QualityInspector
  readonly store: QualityStore
}

let folder: string
let path: string
const offload = sharedOffload()
let databases: Databases
let nowMs: number
let mirrored: number | undefined
let opened: Opened[]

const context: EffectContext = { signal: new AbortController().signal, progress: () => undefined }

beforeEach(() => {
  nowMs = Date.UTC(2026, 10, 26, 12)
  mirrored = undefined
  opened = []
  folder = mkdtempSync(join(tmpdir(), 'quality-'))
  path = join(folder, 'leads.db')
  databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
})
afterEach(() => {
  for (const { store } of opened) store.close()
  databases.closeAll()
  rmSync(folder, { recursive: true })
})

function open(purpose: 'look' | 'act' = 'act'): Opened {
  const pathOf = (database: string) => join(folder, `${database === 'main' ? 'leads' : database}.db`)
  const store = createQualityStore({ folder: join(folder, '.trueup'), purpose, databases })
  const inspector = createQualityInspector({
    clock: { ...systemClock, nowMs: () => nowMs },
    databases,
    offload,
    store,
    pathOf,
    mirrored: async () => mirrored,
  })
  const made = { kind: qualityKind({ databases, inspector, pathOf }), inspector, store }
  opened.push(made)
  return made
}

const columns =
  'id TEXT PRIMARY KEY, full_name TEXT, email TEXT, company TEXT, website TEXT, phone TEXT, status TEXT, tags TEXT, message TEXT, day TEXT, made TEXT, raw TEXT, code TEXT, owner TEXT'

function create(db: Database.Database): void {
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = OFF')
  db.exec(`CREATE TABLE leads (${columns}); CREATE UNIQUE INDEX by_code ON leads (code)`)
  for (const sql of changeLogStatements('leads')) db.exec(sql)
}

/** Writes as an agent does: in Python, through a connection of its own. */
function python(script: string): void {
  const program = `import sqlite3\ndb = sqlite3.connect(${JSON.stringify(path)})\n${script}\ndb.commit()\ndb.close()`
  runPython(program)
}

function declared({ kind }: Opened, desired: DesiredState = everyCheck()): Declared<QualitySpec> {
  const [resource] = kind.list(desired)
  if (resource === undefined) throw new Error('nothing is declared')
  return resource
}

async function look(at: Opened, desired?: DesiredState): Promise<Observation<QualityState>> {
  return at.kind.observe(declared(at, desired), { is: 'full' }, context)
}

async function seen(at: Opened, desired?: DesiredState): Promise<QualityState> {
  const observation = await look(at, desired)
  if (observation.is !== 'present') throw new Error(`it is ${observation.is}`)
  return observation.state
}

async function failing(at: Opened, desired?: DesiredState): Promise<Record<string, number>> {
  const { checks } = await seen(at, desired)
  return Object.fromEntries(checks.filter((check) => check.failing > 0).map((check) => [check.id, check.failing]))
}

const good =
  "'Ann Lee', 'ann@acme.com', 'Acme', 'https://acme.com', '+1 212 555 0100', 'contacted', '[]', 'Hi Ann, Acme has caught my eye again.', '2024-05-01', '2024-04-01T00:00:00Z', '{}'"

/** A message as a template gives it. */
function letter(name: string, company: string): string {
  return `Hi ${name}, I saw that your team at ${company} is growing and that you still check invoices by hand the whole week.
    We take that off your desk, and nobody has to learn a new program for it. Would a short call suit you?`
}

describe('the quality of a table', () => {
  test('is 100 where every row is as declared, and nothing is told', async () => {
    const db = new Database(path)
    create(db)
    db.exec(`INSERT INTO leads VALUES ('a', ${good}, 'a', NULL)`)
    db.close()
    const at = open()
    const observation = await look(at)
    expect(observation.is === 'present' && observation.state.score).toBe(100)
    expect(at.kind.diff(declared(at), observation)).toEqual([])
    expect(at.kind.health(declared(at), observation, []).every(({ status }) => status === 'ok')).toBe(true)
    expect(at.kind.plan(declared(at), observation, [])).toEqual([])
  })

  test('names each fault with its rows, and what a person does; a row that is mended is no longer told', async () => {
    const db = new Database(path)
    create(db)
    db.exec(`INSERT INTO leads VALUES ('good', ${good}, 'a', NULL)`)
    db.exec(`INSERT INTO leads (id, email, company, message, status, day, code) VALUES
      ('mute', NULL, 'Acme', NULL, 'auto_send', NULL, 'b'),
      ('bare', 'bob@beta.com', 'Beta', 'Hi {{name}}!', 'contacted', '2031-01-01', 'c'),
      ('odd', 'nobody', 'Gamma', 'Hi there, the same words for all of you.', 'Contacted', NULL, 'D')`)
    const at = open()
    const observation = await look(at)
    const drift = at.kind.diff(declared(at), observation)
    expect(Object.fromEntries(drift.map(({ path: id, affected }) => [id, affected.sample]))).toEqual({
      'email.completeness': ['mute'],
      'email.format': ['odd'],
      'status.choice': ['odd'],
      'message.length': ['bare'],
      'message.mentions.company': ['bare', 'odd'],
      'message.placeholder': ['bare'],
      'day.future': ['bare'],
      'code.pattern': ['odd'],
    })
    expect(drift.every(({ byHand }) => byHand !== undefined && byHand.length > 20)).toBe(true)
    expect(drift.find(({ path: id }) => id === 'email.completeness')?.message).toBe(
      'email: 75 % of 4 rows are filled, 90 % are asked for',
    )
    db.exec("UPDATE leads SET email = 'odd@gamma.com', status = 'auto_send', code = 'd' WHERE id = 'odd'")
    db.close()
    expect(Object.keys(await failing(at))).not.toContain('email.format')
  })

  test('looks at rows together: one domain, one spelling; one text, one row', async () => {
    const db = new Database(path)
    create(db)
    const add = db.prepare('INSERT INTO leads (id, email, company, message) VALUES (?, ?, ?, ?)')
    for (const at of ['a', 'b', 'c']) add.run(at, `${at}@acme.com`, 'Acme', null)
    add.run('d', 'd@acme.com', 'ACME Corp', null)
    add.run('e', 'e@gmail.com', 'Other', 'Hi Other, the very same words.')
    add.run('f', 'f@gmail.com', 'Other', 'hi other — the very SAME words')
    const at = open()
    const found = (await seen(at)).checks
    expect(found.find(({ id }) => id === 'company.consistent.email')).toMatchObject({
      failing: 1,
      groups: 1,
      sample: ['d'],
    })
    expect(found.find(({ id }) => id === 'message.repeated')).toMatchObject({ failing: 2, groups: 1 })
    db.exec("UPDATE leads SET company = 'Acme' WHERE id = 'd'; DELETE FROM leads WHERE id = 'f'")
    db.close()
    expect(await failing(at)).not.toHaveProperty('company.consistent.email')
    expect(await failing(at)).not.toHaveProperty('message.repeated')
  })

  test('looks at texts that differ in what a template was filled in with: once each, and not at equal ones', async () => {
    const db = new Database(path)
    create(db)
    const add = db.prepare('INSERT INTO leads (id, message) VALUES (?, ?)')
    add.run('a', letter('Ann', 'Acme'))
    add.run('b', letter('Bob', 'Zeta & Sons'))
    add.run('c', letter('Cy', 'Delta').replace('whole', 'entire'))
    for (const id of ['e', 'f'])
      add.run(id, 'Only a greeting, and the very same one in two rows of the table that we look at here.')
    const at = open()
    const found = (await seen(at)).checks.find(({ id }) => id === 'message.alike')
    expect(found?.sample.toSorted()).toEqual(['a', 'b', 'c'])
    expect(found?.failing).toBe(3)
    const rows = await at.inspector.rows('leads', declared(at).spec, ['b', 'e'])
    expect(rows.get('b')?.issues).toContainEqual(
      expect.objectContaining({ id: 'message.alike', reason: 'is nearly the same text as in other rows' }),
    )
    expect(rows.get('e')?.issues.map(({ id }) => id)).not.toContain('message.alike')
    db.exec("DELETE FROM leads WHERE id IN ('b', 'c')")
    db.close()
    expect(await failing(at)).not.toHaveProperty('message.alike')
  })

  test('of one row names its reasons, those of its group too', async () => {
    const db = new Database(path)
    create(db)
    db.exec(`INSERT INTO leads VALUES ('a', ${good}, 'a', NULL), ('b', ${good}, 'b', NULL), ('c', ${good}, 'c', NULL)`)
    db.exec("UPDATE leads SET company = 'Acme Corporation', message = '{{hi}} you' WHERE id = 'c'")
    db.close()
    const at = open()
    const rows = await at.inspector.rows('leads', declared(at).spec, ['a', 'c', 'nobody'])
    expect([...rows.keys()].sort()).toEqual(['a', 'c'])
    expect(rows.get('c')?.issues.map(({ id, reason }) => [id, reason])).toEqual([
      ['message.length', 'has fewer than 20 characters'],
      ['message.mentions.company', "does not name the row's company"],
      ['message.mentions.full_name', "does not name the row's full_name"],
      ['message.placeholder', 'holds a placeholder in double braces'],
      ['company.consistent.email', 'is spelled otherwise than in most rows with the same domain(email)'],
    ])
    expect(rows.get('c')?.fields.find(({ field }) => field === 'message')?.score).toBeLessThan(60)
    expect(rows.get('a')?.issues.map(({ id }) => id)).toEqual(['message.repeated'])
  })

  test('is told of the table as a whole: references, numbers elsewhere, the last change', async () => {
    const db = new Database(path)
    create(db)
    db.exec(`INSERT INTO leads VALUES ('a', ${good}, 'a', 'o1'), ('b', ${good}, 'b', 'gone')`)
    db.exec("CREATE TABLE old (id TEXT); INSERT INTO old VALUES ('x'), ('y'), ('z')")
    db.exec("UPDATE leads SET made = '2026-01-01T00:00:00Z'")
    db.close()
    const owners = new Database(join(folder, 'people.db'))
    owners.exec("CREATE TABLE owners (id TEXT PRIMARY KEY, name TEXT); INSERT INTO owners VALUES ('o1', 'Olga')")
    mirrored = 5
    const desired = desiredStateSchema.parse({
      apiVersion: 'trueup/v1',
      name: 'x',
      databases: { main: { path: 'leads.db' }, people: { path: 'people.db' } },
      tables: {
        leads: {
          database: 'main',
          key: 'id',
          airtable: { table: 'Leads', key: 'Id' },
          fields: { owner: { type: 'text' }, made: { type: 'datetime', onUpdate: 'now' } },
          quality: {
            references: { owner: 'owners' },
            counts: [
              { with: 'airtable', within: '10%' },
              { with: { database: 'main', table: 'old' }, atLeast: '100%' },
              { with: { database: 'people', table: 'owners' }, atLeast: '100%' },
            ],
            freshWithin: '26h',
          },
        },
        owners: { database: 'people', key: 'id', fields: { name: { type: 'text' } } },
      },
    })
    const at = open()
    const state = await seen(at, desired)
    expect(state.table.map(({ id, affected }) => [id, affected.count])).toEqual([
      ['references.owner', 1],
      ['counts.Airtable', 3],
      ['counts.main.old', 1],
      ['fresh', 0],
    ])
    expect(state.table[0]?.affected.sample).toEqual(['b'])
    expect(state.holds).toEqual(['2 rows beside 1 in people.owners'])
    owners.exec("INSERT INTO owners VALUES ('gone', 'Greta')")
    owners.close()
    expect((await seen(at, desired)).table.map(({ id }) => id)).not.toContain('references.owner')
  })
})

const values = {
  email: fc.option(fc.constantFrom('a@acme.com', 'b@acme.com', 'c@beta.io', 'nobody', '', 'x@gmail.com')),
  company: fc.option(fc.constantFrom('Acme', 'ACME', 'Beta', '')),
  message: fc.option(
    fc.constantFrom(
      ...['Hi {{x}}', 'Hi Ann at Acme, one two three', 'hi ann at acme one two three', ''],
      ...[letter('Ann', 'Acme'), letter('Bob', 'Zeta'), letter('Cy', 'Acme').replace('whole', 'entire')],
    ),
  ),
  code: fc.option(fc.constantFrom('a', 'b', 'C'), { freq: 3 }),
}
const write = fc.oneof(
  fc.record({ is: fc.constant('INSERT OR REPLACE'), id: fc.constantFrom('k1', 'k2', 'k3', 'k4'), ...values }),
  fc.record({ is: fc.constant('UPDATE OR REPLACE'), rowId: fc.integer({ min: 1, max: 6 }), ...values }),
  fc.record({ is: fc.constant('DELETE'), rowId: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ is: fc.constant('LOOK') }),
)

describe('a look at changed rows', () => {
  test('finds what a full look finds, whatever was written, in whatever order', async () => {
    const db = new Database(path)
    create(db)
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(write, { maxLength: 20 }), async (writes) => {
          db.exec('DELETE FROM leads')
          const following = open()
          await look(following)
          for (const one of writes) {
            if ('id' in one)
              db.prepare(`${one.is} INTO leads (id, email, company, message, code) VALUES (?, ?, ?, ?, ?)`).run(
                one.id,
                one.email,
                one.company,
                one.message,
                one.code,
              )
            else if ('email' in one)
              db.prepare(`${one.is} leads SET email = ?, company = ?, message = ?, code = ? WHERE rowid = ?`).run(
                one.email,
                one.company,
                one.message,
                one.code,
                one.rowId,
              )
            else if ('rowId' in one) db.prepare('DELETE FROM leads WHERE rowid = ?').run(one.rowId)
            else await look(following)
          }
          // Rows that went without a trace are noticed within a minute.
          nowMs += 61_000
          const summary = ({ rows, score, checks, fields }: QualityState) => ({
            rows,
            score,
            fields,
            checks: checks.map(({ id, failing, groups }) => [id, failing, groups]),
          })
          const followed = summary(await seen(following))
          const fresh = open('look')
          rmSync(join(folder, '.trueup'), { recursive: true, force: true })
          expect(followed).toEqual(summary(await seen(fresh)))
          for (const one of opened.splice(0)) one.store.close()
        }),
        { numRuns: 40 },
      )
    } finally {
      db.close()
    }
  })

  test('goes on from where another process left off, also when a program in Python wrote meanwhile', async () => {
    const db = new Database(path)
    create(db)
    const add = db.prepare("INSERT INTO leads (id, email, company) VALUES (?, ?, 'Acme')")
    for (let row = 0; row < 300; row += 1) add.run(`k${row}`, `p${row}@acme.com`)
    db.close()
    const first = open()
    await look(first)
    first.store.close()
    opened = []
    python("db.execute(\"UPDATE leads SET email = 'nobody' WHERE id = 'k7'\")")
    expect(await failing(open())).toEqual({ 'email.format': 1 })
  })

  test('that changes nothing leaves no trace, and reads what a controller keeps', async () => {
    const db = new Database(path)
    create(db)
    db.exec(`INSERT INTO leads VALUES ('a', ${good}, 'a', NULL)`)
    await look(open())
    const kept = join(folder, '.trueup', 'quality-leads.db')
    const before = statSync(kept).mtimeMs
    const looking = open('look')
    expect(await failing(looking)).toEqual({})
    db.exec("UPDATE leads SET email = 'nobody'")
    expect(await failing(looking)).toEqual({ 'email.format': 1 })
    db.close()
    expect(statSync(kept).mtimeMs).toBe(before)
    rmSync(join(folder, '.trueup'), { recursive: true })
    expect(await failing(open('look'))).toEqual({ 'email.format': 1 })
    expect(existsSync(join(folder, '.trueup'))).toBe(false)
  })
})

describe('a large table', () => {
  test('is read in a thread, and then followed row by row', async () => {
    const db = new Database(path)
    create(db)
    const add = db.prepare('INSERT INTO leads (id, email, company, message) VALUES (?, ?, ?, ?)')
    db.transaction(() => {
      for (let row = 0; row < 2500; row += 1)
        add.run(`k${row}`, `p${row}@acme.com`, row === 9 ? 'ACME' : 'Acme', `Acme ${row} ${'x'.repeat(4000)}`)
    })()
    expect(statSync(path).size).toBeGreaterThan(8 * 1024 * 1024)
    const at = open()
    expect(await failing(at)).toEqual({ 'message.length': 2500, 'company.consistent.email': 1 })
    db.exec(
      "UPDATE leads SET message = 'Hi, I saw Acme grow a lot.' WHERE id = 'k3'; DELETE FROM leads WHERE id = 'k9'",
    )
    expect(await failing(at)).toEqual({ 'message.length': 2498 })
    db.close()
  })

  test('whose side file was damaged is read anew', async () => {
    const db = new Database(path)
    create(db)
    db.exec("INSERT INTO leads (id, email, company) VALUES ('a', 'nobody', 'Acme')")
    db.close()
    const first = open()
    await look(first)
    first.store.close()
    opened = []
    writeFileSync(join(folder, '.trueup', 'quality-leads.db'), 'no database at all '.repeat(100))
    expect(await failing(open())).toEqual({ 'email.format': 1 })
  })
})

describe('the trend', () => {
  test('keeps the last score of each hour, later of each day, and stays bounded', async () => {
    const db = new Database(path)
    create(db)
    db.exec("INSERT INTO leads (id) VALUES ('a')")
    db.close()
    const at = open()
    const start = nowMs
    for (let hour = 0; hour < 24 * 8; hour += 1) {
      nowMs = start + hour * 3_600_000
      await look(at)
      await look(at)
    }
    const points = await at.inspector.trend('leads', 0, 1000)
    expect(points.length).toBeLessThan(48 + 10)
    const written = statSync(join(folder, '.trueup', 'quality-leads.db-wal')).mtimeMs
    await look(at)
    expect(statSync(join(folder, '.trueup', 'quality-leads.db-wal')).mtimeMs).toBe(written)
    expect(points.at(-1)).toMatchObject({ atMs: nowMs, rows: 1, failing: { 'email.completeness': 1 } })
    expect((await seen(at)).before?.score).toBe(points[0]?.score)
  })

  test('outlives a new declaration, and is private to its owner', async () => {
    const db = new Database(path)
    create(db)
    db.close()
    const at = open()
    await look(at)
    nowMs += 7_200_000
    await look(at, everyCheck('99%'))
    await look(at)
    expect(await at.inspector.trend('leads', 0, 10)).toHaveLength(2)
    for (const file of readdirSync(join(folder, '.trueup')))
      expect(statSync(join(folder, '.trueup', file)).mode & 0o077).toBe(0)
  })
})

describe('a table that cannot be looked at', () => {
  test('is absent while its file or itself is not there, and unreadable where it has no rowid', async () => {
    const at = open()
    expect((await look(at)).is).toBe('absent')
    const db = new Database(path)
    db.exec('CREATE TABLE other (id TEXT)')
    expect((await look(at)).is).toBe('absent')
    db.exec('CREATE TABLE leads (id TEXT PRIMARY KEY) WITHOUT ROWID')
    expect((await look(at)).is).toBe('unreadable')
    db.close()
  })

  test('is read under its former names until they are changed', async () => {
    const db = new Database(path)
    db.exec("CREATE TABLE leads (id TEXT, mail TEXT); INSERT INTO leads VALUES ('a', 'nobody'), ('b', 'b@x.io')")
    db.close()
    const desired = desiredStateSchema.parse({
      apiVersion: 'trueup/v1',
      name: 'x',
      databases: { main: { path: 'leads.db' } },
      tables: {
        leads: { database: 'main', key: 'id', fields: { email: { type: 'email', renamedFrom: 'mail' } }, quality: {} },
      },
    })
    const at = open()
    expect(await failing(at, desired)).toEqual({ 'email.format': 1 })
  })
})
