import { isValid } from '../../../values/coerce.ts'
import type { QualityField } from '../spec.ts'
import { beginning, type RowCheck, textOf } from './check.ts'
import { momentOf } from './moment.ts'

const nouns = {
  email: 'an e-mail address',
  url: 'a web address',
  phone: 'a telephone number',
  date: 'a date',
  datetime: 'a date and time',
  choice: 'one of the choices',
  choices: 'a list of the choices',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  json: 'JSON',
} as const

/** A filled value is what the field's type says: an address, a date, one of the choices. Undefined for free text. */
export function format(field: QualityField): RowCheck | undefined {
  const { name, type } = field
  if (type === 'text' || type === 'longtext') return undefined
  const noun = nouns[type]
  const choices = { choices: field.choices ?? undefined }
  const isMoment = type === 'date' || type === 'datetime'
  const isChoice = type === 'choice' || type === 'choices'
  return {
    is: 'row',
    id: `${name}.${isChoice ? 'choice' : 'format'}`,
    field: name,
    title: `is ${noun}`,
    fault: `is not ${noun}`,
    // What rules look after is told by their own resource, with what they can mend.
    severity: field.standardized ? 'low' : 'medium',
    reads: [name],
    remedy: field.standardized
      ? `See the repairs of standardization for ${name}; what no rule can read has to be corrected by hand.`
      : `Correct these values of ${name}, or declare a rule in its standardize.`,
    reasonOf: (row) => {
      const cell = row(name)
      if (cell === null || cell === '') return undefined
      if (cell instanceof Uint8Array) return 'holds bytes, not text'
      if (isMoment && typeof cell !== 'string') return `is not ${noun}`
      if (type === 'json') return isValid(type, cell) ? undefined : 'is no JSON'
      const text = textOf(cell)
      // Only spaces: empty, which is another check's matter.
      if (text === undefined) return undefined
      if (text.length !== beginning(text).length) return `is not ${noun}`
      // In which of its forms a moment is written is the matter of standardization.
      const isRight = isMoment ? momentOf(text) !== undefined : isValid(type, cell, choices)
      return isRight ? undefined : `is not ${noun}`
    },
  }
}
