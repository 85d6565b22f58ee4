/**
 * The kind `duplicates`: no two rows of a table mean the same lead. Pairs that are sure are merged, the others wait for a
 * person; what a merge takes away is kept and can be taken back.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Action } from '../../engine/action.ts'
import type { EffectContext, Kind, UndoPlan } from '../../engine/kind.ts'
import { describeTable, type Observation } from '../../engine/observation.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import type { ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { readAction, undoVerb } from './action-input.ts'
import { driftOf } from './diff.ts'
import { duplicateFigures } from './figures.ts'
import type { DuplicateFiles, LazyDuplicateFiles } from './files.ts'
import { healthOf } from './health.ts'
import type { Look } from './look.ts'
import type { DuplicatesLooker } from './looker.ts'
import { actionsOf } from './plan.ts'
import { type DuplicatesSpec, kindName, listDuplicates } from './spec.ts'
import { type DuplicatesState, describeState, figure } from './state.ts'
import type { WorkerOrder } from './worker.ts'

export interface DuplicatesPorts {
  readonly clock: Clock
  readonly databases: Databases
  readonly changeSets: ChangeSets
  /** The file that `changeSets` keeps its sets in; worker threads open it too. */
  readonly checkpointsPath: string
  readonly duplicateFiles: Pick<LazyDuplicateFiles, 'exclusions'>
  readonly looker: DuplicatesLooker
}

const evidenceSchema = z.object({ evidence: z.string(), images: z.number() })

/**
 * The kind, over its ports.
 *
 *     const kind = duplicatesKind({ clock, databases, changeSets, checkpointsPath, duplicateFiles, looker })
 */
export function duplicatesKind(ports: DuplicatesPorts): Kind<DuplicatesSpec, DuplicatesState> {
  const { databases, changeSets, clock, looker } = ports
  /** Tables that a person asked to be looked at as a whole. */
  const asked = new Set<string>()

  const look = async (table: string, spec: DuplicatesSpec, context: EffectContext): Promise<Look> => {
    const seen = await looker.look(table, spec, asked.has(table), context)
    asked.delete(table)
    return seen
  }

  return {
    name: kindName,
    category: 'data',
    looksAlone: true,
    list: listDuplicates,

    async observe(resource, _scope, context) {
      try {
        const seen = await look(resource.key.name, resource.spec, context)
        return seen.is === 'absent' ? { is: 'absent' } : presentOf({ look: seen })
      } catch (error) {
        return unseen(error, context)
      }
    },

    diff: (resource, observation) => (observation.is === 'present' ? driftOf(resource.spec, observation.state) : []),

    plan: (resource, observation, drift) =>
      observation.is === 'present' ? actionsOf(resource.key.name, resource.spec, observation.state, drift) : [],

    async checkpoint(action, context) {
      const read = readAction(action)
      if (read.is === 'undo') {
        const reversed = await changeSets.reverse(read.input.undoes, action.id, databases)
        return { evidence: reversed.fingerprint, images: reversed.count }
      }
      const { input } = read
      const path = looker.pathOf(input.spec.database)
      const { id: actionId, precondition } = action
      const orderAt = (place: string, files: DuplicateFiles): WorkerOrder => ({
        is: 'checkpoint',
        place,
        store: files.store,
        checkpoints: ports.checkpointsPath,
        order: { actionId, precondition, path, input, atMs: clock.nowMs() },
      })
      return evidenceSchema.parse(await looker.run(path, orderAt, context))
    },

    apply: (action, context) => changeSets.apply(action.id, databases, context),
    probe: (action) => changeSets.probe(action.id, databases),
    planUndo: (action) => planUndo(action, ports),
    watch(resource, notify) {
      // What people tell apart, or no longer, changes what is found.
      const paths = [looker.pathOf(resource.spec.database), ports.duplicateFiles.exclusions]
      const watches = paths.map((path) => databases.watch(path, notify))
      return {
        close() {
          for (const one of watches) one.close()
        },
      }
    },
    refresh(resource) {
      asked.add(resource.key.name)
    },
    health: (_, observation) => healthOf(observation),
    figures: ({ key }, observation) => duplicateFigures(key.name, observation),

    describe: (observation) => describeTable(observation, describeState),
  }
}

function presentOf(state: DuplicatesState): Observation<DuplicatesState> {
  const { look } = state
  const evidence =
    look.is === 'looked'
      ? {
          automatic: look.automatic.map(({ rule, fingerprint }) => [rule, fingerprint]),
          waiting: look.waiting.listed.map(({ id, fingerprint }) => [id, fingerprint]),
          groups: look.waiting.groups,
          notYet: look.notYet,
        }
      : look.reason
  return { is: 'present', state, fingerprint: hashOf(evidence) }
}

/** A file that is not there has no rows; anything else that cannot be read is unreadable, never absent. */
function unseen(error: unknown, context: EffectContext): Observation<DuplicatesState> {
  if (!(error instanceof OperationalError) || context.signal.aborted) throw error
  return error.code === 'DATABASE_MISSING' ? { is: 'absent' } : { is: 'unreadable', error }
}

async function planUndo(action: Action, { changeSets, databases }: DuplicatesPorts): Promise<UndoPlan> {
  const read = readAction(action)
  const { database, table } =
    read.is === 'undo' ? read.input : { database: read.input.spec.database, table: read.input.table }
  if (changeSets.summary(action.id) === undefined)
    return { is: 'not-undoable', reason: 'its checkpoint has expired or was never taken' }
  const reversed = await changeSets.reverse(action.id, undefined, databases)
  if (reversed.count === 0)
    return { is: 'not-undoable', reason: 'every record that it changed was changed again or removed since' }
  const left = reversed.conflictCount > 0 ? `; ${figure(reversed.conflictCount)} were changed since and stay` : ''
  return {
    is: 'undo',
    conflicts: reversed.conflicts,
    draft: {
      verb: undoVerb,
      input: { database, table, undoes: action.id },
      summary: `Split what action ${action.id} merged in ${table}: rows, values and references as before${left}`,
      risk: action.risk,
      findings:
        reversed.conflictCount > 0
          ? [{ code: 'changed-since', count: reversed.conflictCount, message: 'Records changed since are left alone' }]
          : [],
      precondition: reversed.fingerprint,
      affected: { count: reversed.count, sample: action.affected.sample.slice(0, 20) },
      population: action.population,
      preview: action.preview.map((cell) => ({ ...cell, before: cell.after, after: cell.before })),
      reversible: 'from-checkpoint',
      recovery: 'transactional',
      cost: { bucket: `sqlite:${database}`, tokens: Math.ceil(reversed.count / 500) },
      resolves: [],
      order: 0,
    },
  }
}
