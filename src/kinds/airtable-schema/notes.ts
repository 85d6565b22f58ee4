/**
 * What is remembered of a base between looks: ids by which renamed things are followed, and when it was read. Losing it
 * costs a call, or a renamed field is taken for a missing one; never a value.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Memory } from '../../engine/memory.ts'
import { canonicalJson, hashOf, type JsonValue } from '../../json.ts'
import { type KnownIds, knownIdsSchema } from '../../targets/airtable/mapping.ts'
import type { AirtableSchemaSpec } from './spec.ts'

export interface NotesPorts {
  readonly memory: Memory
  readonly clock: Clock
}

const knownSchema = z.strictObject({ base: z.string(), tables: z.record(z.string(), knownIdsSchema) })
const jsonSchema: z.ZodType<JsonValue> = z.json()
const readSchema = z.strictObject({ spec: z.string(), atMs: z.number() })
export interface Notes {
  /** By declared table. Ids of another base mean nothing. */
  known(): Readonly<Record<string, KnownIds>>
  keepKnown(known: Readonly<Record<string, KnownIds>>): void
  /** When the base was last read for this very declaration; undefined when it was not. */
  readAtMs(): number | undefined
  keepRead(): void
}

/** The notes on one resource, for its declaration as it is now. */
export function notesOn(owner: string, spec: AirtableSchemaSpec, { memory, clock }: NotesPorts): Notes {
  const specHash = hashOf(spec)
  const { base } = spec.connection
  const set = (name: string, value: JsonValue) => {
    const before = memory.get(owner, name)
    if (before === undefined || canonicalJson(before) !== canonicalJson(value)) memory.set(owner, name, value)
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
  }
}
