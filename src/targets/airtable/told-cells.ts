/**
 * Cells as webhook payloads tell them, turned into the form that record calls use. Only forms that are known to mean the
 * same are turned: text, numbers, ticks and choices. What else a cell may be is left untold rather than guessed.
 */
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'

const choiceSchema = z.object({ id: z.string().regex(/^sel/), name: z.string() })
const choicesSchema = z.array(choiceSchema)
/** What formulas give that cannot be computed; it is the same everywhere. */
const faultSchema = z.union([z.strictObject({ specialValue: z.string() }), z.strictObject({ error: z.string() })])

export type ToldCell = { readonly is: 'told'; readonly value: JsonValue } | { readonly is: 'untold' }

/** One cell; an empty one of whatever form is null, as record calls leave all of them out. */
export function toldCell(value: JsonValue): ToldCell {
  if (value === null || value === '' || value === false) return { is: 'told', value: null }
  if (typeof value !== 'object') return { is: 'told', value }
  if (Array.isArray(value)) {
    if (value.length === 0) return { is: 'told', value: null }
    const choices = choicesSchema.safeParse(value)
    return choices.success ? { is: 'told', value: choices.data.map(({ name }) => name) } : { is: 'untold' }
  }
  const choice = choiceSchema.safeParse(value)
  if (choice.success) return { is: 'told', value: choice.data.name }
  return faultSchema.safeParse(value).success ? { is: 'told', value } : { is: 'untold' }
}

/** Cells by field id, and the fields that could not be told. */
export function toldCells(cells: Readonly<Record<string, JsonValue>>): {
  readonly cells: Readonly<Record<string, JsonValue>>
  readonly untold: readonly string[]
} {
  const told: Record<string, JsonValue> = {}
  const untold: string[] = []
  for (const [fieldId, value] of Object.entries(cells)) {
    const cell = toldCell(value)
    if (cell.is === 'told') told[fieldId] = cell.value
    else untold.push(fieldId)
  }
  return { cells: told, untold }
}
