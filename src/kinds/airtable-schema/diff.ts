/** What differs between the declared tables and fields and the base. Pure. */
import type { MappedField, MappedTable } from '../../desired/airtable-mapping.ts'
import type { DriftDraft } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { unreachable } from '../../errors.ts'
import type { MappingProblem, ResolvedMapping } from '../../targets/airtable/mapping.ts'
import { addChoicesSteps, clashSteps, makeFieldSteps, makeTableSteps, placeOf, typeText } from './by-hand.ts'
import { fieldDraftOf } from './field-draft.ts'
import type { Refusal } from './refusals.ts'
import { type AirtableSchemaSpec, pullsAnything } from './spec.ts'
import { type AirtableSchemaState, resolvedOf } from './state.ts'

export const webhookPath = 'webhook'

/** Where a problem of a mapped table stands; the same from look to look. */
export function pathOf(table: string, problem: MappingProblem<MappedField>): string {
  const here = `tables.${table}`
  switch (problem.is) {
    case 'table-missing':
      return here
    case 'table-renamed':
      return `${here}.name`
    case 'key-missing':
      return `${here}.key`
    case 'key-renamed':
      return `${here}.key.name`
    case 'key-claimed':
    case 'key-clash':
      return `${here}.key.type`
    case 'field-missing':
    case 'field-claimed':
      return `${here}.fields.${problem.field.name}`
    case 'field-renamed':
      return `${here}.fields.${problem.field.name}.name`
    case 'field-clash':
    case 'field-computed':
      return `${here}.fields.${problem.field.name}.type`
    case 'choices-missing':
      return `${here}.fields.${problem.field.name}.choices`
    case 'precision-short':
      return `${here}.fields.${problem.field.name}.precision`
    default:
      return unreachable(problem)
  }
}

/** The differences. Nothing follows from what could not be read. Fields of the base that nothing is mapped to are none. */
export function differencesOf(
  { spec }: Declared<AirtableSchemaSpec>,
  observation: Observation<AirtableSchemaState>,
): readonly DriftDraft[] {
  if (observation.is !== 'present') return []
  const { state } = observation
  return [...spec.tables.flatMap((table) => differencesOfTable(spec, table, state)), ...webhookDifference(spec, state)]
}

function differencesOfTable(spec: AirtableSchemaSpec, table: MappedTable, state: AirtableSchemaState): DriftDraft[] {
  const resolved = resolvedOf(table, state)
  const context = { spec, table, state, resolved, place: placeOf(spec.connection, resolved.table?.id) }
  return resolved.problems.flatMap((problem) => {
    const draft = differenceOf(problem, context)
    return draft === undefined ? [] : [{ ...draft, path: pathOf(table.name, problem) }]
  })
}

interface Context {
  readonly spec: AirtableSchemaSpec
  readonly table: MappedTable
  readonly state: AirtableSchemaState
  readonly resolved: ResolvedMapping<MappedField>
  /** Where a person finds the table. */
  readonly place: string
}

type Unplaced = Omit<DriftDraft, 'path'>

const nobody = { count: 0, sample: [] }
const common = { category: 'airtable', affected: nobody } as const

function differenceOf(problem: MappingProblem<MappedField>, context: Context): Unplaced | undefined {
  switch (problem.is) {
    case 'table-missing':
      return missingTable(problem, context)
    case 'key-missing':
      return missingKey(problem, context)
    case 'field-missing':
      return missingField(problem, context)
    case 'table-renamed':
    case 'key-renamed':
      return renamed(problem.is === 'key-renamed' ? 'field' : 'table', problem.declared, problem, context)
    case 'field-renamed':
      return renamed('field', problem.field.remote, problem, context)
    case 'key-claimed':
    case 'key-clash':
      return wrongKey(problem, context)
    case 'field-claimed':
      return claimed(problem, context)
    case 'field-clash':
      return clash(problem, context)
    case 'field-computed':
      return computed(problem, context)
    case 'choices-missing':
      return missingChoices(problem, context)
    case 'precision-short':
      return shortPrecision(problem, context)
    default:
      return unreachable(problem)
  }
}

