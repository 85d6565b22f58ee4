/** A workspace with a real SQLite file, a declaration, and a small loop in place of the engine. For tests. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { systemClock } from '../../src/clock.ts'
import { type DesiredState, desiredStateSchema } from '../../src/desired/schema.ts'
import type { Action, ActionDraft } from '../../src/engine/action.ts'
import type { DriftDraft } from '../../src/engine/drift.ts'
import type { Applied, Checkpoint, EffectContext, Kind, UndoPlan } from '../../src/engine/kind.ts'
import type { Observation, Scope } from '../../src/engine/observation.ts'
import type { Declared } from '../../src/engine/resource.ts'
import { hashOf } from '../../src/json.ts'
import { tableKind } from '../../src/kinds/table/index.ts'
import type { TableDeclaration } from '../../src/kinds/table/spec.ts'
import type { TableState } from '../../src/kinds/table/state.ts'
import { openLog } from '../../src/log.ts'
import { seededRandom } from '../../src/random.ts'
import { sharedOffload } from '../../src/targets/process/testing-offload.ts'
import { openChangeSets } from '../../src/targets/sqlite/change-sets.ts'
import { openDatabases } from '../../src/targets/sqlite/databases.ts'
import type { ChangeSets, Databases } from '../../src/targets/sqlite/ports.ts'
import { removeFolder } from './remove.ts'
import { runPython } from './run-python.ts'

export const idle: EffectContext = { signal: new AbortController().signal, progress: () => undefined }
const full: Scope = { is: 'full' }

export interface World {
  readonly folder: string
  readonly path: string
  readonly kind: Kind<TableDeclaration, TableState>
  readonly databases: Databases
  readonly changeSets: ChangeSets
  /** Writes with Python's sqlite3, as the agents do. */
  python(script: string): string
  /** Statements of another connection. */
  sql(text: string): void
  rows(text: string): unknown[]
  /** The schema but for what Trueup keeps for itself, evened out. */
  schema(): readonly string[]
  close(): Promise<void>
}

/** An empty workspace. */
export function createWorld(): World {
  const folder = mkdtempSync(join(tmpdir(), 'table-'))
  const path = join(folder, 'leads.db')
  const offload = sharedOffload()
  const databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
  const changeSets = openChangeSets({ path: join(folder, '.trueup', 'checkpoints.db'), clock: systemClock })
  const random = seededRandom(7)
  const connected = <Result>(work: (db: Database.Database) => Result): Result => {
    const db = new Database(path)
    db.pragma('foreign_keys = OFF')
    try {
      return work(db)
    } finally {
      db.close()
    }
  }
  return {
    folder,
    path,
    databases,
    changeSets,
    kind: tableKind({ databases, changeSets, offload, random, clock: systemClock, workspace: folder }),
    python: (script) =>
      runPython(`import sqlite3\ndb = sqlite3.connect(${JSON.stringify(path)})\n${script}\ndb.commit()\ndb.close()`),
    sql: (text) => connected((db) => void db.exec(text)),
    rows: (text) => connected((db) => db.prepare(text).raw().all()),
    schema: () =>
      connected((db) =>
        db
          .prepare<[], { type: string; name: string; sql: string }>(
            `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '\\_trueup%' ESCAPE '\\' ORDER BY type, name`,
          )
          .all()
          .map(({ type, name, sql }) => `${type} ${name}: ${normalized(sql)}`),
      ),
    async close() {
      changeSets.close()
      databases.closeAll()
      removeFolder(folder)
    },
  }
}

function normalized(sql: string): string {
  return sql
    .replace(/--[^\n]*\n/g, ' ')
    .replace(/[\s]+/g, ' ')
    .replace(/"([A-Za-z_][A-Za-z0-9_]*)"/g, '$1')
    .replace(/\s*([(),])\s*/g, '$1')
    .toLowerCase()
}

/** One declared table `leads` in database `main`. */
export function declare(
  world: World,
  table: object,
  manage: 'enforce' | 'observe' = 'enforce',
): Declared<TableDeclaration> {
  const desired: DesiredState = desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'test',
    databases: { main: { path: 'leads.db', manage } },
    tables: { leads: { database: 'main', key: 'id', ...table } },
  })
  const [resource] = world.kind.list(desired)
  if (resource === undefined) throw new Error('the declaration names no table')
  return resource
}

export interface Looked {
  readonly observation: Observation<TableState>
  readonly drift: readonly DriftDraft[]
  readonly actions: readonly ActionDraft[]
}

/** One look with what it leads to. */
export async function look(world: World, resource: Declared<TableDeclaration>, scope: Scope = full): Promise<Looked> {
  const observation = await world.kind.observe(resource, scope, idle)
  const drift = world.kind.diff(resource, observation)
  const full = drift.map((draft) => ({ ...draft, id: draft.path, resource: resource.key, cause: 'drift' as const }))
  return { observation, drift, actions: world.kind.plan(resource, observation, full) }
}

/** The paths of drift that differs from mere information. */
export function paths(looked: Looked): readonly string[] {
  return looked.drift.map(({ path }) => path).filter((path) => !path.startsWith('unmanaged.'))
}

/** The frozen action of a draft, with the id that the engine gives it. */
export function freeze(resource: Declared<TableDeclaration>, draft: ActionDraft, undoes?: string): Action {
  return {
    ...draft,
    id: hashOf(['table', resource.key.name, draft.verb, draft.input, draft.precondition]).slice(0, 24),
    resource: resource.key,
    cause: undoes === undefined ? 'drift' : 'undo',
    requestedBy: undefined,
    specHash: '',
    undoes,
    plannedAtMs: 0,
  }
}

export interface Done {
  readonly action: Action
  readonly checkpoint: Checkpoint
  /** Undefined where the evidence was another one. */
  readonly applied: Applied | undefined
}

/** Checkpoint, comparison, application, as the executor does. */
export async function carryOut(world: World, action: Action): Promise<Done> {
  const checkpoint = await world.kind.checkpoint(action, idle)
  if (checkpoint.evidence !== action.precondition) return { action, checkpoint, applied: undefined }
  return { action, checkpoint, applied: await world.kind.apply(action, idle) }
}

/** Looks and repairs until nothing is left to do; gives what was done. Risks beyond `approved` are left alone. */
export async function converge(
  world: World,
  resource: Declared<TableDeclaration>,
  approved: readonly ActionDraft['risk'][] = ['low', 'medium'],
): Promise<readonly Done[]> {
  const done: Done[] = []
  for (let round = 0; round < 12; round += 1) {
    const { actions } = await look(world, resource)
    const due = actions.filter(({ risk }) => approved.includes(risk))
    if (due.length === 0) return done
    let moved = false
    for (const draft of due) {
      const outcome = await carryOut(world, freeze(resource, draft))
      if (outcome.applied !== undefined) {
        done.push(outcome)
        moved = true
      }
    }
    if (!moved) throw new Error(`no action could be carried out: ${due.map(({ summary }) => summary).join('; ')}`)
  }
  throw new Error('it does not converge')
}

/** Plans the undo of an action and carries it out; gives the plan. */
export async function undo(
  world: World,
  resource: Declared<TableDeclaration>,
  action: Action,
): Promise<UndoPlan & { done?: Done }> {
  const plan = await world.kind.planUndo(action, idle)
  if (plan.is !== 'undo') return plan
  const done = await carryOut(world, freeze(resource, plan.draft, action.id))
  if (done.applied === undefined) throw new Error(`the undo of ${action.verb} is void at its own checkpoint`)
  return { ...plan, done }
}
