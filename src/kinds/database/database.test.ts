import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { python } from '../../../test/support/python.ts'
import { runPython } from '../../../test/support/run-python.ts'
import { systemClock } from '../../clock.ts'
import { desiredStateSchema } from '../../desired/schema.ts'
import type { Action } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import type { Kind } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import type { Observation } from '../../engine/observation.ts'
import { driftsOf, makeActions } from '../../engine/planner.ts'
import type { Declared } from '../../engine/resource.ts'
import type { JsonValue } from '../../json.ts'
import { openLog } from '../../log.ts'
import { sharedOffload } from '../../targets/process/testing-offload.ts'
import { openDatabases } from '../../targets/sqlite/databases.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import type { SqliteProgram } from '../../targets/sqlite/programs.ts'
import { databaseKind } from './index.ts'
import type { DatabaseDeclaration } from './spec.ts'
import type { DatabaseState } from './state.ts'

let workspace: string
let path: string
const offload = sharedOffload()
let databases: Databases
let checked: string[]
let memory: Memory
let programs: readonly SqliteProgram[] | undefined
let kind: Kind<DatabaseDeclaration, DatabaseState>
const context = { signal: new AbortController().signal, progress: () => undefined }

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'workspace-'))
  mkdirSync(join(workspace, 'data'), { mode: 0o700 })
  path = join(workspace, 'data', 'leads.db')
  programs = undefined
  start()
})
afterEach(async () => {
  await stop()
  rmSync(workspace, { recursive: true })
})

function start(): void {
  const log = openLog('silent')
  checked = []
  databases = openDatabases({ offload, clock: systemClock, log })
  const counted = {
    thread: offload.thread,
    process: (...args: Parameters<typeof offload.process>) => {
      checked.push(JSON.stringify(args[1]).includes('"full"') ? 'full' : 'quick')
      return offload.process(...args)
    },
  }
  const kept = new Map<string, JsonValue>()
  memory = { get: (owner, name) => kept.get(owner + name), set: (owner, name, value) => kept.set(owner + name, value) }
  const finder = { programsOf: async () => programs ?? [] }
  kind = databaseKind({ databases, offload: counted, memory, clock: systemClock, workspace, programs: finder })
}
async function stop(): Promise<void> {
  databases.closeAll()
}

/** A sound database in the declared form. */
function create(sql = 'CREATE TABLE leads (id TEXT PRIMARY KEY)', mode = 'wal'): void {
  const db = new Database(path)
  chmodSync(path, 0o600)
  db.pragma(`journal_mode = ${mode}`)
  db.exec(sql)
  db.close()
}

function declared(entry: Record<string, unknown> = {}, withTable = true): Declared<DatabaseDeclaration> {
  const desired = desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'test',
    databases: { main: { path: 'data/leads.db', ...entry } },
    ...(withTable ? { tables: { leads: { database: 'main', key: 'id', fields: { id: { type: 'text' } } } } } : {}),
  })
  const [resource] = kind.list(desired)
  if (resource === undefined) throw new Error('nothing is declared')
  return resource
}

interface Looked {
  readonly observation: Observation<DatabaseState>
  readonly drift: readonly Drift[]
  readonly actions: readonly Action[]
}
async function look(resource = declared()): Promise<Looked> {
  const observation = await kind.observe(resource, { is: 'full' }, context)
  const drift = driftsOf(resource.key, kind.diff(resource, observation), new Set())
  const mendable = drift.filter((one) => one.byHand === undefined)
  const drafts = kind.plan(resource, observation, mendable)
  const actions = makeActions({ resource: resource.key, drafts, cause: drift, specHash: 'spec', nowMs: 0 })
  return { observation, drift, actions }
}
const pathsOf = ({ drift }: Looked) => drift.map((one) => one.path)

/** Carries an action out as the engine does: evidence first, then twice, since a crash may ask for it again. */
async function carryOut(action: Action): Promise<void> {
  expect(await kind.probe(action, context)).toBe('not-applied')
  expect((await kind.checkpoint(action, context)).evidence).toBe(action.precondition)
  await kind.apply(action, context)
  expect(await kind.probe(action, context)).toBe('applied')
  await kind.apply(action, context)
}
async function undo(action: Action): Promise<Action> {
  const planned = await kind.planUndo(action, context)
  if (planned.is !== 'undo') throw new Error(planned.is)
  const [back] = makeActions({
    resource: action.resource,
    drafts: [planned.draft],
    cause: 'undo',
    specHash: 'spec',
    nowMs: 0,
    undoes: action.id,
  })
  if (back === undefined) throw new Error('no action')
  await carryOut(back)
  return back
}
function only(looked: Looked): Action {
  const [action] = looked.actions
  if (action === undefined || looked.actions.length > 1) throw new Error(`${looked.actions.length} actions`)
  return action
}

