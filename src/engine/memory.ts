import { z } from 'zod'
import type { JournalStore } from '../journal/store.ts'
import type { JsonValue } from '../json.ts'

/**
 * What a kind remembers between looks (when an integrity check last ran, sizes of yesterday). Losing it costs a
 * repeated check, never truth.
 */
export interface Memory {
  get(owner: string, name: string): JsonValue | undefined
  set(owner: string, name: string, value: JsonValue): void
}

const valueSchema: z.ZodType<JsonValue> = z.json()

/** Keeps what is remembered beside the journal; `keep: false` reads what is there and writes to this process only. */
export function createMemory(journal: JournalStore, options: { readonly keep: boolean }): Memory {
  const own = new Map<string, JsonValue>()
  return {
    get(owner, name) {
      const mine = own.get(`${owner}\n${name}`)
      if (mine !== undefined) return mine
      const row = journal.db
        .prepare<[string, string], { value: string }>('SELECT value FROM memory WHERE owner = ? AND name = ?')
        .get(owner, name)
      return row === undefined ? undefined : valueSchema.parse(JSON.parse(row.value))
    },
    set(owner, name, value) {
      const at = `${owner}\n${name}`
      // While the journal cannot be written, this process alone remembers it.
      const isKept =
        options.keep &&
        journal.beside((db) => {
          db.prepare('INSERT OR REPLACE INTO memory (owner, name, value) VALUES (?, ?, ?)').run(
            owner,
            name,
            JSON.stringify(value),
          )
        })
      if (isKept) own.delete(at)
      else own.set(at, value)
    },
  }
}
