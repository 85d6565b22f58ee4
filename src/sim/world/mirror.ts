/** The mirror of the simulated leads in Airtable, as a colleague sees it. */
import { z } from 'zod'
import { baseId, remoteTable } from './declared.ts'
import type { World } from './world.ts'

const recordSchema = z.object({ id: z.string(), fields: z.record(z.string(), z.json()) })
export type MirrorRecord = z.output<typeof recordSchema>

/** Fields that people and programs edit, with their names in Airtable. */
export const editedFields = [
  ['company', 'Company'],
  ['score', 'Score'],
] as const

/** All that both sides hold. */
export const mirroredFields = [['full_name', 'Full Name'], ['email', 'Email'], ...editedFields] as const

export function recordsOf({ sandbox }: Pick<World, 'sandbox'>): readonly MirrorRecord[] {
  return sandbox.control
    .colleague(baseId)
    .records(remoteTable)
    .map((one) => recordSchema.parse(one))
}
