/** The object, enum, filter and order types of one declared table, made from its fields. */
import type { FieldRef } from '@pothos/core'
import type { JsonValue } from '../../json.ts'
import { readCell } from '../../leads/cells.ts'
import { operatorsOf } from '../../leads/filter.ts'
import { type Lead, versionOf } from '../../leads/reader.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import type { LeadField } from '../../leads/table.ts'
import type { FieldType } from '../../values/field-type.ts'
import { assertMay, type Builder, type Types } from './builder.ts'
import type { ApiContext } from './context.ts'
import { choiceName, recordFieldName, type TableNames } from './lead-names.ts'
import { isMasked, shownTo } from './masking.ts'

export type LeadTypes = ReturnType<typeof addLeadTypes>
type RecordFields = PothosSchemaTypes.ObjectFieldBuilder<Types, Lead>

/** The value of a field as the viewer may see it; null also for what its type cannot express. */
function shownValue(repository: LeadRepository, field: LeadField, lead: Lead, context: ApiContext): JsonValue {
  const read = readCell(field.spec, lead.cells[field.name] ?? null)
  if (read.is === 'unreadable' || read.value === null) return null
  return shownTo(context, repository.table, field.name, read.value)
}

/** Scalars of the field types that are texts outside. */
const textScalars = {
  text: 'String',
  longtext: 'String',
  email: 'EmailAddress',
  url: 'URL',
  phone: 'PhoneNumber',
  date: 'Date',
  datetime: 'DateTime',
} as const satisfies Partial<Record<FieldType, string>>

export function addLeadTypes(
  builder: Builder,
  repository: LeadRepository,
  names: TableNames,
  shared: ReturnType<typeof addSharedLeadTypes>,
) {
  const { table } = repository
  const fields = [...table.fields.values()].filter((field) => field.name !== table.key || table.key !== 'id')

  const enums = new Map(
    fields
      .filter((field) => field.spec.choices !== undefined && /^choices?$/.test(field.spec.type))
      .map((field) => [field.name, choiceEnum(builder, names, field)]),
  )

  function recordField(t: RecordFields, field: LeadField): FieldRef<Types, unknown> {
    const description = field.spec.description
    const common = { nullable: true as const, ...(description === undefined ? {} : { description }) }
    const value = (lead: Lead, context: ApiContext): JsonValue => shownValue(repository, field, lead, context)
    const text = (lead: Lead, _args: object, context: ApiContext): string | null => {
      const shown = value(lead, context)
      return typeof shown === 'string' ? shown : null
    }
    const number = (lead: Lead, _args: object, context: ApiContext): number | null => {
      const shown = value(lead, context)
      return typeof shown === 'number' ? shown : null
    }
    const { type } = field.spec
    switch (type) {
      case 'choice': {
        const choice = enums.get(field.name)
        return choice === undefined
          ? t.string({ ...common, resolve: text })
          : t.field({ ...common, type: choice, resolve: text })
      }
      case 'choices': {
        const texts = (lead: Lead, _args: object, context: ApiContext): string[] | null => {
          const shown = value(lead, context)
          return Array.isArray(shown) ? shown.map(String) : null
        }
        const choice = enums.get(field.name)
        return choice === undefined
          ? t.field({ ...common, type: ['String'], complexity: 1, resolve: texts })
          : t.field({ ...common, type: [choice], complexity: 1, resolve: texts })
      }
      case 'boolean':
        return t.boolean({ ...common, resolve: (lead, _args, context) => asBoolean(value(lead, context)) })
      case 'integer':
        return t.int({ ...common, resolve: number })
      case 'number':
        return t.float({ ...common, resolve: number })
      case 'json':
        return t.field({ ...common, type: 'JSON', resolve: (lead, _args, context) => value(lead, context) })
      default:
        return t.field({ ...common, type: textScalars[type], resolve: text })
    }
  }

  const Record = builder.objectRef<Lead>(names.type)
  builder.node(Record, {
    description: `A record of the table ${table.name}.`,
    brandLoadedObjects: true,
    id: { resolve: (lead) => lead.key },
    loadManyWithoutCache: (ids, context) => {
      assertMay(context, 'leads.read')
      return Promise.all(ids.map(async (id) => (await repository.get(id)) ?? null))
    },
    fields: (t) => ({
      recordKey: t.string({ description: `The value of ${table.key}.`, resolve: (lead) => lead.key }),
      rowVersion: t.string({
        description: 'Changes with any field; `expectedVersion` of an update compares it.',
        resolve: (lead) => versionOf(table, lead),
      }),
      unreadableValues: t.field({
        type: [shared.UnreadableValue],
        description: 'Stored values that the declared types cannot express; their fields are null.',
        resolve: (lead, _args, context) =>
          fields.flatMap((field) => {
            const read = readCell(field.spec, lead.cells[field.name] ?? null)
            if (read.is === 'value') return []
            const hidden = isMasked(context.viewer.role, table, field.name)
            const text = hidden ? '***' : shownTo(context, table, field.name, read.text)
            return [{ field: field.name, text: String(text) }]
          }),
      }),
      ...Object.fromEntries(fields.map((field) => [recordFieldName(field.name), recordField(t, field)])),
    }),
  })

  const OrderField = builder.enumType(`${names.type}OrderField`, {
    description: 'The fields that a list can be sorted by.',
    values: Object.fromEntries(
      [table.key, ...fields.filter(({ spec }) => spec.type !== 'json').map(({ name }) => name)].map((name) => [
        name === table.key ? name : recordFieldName(name),
        { value: name },
      ]),
    ),
  })
  const Order = builder.inputType(`${names.type}Order`, {
    fields: (t) => ({
      field: t.field({ type: OrderField, required: true }),
      direction: t.field({ type: shared.Direction, defaultValue: 'asc' }),
    }),
  })

  const Filter = builder.inputRef<FilterShape>(`${names.type}Filter`)
  Filter.implement({
    description: 'All entries must hold. `{ eq: null }` finds empty values, `{ ne: null }` filled ones.',
    fields: (t) => {
      const own = fields.filter((field) => recordFieldName(field.name) === field.name)
      const conditions = own.map((field) => {
        const choice = enums.get(field.name)
        const type =
          choice === undefined
            ? shared.filterOf(field.spec.type)
            : choiceFilter(builder, `${names.type}${capitalized(field.name)}Filter`, field.spec.type, choice)
        return [field.name, t.field({ type })] as const
      })
      const key = t.field({ type: shared.filterOf('text') })
      return {
        ...Object.fromEntries([
          ...(table.keyIsField && table.key !== 'id' ? [] : [[table.key, key] as const]),
          ...conditions,
        ]),
        and: t.field({ type: [Filter] }),
        or: t.field({ type: [Filter] }),
        not: t.field({ type: Filter }),
      }
    },
  })

  return { Record, Order, Filter, enums, fields }
}

