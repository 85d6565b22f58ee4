import { fillerIn, fillerInEmail, fillerInPhone } from '../../../values/filler.ts'
import type { QualityField } from '../spec.ts'
import { type RowCheck, textOf } from './check.ts'

/** A value is somebody's: not a word for nothing or for a test, a run over the keyboard, a number that nobody has. */
export function filler({ name, type, required }: QualityField): RowCheck {
  const told = type === 'email' ? fillerInEmail : type === 'phone' ? fillerInPhone : fillerIn
  return {
    is: 'row',
    id: `${name}.filler`,
    field: name,
    title: 'is no filler',
    fault: 'is filler that says nothing',
    severity: 'medium',
    reads: [name],
    remedy: `Empty ${name} where it is filler, or write what belongs there; a field that is not known is better empty.`,
    reasonOf: (row) => {
      const text = textOf(row(name))
      return text === undefined ? undefined : told(text)
    },
    ...(required ? {} : { suggest: () => ({ field: name, value: null, why: 'empty says that it is not known' }) }),
  }
}
