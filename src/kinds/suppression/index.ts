/**
 * The kind `suppression`: nobody who was erased is in a table again. Programs write to the tables without asking, so
 * whoever comes back is found by the next look, reported, and erased again once a person has said so.
 */

import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import { personTablesOf } from '../../desired/person-tables.ts'
import type { Action, ActionDraft } from '../../engine/action.ts'
import type { DriftDraft } from '../../engine/drift.ts'
import type { Applied, EffectContext, HealthCheck, Kind } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import type { Observation } from '../../engine/observation.ts'
import { describeTable } from '../../engine/observation.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import { figure } from '../../metrics/catalogue.ts'
import type { Eraser, PersonFound } from '../../targets/erasure/eraser.ts'
import { evidenceOf } from '../../targets/erasure/eraser.ts'
import type { PersonPlace, PersonRow } from '../../targets/erasure/person-layout.ts'
import type { SuppressionStore } from '../../targets/erasure/suppressions.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { createPeopleFollow } from '../people-follow.ts'

export interface SuppressionPorts {
  readonly databases: Databases
  readonly eraser: Eraser
  readonly suppressions: Pick<SuppressionStore, 'marks' | 'version' | 'work'>
  /** The tables of the generation in force that may be written. */
  readonly places: () => readonly PersonPlace[]
  /** Keeps up to where a table was found to hold nobody, so that not every full look reads all of it. */
  readonly memory: Memory
  readonly clock: Clock
}

export const kindName = 'suppression'

const specSchema = z.object({
  name: z.string(),
  database: z.string(),
  table: z.string(),
  key: z.string(),
  fields: z.json(),
})
type SuppressionSpec = z.output<typeof specSchema>

interface SuppressionState {
  readonly rows: readonly PersonRow[]
}

const inputSchema = z.object({ table: z.string() })
const verb = 'erase-again'
const sampleMax = 20

export function suppressionKind(ports: SuppressionPorts): Kind<SuppressionSpec, SuppressionState> {
  const { databases, eraser, suppressions } = ports
  const follow = createPeopleFollow(kindName, suppressions.version, ports)
  const placeOf = (name: string): PersonPlace => {
    const place = ports.places().find((one) => one.name === name)
    if (place === undefined)
      throw new OperationalError('NOT_FOUND', `no table that may be written is declared as ${name}`)
    return place
  }
  const found = async (table: string, signal: AbortSignal): Promise<PersonFound> => {
    const rows = await eraser.findErased(table, undefined, signal)
    const identities = [...new Set(rows.flatMap((row) => row.identities))]
    return { identities, tables: [{ place: placeOf(table), rows, referring: [] }] }
  }
  /** What a checkpoint found, for the apply that follows it; a crash between them loses nothing that is not found again. */
  const checked = new Map<string, PersonFound>()

  return {
    name: kindName,
    category: 'data',
    list: (desired) =>
      personTablesOf(desired).map(({ name, database, table, key, fields }) => ({
        key: { kind: kindName, name },
        spec: specSchema.parse({ name, database, table, key, fields }),
        dependsOn: [{ kind: 'table', name }],
        observeOnly: false,
      })),

    async observe({ spec }, scope, context): Promise<Observation<SuppressionState>> {
      try {
        if (suppressions.marks() === null) return presentOf({ rows: [] })
        const since = await follow.since(placeOf(spec.name))
        const named = scope.is === 'rows' ? scope.rowIds : since.rowIds
        const rows = await eraser.findErased(spec.name, named, context.signal)
        if (rows.length === 0) {
          if (scope.is === 'full') since.remember(named === undefined)
          return presentOf({ rows })
        }
        // Where somebody came back the whole table is looked at, so that one action names them all.
        if (named === undefined) return presentOf({ rows })
        return presentOf({ rows: await eraser.findErased(spec.name, undefined, context.signal) })
      } catch (error) {
        if (!(error instanceof OperationalError) || context.signal.aborted) throw error
        return error.code === 'DATABASE_MISSING' ? { is: 'absent' } : { is: 'unreadable', error }
      }
    },

    diff: ({ spec }, observation) => (observation.is === 'present' ? driftOf(spec, observation.state) : []),
    plan: ({ spec }, observation, drift) =>
      observation.is === 'present' && drift.length > 0 ? [draftOf(spec, observation.state)] : [],

    async checkpoint(action, context) {
      const { table } = inputSchema.parse(action.input)
      const again = await found(table, context.signal)
      checked.set(action.id, again)
      return { evidence: evidenceOf([{ name: table, rows: again.tables[0]?.rows ?? [] }]), images: 0 }
    },

    apply: (action, context) => eraseAgain(action, context),
    async probe({ id }) {
      const work = suppressions.work(id)
      return work === undefined ? 'not-applied' : work.isDone ? 'applied' : 'partly'
    },
    planUndo: async () => ({
      is: 'not-undoable',
      reason: 'an erasure is for good; only the suppression can be lifted',
    }),

    async changes({ spec }, cursor) {
      const version = suppressions.version()
      if (suppressions.marks() === null && cursor?.startsWith(`${version}:`) === true) {
        return { scope: { is: 'rows', rowIds: [] }, cursor: `${version}:` }
      }
      return follow.changes(placeOf(spec.name), cursor)
    },

    watch: ({ spec }, notify) => databases.watch(placeOf(spec.name).path, notify),
    health: (_resource, observation) => healthOf(observation),
    figures: (_resource, observation) =>
      observation.is === 'present' ? figure('suppression_violations', observation.state.rows.length) : [],
    describe: (observation) =>
      describeTable(observation, ({ rows }) =>
        rows.length === 0 ? 'nobody who was erased' : `${rows.length} records of erased people`,
      ),
  }

  async function eraseAgain(action: Action, context: EffectContext): Promise<Applied> {
    const { table } = inputSchema.parse(action.input)
    const begun =
      checked.get(action.id) ??
      (suppressions.work(action.id) === undefined ? await found(table, context.signal) : undefined)
    const { rows } = await eraser.erase({ id: action.id, found: begun }, context.signal)
    checked.delete(action.id)
    return { changed: rows.reduce((sum, { count }) => sum + count, 0), skipped: [], skippedCount: 0, failed: [] }
  }
}

