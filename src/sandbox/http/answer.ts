/** What the sandbox says to a request, before faults and sockets come into it. */
import type { JsonValue } from '../../json.ts'

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** Content type of every JSON answer of the API [R]. */
const jsonType = 'application/json; charset=utf-8'

export function jsonAnswer(status: number, body: JsonValue, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, contentType: jsonType, body: Buffer.from(JSON.stringify(body), 'utf8'), headers }
}
