/**
 * The kind `quality`: the rows of a table are what its owner says good ones are like. It only tells: what it finds is mended
 * by a person, or by another resource that it names. A changed row is judged alone.
 */
import type { EffectContext, Kind } from '../../engine/kind.ts'
import { describeTable, type Observation } from '../../engine/observation.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { qualityDrift } from './diff.ts'
import { qualityFigures } from './figures.ts'
import { qualityHealth } from './health.ts'
import type { QualityInspector } from './inspector.ts'
import { databasesAsked } from './questions.ts'
import { listQuality, type QualitySpec, qualityKindName } from './spec.ts'
import { describeQuality, type QualityState } from './state.ts'

export { messageOf } from './diff.ts'
export { createQualityInspector, type QualityInspector } from './inspector.ts'
export { qualitySpecOf } from './spec.ts'
export { type CheckResult, isIssue, type QualityState, severityOf } from './state.ts'
export { createQualityStore, type QualityStore } from './store.ts'
export { forgetWaivers, recordOfWaiver, waiversFile, waiversKey, waiversTable } from './waivers.ts'

export interface QualityPorts {
  readonly databases: Databases
  readonly inspector: QualityInspector
  readonly pathOf: (database: string) => string
}

export function qualityKind({ databases, inspector, pathOf }: QualityPorts): Kind<QualitySpec, QualityState> {
  /** Resources of which a person asked for a reading of all rows. */
  const anew = new Set<string>()
  return {
    name: qualityKindName,
    category: 'data',
    list: listQuality,
    async observe({ key, spec }, _scope, context): Promise<Observation<QualityState>> {
      try {
        const found = await inspector.inspect(key.name, spec, { ...context, anew: anew.delete(key.name) })
        switch (found.is) {
          case 'absent':
            return { is: 'absent' }
          case 'unaddressable':
            return { is: 'unreadable', error: new OperationalError('USAGE', found.reason) }
          case 'inspected':
            inspector.note(key.name, found.state)
            return { is: 'present', state: found.state, fingerprint: fingerprintOf(found.state) }
        }
      } catch (error) {
        return unseen(error, context)
      }
    },
    diff: (_resource, observation) => (observation.is === 'present' ? qualityDrift(observation.state) : []),
    plan: () => [],
    checkpoint: async () => ({ evidence: '', images: 0 }),
    apply: async () => ({ changed: 0, skipped: [], skippedCount: 0, failed: [] }),
    probe: async () => 'not-applied',
    planUndo: async () => ({ is: 'not-undoable', reason: 'nothing is ever written for it' }),
    refresh: ({ key }) => void anew.add(key.name),
    watch({ spec }, notify) {
      const databasesRead = [spec.database, ...databasesAsked(spec)].map(pathOf)
      // What people say is right changes what is told.
      const watches = [...databasesRead, inspector.waiversPath].map((path) => databases.watch(path, notify))
      return {
        close: () => {
          for (const watch of watches) watch.close()
        },
      }
    },
    health: (_resource, observation) => qualityHealth(observation),
    figures: ({ key }, observation) => qualityFigures(key.name, observation),
    describe: (observation) => describeTable(observation, describeQuality),
  }
}

function fingerprintOf({ rows, checks, table }: QualityState): string {
  return hashOf([rows, checks.map(({ id, failing }) => [id, failing]), table.map(({ id, observed }) => [id, observed])])
}

/** A file that is not there has no rows; anything else that cannot be read is unreadable, never absent. */
function unseen(error: unknown, context: EffectContext): Observation<QualityState> {
  if (!(error instanceof OperationalError) || context.signal.aborted) throw error
  return error.code === 'DATABASE_MISSING' ? { is: 'absent' } : { is: 'unreadable', error }
}
