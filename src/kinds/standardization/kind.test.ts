import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runPython } from '../../../test/support/run-python.ts'
import { systemClock } from '../../clock.ts'
import { type DesiredState, desiredStateSchema } from '../../desired/schema.ts'
import type { Action, ActionDraft } from '../../engine/action.ts'
import type { Drift, DriftDraft } from '../../engine/drift.ts'
import type { EffectContext, Kind } from '../../engine/kind.ts'
import type { Observation, Scope } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import type { JsonValue } from '../../json.ts'
import { openLog } from '../../log.ts'
import { sharedOffload } from '../../targets/process/testing-offload.ts'
import { changeLogStatements } from '../../targets/sqlite/change-log.ts'
import { openChangeSets } from '../../targets/sqlite/change-sets.ts'
import { openDatabases } from '../../targets/sqlite/databases.ts'
import type { ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { standardizationKind } from './index.ts'
import type { StandardizationSpec } from './spec.ts'
import type { StandardizationState } from './state.ts'

let folder: string
let path: string
const offload = sharedOffload()
let databases: Databases
let changeSets: ChangeSets
let kind: Kind<StandardizationSpec, StandardizationState>

/** What the kind's clock says. */
let nowMs: number
const context: EffectContext = { signal: new AbortController().signal, progress: () => undefined }
const full: Scope = { is: 'full' }

beforeEach(() => {
  nowMs = Date.UTC(2026, 10, 23, 1, 30)
  folder = mkdtempSync(join(tmpdir(), 'standardization-'))
  path = join(folder, 'leads.db')
  const log = openLog('silent')
  databases = openDatabases({ offload, clock: systemClock, log })
  const checkpointsPath = join(folder, 'checkpoints.db')
  changeSets = openChangeSets({ path: checkpointsPath, clock: systemClock })
  const memory = new Map<string, JsonValue>()
  kind = standardizationKind({
    clock: { ...systemClock, nowMs: () => nowMs },
    databases,
    changeSets,
    checkpointsPath,
    offload,
    memory: {
      get: (owner, name) => memory.get(`${owner} ${name}`),
      set: (owner, name, value) => void memory.set(`${owner} ${name}`, value),
    },
    pathOf: (database) => (database === 'main' ? path : undefined),
  })
})
afterEach(async () => {
  changeSets.close()
  databases.closeAll()
  rmSync(folder, { recursive: true })
})

const fields = {
  full_name: { type: 'text', standardize: 'person_name' },
  email: { type: 'email', standardize: 'email' },
  phone: { type: 'phone', standardize: { phone: { region: 'US' } } },
  status: {
    type: 'choice',
    choices: ['auto_send', 'responded'],
    standardize: { choice: { aliases: { replied: 'responded' } } },
  },
  verified: { type: 'boolean', standardize: 'boolean' },
  title: { type: 'text' },
  website: { type: 'url' },
}

function desired(table: object = {}, database: object = {}): DesiredState {
  return desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'test',
    databases: { main: { path: 'leads.db', ...database } },
    tables: { leads: { database: 'main', key: 'id', fields, ...table } },
  })
}

function resourceOf(state: DesiredState = desired()): Declared<StandardizationSpec> {
  const [resource] = kind.list(state)
  if (resource === undefined) throw new Error('no resource')
  return resource
}

type Row = readonly [string, ...unknown[]]
const columns = 'id, full_name, email, phone, status, verified'

/** Writes as an agent does: in Python, through a connection of its own, in WAL mode. */
function python(statements: string, input: unknown = null): string {
  const program = `import sqlite3, json, sys\ndb = sqlite3.connect(${JSON.stringify(path)})\ndb.execute("PRAGMA journal_mode=WAL")\n${statements}\ndb.commit()\ndb.close()`
  return runPython(program, { input: JSON.stringify(input) })
}

function seed(rows: readonly Row[], setUp = ''): void {
  python(
    `db.execute("CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT, email TEXT, phone TEXT, status TEXT, verified INTEGER, title TEXT)")
${setUp}
db.executemany("INSERT INTO leads (${columns}) VALUES (?,?,?,?,?,?)", json.load(sys.stdin))`,
    rows,
  )
}

