/**
 * Recognises secrets that programs were started with earlier, in what they wrote then. Kept is only a mark of each: its
 * length, a sum that tells most other texts apart at once, and a keyed hash. The value is never kept.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Launch } from './launch-declaration.ts'
import type { ProcessStore } from './process-store.ts'

const keyName = 'secrets-key'
const marksName = 'earlier-secrets'
/** Shorter secrets are left alone: blotting out every `1` would leave nothing to read. */
export const shortestSecret = 6
/** Larger ones, such as keys in several lines, are no part of a line; the newest are kept. */
const bytesMax = 4096
const marksMax = 200
const sumRange = 65_521

const markSchema = z.object({ bytes: z.int(), sum: z.int(), mac: z.string() })
type Mark = z.output<typeof markSchema>

type Store = Pick<ProcessStore, 'get' | 'set'>

/** The key of all hashes of secrets; made when it is first needed. */
export function secretsKey(store: Store): string {
  const kept = store.get('kept', keyName)
  if (typeof kept === 'string') return kept
  const key = randomBytes(32).toString('hex')
  store.set('kept', keyName, key)
  return key
}

/** Undefined where no secret was ever kept. */
export function knownSecretsKey(store: Store): string | undefined {
  const kept = store.get('kept', keyName)
  return typeof kept === 'string' ? kept : undefined
}

/** Keeps marks of the secrets that a program is about to be started with. */
export function noteSecrets(
  declared: Launch['environment'],
  environment: Readonly<Record<string, string>>,
  store: Store,
): void {
  const values = Object.entries(declared).flatMap(([name, value]) =>
    typeof value === 'string' ? [] : [environment[name] ?? ''],
  )
  const sizes = values
    .map((value) => Buffer.from(value))
    .filter(({ length }) => length >= shortestSecret && length <= bytesMax)
  if (sizes.length === 0) return
  const key = secretsKey(store)
  const before = marksIn(store)
  const known = new Set(before.map(({ mac }) => mac))
  const added = sizes.map((value) => markOf(value, key)).filter(({ mac }) => !known.has(mac))
  if (added.length > 0) store.set('kept', marksName, [...before, ...added].slice(-marksMax))
}

/** The text without any secret that was noted. */
export function withoutEarlierSecrets(text: string, store: Store, shown: string): string {
  const marks = marksIn(store)
  const key = knownSecretsKey(store)
  if (marks.length === 0 || key === undefined) return text
  const bytes = Buffer.from(text)
  const spans = [...new Set(marks.map((mark) => mark.bytes))].flatMap((size) =>
    spansOf(
      bytes,
      size,
      marks.filter((mark) => mark.bytes === size),
      key,
    ),
  )
  return spans.length === 0 ? text : blotted(bytes, spans, shown)
}

function marksIn(store: Store): readonly Mark[] {
  const parsed = z.array(markSchema).safeParse(store.get('kept', marksName) ?? [])
  return parsed.success ? parsed.data : []
}

function markOf(value: Buffer, key: string): Mark {
  return { bytes: value.length, sum: value.reduce((sum, byte) => (sum + byte) % sumRange, 0), mac: macOf(value, key) }
}

function macOf(value: Buffer, key: string): string {
  return createHmac('sha256', key).update('earlier secret\n').update(value).digest('hex')
}

type Span = readonly [from: number, to: number]

/** Where one of the marks of this size stands: a sum that runs along tells where it is worth reckoning the hash. */
function spansOf(bytes: Buffer, size: number, marks: readonly Mark[], key: string): readonly Span[] {
  const sums = new Set(marks.map(({ sum }) => sum))
  const macs = new Set(marks.map(({ mac }) => mac))
  const found: Span[] = []
  let sum = 0
  for (let at = 0; at < bytes.length; at += 1) {
    sum += bytes[at] ?? 0
    if (at >= size) sum -= bytes[at - size] ?? 0
    const from = at - size + 1
    if (from < 0 || !sums.has(sum % sumRange)) continue
    if (macs.has(macOf(bytes.subarray(from, at + 1), key))) found.push([from, at + 1])
  }
  return found
}

/** Spans may lie over one another: a secret may hold another one. */
function blotted(bytes: Buffer, spans: readonly Span[], shown: string): string {
  const parts: string[] = []
  let done = 0
  for (const [from, to] of [...spans].sort(([one], [other]) => one - other)) {
    if (to <= done) continue
    if (from >= done) parts.push(bytes.subarray(done, from).toString(), shown)
    done = to
  }
  return [...parts, bytes.subarray(done).toString()].join('')
}
