/**
 * Ids of nodes. A record of the table `leads` has its own key as its id, the same that SQLite, Airtable and the command
 * line show; every other node has its type before it: `Contact:42`, `Resource:table/leads`.
 */
const typed = /^([A-Z][A-Za-z0-9_]*):([\s\S]+)$/
const plainType = 'Lead'

export function encodeNodeId(typename: string, id: string): string {
  return typename === plainType && !typed.test(id) ? id : `${typename}:${id}`
}

/** Total: what has no type before it is the key of a lead. */
export function decodeNodeId(text: string): { typename: string; id: string } {
  const match = typed.exec(text)
  return match?.[1] !== undefined && match[2] !== undefined
    ? { typename: match[1], id: match[2] }
    : { typename: plainType, id: text }
}

/** The id within a type; undefined when the node id names another type. */
export function idWithin(typename: string, text: string): string | undefined {
  const decoded = decodeNodeId(text)
  if (decoded.typename === typename) return decoded.id
  return typed.test(text) ? undefined : text
}
