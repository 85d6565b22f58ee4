/**
 * One Airtable base as the rest of the program sees it: calls by id, answers checked at the border, refusals as errors of
 * the table. How calls are paced, repeated and judged is the caller's affair.
 */
import type { JsonValue } from '../../json.ts'
import { AirtableError } from './airtable-error.ts'
import {
  basesSchema,
  destroyedSchema,
  fieldSchema,
  madeWebhookSchema,
  pageSchema,
  parsed,
  recordsSchema,
  schemaSchema,
  tableSchema,
  upsertedSchema,
  webhooksSchema,
} from './answers.ts'
import type { Call, Caller } from './caller.ts'
import { payloadPageSchema } from './payloads.ts'
import type { AirtableBase, CallOptions, CallUsage, FieldDraft, ListQuery } from './ports.ts'

/** Most records in one writing request. */
export const batchMax = 10
/** Payloads in one page. */
const payloadsMax = 50

export interface ClientSettings {
  readonly baseId: string
  readonly caller: Caller
  readonly usage: () => CallUsage
}

/** The calls of one base. */
export function createClient({ baseId, caller, usage }: ClientSettings): AirtableBase {
  const ask = (call: Call, options: CallOptions) =>
    caller.call(options.priority === undefined ? call : { ...call, priority: options.priority }, options.signal)
  return {
    baseId,
    usage,
    insisting: (work, { signal }) => caller.insisting(work, signal),
    ...schemaCalls(baseId, ask),
    ...recordCalls(baseId, ask),
    ...webhookCalls(baseId, ask),
  }
}

type Ask = (call: Call, options: CallOptions) => Promise<JsonValue | undefined>

const reading = { writesRecords: false, again: 'whenever', priority: 'read' } as const
const writing = { writesRecords: true, again: 'never', priority: 'write' } as const
/** A record that is gone stays gone, and its id is not given again. */
const deleting = { ...writing, again: 'whenever' } as const
const making = { writesRecords: false, again: 'if-not-done', priority: 'write' } as const

function schemaCalls(
  baseId: string,
  ask: Ask,
): Pick<AirtableBase, 'schema' | 'permission' | 'createTable' | 'createField'> {
  const path = `meta/bases/${baseId}/tables`
  return {
    async schema(options) {
      const doing = 'reading tables and fields'
      return parsed(schemaSchema, await ask({ ...reading, method: 'GET', path, doing }, options), doing)
    },
    async permission(options) {
      const doing = 'asking for the permissions'
      let offset: string | undefined
      do {
        const query = offset === undefined ? {} : { offset }
        const answer = await ask({ ...reading, method: 'GET', path: 'meta/bases', query, doing }, options)
        const { bases, offset: next } = parsed(basesSchema, answer, doing)
        const found = bases.find(({ id }) => id === baseId)
        if (found !== undefined) return found.permissionLevel
        offset = next
      } while (offset !== undefined)
      return 'none'
    },
    async createTable(name, fields, options) {
      const doing = `making the table "${name}"`
      const body = { name, fields: fields.map(draftOf) }
      return parsed(tableSchema, await ask({ ...making, method: 'POST', path, body, doing }, options), doing)
    },
    async createField(tableId, field, options) {
      const doing = `making the field "${field.name}"`
      const call = {
        ...making,
        method: 'POST',
        path: `${path}/${tableId}/fields`,
        body: draftOf(field),
        doing,
      } as const
      return parsed(fieldSchema, await ask(call, options), doing)
    },
  }
}

function draftOf({ name, type, description, options }: FieldDraft) {
  return {
    name,
    type,
    ...(description === undefined ? {} : { description }),
    ...(options === undefined ? {} : { options }),
  }
}

function recordCalls(baseId: string, ask: Ask): Pick<AirtableBase, 'list' | 'upsert' | 'update' | 'destroy'> {
  const pathOf = (tableId: string) => `${baseId}/${encodeURIComponent(tableId)}`
  return {
    async list(tableId, query, options) {
      const doing = 'listing records'
      // By POST, since a formula of a hundred record ids is longer than an address may be.
      const path = `${pathOf(tableId)}/listRecords`
      const call = { ...reading, method: 'POST', path, body: listBodyOf(query), doing } as const
      return parsed(pageSchema, await ask(call, options), doing)
    },
    async upsert(tableId, { mergeOn, records, typecast }, options) {
      demandBatch(records.length)
      const doing = 'writing records by key'
      const body = {
        performUpsert: { fieldsToMergeOn: [mergeOn] },
        records: records.map((fields) => ({ fields })),
        returnFieldsByFieldId: true,
        ...(typecast === true ? { typecast } : {}),
      }
      return parsed(
        upsertedSchema,
        await ask({ ...writing, method: 'PATCH', path: pathOf(tableId), body, doing }, options),
        doing,
      )
    },
    async update(tableId, records, options) {
      demandBatch(records.length)
      const doing = 'writing records'
      const body = {
        records: records.map(({ id, fields }) => ({ id, fields })),
        returnFieldsByFieldId: true,
        ...(options.typecast === true ? { typecast: true } : {}),
      }
      return parsed(
        recordsSchema,
        await ask({ ...writing, method: 'PATCH', path: pathOf(tableId), body, doing }, options),
        doing,
      )
    },
    destroy: (tableId, ids, options) => destroy(pathOf(tableId), ids, ask, options),
  }
}