type Problem<Is extends MappingProblem['is']> = Extract<MappingProblem<MappedField>, { is: Is }>

/** Airtable's ids are minted by it: what is declared by id and is not there cannot be made. */
export function isId(declared: string): boolean {
  return /^(tbl|fld)[A-Za-z0-9]{14}$/.test(declared)
}

function correctId(declared: string): string {
  return `Correct ${declared} in the desired state: it is an id, and what has it cannot be made anew.`
}

function missingTable({ declared, wasId }: Problem<'table-missing'>, { table, state, spec }: Context): Unplaced {
  const steps = isId(declared)
    ? correctId(declared)
    : refusedSteps(state, `tables.${table.name}`, makeTableSteps(placeOf(spec.connection, undefined), declared))
  const was =
    wasId === undefined ? '' : ' It was there before; a deleted table can be restored from the trash of the base.'
  return {
    ...common,
    severity: 'high',
    desired: declared,
    observed: null,
    message: `The base has no table “${declared}”, which is to mirror ${table.name}.${was}`,
    ...(steps === undefined ? {} : { byHand: steps }),
  }
}

function missingKey({ declared, wasId }: Problem<'key-missing'>, context: Context): Unplaced {
  const { table, state, place } = context
  const make = makeFieldSteps(place, declared, 'singleLineText')
  const steps = isId(declared) ? correctId(declared) : refusedSteps(state, `tables.${table.name}.key`, make)
  return {
    ...common,
    severity: 'high',
    desired: declared,
    observed: null,
    message: `${tableText(context)} has no field “${declared}”, which is to hold the key of ${table.name}.${wasText(wasId)}`,
    ...(steps === undefined ? {} : { byHand: steps }),
  }
}

function missingField({ field, wasId }: Problem<'field-missing'>, context: Context): Unplaced {
  const { table, state, place } = context
  const make = makeFieldSteps(place, field.remote, field.remoteType)
  const steps = isId(field.remote)
    ? correctId(field.remote)
    : fieldDraftOf(field) === undefined
      ? `Airtable's API does not create this type. ${make}`
      : refusedSteps(state, `tables.${table.name}.fields.${field.name}`, make)
  return {
    ...common,
    // Until a person has made it, the declared field is not synced, and nothing else says so.
    severity: steps === undefined ? 'medium' : 'high',
    desired: { name: field.remote, type: field.remoteType },
    observed: null,
    message: `${tableText(context)} has no field “${field.remote}” for ${table.name}.${field.name}.${wasText(wasId)}`,
    ...(steps === undefined ? {} : { byHand: steps }),
  }
}

function wasText(wasId: string | undefined): string {
  return wasId === undefined ? '' : ' It was there before; a deleted field can be restored from the trash of the base.'
}