function rowsNow(): readonly unknown[] {
  const db = new Database(path, { readonly: true })
  try {
    return db.prepare(`SELECT ${columns} FROM leads ORDER BY rowid`).raw().all()
  } finally {
    db.close()
  }
}

const mess: readonly Row[] = [
  ['a', 'JOHN SMITH', ' John@X.com', '(415) 555-2671', 'Auto Send', 'yes'],
  ['b', 'Ann Lee', 'ann@x.com', '+14155552672', 'responded', 1],
  ['c', 'smith, jane', 'jane at x.com', '12', 'replied', 0],
  ['d', null, '', null, 'what', 'perhaps'],
]
const mended: readonly Row[] = [
  ['a', 'John Smith', 'john@x.com', '+14155552671', 'auto_send', 1],
  ['b', 'Ann Lee', 'ann@x.com', '+14155552672', 'responded', 1],
  ['c', 'Jane Smith', 'jane at x.com', '12', 'responded', 0],
  ['d', null, '', null, 'what', 'perhaps'],
]

async function look(resource = resourceOf(), scope = full) {
  const observation = await kind.observe(resource, scope, context)
  const drift = kind.diff(resource, observation).map(draftToDrift)
  const drafts = kind.plan(
    resource,
    observation,
    drift.filter(({ byHand }) => byHand === undefined),
  )
  return { observation, drift, drafts, actions: drafts.map((draft) => actionOf(draft)) }
}

function draftToDrift(draft: DriftDraft): Drift {
  return { ...draft, id: draft.path, resource: { kind: 'standardization', name: 'leads' }, cause: 'drift' }
}

function actionOf(
  draft: ActionDraft,
  id = `${draft.verb}-${draft.resolves.join()}-${draft.precondition.slice(0, 8)}`,
): Action {
  return {
    ...structuredClone(draft),
    id,
    resource: { kind: 'standardization', name: 'leads' },
    cause: 'drift',
    requestedBy: undefined,
    specHash: 'spec',
    undoes: undefined,
    plannedAtMs: 0,
  }
}

/** As the executor does: checkpoint, compare with the precondition, apply. */
async function carryOut(action: Action) {
  const checkpoint = await kind.checkpoint(action, context)
  expect(checkpoint.evidence).toBe(action.precondition)
  expect(await kind.probe(action, context)).toBe('not-applied')
  const applied = await kind.apply(action, context)
  expect(await kind.probe(action, context)).toBe('applied')
  return { checkpoint, applied }
}

function stateOf(observation: Observation<StandardizationState>): StandardizationState {
  if (observation.is !== 'present') throw new Error(`observed ${observation.is}`)
  return observation.state
}

describe('what is declared', () => {
  test('one resource per table with rules, after its table, with those fields alone', () => {
    const resource = resourceOf()
    expect(resource.key).toEqual({ kind: 'standardization', name: 'leads' })
    expect(resource.dependsOn).toEqual([{ kind: 'table', name: 'leads' }])
    expect(resource.observeOnly).toBe(false)
    expect(resource.spec.fields.map(({ name }) => name)).toEqual(['full_name', 'email', 'phone', 'status', 'verified'])
  })

  test('none for a table without rules; observed only where the database is', () => {
    expect(kind.list(desired({ fields: { email: { type: 'email' } } }))).toEqual([])
    expect(resourceOf(desired({}, { manage: 'observe' })).observeOnly).toBe(true)
  })
})