describe('a database as declared', () => {
  test('has no drift and no action, and its health is well', async () => {
    create()
    const looked = await look()
    expect(looked.drift).toEqual([])
    expect(looked.actions).toEqual([])
    expect(kind.health(declared(), looked.observation, []).map((check) => [check.name, check.status])).toEqual([
      ['exists', 'ok'],
      ['permissions', 'ok'],
      ['integrity', 'ok'],
      ['foreign keys', 'ok'],
      ['journal', 'ok'],
      ['size', 'ok'],
      ['freshness', 'ok'],
      ['programs', 'ok'],
    ])
    expect(kind.describe(looked.observation)).toMatch(/^1 table, \d+ kB, WAL$/)
  })

  test('is looked at without a trace', async () => {
    create()
    const before = statSync(path, { bigint: true })
    await look(declared({ manage: 'observe' }))
    const after = statSync(path, { bigint: true })
    expect([after.mtimeNs, after.ctimeNs, after.ino]).toEqual([before.mtimeNs, before.ctimeNs, before.ino])
    expect(readdirSync(join(workspace, 'data'))).toEqual(['leads.db'])
  })

  test('gives the same fingerprint until something that matters changes', async () => {
    create()
    const fingerprint = async () => {
      const { observation } = await look()
      return observation.is === 'present' ? observation.fingerprint : undefined
    }
    const first = await fingerprint()
    expect(first).toBeDefined()
    new Database(path).exec("INSERT INTO leads VALUES ('a')").close()
    expect(await fingerprint()).toBe(first)
    chmodSync(path, 0o640)
    expect(await fingerprint()).not.toBe(first)
  })
})

describe('a missing database', () => {
  test('in which a table is declared is made: private, in WAL mode, at low risk; and that is undone exactly', async () => {
    rmSync(join(workspace, 'data'), { recursive: true })
    const looked = await look()
    expect(pathsOf(looked)).toEqual(['file'])
    const action = only(looked)
    expect(action).toMatchObject({ verb: 'create-database', risk: 'low', reversible: 'exact', resolves: ['file'] })
    await carryOut(action)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(workspace, 'data')).mode & 0o777).toBe(0o700)
    expect(pathsOf(await look())).toEqual([])
    await undo(await undo(action))
    await undo(action)
    expect(readdirSync(join(workspace, 'data'))).toEqual([])
  })

  test('is not removed by an undo once it holds a table', async () => {
    const action = only(await look())
    await carryOut(action)
    await databases.write(path, (db) => db.exec('CREATE TABLE leads (id)'))
    expect(await kind.planUndo(action, context)).toMatchObject({ is: 'not-undoable' })
  })

  test('without a declared table, or only observed, is a matter for a person', async () => {
    for (const resource of [declared({}, false), declared({ manage: 'observe' })]) {
      const looked = await look(resource)
      expect(looked.drift[0]).toMatchObject({
        path: 'file',
        severity: 'high',
        byHand: expect.stringContaining('backup'),
      })
      expect(looked.actions).toEqual([])
    }
  })

  test('that held tables before is lost, not new: nothing is made in its place', async () => {
    create()
    await look()
    rmSync(path)
    const { observation } = await look()
    expect(observation).toMatchObject({ is: 'unreadable', error: { code: 'DATABASE_MISSING', retry: 'human' } })
  })

  test('that left its -wal behind is lost, too', async () => {
    writeFileSync(`${path}-wal`, 'x')
    expect((await look()).observation).toMatchObject({ is: 'unreadable', error: { code: 'DATABASE_MISSING' } })
  })
})