/** A parsed filter input; what it holds is checked by `parseFilter`. */
export interface FilterShape {
  and?: FilterShape[] | null | undefined
  or?: FilterShape[] | null | undefined
  not?: FilterShape | null | undefined
}

function asBoolean(value: JsonValue): boolean | null {
  return typeof value === 'boolean' ? value : null
}

function capitalized(field: string): string {
  return field
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

function choiceEnum(builder: Builder, names: TableNames, field: LeadField) {
  const values = (field.spec.choices ?? []).map(
    (choice, index) => [choiceName(choice, index), { value: choice }] as const,
  )
  return builder.enumType(`${names.type}${capitalized(field.name)}`, {
    description: `The choices of \`${field.name}\`.`,
    values: Object.fromEntries(values),
  })
}

function choiceFilter(builder: Builder, name: string, type: FieldType, choice: ReturnType<typeof choiceEnum>) {
  return builder.inputType(name, {
    fields: (t) =>
      type === 'choices'
        ? { has: t.field({ type: choice }), isNull: t.boolean() }
        : {
            eq: t.field({ type: choice }),
            ne: t.field({ type: choice }),
            in: t.field({ type: [choice] }),
            isNull: t.boolean(),
          },
  })
}

/** Types that the records of all tables share. */
export function addSharedLeadTypes(builder: Builder) {
  const UnreadableValue = builder.objectRef<{ field: string; text: string }>('UnreadableValue').implement({
    description: 'A stored value that the declared type cannot express, as text.',
    fields: (t) => ({ field: t.exposeString('field'), text: t.exposeString('text') }),
  })
  const Direction = builder.enumType('OrderDirection', {
    description: 'Which way a list is sorted.',
    values: { ASC: { value: 'asc' }, DESC: { value: 'desc' } } as const,
  })
  const scalarOf = {
    ...textScalars,
    choice: 'String',
    choices: 'String',
    boolean: 'Boolean',
    integer: 'Int',
    number: 'Float',
    json: 'JSON',
  } as const
  const filters = new Map<string, ReturnType<typeof addFilter>>()

  function addFilter(name: string, type: FieldType) {
    const scalar = scalarOf[type]
    const operators = operatorsOf(type)
    return builder.inputType(name, {
      fields: (t) =>
        Object.fromEntries(
          operators.map((operator) => {
            if (operator === 'isNull') return [operator, t.boolean()]
            if (operator === 'in') return [operator, t.field({ type: [scalar] })]
            return [operator, operator === 'has' ? t.string() : t.field({ type: scalar })]
          }),
        ),
    })
  }

  function filterOf(type: FieldType) {
    const name = `${scalarOf[type]}${type === 'choices' ? 'List' : ''}Filter`
    const filter = filters.get(name) ?? addFilter(name, type)
    filters.set(name, filter)
    return filter
  }

  return { UnreadableValue, Direction, filterOf }
}