function presentOf(state: SuppressionState): Observation<SuppressionState> {
  return { is: 'present', state, fingerprint: hashOf(state.rows.map(({ rowId, key }) => [rowId, String(key)])) }
}

function driftOf({ name }: SuppressionSpec, { rows }: SuppressionState): readonly DriftDraft[] {
  if (rows.length === 0) return []
  return [
    {
      path: 'people.erased',
      severity: 'high',
      category: 'data',
      desired: 0,
      observed: rows.length,
      affected: { count: rows.length, sample: sampleOf(rows) },
      message: `An erased person was written again: ${rows.length} ${rows.length === 1 ? 'record' : 'records'} of ${name}`,
    },
  ]
}

function draftOf({ name, database }: SuppressionSpec, { rows }: SuppressionState): ActionDraft {
  return {
    verb,
    input: { table: name },
    summary: `Erase ${rows.length} ${rows.length === 1 ? 'record' : 'records'} of people who were erased before from ${name}, for good.`,
    risk: 'high',
    findings: [],
    precondition: evidenceOf([{ name, rows }]),
    affected: { count: rows.length, sample: sampleOf(rows) },
    population: 0,
    preview: [],
    reversible: 'irreversible',
    recovery: 'transactional',
    cost: { bucket: `sqlite:${database}`, tokens: 1 },
    resolves: ['people.erased'],
    order: 0,
  }
}

/** Keys that could be an address are not shown: what is shown is journaled. */
function sampleOf(rows: readonly PersonRow[]): readonly string[] {
  return rows
    .map(({ key, rowId }) => (key === null ? `row ${rowId}` : String(key)))
    .filter((key) => !key.includes('@'))
    .slice(0, sampleMax)
}

function healthOf(observation: Observation<SuppressionState>): readonly HealthCheck[] {
  if (observation.is !== 'present') return []
  const { length } = observation.state.rows
  const message = length === 0 ? 'nobody who was erased is there' : `${length} records of erased people are there again`
  return [{ name: 'suppression', status: length === 0 ? 'ok' : 'failed', message }]
}