/** What a person does where Airtable said no; undefined where it was not asked, or not lately. */
function refusedSteps(state: AirtableSchemaState, path: string, make: string): string | undefined {
  const refusal = state.creationRefused ?? state.refused[path]
  return refusal === undefined ? undefined : `${capital(refusal.reason)}. ${refusal.remedy} Or: ${make}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function renamed(
  what: 'table' | 'field',
  declared: string,
  { remote, taken }: { readonly remote: { readonly name: string }; readonly taken: boolean },
  { table }: Context,
): Unplaced {
  const other = taken ? ` Another ${what} is named “${declared}” by now, and is not used.` : ''
  return {
    ...common,
    severity: taken ? 'medium' : 'low',
    desired: declared,
    observed: remote.name,
    message: `The ${what} “${declared}” of ${table.name} was renamed in Airtable to “${remote.name}”; it is used as before.${other}`,
    byHand: `Write “${remote.name}” in the desired state, or rename it back in Airtable.${taken ? ` To use the other ${what}, give its id instead of the name.` : ''}`,
  }
}

function wrongKey(problem: Problem<'key-claimed'> | Problem<'key-clash'>, context: Context): Unplaced {
  const { declared, remote } = problem
  const why =
    problem.is === 'key-claimed'
      ? `holds the values of ${context.table.name}.${problem.by}, from which it was renamed`
      : `is of type ${typeText(remote.type)}, which keeps no key to the letter`
  return {
    ...common,
    severity: 'high',
    desired: 'singleLineText',
    observed: remote.type,
    message: `The field “${remote.name}” of ${tableText(context)}, which is to hold the key of ${context.table.name}, ${why}. Nothing is written to the table.`,
    byHand: `Name another field for airtable.key in the desired state, or rename “${declared}” in ${context.place}: then a field for the key is made.`,
  }
}

function claimed({ field, remote, by }: Problem<'field-claimed'>, context: Context): Unplaced {
  const { table } = context
  const holder = by === 'the key' ? `the key of ${table.name}` : `${table.name}.${by}`
  return {
    ...common,
    severity: 'high',
    desired: field.remote,
    observed: null,
    message: `The field “${remote.name}” of ${tableText(context)} holds the values of ${holder} and cannot hold those of ${table.name}.${field.name} too.`,
    byHand: `Map ${field.name} to another Airtable field in the desired state, or rename one of the two fields in ${context.place}.`,
  }
}

function clash({ field, remote }: Problem<'field-clash'>, context: Context): Unplaced {
  const { table, place } = context
  return {
    ...common,
    severity: 'high',
    desired: field.remoteType,
    observed: remote.type,
    message: `The field “${remote.name}” of ${tableText(context)} is of type ${typeText(remote.type)}, which cannot hold ${table.name}.${field.name} (${field.type}). It is not synced.`,
    byHand: clashSteps(place, remote, field),
  }
}

function computed({ field, remote }: Problem<'field-computed'>, context: Context): Unplaced {
  const { table } = context
  return {
    ...common,
    severity: 'high',
    desired: field.direction,
    observed: remote.type,
    message: `The field “${remote.name}” of ${tableText(context)} is of type ${typeText(remote.type)} and written by Airtable alone, while ${table.name}.${field.name} is to be written there. It is not synced.`,
    byHand: `Set direction: pull for ${field.name} in the desired state, or map it to another Airtable field.`,
  }
}

function missingChoices(
  { field, remote, choices }: Problem<'choices-missing'>,
  context: Context,
): Unplaced | undefined {
  // Each is added by the first record that holds it: there is nothing to mend.
  if (field.unknownChoices === 'add') return undefined
  const { table, place } = context
  const list = choices.map((choice) => `“${choice}”`).join(', ')
  return {
    ...common,
    severity: 'medium',
    desired: [...field.choices],
    observed: remote.choices.map(({ name }) => name),
    message: `The field “${remote.name}” of ${tableText(context)} lacks ${list} of ${table.name}.${field.name}; records with such a value are not pushed.`,
    byHand: addChoicesSteps(place, remote.name, choices),
  }
}

function shortPrecision({ field, remote }: Problem<'precision-short'>, context: Context): Unplaced {
  const { table, place } = context
  return {
    ...common,
    severity: 'medium',
    desired: field.precision,
    observed: remote.precision ?? null,
    message: `The field “${remote.name}” of ${tableText(context)} keeps ${remote.precision} digits after the point, ${table.name}.${field.name} has ${field.precision}: the others are lost there.`,
    byHand: `Open ${place}, and in the menu of the field “${remote.name}” choose “Edit field” and a precision of ${field.precision}; or lower it in the desired state.`,
  }
}

function tableText({ resolved, table }: Context): string {
  return `table “${resolved.table?.name ?? table.remote}”`
}

function webhookDifference(spec: AirtableSchemaSpec, state: AirtableSchemaState): DriftDraft[] {
  if (!pullsAnything(spec) || state.webhook !== undefined) return []
  const refusal: Refusal | undefined = state.webhookRefused
  const without =
    refusal === undefined ? '' : `: ${refusal.reason}. Changes are asked for by the time they were made instead`
  return [
    {
      ...common,
      path: webhookPath,
      severity: 'low',
      desired: 'a webhook',
      observed: null,
      message: `The base ${spec.connection.base} has no webhook that tells what changes in it${without}.`,
      ...(refusal === undefined ? {} : { byHand: refusal.remedy }),
    },
  ]
}
