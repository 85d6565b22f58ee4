/** What is known of damaged databases beyond one look: nothing writes to them until their repair is decided on. */
import { z } from 'zod'
import type { Memory } from '../../engine/memory.ts'
import { keyText } from '../../engine/resource.ts'

const damageSchema = z.strictObject({ paths: z.array(z.string()), problem: z.string() })
export type Damage = z.output<typeof damageSchema>

const name = 'damage'

/** Remembers it, or that there is none. */
export function noteDamage(memory: Memory, owner: string, damage: Damage | undefined): void {
  const known = memory.get(owner, name) ?? null
  if (JSON.stringify(known) !== JSON.stringify(damage ?? null)) memory.set(owner, name, damage ?? null)
}

/** Why the file at a path is not to be written; undefined where it may be. */
export function damageAt(memory: Memory, databases: readonly string[], path: string): string | undefined {
  for (const database of databases) {
    const found = damageSchema.safeParse(memory.get(keyText({ kind: 'database', name: database }), name)).data
    if (found?.paths.includes(path) === true) return `it is damaged (${found.problem})`
  }
  return undefined
}
