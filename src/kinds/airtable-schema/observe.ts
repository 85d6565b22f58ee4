/**
 * Looks at the base. Tables and fields are read when something said that they changed, when the declaration did, when a
 * person asks, and else once a day: a base in which nothing happens costs no calls here.
 */
import { isoOf } from '../../clock.ts'
import type { EffectContext } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { keyText } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { type KnownIds, noKnownIds, resolveMapping } from '../../targets/airtable/mapping.ts'
import type { AirtableTarget, BaseSchema } from '../../targets/airtable/ports.ts'
import type { Notes } from './notes.ts'
import type { Refusal } from './refusals.ts'
import type { AirtableSchemaSpec } from './spec.ts'
import { type AirtableSchemaState, fingerprintOf } from './state.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export interface ObservePorts {
  readonly nowMs: () => number
  readonly notes: Notes
  readonly refusals: Readonly<Record<string, Refusal>>
  readonly target: AirtableTarget
  /** What no earlier reading will do for: it is about to be read after our own change, or because a person asked. */
  readonly isAnew: boolean
  /** What this process found before; the first look of a process tells the truth of now, not of yesterday. */
  readonly before: 'nothing' | 'true' | 'untrue'
}

/** The look. Throws what the base cannot be read for. */
export async function observeBase(
  { key, spec }: Declared<AirtableSchemaSpec>,
  ports: ObservePorts,
  { signal }: EffectContext,
): Promise<Observation<AirtableSchemaState>> {
  const { target, notes } = ports
  const maxAgeMs = maxAgeOf(ports)
  const schema = await schemaOf(keyText(key), maxAgeMs, ports, signal)
  if (maxAgeMs === 0) notes.keepRead()
  const known = knownIn(spec, schema, notes.known())
  notes.keepKnown(known)
  const { webhook, creation, ...refused } = ports.refusals
  const state: AirtableSchemaState = {
    observedAtMs: ports.nowMs(),
    schema,
    known,
    webhook: target.feed.webhook(),
    webhookRefused: webhook,
    creationRefused: creation,
    refused,
    usage: target.base.usage(),
  }
  return { is: 'present', state, fingerprint: fingerprintOf(state) }
}

/** How old a reading may be. */
function maxAgeOf({ notes, isAnew, before, target }: ObservePorts): number {
  if (isAnew || before === 'nothing' || notes.readAtMs() === undefined) return 0
  // Without a webhook nobody tells that a person has made what only a person can make.
  return before === 'untrue' && target.feed.webhook() === undefined ? hourMs : dayMs
}

async function schemaOf(
  owner: string,
  maxAgeMs: number,
  { target, notes }: ObservePorts,
  signal: AbortSignal,
): Promise<BaseSchema> {
  try {
    return await target.schema({ maxAgeMs, signal, priority: 'read' })
  } catch (error) {
    const readAtMs = notes.readAtMs()
    if (!(error instanceof OperationalError) || readAtMs === undefined) throw error
    throw new OperationalError(error.code, `${error.message}; ${owner} was last read ${isoOf(readAtMs)}`, {
      hint: error.hint,
      cause: error,
      ...(error.retryAtMs === undefined ? {} : { retryAtMs: error.retryAtMs }),
    })
  }
}

function knownIn(
  spec: AirtableSchemaSpec,
  schema: BaseSchema,
  before: Readonly<Record<string, KnownIds>>,
): Readonly<Record<string, KnownIds>> {
  return Object.fromEntries(
    spec.tables.map((table) => [table.name, resolveMapping(schema, table, before[table.name] ?? noKnownIds).known]),
  )
}
