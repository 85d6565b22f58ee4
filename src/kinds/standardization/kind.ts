/**
 * The kind `standardization`: the values of declared fields are in the one form that their rules give them. Values that a
 * rule cannot read are reported and left alone; every change is kept before it is made and can be taken back.
 */

import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Action } from '../../engine/action.ts'
import type { EffectContext, Kind, UndoPlan } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import type { Observation, Scope } from '../../engine/observation.ts'
import { describeTable } from '../../engine/observation.ts'
import { keyText } from '../../engine/resource.ts'
import { rowsOf, type UndoRows } from '../../engine/undo-rows.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import { placeIn, readChangeLog } from '../../targets/sqlite/change-log.ts'
import { toDatabaseError } from '../../targets/sqlite/database-error.ts'
import type { ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { nothingToUndo } from '../undone-set.ts'
import { readAction, type StandardizeInput, undoVerb } from './action-input.ts'
import { type Evidence, keepChanges } from './checkpoint.ts'
import { driftOf, figure } from './diff.ts'
import { healthOf } from './health.ts'
import { readLayout } from './layout.ts'
import { type Known, type Look, lookAt, lookSchema, namedRowsMax, sampleMax } from './look.ts'
import { actionsOf } from './plan.ts'
import type { WorkerOrder } from './scan-worker.ts'
import { kindName, listStandardization, type StandardizationSpec } from './spec.ts'
import { describeState, type StandardizationState } from './state.ts'

export interface StandardizationPorts {
  readonly clock: Clock
  readonly databases: Databases
  readonly changeSets: ChangeSets
  /** The file that `changeSets` keeps its sets in; worker threads open it too. */
  readonly checkpointsPath: string
  readonly offload: Offload
  /** Keeps the number of rows between looks. */
  readonly memory: Memory
  /** Absolute path of a declared database's file, by its name; undefined for one that is not declared. */
  readonly pathOf: (database: string) => string | undefined
}

/** More rows written since the last look than this are looked at by looking at all. */
const changedRowsMax = 2000
/** More rows than this are looked at in a worker thread. */
const inlineRowsMax = 500

const evidenceSchema = z.object({ evidence: z.string(), images: z.number() })

/**
 * The kind, over its ports.
 *
 *     const kind = standardizationKind({ clock, databases, changeSets, checkpointsPath, offload, memory, pathOf })
 */
export function standardizationKind(ports: StandardizationPorts): Kind<StandardizationSpec, StandardizationState> {
  const { databases, changeSets, memory } = ports
  const worker = entryUrl('./scan-worker', import.meta.url)

  const pathOf = (database: string): string => {
    const path = ports.pathOf(database)
    if (path === undefined) throw new OperationalError('NOT_FOUND', `no database is declared as ${database}`)
    return path
  }

  /** In a thread of its own, on the file or on the copy that may be opened without a trace. */
  const inWorker = async (path: string, orderAt: (place: string) => WorkerOrder, context: EffectContext) => {
    const place = await databases.locate(path)
    try {
      return await ports.offload.thread(worker, orderAt(place.path), context)
    } catch (error) {
      throw toDatabaseError(error, path)
    } finally {
      place.release()
    }
  }

  /** Rows by resource and field that the last full look found to have no standard form. */
  const unmendable = new Map<string, ReadonlyMap<string, ReadonlySet<number>>>()

  const knownOf = (owner: string, rowIds: readonly number[]): Known =>
    Object.fromEntries(
      [...(unmendable.get(owner) ?? [])].map(([field, rows]) => [field, rowIds.filter((rowId) => rows.has(rowId))]),
    )

  const keepKnown = (owner: string, { fields }: Look & { readonly is: 'looked' }) =>
    unmendable.set(owner, new Map(fields.map((field) => [field.name, new Set(field.unmendableRows ?? [])])))

  const look = async (
    owner: string,
    spec: StandardizationSpec,
    scope: Scope,
    context: EffectContext,
  ): Promise<Look> => {
    const path = pathOf(spec.database)
    const rowIds = scope.is === 'rows' ? [...scope.rowIds].sort((left, right) => left - right) : undefined
    const known = rowIds && knownOf(owner, rowIds)
    if (rowIds === undefined || rowIds.length > inlineRowsMax) {
      const order = (place: string): WorkerOrder => ({
        is: 'look',
        place,
        spec,
        ...(rowIds && { rowIds }),
        ...(known && { known }),
      })
      return lookSchema.parse(await inWorker(path, order, context))
    }
    const view = await databases.read(path)
    try {
      return await lookAt(view.db, spec, { rowIds, known, signal: context.signal })
    } finally {
      view.close()
    }
  }

  const keep = async (action: Action, input: StandardizeInput, context: EffectContext): Promise<Evidence> => {
    const path = pathOf(input.spec.database)
    const order = { actionId: action.id, precondition: action.precondition, path, input, atMs: ports.clock.nowMs() }
    if (input.rowIds === null || input.rowIds.length > namedRowsMax) {
      const orderAt = (place: string): WorkerOrder => ({
        is: 'checkpoint',
        place,
        checkpoints: ports.checkpointsPath,
        order,
      })
      return evidenceSchema.parse(await inWorker(path, orderAt, context))
    }
    const view = await databases.read(path)
    try {
      return await keepChanges(view.db, changeSets, order, { signal: context.signal })
    } finally {
      view.close()
    }
  }

  return {
    name: kindName,
    category: 'data',
    list: listStandardization,

    async observe(resource, scope, context) {
      try {
        const owner = keyText(resource.key)
        const seen = await look(owner, resource.spec, scope, context)
        if (seen.is === 'absent') return { is: 'absent' }
        if (seen.is === 'looked' && scope.is === 'full') {
          memory.set(owner, 'rows', seen.rows)
          keepKnown(owner, seen)
        }
        const known = memory.get(owner, 'rows')
        const population = typeof known === 'number' ? known : undefined
        return presentOf({ look: seen, scope: scope.is, population })
      } catch (error) {
        return unseen(error, context)
      }
    },

    diff(resource, observation) {
      return observation.is === 'present' ? driftOf(resource.spec, observation.state, resource.key.name) : []
    },

    plan(resource, observation, drift) {
      return observation.is === 'present' ? actionsOf(resource.spec, observation.state, drift) : []
    },

    async checkpoint(action, context) {
      const read = readAction(action)
      if (read.is === 'standardize') return keep(action, read.input, context)
      const reversed = await changeSets.reverse(read.input.undoes, action.id, databases, rowsOf(action))
      return { evidence: reversed.fingerprint, images: reversed.count }
    },

    apply: (action, context) => changeSets.apply(action.id, databases, context),
    probe: (action) => changeSets.probe(action.id, databases),
    planUndo: (action, _context, rows) => planUndo(action, ports, rows),

    async changes(resource, cursor) {
      const view = await databases.read(pathOf(resource.spec.database))
      try {
        const table = tableIn(view.db, resource.spec)
        const reading = readChangeLog(view.db, table, placeIn(cursor), changedRowsMax)
        const scope: Scope = reading.is === 'rows' ? { is: 'rows', rowIds: reading.rowIds } : { is: 'full' }
        return { scope, cursor: `${reading.lastSeq ?? ''}` }
      } finally {
        view.close()
      }
    },

    watch: (resource, notify) => databases.watch(pathOf(resource.spec.database), notify),
    health: (_, observation) => healthOf(observation),

    describe: (observation) => describeTable(observation, describeState),
  }
}

function tableIn(db: Parameters<typeof readLayout>[0], spec: StandardizationSpec): string {
  const reading = readLayout(db, spec)
  return reading.is === 'layout' ? reading.layout.table : spec.table
}

function presentOf(state: StandardizationState): Observation<StandardizationState> {
  const { look } = state
  const evidence =
    look.is === 'looked'
      ? look.fields.map(({ name, column, ready, filled, fingerprint, unmendable, unmendableSample }) => ({
          ...{ name, column, ready, filled, fingerprint, unmendable, unmendableSample },
        }))
      : look.reason
  return { is: 'present', state, fingerprint: hashOf(evidence) }
}

/** A file that is not there has no values; anything else that cannot be read is unreadable, never absent. */
function unseen(error: unknown, context: EffectContext): Observation<StandardizationState> {
  if (!(error instanceof OperationalError) || context.signal.aborted) throw error
  return error.code === 'DATABASE_MISSING' ? { is: 'absent' } : { is: 'unreadable', error }
}

async function planUndo(action: Action, ports: StandardizationPorts, rows: UndoRows | undefined): Promise<UndoPlan> {
  const read = readAction(action)
  const { database, table } =
    read.is === 'undo' ? read.input : { database: read.input.spec.database, table: read.input.table }
  if (ports.changeSets.summary(action.id) === undefined) return { is: 'expired' }
  const reversed = await ports.changeSets.reverse(action.id, undefined, ports.databases, rows)
  const nothing = nothingToUndo(reversed)
  if (nothing !== undefined) return nothing
  const left = reversed.conflictCount > 0 ? `; ${figure(reversed.conflictCount)} were changed since and stay` : ''
  const population = action.population
  return {
    is: 'undo',
    conflicts: reversed.conflicts,
    rows: reversed.rows,
    draft: {
      verb: undoVerb,
      input: { database, table, undoes: action.id },
      summary: `Give ${figure(reversed.count)} values of ${table} back what they were before action ${action.id}${left}`,
      risk: action.risk,
      findings:
        reversed.conflictCount > 0
          ? [{ code: 'changed-since', count: reversed.conflictCount, message: 'Records changed since are left alone' }]
          : [],
      precondition: reversed.fingerprint,
      affected: { count: reversed.count, sample: action.affected.sample.slice(0, sampleMax) },
      population,
      preview: action.preview.map((cell) => ({ ...cell, before: cell.after, after: cell.before })),
      reversible: 'from-checkpoint',
      recovery: 'transactional',
      cost: { bucket: `sqlite:${database}`, tokens: Math.ceil(reversed.count / 500) },
      resolves: [],
      order: 0,
    },
  }
}
