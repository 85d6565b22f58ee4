/** Kinds that meet a database which SQLite cannot read: it is checked at its next look then, however young its last check is. */
import type { Kind } from '../engine/kind.ts'
import type { Memory } from '../engine/memory.ts'
import { OperationalError } from '../errors.ts'
import type { JsonObject } from '../json.ts'

const owner = 'database'
const name = 'corruption-met'
/** What goes on failing is noted so often, so that a file of another sort does not have databases checked at every look. */
const notedEveryMs = 600_000

/** When a kind last met one, in milliseconds since the epoch; 0: never. */
export function corruptionMetAtMs(memory: Memory): number {
  const known = memory.get(owner, name)
  return typeof known === 'number' ? known : 0
}

/** The kind as it is, but that it met a corrupt database is noted. */
export function notingCorruption<Spec extends JsonObject, State>(
  ports: { readonly memory: Memory; readonly nowMs: () => number },
  kind: Kind<Spec, State>,
): Kind<Spec, State> {
  const note = (error: unknown) => {
    const nowMs = ports.nowMs()
    if (!(error instanceof OperationalError) || error.code !== 'DATABASE_CORRUPT') return
    if (Math.abs(nowMs - corruptionMetAtMs(ports.memory)) >= notedEveryMs) ports.memory.set(owner, name, nowMs)
  }
  return {
    ...kind,
    async observe(resource, scope, context) {
      try {
        const observation = await kind.observe(resource, scope, context)
        if (observation.is === 'unreadable') note(observation.error)
        return observation
      } catch (error) {
        note(error)
        throw error
      }
    },
  }
}