function listBodyOf({ fields, formula, offset, pageSize }: ListQuery) {
  return {
    returnFieldsByFieldId: true,
    pageSize: pageSize ?? 100,
    ...(fields === undefined ? {} : { fields }),
    ...(formula === undefined ? {} : { filterByFormula: formula }),
    ...(offset === undefined ? {} : { offset }),
  }
}

/**
 * One record that is gone already makes Airtable refuse the whole batch without saying which one. Then each is deleted by
 * itself, where "not there" is what was wanted.
 */
async function destroy(
  path: string,
  ids: readonly string[],
  ask: Ask,
  options: CallOptions,
): Promise<readonly string[]> {
  demandBatch(ids.length)
  const doing = 'deleting records'
  const call = { ...deleting, method: 'DELETE', doing } as const
  const one = async (id: string) => {
    try {
      await ask({ ...call, path: `${path}/${encodeURIComponent(id)}` }, options)
    } catch (error) {
      if (!saysGone(error)) throw error
    }
  }
  if (ids.length > 1) {
    try {
      return parsed(destroyedSchema, await ask({ ...call, path, query: { records: ids } }, options), doing)
    } catch (error) {
      if (!saysGone(error)) throw error
    }
  }
  for (const id of ids) await one(id)
  return ids
}

const wordsForGone: ReadonlySet<string> = new Set(['MODEL_ID_NOT_FOUND', 'ROW_DOES_NOT_EXIST', 'NOT_FOUND'])

/** Whether a refusal of a deletion says that there is no such record; 403 does not say that, nor a missing table. */
function saysGone(error: unknown): boolean {
  if (!(error instanceof AirtableError) || error.airtableType === undefined) return false
  const isRefusal = error.code === 'AIRTABLE_RECORD_REFUSED' || error.code === 'AIRTABLE_NOT_FOUND'
  return isRefusal && wordsForGone.has(error.airtableType)
}

function demandBatch(count: number): void {
  if (count >= 1 && count <= batchMax) return
  throw new AirtableError('AIRTABLE_REFUSED', `a request holds 1 to ${batchMax} records, not ${count}`)
}

type WebhookCalls = Pick<AirtableBase, 'webhooks' | 'createWebhook' | 'deleteWebhook' | 'payloads'>

function webhookCalls(baseId: string, ask: Ask): WebhookCalls {
  const path = `bases/${baseId}/webhooks`
  return {
    async webhooks(options) {
      const doing = 'listing webhooks'
      return parsed(webhooksSchema, await ask({ ...reading, method: 'GET', path, doing }, options), doing)
    },
    async createWebhook(options) {
      const doing = 'making a webhook'
      const body = { specification: webhookSpecification }
      return parsed(madeWebhookSchema, await ask({ ...making, method: 'POST', path, body, doing }, options), doing)
    },
    async deleteWebhook(id, options) {
      const call = { ...deleting, writesRecords: false, doing: 'deleting a webhook' } as const
      await ask({ ...call, method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` }, options)
    },
    async payloads(webhookId, cursor, options) {
      const doing = 'asking for changes'
      const call = {
        ...reading,
        priority: 'poll',
        method: 'GET',
        path: `${path}/${encodeURIComponent(webhookId)}/payloads`,
        query: { cursor, limit: payloadsMax },
        doing,
      } as const
      return parsed(payloadPageSchema, await ask(call, options), doing)
    },
  }
}

/**
 * The whole base, so that one poll covers every table; no list of sources, which would hide other integrations too; no list
 * of fields, since a hook that watches a field dies with it. No address: it is polled.
 */
const webhookSpecification = {
  options: {
    filters: { dataTypes: ['tableData', 'tableFields', 'tableMetadata'] },
    includes: { includePreviousCellValues: true },
  },
} as const satisfies JsonValue
