/**
 * What people and other programs say in an entry: reasons, comments, words of errors. A secret that somebody put there by
 * mistake would stay for ever, so it is blacked out before it is written. All else is what Trueup itself resolved, and is
 * kept to the letter.
 */
import type { JsonObject, JsonValue } from '../json.ts'
import { isList } from '../json.ts'
import { withoutSecrets } from '../scrub.ts'

const freeTexts: ReadonlySet<string> = new Set(['reason', 'comment', 'message', 'hint', 'note'])

export function withoutSecretsInTexts(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, cleaned(name, value)]))
}

function cleaned(name: string, value: JsonValue): JsonValue {
  if (typeof value === 'string') return freeTexts.has(name) ? withoutSecrets(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map((one) => cleaned(name, one))
  return withoutSecretsInTexts(value)
}