describe('permissions', () => {
  test('of file, -wal, -shm and folder are set to the owner alone, and back exactly', async () => {
    create()
    const holder = python(
      `c = sqlite3.connect(sys.argv[1]); c.execute('INSERT INTO leads VALUES (1)'); c.commit(); say('open'); wait()`,
      path,
    )
    await holder.line()
    const parts = [path, `${path}-wal`, `${path}-shm`]
    for (const part of parts) chmodSync(part, 0o644)
    chmodSync(join(workspace, 'data'), 0o755)
    const looked = await look()
    expect(pathsOf(looked)).toEqual(['mode.file', 'mode.wal', 'mode.shm', 'mode.folder'])
    const action = only(looked)
    expect(action).toMatchObject({ verb: 'set-mode', risk: 'low', resolves: pathsOf(looked) })
    await carryOut(action)
    expect(parts.map((part) => statSync(part).mode & 0o777)).toEqual([0o600, 0o600, 0o600])
    expect(statSync(join(workspace, 'data')).mode & 0o777).toBe(0o700)
    expect(pathsOf(await look())).toEqual([])
    await undo(action)
    expect(parts.map((part) => statSync(part).mode & 0o777)).toEqual([0o644, 0o644, 0o644])
    expect(statSync(join(workspace, 'data')).mode & 0o777).toBe(0o755)
    await holder.kill()
  })

  test('that changed since the action was planned make it stale, and apply leaves them as they are', async () => {
    create()
    chmodSync(path, 0o644)
    const action = only(await look())
    chmodSync(path, 0o666)
    expect((await kind.checkpoint(action, context)).evidence).not.toBe(action.precondition)
    expect(await kind.apply(action, context)).toMatchObject({ changed: 0, skipped: [path] })
    expect(statSync(path).mode & 0o777).toBe(0o666)
  })

  test('a mode that would lock a running program out asks a person', async () => {
    create()
    chmodSync(path, 0o666)
    programs = [{ pid: 4242, name: 'python3 scraper.py', uid: 65_534, sqlite: '3.51.3', safety: 'safe' }]
    expect(only(await look())).toMatchObject({
      risk: 'high',
      findings: [{ code: 'locks-out-programs', count: 1, message: expect.stringContaining('scraper.py') }],
    })
  })

  test('of the workspace itself are reported, never set', async () => {
    path = join(workspace, 'leads.db')
    create()
    chmodSync(workspace, 0o777)
    const looked = await look(declared({ path: 'leads.db' }))
    expect(looked.drift.map((one) => [one.path, one.byHand === undefined])).toEqual([['mode.folder', false]])
    expect(looked.actions).toEqual([])
  })

  test('of a database that is only observed are reported, never set', async () => {
    create()
    chmodSync(path, 0o644)
    const looked = await look(declared({ manage: 'observe' }))
    expect(looked.drift[0]).toMatchObject({ path: 'mode.file', byHand: expect.stringContaining('chmod 0600') })
    expect(looked.actions).toEqual([])
  })
})

describe('the journal mode', () => {
  test('is switched to WAL while a Python program has the file open, and back exactly', async () => {
    create(undefined, 'delete')
    const holder = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None); say(c.execute('SELECT count(*) FROM leads').fetchone()[0])
while wait() == 'again': c.execute("INSERT INTO leads VALUES (hex(randomblob(4)))"); say(c.execute('PRAGMA journal_mode').fetchone()[0])
c.close(); say('closed')`,
      path,
    )
    await holder.line()
    const looked = await look()
    expect(pathsOf(looked)).toEqual(['journal'])
    const action = only(looked)
    expect(action).toMatchObject({ verb: 'enable-wal', reversible: 'exact', recovery: 'keyed' })
    await carryOut(action)
    holder.tell('again')
    expect(await holder.line()).toBe('wal')
    expect(pathsOf(await look())).toEqual([])
    holder.tell('end')
    await holder.line()
    await undo(action)
    expect(pathsOf(await look())).toEqual(['journal'])
    expect(readdirSync(join(workspace, 'data'))).toEqual(['leads.db'])
  })

  test('is left for later while a program holds the file locked', async () => {
    create(undefined, 'delete')
    const action = only(await look())
    const holder = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN EXCLUSIVE'); say('locked'); wait()`,
      path,
    )
    await holder.line()
    const aborter = new AbortController()
    setTimeout(() => aborter.abort(), 200)
    const applying = kind.apply(action, { ...context, signal: aborter.signal })
    await expect(applying).rejects.toMatchObject({ code: 'ACTION_DEADLINE' })
    await holder.kill()
    expect(await kind.probe(action, context)).toBe('not-applied')
  })

  test('is a higher risk while a program with the WAL-reset bug has the file open, which is reported once it is WAL', async () => {
    create(undefined, 'delete')
    programs = [{ pid: 4242, name: 'python3', uid: process.getuid?.(), sqlite: '3.40.1', safety: 'affected' }]
    const action = only(await look())
    expect(action).toMatchObject({ risk: 'medium', summary: expect.stringContaining('3.40.1') })
    await carryOut(action)
    start()
    expect((await look()).drift).toMatchObject([
      { path: 'programs.sqlite', severity: 'low', observed: ['python3 (SQLite 3.40.1)'] },
    ])
  })
})

