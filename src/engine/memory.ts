import type { JsonValue } from '../json.ts'

/**
 * What a kind remembers between looks (when an integrity check last ran, sizes of yesterday). Losing it costs a
 * repeated check, never truth. In a read-only run nothing is kept.
 */
export interface Memory {
  get(owner: string, name: string): JsonValue | undefined
  set(owner: string, name: string, value: JsonValue): void
}
