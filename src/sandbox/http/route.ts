/** Which call a method and path mean. */
import type { RouteName } from '../faults/fault.ts'
import { isId } from '../ids.ts'

export interface Route {
  readonly name: RouteName
  /** Undefined for calls that belong to no base. */
  readonly baseId?: string
  /** Table id or name. */
  readonly table?: string
  /** Record, field or webhook id. */
  readonly item?: string
  /** `enableNotifications` and the POST form of list differ by this. */
  readonly listByPost?: boolean
}

/** The route, or undefined when there is none or the base id is malformed: both answer 404 `{"error":"NOT_FOUND"}` [R]. */
export function routeOf(method: string, path: string): Route | undefined {
  const segments = segmentsOf(path)
  if (segments === undefined || segments[0] !== 'v0') return undefined
  const [, first, ...rest] = segments
  if (first === 'meta') return metaRoute(method, rest)
  if (first === 'bases') return webhookRoute(method, rest)
  return first !== undefined && isId('app', first) ? recordRoute(method, first, rest) : undefined
}

/** Decoded segments; airtable.js ends paths with a slash [M]. */
function segmentsOf(path: string): string[] | undefined {
  const raw = path.replace(/^\/+/, '').replace(/\/$/, '').split('/')
  try {
    return raw.map(decodeURIComponent)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function metaRoute(
  method: string,
  [kind, baseId, tables, table, fields, field, ...more]: readonly string[],
): Route | undefined {
  if (more.length > 0) return undefined
  if (kind === 'whoami' && baseId === undefined) return method === 'GET' ? { name: 'meta.whoami' } : undefined
  if (kind !== 'bases') return undefined
  if (baseId === undefined) return method === 'GET' ? { name: 'meta.bases' } : undefined
  if (!isId('app', baseId) || tables !== 'tables') return undefined
  if (table === undefined) {
    if (method === 'GET') return { name: 'meta.tables', baseId }
    return method === 'POST' ? { name: 'meta.createTable', baseId } : undefined
  }
  if (fields === undefined) return method === 'PATCH' ? { name: 'meta.updateTable', baseId, table } : undefined
  if (fields !== 'fields') return undefined
  if (field === undefined) return method === 'POST' ? { name: 'meta.createField', baseId, table } : undefined
  return method === 'PATCH' ? { name: 'meta.updateField', baseId, table, item: field } : undefined
}

function webhookRoute(method: string, [baseId, kind, item, verb, ...more]: readonly string[]): Route | undefined {
  if (baseId === undefined || !isId('app', baseId) || kind !== 'webhooks' || more.length > 0) return undefined
  if (item === undefined) {
    if (method === 'GET') return { name: 'webhooks.list', baseId }
    return method === 'POST' ? { name: 'webhooks.create', baseId } : undefined
  }
  if (verb === undefined) return method === 'DELETE' ? { name: 'webhooks.delete', baseId, item } : undefined
  if (verb === 'payloads' && method === 'GET') return { name: 'webhooks.payloads', baseId, item }
  if (verb === 'refresh' && method === 'POST') return { name: 'webhooks.refresh', baseId, item }
  return verb === 'enableNotifications' && method === 'POST'
    ? { name: 'webhooks.notifications', baseId, item }
    : undefined
}

function recordRoute(method: string, baseId: string, [table, item, ...more]: readonly string[]): Route | undefined {
  if (table === undefined || table === '' || more.length > 0) return undefined
  if (item === 'listRecords' && method === 'POST') return { name: 'records.list', baseId, table, listByPost: true }
  const target = item === undefined ? { baseId, table } : { baseId, table, item }
  switch (method) {
    case 'GET':
      return { name: item === undefined ? 'records.list' : 'records.get', ...target }
    case 'POST':
      return item === undefined ? { name: 'records.create', ...target } : undefined
    case 'PATCH':
    case 'PUT':
      return { name: 'records.update', ...target }
    case 'DELETE':
      return { name: 'records.delete', ...target }
    default:
      return undefined
  }
}
