/** What would mend the base. Pure: the same look gives the same actions. What the API cannot do is no action. */
import type { MappedTable } from '../../desired/airtable-mapping.ts'
import type { ActionDraft, Finding } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { sameName } from '../../targets/airtable/mapping.ts'
import type { FieldDraft, RemoteTable } from '../../targets/airtable/ports.ts'
import { evidenceOf, inputOf, type Order } from './actions.ts'
import { typeName } from './by-hand.ts'
import { pathOf, webhookPath } from './diff.ts'
import { fieldDraftOf, keyFieldDraft, tableDraftOf } from './field-draft.ts'
import type { AirtableSchemaSpec } from './spec.ts'
import { type AirtableSchemaState, resolvedOf } from './state.ts'

/** The actions for drift that may be mended. */
export function planAirtableSchema(
  { spec }: Declared<AirtableSchemaSpec>,
  observation: Observation<AirtableSchemaState>,
  drift: readonly Drift[],
): readonly ActionDraft[] {
  if (observation.is !== 'present') return []
  const { state } = observation
  const paths = new Set(drift.map(({ path }) => path))
  return [
    ...spec.tables.flatMap((table) => planTable(spec, table, state, paths)),
    ...(paths.has(webhookPath) ? [createWebhook(spec, state)] : []),
  ]
}

function planTable(
  spec: AirtableSchemaSpec,
  table: MappedTable,
  state: AirtableSchemaState,
  paths: ReadonlySet<string>,
): ActionDraft[] {
  const resolved = resolvedOf(table, state)
  return resolved.problems.flatMap((problem): ActionDraft[] => {
    const path = pathOf(table.name, problem)
    if (!paths.has(path)) return []
    if (problem.is === 'table-missing') return [createTable(spec, table, state, path, problem.wasId)]
    if (resolved.table === undefined) return []
    const make = { spec, state, path, remote: resolved.table }
    if (problem.is === 'key-missing') {
      return [createField(make, keyFieldDraft(problem.declared), `the key of ${table.name}`, problem.wasId)]
    }
    if (problem.is !== 'field-missing') return []
    const draft = fieldDraftOf(problem.field)
    return draft === undefined ? [] : [createField(make, draft, `${table.name}.${problem.field.name}`, problem.wasId)]
  })
}

/** What it made before, a person deleted: perhaps on purpose, and to restore it brings its values back. */
const wasDeleted: Finding = {
  code: 'was-deleted',
  count: 1,
  message:
    'it was there before and is gone: restoring it from the trash of the base brings its values back, this does not',
}

function createTable(
  spec: AirtableSchemaSpec,
  table: MappedTable,
  state: AirtableSchemaState,
  path: string,
  wasId: string | undefined,
): ActionDraft {
  const fields = tableDraftOf(table)
  const findings = [...(wasId === undefined ? [] : [wasDeleted]), ...lookalikes(table, state)]
  return draftOf(
    { verb: 'create-table', connection: spec.connection, path, name: table.remote, fields: [...fields] },
    state,
    {
      summary: `Make the table “${table.remote}” in the base, with ${fields.length} empty fields.`,
      // An empty table harms nothing; one beside the one that was meant would be filled with every lead once more.
      risk: findings.length > 0 ? 'high' : 'low',
      findings,
      reversible: 'by-hand',
      resolves: [path],
    },
  )
}

/** The share of mapped fields from which a table of another name may be the one that is meant. */
const alikeFrom = 0.5

function lookalikes(table: MappedTable, { schema }: AirtableSchemaState): Finding[] {
  return schema.tables.flatMap(({ name, fields }): Finding[] => {
    const shared = table.fields.filter((field) => fields.some((one) => sameName(one.name, field.remote)))
    if (shared.length < table.fields.length * alikeFrom || shared.length < 2) return []
    const message = `the table “${name}” has ${shared.length} of its ${table.fields.length} fields: if it is the one that is meant, write its name in the desired state`
    return [{ code: 'similar-table', count: shared.length, message }]
  })
}

function createField(
  make: {
    readonly spec: AirtableSchemaSpec
    readonly state: AirtableSchemaState
    readonly path: string
    readonly remote: RemoteTable
  },
  field: FieldDraft,
  purpose: string,
  wasId: string | undefined,
): ActionDraft {
  const { spec, state, path, remote } = make
  return draftOf(
    {
      verb: 'create-field',
      connection: spec.connection,
      path,
      tableId: remote.id,
      tableName: remote.name,
      field,
    },
    state,
    {
      summary: `Add the field “${field.name}” (${typeName(field.type)}) to table “${remote.name}” of the base, empty, for ${purpose}.`,
      risk: wasId === undefined ? 'low' : 'high',
      findings: wasId === undefined ? [] : [wasDeleted],
      reversible: 'by-hand',
      resolves: [path],
    },
  )
}

function createWebhook(spec: AirtableSchemaSpec, state: AirtableSchemaState): ActionDraft {
  return draftOf({ verb: 'create-webhook', connection: spec.connection }, state, {
    summary: `Make a webhook in the base ${spec.connection.base}, so that its changes can be asked for in one call.`,
    risk: 'low',
    findings: [],
    reversible: 'exact',
    resolves: [webhookPath],
  })
}

/** A draft for an order, with what all of them have in common. */
export function draftOf(
  order: Order,
  state: Pick<AirtableSchemaState, 'schema' | 'webhook'>,
  rest: Pick<ActionDraft, 'summary' | 'risk' | 'findings' | 'reversible' | 'resolves'>,
): ActionDraft {
  return {
    verb: order.verb,
    input: inputOf(order),
    precondition: evidenceOf(order, state.schema, state.webhook?.id),
    affected: { count: 0, sample: [] },
    population: 0,
    preview: [],
    recovery: 'keyed',
    cost: { bucket: `airtable:${order.connection.base}`, tokens: 1 },
    // None waits for another: one that is refused, or held, holds up none.
    order: 0,
    ...rest,
  }
}
