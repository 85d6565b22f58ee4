/** The checks of a health report about the base, and its short description. Pure. */
import { isoOf } from '../../clock.ts'
import type { MappedField, MappedTable } from '../../desired/airtable-mapping.ts'
import type { Drift } from '../../engine/drift.ts'
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { OperationalError } from '../../errors.ts'
import type { ResolvedMapping } from '../../targets/airtable/mapping.ts'
import { webhookPath } from './diff.ts'
import { type AirtableSchemaSpec, pullsAnything } from './spec.ts'
import { type AirtableSchemaState, resolvedOf } from './state.ts'

/** What stands well and what does not. */
export function airtableSchemaHealth(
  spec: AirtableSchemaSpec,
  observation: Observation<AirtableSchemaState>,
  drift: readonly Drift[],
): readonly HealthCheck[] {
  const { base } = spec.connection
  if (observation.is === 'unreadable') return unreadableChecks(base, observation.error)
  if (observation.is === 'absent') return []
  const { state } = observation
  return [
    { name: 'key', status: 'ok', message: 'Airtable takes the token.' },
    {
      name: 'base',
      status: 'ok',
      message: `${base} can be reached and has ${counted(state.schema.tables.length, 'table')}.`,
    },
    ...spec.tables.flatMap((table) => tableChecks(table, resolvedOf(table, state), drift)),
    ...webhookCheck(spec, state, drift),
    callsCheck(state),
  ]
}

/** Which of key and base it is that fails; the other cannot be told. */
function unreadableChecks(base: string, error: OperationalError): readonly HealthCheck[] {
  const failed = `${error.message} ${error.hint}`
  const isOfKey = error.code === 'AIRTABLE_TOKEN_MISSING' || error.code === 'AIRTABLE_UNAUTHORIZED'
  return isOfKey
    ? [
        { name: 'key', status: 'failed', message: failed },
        { name: 'base', status: 'unknown', message: `Whether ${base} can be reached cannot be told without a token.` },
      ]
    : [
        { name: 'key', status: 'unknown', message: 'Whether Airtable takes the token cannot be told now.' },
        { name: 'base', status: 'failed', message: failed },
      ]
}

function tableChecks(
  table: MappedTable,
  resolved: ResolvedMapping<MappedField>,
  drift: readonly Drift[],
): readonly HealthCheck[] {
  const here = `tables.${table.name}`
  const remote = resolved.table
  const name = `table ${table.remote}`
  const missing = drift.find(({ path }) => path === here)
  if (remote === undefined) {
    return [{ name, status: 'failed', message: missing?.message ?? `The base has no table “${table.remote}”.` }]
  }
  const own = remote.fields.length - resolved.fields.length - (resolved.keyField === undefined ? 0 : 1)
  const there = `It is there (${remote.id}), with ${counted(own, 'field')} that nothing is mapped to.`
  return [
    fromDrift(name, [`${here}.name`], drift, there),
    fromDrift(
      `field ${table.keyField}`,
      [`${here}.key`, `${here}.key.name`, `${here}.key.type`],
      drift,
      'Holds the key.',
    ),
    ...table.fields.map((field) => fieldCheck(field, table, resolved, drift)),
  ]
}

function fieldCheck(
  field: MappedField,
  table: MappedTable,
  resolved: ResolvedMapping<MappedField>,
  drift: readonly Drift[],
): HealthCheck {
  const here = `tables.${table.name}.fields.${field.name}`
  const found = resolved.fields.find(({ name }) => name === field.name)?.remote
  const waiting = resolved.problems.flatMap((one) =>
    one.is === 'choices-missing' && one.field.name === field.name && field.unknownChoices === 'add' ? one.choices : [],
  )
  const later = waiting.length === 0 ? '' : ` ${waiting.join(', ')} will be added when first used.`
  const well = `${found?.type ?? field.remoteType} holds ${table.name}.${field.name} (${field.type}).${later}`
  const parts = ['', '.name', '.type', '.choices', '.precision'].map((part) => `${here}${part}`)
  return fromDrift(`field ${field.remote}`, parts, drift, well)
}

function fromDrift(name: string, paths: readonly string[], drift: readonly Drift[], well: string): HealthCheck {
  const own = drift.filter(({ path }) => paths.includes(path))
  const severe = own.find(({ severity }) => severity === 'high' || severity === 'critical')
  if (severe !== undefined) return { name, status: 'failed', message: severe.message }
  const [first] = own
  return first === undefined
    ? { name, status: 'ok', message: well }
    : { name, status: 'warning', message: first.message }
}

function webhookCheck(
  spec: AirtableSchemaSpec,
  { webhook }: AirtableSchemaState,
  drift: readonly Drift[],
): readonly HealthCheck[] {
  if (!pullsAnything(spec)) return []
  const polled = webhook?.lastPollMs === undefined ? 'not asked yet' : `asked last ${isoOf(webhook.lastPollMs)}`
  return [fromDrift('webhook', [webhookPath], drift, `${webhook?.id ?? 'It'} tells what changes; ${polled}.`)]
}

function callsCheck({ usage }: AirtableSchemaState): HealthCheck {
  const { month, calls, limit, forecast, exhaustedSinceMs } = usage
  const name = 'calls'
  if (exhaustedSinceMs !== undefined) {
    const message = `Airtable refuses calls since ${isoOf(exhaustedSinceMs)}: those of the month are used up. Raise the plan, or wait for the next month.`
    return { name, status: 'failed', message }
  }
  const expected = forecast === undefined ? '' : `, ${forecast.toLocaleString('en')} expected by its end`
  const of = limit === undefined ? '' : ` of ${limit.toLocaleString('en')}`
  const message = `${calls.toLocaleString('en')}${of} calls in ${month}${expected}.`
  return { name, status: limit !== undefined && (forecast ?? calls) > limit ? 'warning' : 'ok', message }
}

/** A short phrase: `1 of 3 tables mapped, 17 of 24 fields`. */
export function describeBase(observation: Observation<AirtableSchemaState>): string {
  if (observation.is !== 'present') return observation.is
  const { schema, known } = observation.state
  if (schema.tables.length === 0) return 'an empty base'
  const ids = new Set(Object.values(known).flatMap(({ table }) => (table === undefined ? [] : [table.id])))
  const mapped = schema.tables.filter(({ id }) => ids.has(id))
  const fieldIds = new Set(
    Object.values(known).flatMap(({ keyField, fields }) => [
      ...(keyField === undefined ? [] : [keyField.id]),
      ...Object.values(fields).map(({ id }) => id),
    ]),
  )
  const fields = mapped.flatMap((table) => table.fields)
  const used = fields.filter(({ id }) => fieldIds.has(id)).length
  return `${mapped.length} of ${counted(schema.tables.length, 'table')} mapped, ${used} of ${counted(fields.length, 'field')}`
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}