describe('a corrupt database', () => {
  const breakages: [string, (bytes: Buffer) => Buffer | number][] = [
    ['its header flipped', (bytes) => bytes.fill(0x55, 0, 16)],
    ['pages of zeros', (bytes) => bytes.fill(0, 8192, 40_960)],
    ['its end cut off', (bytes) => Math.floor(bytes.length / 2) - 100],
  ]
  const breakIt = (breaking: (bytes: Buffer) => Buffer | number): Buffer => {
    create(
      `CREATE TABLE leads (id TEXT PRIMARY KEY, text);
       WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000) INSERT INTO leads SELECT 'k' || n, hex(randomblob(20)) FROM c`,
      'delete',
    )
    const bytes = breaking(readFileSync(path))
    if (typeof bytes === 'number') truncateSync(path, bytes)
    else writeFileSync(path, bytes)
    chmodSync(path, 0o600)
    return readFileSync(path)
  }
  const onlyOf = ({ actions }: Looked, verb: string): Action => {
    expect(actions.map((action) => action.verb)).toEqual([verb])
    const [action] = actions
    if (action === undefined) throw new Error(`no ${verb}`)
    return action
  }

  test.each(breakages)(
    'with %s is critical drift: a copy is quarantined and salvaged, and only a person puts the repaired one in its place',
    async (_name, breaking) => {
      const broken = breakIt(breaking)
      const looked = await look()
      expect(looked.drift.find((one) => one.path === 'integrity')).toMatchObject({ severity: 'critical' })
      expect(looked.observation).toMatchObject({ withheld: expect.stringContaining('damaged') })
      const health = kind.health(declared(), looked.observation, looked.drift)
      expect(health.find((check) => check.name === 'integrity')?.status).toBe('failed')

      const salvage = onlyOf(looked, 'salvage')
      expect(salvage.risk).toBe('low')
      await carryOut(salvage)
      expect(readFileSync(path)).toEqual(broken)

      const replace = onlyOf(await look(), 'replace-damaged')
      expect(replace).toMatchObject({ risk: 'high', needsApproval: true })
      expect(replace.findings.map(({ code }) => code)).toContain('rows-salvaged')
      await carryOut(replace)
      const after = await look()
      expect(pathsOf(after)).not.toContain('integrity')
      expect(after.observation).not.toHaveProperty('withheld')

      await undo(replace)
      expect(readFileSync(path)).toEqual(broken)
      expect(existsSync(join(workspace, '.trueup', 'quarantine'))).toBe(true)
    },
  )

  test('is not replaced while a program has it open; the same repair goes on once it has closed it', async () => {
    const broken = breakIt((bytes) => bytes.fill(0, 8192, 40_960))
    await carryOut(onlyOf(await look(), 'salvage'))
    const replace = onlyOf(await look(), 'replace-damaged')
    programs = [{ pid: 4242, name: 'python3 agent.py', uid: 0, sqlite: '3.40.1', safety: 'affected' }]
    await expect(kind.apply(replace, context)).rejects.toMatchObject({
      code: 'DATABASE_LOCKED',
      message: expect.stringContaining('python3 agent.py (4242)'),
    })
    expect(readFileSync(path)).toEqual(broken)
    expect(await kind.probe(replace, context)).toBe('not-applied')
    programs = []
    await carryOut(replace)
  })

  test('that is only observed, or of which nothing can be read, is left to a person', async () => {
    writeFileSync(path, 'no database at all '.repeat(100), { mode: 0o600 })
    const observed = await look(declared({ manage: 'observe' }))
    expect(observed.actions).toEqual([])
    expect(observed.drift[0]?.byHand).toContain('trueup backup restore')
    await carryOut(onlyOf(await look(), 'salvage'))
    const after = await look()
    expect(after.actions).toEqual([])
    expect(after.drift[0]?.byHand).toContain('nothing of its schema could be read')
  })

  test('is also one that was emptied, which SQLite finds sound', async () => {
    create()
    await look()
    truncateSync(path, 0)
    expect(pathsOf(await look())).toContain('integrity')
  })

  test('is also one that was cut off below a -wal that still says how long it was, found before the next check is due', async () => {
    create()
    const db = new Database(path)
    db.exec(
      `PRAGMA wal_autocheckpoint = 0; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
       INSERT INTO leads SELECT hex(randomblob(200)) FROM n; PRAGMA wal_checkpoint(FULL); INSERT INTO leads VALUES ('late')`,
    )
    for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, join(workspace, `kept${suffix}`))
    db.close()
    for (const suffix of ['', '-wal']) copyFileSync(join(workspace, `kept${suffix}`), `${path}${suffix}`)
    expect(pathsOf(await look())).not.toContain('integrity')

    truncateSync(path, Math.floor(statSync(path).size / 2))
    expect(pathsOf(await look())).toContain('integrity')
  })

  test('is no longer one after it was replaced by a sound one', async () => {
    writeFileSync(path, 'no database at all '.repeat(100), { mode: 0o600 })
    expect(pathsOf(await look())).toEqual(['integrity', 'quarantine'])
    rmSync(path)
    create()
    expect(pathsOf(await look())).toEqual([])
  })
})

