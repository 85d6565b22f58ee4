/** Adds choices to select fields, as a typecast write or a person in the app does. */
import type { JsonValue } from '../../json.ts'
import type { Random } from '../../random.ts'
import { mintId } from '../ids.ts'
import type { Choice, Field } from '../metadata/model.ts'
import type { Catalog } from '../store/catalog.ts'

/** Colours that new choices get in turn. */
const colors = [
  'blueLight2',
  'cyanLight2',
  'tealLight2',
  'greenLight2',
  'yellowLight2',
  'orangeLight2',
  'redLight2',
  'pinkLight2',
  'purpleLight2',
  'grayLight2',
]

/** The colour of the n-th choice of a field. */
export function colorOf(position: number): string {
  return colors[position % colors.length] ?? 'blueLight2'
}

export function addChoice(catalog: Catalog, field: Field, name: string, random: Random): Choice {
  const choice = { id: mintId('sel', random), name, color: colorOf(field.choices.length) }
  setChoices(catalog, field, [...field.choices, choice])
  return choice
}

/** Replaces the choices of a field, keeping its other options. */
export function setChoices(catalog: Catalog, field: Field, choices: readonly Choice[]): void {
  const shown = choices.map(
    ({ id, name, color }): JsonValue => (color === undefined ? { id, name } : { id, name, color }),
  )
  catalog.setOptions(field.id, { ...field.options, choices: shown })
}
