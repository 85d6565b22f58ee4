/** What people and programs of the simulated world write. */
import type { Random } from '../../random.ts'

export type EditedField = 'company' | 'score'

export function fieldFor(random: Random): EditedField {
  return random.next() < 0.5 ? 'company' : 'score'
}

export function cellFor(field: EditedField, random: Random): string | number | null {
  if (random.next() < 0.1) return null
  return field === 'score' ? Math.floor(random.next() * 1000) : `Company ${Math.floor(random.next() * 1000)}`
}
