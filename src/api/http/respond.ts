/** Answers outside GraphQL, with the headers that every answer carries. */
import type { ServerResponse } from 'node:http'

/** No inline script, no frame, nothing from elsewhere. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** The editor of GraphiQL makes its styles and workers while it runs; it asks no other host for anything either. */
export const graphiqlPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export function setSecurityHeaders(response: ServerResponse, policy: string = pagePolicy): void {
  response.setHeader('content-security-policy', policy)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('x-frame-options', 'DENY')
  // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
  response.setHeader('referrer-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()')
  response.setHeader('cache-control', 'no-store')
}

export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status
  response.setHeader('content-type', type)
  response.setHeader('content-length', Buffer.byteLength(body))
  response.end(body)
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain; charset=utf-8', `${text}\n`)
}

/** Too often: when to come again, in seconds. */
export function sendTooMany(response: ServerResponse, afterSeconds: number, message: string): void {
  response.setHeader('retry-after', String(afterSeconds))
  sendError(response, 429, 'TOO_MANY_REQUESTS', message)
}

/** A refusal before GraphQL, in the form of a GraphQL error. */
export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const body = { errors: [{ message, extensions: { code } }] }
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body))
}

export function redirect(response: ServerResponse, location: string): void {
  response.setHeader('location', location)
  sendText(response, 303, `See ${location}`)
}
