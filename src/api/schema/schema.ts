/**
 * The schema of one desired state. Every root field states who may use it: construction fails for one that does not, so
 * that nothing is reachable by oversight.
 */
import type { GraphQLSchema } from 'graphql'
import type { Clock } from '../../clock.ts'
import { InvariantViolation } from '../../errors.ts'
import type { AlertPort } from '../alert-port.ts'
import type { Auth } from '../auth/auth.ts'
import type { BackupPort } from '../backup-port.ts'
import type { MetricPort } from '../metric-port.ts'
import type { EnginePort } from '../ports.ts'
import type { ProgramPort } from '../program-port.ts'
import type { QualityPort } from '../quality-port.ts'
import type { ReportPort } from '../report-port.ts'
import type { SyncPort } from '../sync-port.ts'
import type { WorkPort } from '../work-port.ts'
import { addAccess } from './access.ts'
import { addActions } from './actions.ts'
import { addAlerts } from './alerts.ts'
import { addBackups } from './backups.ts'
import { createBuilder } from './builder.ts'
import { addConflicts } from './conflicts.ts'
import { addContact } from './contact.ts'
import type { Repositories } from './context.ts'
import { addController } from './controller.ts'
import { addDesiredState } from './desired-state.ts'
import { addEnums } from './enums.ts'
import { addEvents } from './events.ts'
import { addExports } from './exports.ts'
import { addWriteRefusals } from './lead-writes.ts'
import { addLeads, type ListRoot } from './leads.ts'
import { addMetrics } from './metrics.ts'
import { addPrograms } from './programs.ts'
import { addQuality } from './quality.ts'
import { addReports } from './reports.ts'
import { addResources } from './resources.ts'
import { addResults } from './results.ts'
import { scrubSentences } from './sentences.ts'
import { addErasureTypes, addSuppressions } from './suppressions.ts'
import { addSyncStatus } from './sync-status.ts'
import { addSyncTypes } from './sync-types.ts'
import { addUndo } from './undo.ts'
import { addWork } from './work.ts'

export interface SchemaPorts {
  readonly engine: EnginePort
  readonly sync: SyncPort
  readonly quality: QualityPort
  readonly programs: ProgramPort
  readonly backups: BackupPort
  readonly metrics: MetricPort
  readonly alerts: AlertPort
  readonly reports: ReportPort
  readonly work: WorkPort
  readonly auth: Auth
  readonly clock: Clock
}

/** A schema with what the short cut for lists needs of it. */
export interface ApiSchema {
  readonly schema: GraphQLSchema
  /** Lists by root field. */
  readonly lists: ReadonlyMap<string, ListRoot>
}

/** Builds the schema; takes some tens of milliseconds. Throws when two types or fields would get one name. */
export function assembleApi(
  repositories: Repositories,
  { engine, sync, quality: qualityPort, programs, backups, metrics, alerts, reports, work, auth, clock }: SchemaPorts,
): ApiSchema {
  const builder = createBuilder()
  const results = addResults(builder)
  const enums = addEnums(builder)
  const resources = addResources(builder, engine, enums)
  const types = addSyncTypes(builder, repositories)
  const actions = addActions(builder, { engine, sync }, { enums, results, resources, Conflict: types.Conflict })
  addUndo(builder, engine, repositories, results)
  addController(builder, engine, clock, { enums, results, resources })
  addDesiredState(builder, engine, { results, resources, actions })
  addEvents(builder, engine, resources)
  addPrograms(builder, programs, results)
  addBackups(builder, backups, results)
  addMetrics(builder, metrics, clock)
  addAlerts(builder, alerts, clock, { enums, results })
  addReports(builder, reports, clock, { enums, resources })
  addWork(builder, work, resources)
  addAccess(builder, engine, auth, results)
  addExports(builder, engine, repositories, results)
  const refusals = addWriteRefusals(builder, results)
  addSyncStatus(builder, sync, repositories, { results, types })
  addConflicts(builder, sync, { results, refusals, types })
  const erasureTypes = addErasureTypes(builder)
  addSuppressions(builder, engine, results, erasureTypes)
  addContact(builder, engine, repositories, { results, refusals })
  const quality = addQuality(builder, qualityPort, () => clock.nowMs(), { enums, results, refusals, repositories })
  const lists = addLeads(builder, repositories, {
    results,
    refusals,
    engine,
    sync,
    quality,
    LeadSync: types.LeadSync,
    erasureTypes,
  })
  const schema = builder.toSchema({ sortSchema: false })
  scrubSentences(schema, new Set([...lists.values()].map(({ names }) => names.type)))
  for (const field of openRootFields(schema)) throw new InvariantViolation(`${field} states who may use it`)
  return { schema, lists }
}

/** The schema alone, for printing it. As {@link assembleApi}. */
export function buildApiSchema(repositories: Repositories, ports: SchemaPorts): GraphQLSchema {
  return assembleApi(repositories, ports).schema
}

/** Root fields that state nothing about who may use them. */
export function openRootFields(schema: GraphQLSchema): readonly string[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {})
      .filter(({ extensions }) => {
        const options = extensions.pothosOptions
        return typeof options !== 'object' || options === null || !('authScopes' in options)
      })
      .map((field) => `${type?.name}.${field.name}`),
  )
}