describe('what is no database file', () => {
  test('a folder or a pipe in its place is a condition, and nothing is done', async () => {
    mkdirSync(path)
    expect((await look()).observation).toMatchObject({ is: 'unreadable', error: { code: 'DATABASE_NOT_A_FILE' } })
    rmSync(path, { recursive: true })
    execFileSync('mkfifo', [path])
    const looked = await look()
    expect(looked.observation).toMatchObject({ is: 'unreadable', error: { code: 'DATABASE_NOT_A_FILE' } })
    expect(looked.actions).toEqual([])
  })
})

describe('checks', () => {
  test('run when they are due, not at every look, and the next one is known', async () => {
    create()
    const resource = declared({ integrity: { quick: '1h', full: '24h' } })
    const { observation } = await look(resource)
    const first = [...checked]
    expect(first).toContain('full')
    await look(resource)
    expect(checked.filter((one) => one === 'full').length).toBe(1)
    const again = kind.lookAgainAfterMs?.(resource, observation) ?? 0
    expect(again).toBeGreaterThan(3_500_000)
    expect(again).toBeLessThan(3_700_000)
  })

  test('find rows that point at nothing', async () => {
    create(
      `PRAGMA foreign_keys = OFF; CREATE TABLE leads (id TEXT PRIMARY KEY); CREATE TABLE notes (lead REFERENCES leads (id)); INSERT INTO notes VALUES ('gone'), ('gone too')`,
    )
    expect((await look()).drift).toMatchObject([
      {
        path: 'foreign-keys',
        category: 'data',
        observed: 2,
        message: '2 rows in notes point at rows that are not there.',
      },
    ])
  })
})

describe('size, freshness and the -wal', () => {
  test('are reported beyond what is declared', async () => {
    create(`CREATE TABLE leads (id TEXT); INSERT INTO leads VALUES (zeroblob(100000))`)
    utimesSync(path, new Date('2026-01-01'), new Date('2026-01-01'))
    const resource = declared({ sizeMax: '50KB', freshWithin: '26h' })
    const looked = await look(resource)
    expect(pathsOf(looked)).toEqual(['size', 'freshness'])
    expect(looked.actions).toEqual([])
  })

  test('growth is told from the second day on', async () => {
    create()
    const dayAgo = Date.now() - 90_000_000
    memory.set('database/main', 'sizes', [[dayAgo, 1000]])
    const { observation } = await look()
    const size = kind.health(declared(), observation, []).find((check) => check.name === 'size')
    expect(size?.message).toMatch(/\d+ kB more in 25 h/)
  })
})

test('watching tells of a commit by another program', async () => {
  create()
  let heard = 0
  const watch = kind.watch?.(declared(), () => {
    heard += 1
  })
  await new Promise((resolve) => setTimeout(resolve, 400))
  const before = heard
  runPython(
    `import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("INSERT INTO leads VALUES ('x')"); c.commit()`,
    { args: [path] },
  )
  await expect.poll(() => heard, { timeout: 5000 }).toBeGreaterThan(before)
  watch?.close()
  expect(existsSync(path)).toBe(true)
})
