/** Cells of choices: kept by the choice's id, so that renaming a choice changes what every record shows. */
import { z } from 'zod'
import type { JsonValue } from '../../../json.ts'
import { listValue } from '../../formula/value.ts'
import { refusals } from '../../http/refusal.ts'
import type { Choice, Field } from '../../metadata/model.ts'
import type { CellKind, CellWriting } from './cell-kind.ts'

function choiceOf(field: Field, stored: JsonValue): Choice {
  return field.choices.find((choice) => choice.id === stored) ?? { id: String(stored), name: '' }
}

function choicesOf(field: Field, stored: JsonValue): Choice[] {
  return z
    .array(z.string())
    .parse(stored)
    .map((id) => choiceOf(field, id))
}

const shown = ({ id, name, color }: Choice): JsonValue => (color === undefined ? { id, name } : { id, name, color })

export const singleSelectCell: CellKind = {
  accept: (value, writing) => {
    if (value === '') return undefined
    const name = typeof value === 'number' && writing.typecast ? String(value) : value
    if (typeof name !== 'string') throw refusals.invalidValue(writing.field.name)
    return writing.choice(writing.typecast ? name.trim() : name).id
  },
  json: (stored, { field }) => choiceOf(field, stored).name,
  v2: (stored, { field }) => shown(choiceOf(field, stored)),
  text: (stored, { field }) => choiceOf(field, stored).name,
  value: (stored, { field }) => choiceOf(field, stored).name,
}

function namesIn(value: JsonValue, writing: CellWriting): string[] {
  const list = typeof value === 'string' && writing.typecast ? value.split(',') : value
  const parsed = z.array(z.string()).safeParse(list)
  if (!parsed.success) throw refusals.invalidValue(writing.field.name)
  const names = writing.typecast ? parsed.data.map((name) => name.trim()) : parsed.data
  return names.filter((name) => name !== '' || !writing.typecast)
}

export const multipleSelectsCell: CellKind = {
  accept: (value, writing) => {
    const ids = [...new Set(namesIn(value, writing).map((name) => writing.choice(name).id))]
    return ids.length === 0 ? undefined : ids
  },
  json: (stored, { field }) => choicesOf(field, stored).map((choice) => choice.name),
  v2: (stored, { field }) => choicesOf(field, stored).map(shown),
  text: (stored, { field }) =>
    choicesOf(field, stored)
      .map((choice) => choice.name)
      .join(', '),
  value: (stored, { field }) => listValue(choicesOf(field, stored).map((choice) => choice.name)),
}
