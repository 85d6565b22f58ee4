/**
 * What is remembered of a base between looks: ids by which renamed things are followed, when it was read, and what Airtable
 * refused. Losing it costs a call or a question, never truth.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Memory } from '../../engine/memory.ts'
import { canonicalJson, hashOf, type JsonValue } from '../../json.ts'
import { type KnownIds, knownIdsSchema } from '../../targets/airtable/mapping.ts'
import type { AirtableSchemaSpec } from './spec.ts'
import type { Refusal } from './state.ts'

export interface NotesPorts {
  readonly memory: Memory
  readonly clock: Clock
}

/** How long a refusal is taken for granted, in milliseconds: asking again costs a call that a person has to have made useful. */
const refusalKeptMs = 86_400_000

const knownSchema = z.strictObject({ base: z.string(), tables: z.record(z.string(), knownIdsSchema) })
const jsonSchema: z.ZodType<JsonValue> = z.json()
const readSchema = z.strictObject({ spec: z.string(), atMs: z.number() })
const refusalSchema = z.strictObject({
  reason: z.string(),
  remedy: z.string(),
  atMs: z.number(),
  spec: z.string(),
})
const refusalsSchema = z.record(z.string(), refusalSchema)

/** What was refused: the webhook, making anything at all, or what resolves the drift of a path. */
export type RefusedPart = 'webhook' | 'creation' | `tables.${string}`

export interface Notes {
  /** By declared table. Ids of another base mean nothing. */
  known(): Readonly<Record<string, KnownIds>>
  keepKnown(known: Readonly<Record<string, KnownIds>>): void
  /** When the base was last read for this very declaration; undefined when it was not. */
  readAtMs(): number | undefined
  keepRead(): void
  /** Refusals of the last day for this very declaration. */
  refusals(): Readonly<Record<string, Refusal>>
  refuse(part: RefusedPart, refusal: Refusal): void
  forgetRefusals(): void
}

/** The notes on one resource, for its declaration as it is now. */
export function notesOn(owner: string, spec: AirtableSchemaSpec, { memory, clock }: NotesPorts): Notes {
  const specHash = hashOf(spec)
  const { base } = spec.connection
  const set = (name: string, value: JsonValue) => {
    const before = memory.get(owner, name)
    if (before === undefined || canonicalJson(before) !== canonicalJson(value)) memory.set(owner, name, value)
  }
  const allRefusals = () => {
    const parsed = refusalsSchema.safeParse(memory.get(owner, 'refusals'))
    const nowMs = clock.nowMs()
    return Object.entries(parsed.success ? parsed.data : {}).filter(
      ([, refusal]) => refusal.spec === specHash && nowMs - refusal.atMs < refusalKeptMs,
    )
  }
  return {
    known() {
      const parsed = knownSchema.safeParse(memory.get(owner, 'known'))
      return parsed.success && parsed.data.base === base ? parsed.data.tables : {}
    },
    keepKnown: (tables) => set('known', jsonSchema.parse({ base, tables })),
    readAtMs() {
      const parsed = readSchema.safeParse(memory.get(owner, 'read'))
      return parsed.success && parsed.data.spec === specHash ? parsed.data.atMs : undefined
    },
    keepRead: () => set('read', { spec: specHash, atMs: clock.nowMs() }),
    refusals: () => Object.fromEntries(allRefusals()),
    refuse: (part, refusal) =>
      set('refusals', {
        ...Object.fromEntries(allRefusals()),
        [part]: { ...refusal, atMs: clock.nowMs(), spec: specHash },
      }),
    forgetRefusals: () => set('refusals', {}),
  }
}
