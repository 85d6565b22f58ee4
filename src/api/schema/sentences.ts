/**
 * The last look at every text outside of the records: what looks like a secret is blacked out for everybody, addresses and
 * numbers of people for who does not see personal data. It is laid over the finished schema, so that a new field has it
 * without anybody thinking of it; the few that must show what they hold are named here.
 */
import { defaultFieldResolver, type GraphQLSchema, getNamedType, isObjectType } from 'graphql'
import type { JsonValue } from '../../json.ts'
import { scrubbedJson, withoutPersons, withoutSecrets } from '../../scrub.ts'
import type { ApiContext } from './context.ts'

/** Values of cells, each masked by its own field, and the secrets that are shown to who asked for them. */
export const shownAsTheyAre: ReadonlySet<string> = new Set([
  ...['UnreadableValue.text', 'MergedField.before', 'MergedField.after', 'SyncCell.before', 'SyncCell.after'],
  ...['RecordEvent.before', 'RecordEvent.after'],
  ...['Conflict.localValue', 'Conflict.airtableValue', 'Conflict.baseValue'],
  ...['TokenCreated.token', 'TokenRotated.token', 'Job.pingPath'],
  // One's own name.
  'Viewer.subject',
])

/** Whether a field of the schema goes through this look. `records` are the types of declared tables. */
export function isSentence(coordinate: string, typeName: string, leaf: string, records: ReadonlySet<string>): boolean {
  return (leaf === 'String' || leaf === 'JSON') && !records.has(typeName) && !shownAsTheyAre.has(coordinate)
}

/** Lays the look over a schema, which is changed. */
export function scrubSentences(schema: GraphQLSchema, records: ReadonlySet<string>): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      if (!isSentence(`${type.name}.${field.name}`, type.name, getNamedType(field.type).name, records)) continue
      const resolve = field.resolve ?? defaultFieldResolver
      field.resolve = (source, args, context: ApiContext, info) => {
        const value: unknown = resolve(source, args, context, info)
        const scrub = context.viewer.role.unmasked === 'all' ? withoutSecrets : withoutPersons
        return value instanceof Promise ? value.then((one) => clean(one, scrub)) : clean(value, scrub)
      }
    }
  }
}

function clean(value: unknown, scrub: (text: string) => string): unknown {
  return isJson(value) ? scrubbedJson(value, scrub) : value
}

/** What is no JSON, such as an error that stands for a value, is left to the machinery. */
function isJson(value: unknown): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return true
  if (typeof value !== 'object' || value instanceof Error) return false
  return isPlain(value)
}

function isPlain(value: object): value is JsonValue & object {
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}
