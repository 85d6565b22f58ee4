/** What one look at, or one action on, a mirrored table works with: both sides, opened, and the memory between them. */
import type { Clock } from '../../clock.ts'
import type { Declared } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import type { AirtableTarget, AirtableTargets } from '../../targets/airtable/ports.ts'
import type { ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { type LocalTable, openLocalTable } from './local-table.ts'
import { readMapping, type SyncMapping } from './mapping.ts'
import { judgeOf } from './quality.ts'
import type { SyncSpec } from './spec.ts'
import type { SyncStore, TableStore } from './store/store.ts'
import type { SurveyParts } from './survey.ts'

export interface SyncPorts {
  readonly clock: Clock
  readonly databases: Databases
  readonly changeSets: ChangeSets
  readonly airtable: AirtableTargets
  /** The memory of the sync, opened when it is first needed. */
  readonly syncStore: () => Promise<SyncStore>
  /** Absolute path of a declared database's file. */
  readonly pathOf: (database: string) => string
  /** The spec of a declared mirror, by its table's name; undefined when it is not declared any more. */
  readonly specOf: (table: string) => SyncSpec | undefined
  /** Whether one of these identities (see src/values/identity.ts) belongs to an erased person. */
  readonly isErased: (identities: readonly string[]) => boolean
  /** Whether a person said that somebody with these identities may be contacted again. */
  readonly isAllowed: (identities: readonly string[]) => boolean
}

/** How old the schema of the base may be: what changes it is told by the webhook. */
const schemaMaxAgeMs = 86_400_000

export interface OpenParts {
  readonly name: string
  readonly spec: SyncSpec
  readonly path: string
  readonly store: TableStore
  readonly target: AirtableTarget
  readonly mapping: SyncMapping
}

export type PartsReading =
  | { readonly is: 'parts'; readonly parts: OpenParts }
  | { readonly is: 'unready'; readonly message: string }

/** Joins what is needed of the base. Throws what the base's client throws. */
export async function openParts(
  resource: { readonly name: string; readonly spec: SyncSpec },
  ports: SyncPorts,
  signal: AbortSignal,
): Promise<PartsReading> {
  const { name, spec } = resource
  const store = (await ports.syncStore()).table(name)
  const target = targetOf(spec, ports)
  const schema = await target.schema({ signal, maxAgeMs: schemaMaxAgeMs })
  const reading = readMapping(name, spec, schema, store)
  if (reading.is === 'unmapped') return { is: 'unready', message: reading.message }
  return {
    is: 'parts',
    parts: { name, spec, path: ports.pathOf(spec.database), store, target, mapping: reading.mapping },
  }
}

export function targetOf(spec: SyncSpec, ports: Pick<SyncPorts, 'airtable'>): AirtableTarget {
  const { airtable } = spec
  return ports.airtable.of({
    base: airtable.base,
    token: airtable.token,
    endpoint: airtable.endpoint ?? undefined,
    requestsPerSecond: airtable.requestsPerSecond,
    monthlyCalls: airtable.monthlyCalls ?? undefined,
    retry: airtable.retry,
  })
}

/** Runs work on the table as it is now. */
export async function withTable<Result>(
  parts: OpenParts,
  ports: SyncPorts,
  work: (survey: (signal: AbortSignal) => SurveyParts, table: LocalTable) => Promise<Result>,
): Promise<Result> {
  const view = await ports.databases.read(parts.path)
  try {
    const reading = openLocalTable(view.db, parts.spec)
    if (reading.is === 'unready') throw new OperationalError('ACTION_STALE', reading.message)
    const { table } = reading
    return await work((signal) => surveyParts(parts, table, ports, signal), table)
  } finally {
    view.close()
  }
}

export function surveyParts(
  { spec, mapping, store }: OpenParts,
  table: LocalTable,
  ports: Pick<SyncPorts, 'clock' | 'isErased' | 'isAllowed'>,
  signal: AbortSignal,
): SurveyParts {
  return {
    spec,
    mapping,
    judges: new Map(mapping.fields.map(({ field }) => [field.name, judgeOf(field)])),
    nowMs: ports.clock.nowMs(),
    isErased: ports.isErased,
    isAllowed: ports.isAllowed,
    store,
    table,
    signal,
  }
}

/** What the comparison of every pair depends on besides the values: when it changes, all are compared anew. */
export function mappingMark(spec: SyncSpec, { tableId, keyField, fields }: SyncMapping): string {
  return hashOf({
    path: spec.path,
    table: spec.table,
    deletions: spec.deletions,
    tableId,
    key: keyField.id,
    fields: fields.map(({ field, remote }) => ({
      field: { ...field },
      id: remote.id,
      type: remote.type,
      choices: remote.choices.map(({ name }) => name),
    })),
  })
}

export type SyncResource = Declared<SyncSpec>
