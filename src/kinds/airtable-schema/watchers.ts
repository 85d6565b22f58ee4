/** Who wants to hear that a base changed. A base without a token cannot be watched yet: it is, from when it is reached first. */
import { hashOf } from '../../json.ts'
import type { AirtableTarget } from '../../targets/airtable/ports.ts'
import type { AirtableSchemaSpec } from './spec.ts'

type Connection = AirtableSchemaSpec['connection']

export interface Watchers {
  add(connection: Connection, notify: () => void): { close(): void }
  /** The base can be watched now. */
  attach(connection: Connection, target: AirtableTarget): void
}

interface Watcher {
  readonly base: string
  readonly notify: () => void
  closer: { close(): void } | undefined
}

export function createWatchers(): Watchers {
  const all = new Set<Watcher>()
  return {
    add(connection, notify) {
      const watcher: Watcher = { base: hashOf(connection), notify, closer: undefined }
      all.add(watcher)
      return {
        close() {
          all.delete(watcher)
          watcher.closer?.close()
        },
      }
    },
    attach(connection, target) {
      const base = hashOf(connection)
      for (const watcher of all) {
        if (watcher.base === base) watcher.closer ??= target.watch(watcher.notify)
      }
    },
  }
}