describe('a look', () => {
  test('finds what is not in standard form and what has none, with figures and samples', async () => {
    seed(mess)
    const { drift, observation } = await look()
    const messages = Object.fromEntries(drift.map((one) => [one.path, one.message]))
    expect(messages['fields.email.format']).toBe('1 of 3 values of email are not in standard form')
    expect(messages['fields.email.unmendable']).toContain('1 × has a space inside')
    expect(Object.keys(messages)).toEqual([
      'fields.full_name.format',
      'fields.email.format',
      'fields.email.unmendable',
      'fields.phone.format',
      'fields.phone.unmendable',
      'fields.status.format',
      'fields.status.unmendable',
      'fields.verified.format',
      'fields.verified.unmendable',
    ])
    expect(drift.find(({ path: at }) => at === 'fields.email.unmendable')).toMatchObject({
      affected: { count: 1, sample: ['c'] },
      byHand: expect.stringContaining('email'),
    })
    expect(kind.describe(observation)).toBe(
      '4 rows, 5 fields with rules, 7 values not in standard form, 4 to correct by hand',
    )
    expect(kind.health(resourceOf(), observation, drift).map(({ status }) => status)).toContain('warning')
  })

  test('plans one action per field, with before and after, bound to its evidence', async () => {
    seed(mess)
    const { drafts } = await look()
    expect(drafts.map(({ verb, resolves }) => [verb, ...resolves])).toEqual([
      ['standardize', 'fields.full_name.format'],
      ['standardize', 'fields.email.format'],
      ['standardize', 'fields.phone.format'],
      ['standardize', 'fields.status.format'],
      ['standardize', 'fields.verified.format'],
    ])
    expect(drafts[0]).toMatchObject({
      risk: 'medium',
      affected: { count: 2, sample: ['a', 'c'] },
      population: 4,
      preview: [
        { key: 'a', field: 'full_name', before: 'JOHN SMITH', after: 'John Smith' },
        { key: 'c', field: 'full_name', before: 'smith, jane', after: 'Jane Smith' },
      ],
      reversible: 'from-checkpoint',
      recovery: 'transactional',
      cost: { bucket: 'sqlite:main', tokens: 1 },
    })
    expect(JSON.stringify(drafts)).not.toContain(folder)
  })

  test('changes nothing: not a byte, not a file', async () => {
    seed(mess)
    const before = readFileSync(path)
    const modified = statSync(path).mtimeMs
    await look()
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(statSync(path).mtimeMs).toBe(modified)
    expect([existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([false, false])
  })

  test('is absent without file or table, unreadable where the file is no database', async () => {
    expect((await look()).observation.is).toBe('absent')
    python('db.execute("CREATE TABLE other (x)")')
    expect((await look()).observation.is).toBe('absent')
    rmSync(path)
    execFileSync('sh', ['-c', `head -c 9000 /dev/urandom > "${path}"`])
    expect(await look()).toMatchObject({ observation: { is: 'unreadable', error: { code: 'DATABASE_CORRUPT' } } })
  })

  test('gives rules the other fields of the row that they ask for', async () => {
    seed([
      ['a', null, null, '030 901820', null, null],
      ['b', null, null, '(415) 555-2671', null, null],
    ])
    python(`db.execute("UPDATE leads SET title = 'Berlin, Germany' WHERE id = 'a'")`)
    const phone = { type: 'phone', standardize: { phone: { region: 'US', regionFrom: 'title' } } }
    const { drafts } = await look(resourceOf(desired({ fields: { phone, title: { type: 'text' } } })))
    expect(drafts[0]?.preview.map(({ after }) => after)).toEqual(['+4930901820', '+14155552671'])
  })

  test('reads a table with more ruled columns than SQLite passes to a function', async () => {
    const names = Array.from({ length: 130 }, (_, n) => `field_${n}`)
    python(`db.execute("CREATE TABLE leads (id TEXT, ${names.map((name) => `${name} TEXT`).join(', ')})")
for n in range(2500): db.execute("INSERT INTO leads VALUES ('k', ${names.map(() => "' x'").join(', ')})")`)
    const trimmed = Object.fromEntries(names.map((name) => [name, { type: 'text', standardize: 'trim' }]))
    const { drift } = await look(resourceOf(desired({ fields: trimmed })))
    expect(drift.map(({ affected }) => affected.count)).toEqual(names.map(() => 2500))
  })

  test('reports a table whose rows have no number', async () => {
    python(`db.execute("CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT) WITHOUT ROWID")`)
    const { drift, drafts } = await look()
    expect(drift).toMatchObject([{ path: 'rows', byHand: expect.stringContaining('WITHOUT ROWID') }])
    expect(drafts).toEqual([])
  })

  test('is unreadable, not wrong, where a rule or its options are wrong', async () => {
    seed(mess)
    const state = desired({ fields: { email: { type: 'email', standardize: 'sparkle' } } })
    expect(await look(resourceOf(state))).toMatchObject({
      observation: { is: 'unreadable', error: { code: 'DESIRED_STATE_INVALID' } },
    })
  })

  test('shows the mess of a column under its former name, and waits for the rename', async () => {
    python(`db.execute("CREATE TABLE old_leads (id TEXT PRIMARY KEY, mail TEXT)")
db.execute("INSERT INTO old_leads VALUES ('a', 'ANN@X.COM')")`)
    const resource = resourceOf(
      desired({
        renamedFrom: 'old_leads',
        fields: { email: { type: 'email', standardize: 'email', renamedFrom: 'mail' } },
      }),
    )
    const { drift, drafts } = await look(resource)
    expect(drift.map(({ message }) => message)).toEqual([
      '1 of 1 value of email are not in standard form; they are mended once table/leads has its column email',
    ])
    expect(drafts).toEqual([])
  })

  test('sees each row once and in order, whatever its rowid, and cells of any type', async () => {
    seed([])
    const db = new Database(path)
    const insert = db.prepare('INSERT INTO leads (rowid, id, email, phone) VALUES (?, ?, ?, ?)')
    db.transaction(() => {
      for (let n = -3; n < 6000; n++) insert.run(n * 7, `k${n}`, n % 2 === 0 ? `U${n + 3}@X.com` : null, null)
    })()
    db.exec(
      `UPDATE leads SET email = x'00ff' WHERE id = 'k2'; UPDATE leads SET email = CAST(x'61ff40782e636f' AS TEXT) WHERE id = 'k4'`,
    )
    db.exec(`UPDATE leads SET phone = 4155552671 WHERE id = 'k6'`)
    db.close()
    const { observation, drift } = await look()
    const email = stateOf(observation).look
    expect(email).toMatchObject({ is: 'looked', rows: 6003 })
    const byPath = Object.fromEntries(drift.map((one) => [one.path, one]))
    expect(byPath['fields.email.format']?.affected.count).toBe(2999)
    expect(byPath['fields.email.unmendable']?.message).toContain(
      '1 × holds bytes, not text; 1 × holds bytes that are no valid text',
    )
    expect(byPath['fields.phone.format']?.affected).toEqual({ count: 1, sample: ['k6'] })
  })

  test('reports what would break a unique index instead of planning it', async () => {
    seed(
      [
        ['a', null, 'ann@x.com'],
        ['b', null, 'ANN@x.com'],
        ['c', null, ' bob@x.com'],
        ['d', null, 'BOB@x.com'],
      ].map((row): Row => [String(row[0]), row[1], row[2], null, null, null]),
      'db.execute("CREATE UNIQUE INDEX one_email ON leads (email)")',
    )
    const { drift, actions } = await look()
    expect(drift.map((one) => [one.path, one.affected])).toEqual([
      ['fields.email.format', { count: 1, sample: ['c'] }],
      ['fields.email.unmendable', { count: 2, sample: ['b', 'd'] }],
    ])
    for (const action of actions) expect((await carryOut(action)).applied).toMatchObject({ changed: 1, failed: [] })
  })
})

describe('rows that changed', () => {
  test('are told by the change log, looked at alone, and planned as a full look would', async () => {
    seed(mess)
    python(
      changeLogStatements('leads')
        .map((statement) => `db.execute('''${statement}''')`)
        .join('\n'),
    )
    const resource = resourceOf()
    const first = await kind.changes?.(resource, undefined)
    expect(first).toEqual({ scope: full, cursor: '0' })
    for (const action of (await look()).actions) await carryOut(action)
    const mid = await kind.changes?.(resource, first?.cursor)
    python(`db.execute("UPDATE leads SET email = 'ANN@X.com' WHERE id = 'b'")`)
    const next = await kind.changes?.(resource, mid?.cursor)
    expect(next?.scope).toEqual({ is: 'rows', rowIds: [2] })
    const partly = await look(resource, next?.scope)
    expect(partly.drift.map(({ message }) => message)).toEqual([
      '1 of 1 value of email in rows written since the last look are not in standard form',
    ])
    expect(partly.drafts[0]?.population).toBe(4)
    const whole = await look()
    const input = (drafts: readonly ActionDraft[]) =>
      drafts.map(({ verb, input: given, precondition }) => ({ verb, given, precondition }))
    expect(input(partly.drafts)).toEqual(input(whole.drafts))
  })

  test('are told likewise by a log that begins at a great number', async () => {
    seed(mess)
    const begin = 'db.execute("INSERT INTO _trueup_changes VALUES (1041821190231270, \'\', 0)")'
    python([...changeLogStatements('leads').map((statement) => `db.execute('''${statement}''')`), begin].join('\n'))
    const first = await kind.changes?.(resourceOf(), undefined)
    python(`db.execute("UPDATE leads SET email = 'ANN@X.com' WHERE id = 'b'")`)
    expect((await kind.changes?.(resourceOf(), first?.cursor))?.scope).toEqual({ is: 'rows', rowIds: [2] })
  })

  test('say nothing of values that the last full look reported as without a form already', async () => {
    seed(mess)
    for (const action of (await look()).actions) await carryOut(action)
    await look()
    const rows: Scope = { is: 'rows', rowIds: [1, 3, 4] }
    expect((await look(resourceOf(), rows)).drift).toEqual([])
    python(`db.execute("UPDATE leads SET email = 'john at x.com' WHERE id = 'a'")`)
    expect((await look(resourceOf(), rows)).drift.map(({ path: at, affected }) => [at, affected])).toEqual([
      ['fields.email.unmendable', { count: 1, sample: ['a'] }],
    ])
  })

  test('are all rows without a log, and with a cursor that means nothing', async () => {
    seed(mess)
    expect(await kind.changes?.(resourceOf(), '5')).toEqual({ scope: full, cursor: '' })
    python(
      changeLogStatements('leads')
        .map((statement) => `db.execute('''${statement}''')`)
        .join('\n'),
    )
    expect(await kind.changes?.(resourceOf(), 'nonsense')).toEqual({ scope: full, cursor: '0' })
    expect(await kind.changes?.(resourceOf(), '')).toEqual({ scope: full, cursor: '0' })
  })

  test('are looked at in a thread when they are many, with the same result', async () => {
    seed(Array.from({ length: 700 }, (_, n): Row => [`k${n}`, null, `A${n}@X.com`, null, null, null]))
    const rowIds = Array.from({ length: 700 }, (_, n) => n + 1)
    const rows = await look(resourceOf(), { is: 'rows', rowIds })
    const whole = await look()
    expect(rows.drafts[0]?.precondition).toBe(whole.drafts[0]?.precondition)
    expect(rows.drafts[0]?.affected.count).toBe(700)
  })

  test('notify whoever watches', async () => {
    seed(mess)
    const heard = await new Promise<boolean>((resolve) => {
      const watch = kind.watch?.(resourceOf(), () => {
        watch?.close()
        resolve(true)
      })
      setTimeout(() => python(`db.execute("UPDATE leads SET title = 'x'")`), 50)
    })
    expect(heard).toBe(true)
  })
})

describe('carrying out', () => {
  test('mends what it said and nothing else, and a second look finds nothing to mend', async () => {
    seed(mess)
    for (const action of (await look()).actions) await carryOut(action)
    expect(rowsNow()).toEqual(mended)
    const again = await look()
    expect(again.drafts).toEqual([])
    expect(again.drift.every(({ byHand }) => byHand !== undefined)).toBe(true)
  })

  test('is refused by its evidence when a concerned row changed, not when another one did', async () => {
    seed(mess)
    const action = (await look()).actions.find(({ resolves }) => resolves[0] === 'fields.email.format')
    if (action === undefined) throw new Error('no action')
    python(`db.execute("UPDATE leads SET email = 'ANN@x.com' WHERE id = 'b'")`)
    expect((await kind.checkpoint(action, context)).evidence).toBe(action.precondition)
    const other = { ...action, id: 'other' }
    python(`db.execute("UPDATE leads SET email = ' Jo@x.com' WHERE id = 'a'")`)
    expect((await kind.checkpoint(other, context)).evidence).not.toBe(action.precondition)
    expect(changeSets.summary('other')).toBeUndefined()
    python(`db.execute("UPDATE leads SET email = ' John@X.com' WHERE id = 'a'")`)
    expect((await kind.checkpoint(other, context)).evidence).toBe(action.precondition)
  })

  test('is void once its rules have another version', async () => {
    seed(mess)
    const [action] = (await look()).actions
    if (action === undefined) throw new Error('no action')
    const older: Action = {
      ...action,
      input: JSON.parse(JSON.stringify(action.input).replaceAll('"version":1', '"version":0')),
    }
    expect((await kind.checkpoint(older, context)).evidence).not.toBe(action.precondition)
  })

  test('of many rows goes through a thread: same evidence, all rows, and taken back', async () => {
    const before = Array.from({ length: 3000 }, (_, n): Row => [`k${n}`, null, ` USER${n}@X.com`, null, null, null])
    seed(before)
    const [action] = (await look()).actions
    if (action === undefined) throw new Error('no action')
    expect(action.input.rowIds).toBeNull()
    const { checkpoint, applied } = await carryOut(action)
    expect([checkpoint.images, applied.changed]).toEqual([3000, 3000])
    expect((await look()).drift).toEqual([])
    const undo = await kind.planUndo(action, context)
    if (undo.is !== 'undo') throw new Error(undo.is)
    await carryOut(actionOf(undo.draft))
    expect(rowsNow()).toEqual(before)
  })

  test('is taken back row by row, without what was changed since', async () => {
    seed(mess)
    const action = (await look()).actions.find(({ resolves }) => resolves[0] === 'fields.full_name.format')
    if (action === undefined) throw new Error('no action')
    await carryOut(action)
    python(`db.execute("UPDATE leads SET full_name = 'Jon Smith' WHERE id = 'a'")`)
    const undo = await kind.planUndo(action, context)
    if (undo.is !== 'undo') throw new Error(undo.is)
    expect(undo.conflicts).toEqual(['a'])
    expect(undo.draft.affected.count).toBe(1)
    const undoing = actionOf(undo.draft)
    await carryOut(undoing)
    expect(rowsNow()).toMatchObject([{ 1: 'Jon Smith' }, { 1: 'Ann Lee' }, { 1: 'smith, jane' }, { 1: null }])
    const redo = await kind.planUndo(undoing, context)
    expect(redo).toMatchObject({ is: 'undo', draft: { affected: { count: 1 } } })
  })

  test('cannot be taken back without its checkpoint', async () => {
    seed(mess)
    const [action] = (await look()).actions
    if (action === undefined) throw new Error('no action')
    expect(await kind.planUndo(action, context)).toMatchObject({ is: 'expired' })
  })
})

describe('the moment of the last update', () => {
  const stamped = desired({
    fields: {
      ...fields,
      updated_at: { type: 'datetime', onUpdate: 'now' },
      updated_on: { type: 'date', onUpdate: 'now', standardize: 'date' },
      never_made: { type: 'datetime', onUpdate: 'now' },
    },
  })
  /** The stamping triggers as the kind `table` makes them, beside rows that were stamped long ago. */
  const stamps = (rows: readonly Row[]) => {
    seed(rows)
    python(`db.execute("ALTER TABLE leads ADD COLUMN updated_at TEXT")
db.execute("ALTER TABLE leads ADD COLUMN updated_on TEXT")
db.execute("UPDATE leads SET updated_at = '2020-01-01 00:00:00', updated_on = '2020-01-01' WHERE id <> 'd'")
for column, format in (('updated_at', '%Y-%m-%dT%H:%M:%fZ'), ('updated_on', '%Y-%m-%d')):
  now = f"strftime('{format}', 'now')"
  db.execute(f"CREATE TRIGGER stamp_{column} AFTER UPDATE ON leads FOR EACH ROW WHEN NEW.{column} IS OLD.{column} AND NEW.{column} IS NOT {now} BEGIN UPDATE leads SET {column} = {now} WHERE rowid = NEW.rowid; END")`)
  }
  const all = () => {
    const db = new Database(path, { readonly: true })
    try {
      return db.prepare('SELECT * FROM leads ORDER BY rowid').raw().all()
    } finally {
      db.close()
    }
  }
  const stampsNow = () => {
    const db = new Database(path, { readonly: true })
    try {
      return db.prepare('SELECT updated_at, updated_on FROM leads ORDER BY rowid').raw().all()
    } finally {
      db.close()
    }
  }
  const takeBack = async (action: Action) => {
    const undo = await kind.planUndo(action, context)
    if (undo.is !== 'undo') throw new Error(undo.is)
    expect(undo.conflicts).toEqual([])
    const undoing = actionOf(undo.draft, `undo-${action.id}`)
    await carryOut(undoing)
    return undoing
  }

  test('is one for the whole action, from the clock, in the columns that are there and the rows that change', async () => {
    stamps(mess)
    const action = (await look(resourceOf(stamped))).actions.find(({ resolves }) => /full_name/.test(String(resolves)))
    if (action === undefined) throw new Error('no action')
    await carryOut(action)
    expect(stampsNow()).toEqual([
      ['2026-11-23T01:30:00.000Z', '2026-11-23'],
      ['2020-01-01 00:00:00', '2020-01-01'],
      ['2026-11-23T01:30:00.000Z', '2026-11-23'],
      [null, null],
    ])
  })

  test('is no part of the evidence, and is taken back with everything else, newest first', async () => {
    stamps(mess)
    const original = all()
    const { actions } = await look(resourceOf(stamped))
    expect(actions.length).toBe(5)
    for (const action of actions) {
      // Two actions in one moment, then one in the next.
      nowMs += action === actions[1] ? 0 : 1000
      await carryOut(action)
    }
    expect(rowsNow()).toEqual(mended)
    for (const action of actions.toReversed()) await takeBack(action)
    expect(all()).toEqual(original)
  })

  test('is no conflict when older actions are taken back first, and an undo that is undone', async () => {
    stamps(mess)
    const { actions } = await look(resourceOf(stamped))
    for (const action of actions) {
      nowMs += 1000
      await carryOut(action)
    }
    const done = all()
    const [first] = actions
    if (first === undefined) throw new Error('no action')
    await takeBack(await takeBack(first))
    expect(all()).toEqual(done)
    nowMs += 1000
    for (const action of actions.slice(1)) await takeBack(action)
    expect(rowsNow().map((row) => (Array.isArray(row) ? row.slice(2) : row))).toEqual(mess.map((row) => row.slice(2)))
  })

  test('is that of the try that is carried out, not of one that was interrupted before', async () => {
    stamps(mess)
    const action = (await look(resourceOf(stamped))).actions.find(({ resolves }) => /full_name/.test(String(resolves)))
    if (action === undefined) throw new Error('no action')
    await kind.checkpoint(action, context)
    python(`db.execute("UPDATE leads SET updated_at = 'agent', updated_on = '2021-02-03' WHERE id = 'a'")`)
    const before = all()
    nowMs += 60_000
    await carryOut(action)
    expect(stampsNow()[0]).toEqual(['2026-11-23T01:31:00.000Z', '2026-11-23'])
    const after = all()
    expect((await kind.checkpoint(action, context)).evidence).toBe(action.precondition)
    const undo = await kind.planUndo(action, context)
    if (undo.is !== 'undo') throw new Error(undo.is)
    await kind.checkpoint(actionOf(undo.draft), context)
    python(`db.execute("UPDATE leads SET updated_at = 'agent again', updated_on = '2021-02-04' WHERE id = 'c'")`)
    await carryOut(actionOf(undo.draft))
    expect(stampsNow().map((row) => (Array.isArray(row) ? row[0] : row))).toEqual([
      ...['agent', '2020-01-01 00:00:00', 'agent again', null],
    ])
    expect(all()).not.toEqual(after)
    expect(rowsNow()).toEqual(mess)
    expect(all()[0]).toEqual(before[0])
  })

  test('goes along through the thread, and is left out where it is what is mended', async () => {
    stamps(Array.from({ length: 600 }, (_, n): Row => [`k${n}`, null, ` USER${n}@X.com`, null, null, null]))
    python(`db.execute("UPDATE leads SET updated_on = '25.01.2020', updated_at = '2020-01-25'")`)
    const original = all()
    const { actions } = await look(resourceOf(stamped))
    expect(actions.map(({ resolves, input }) => [resolves[0], input.rowIds])).toEqual([
      ['fields.email.format', null],
      ['fields.updated_on.format', null],
    ])
    const [email, day] = actions
    if (email === undefined || day === undefined) throw new Error('no action')
    await carryOut(day)
    expect(new Set(stampsNow().map(String))).toEqual(new Set(['2026-11-23T01:30:00.000Z,2020-01-25']))
    nowMs += 86_400_000
    await carryOut(email)
    expect(new Set(stampsNow().map(String))).toEqual(new Set(['2026-11-24T01:30:00.000Z,2026-11-24']))
    await takeBack(email)
    await takeBack(day)
    expect(all()).toEqual(original)
  })
})
