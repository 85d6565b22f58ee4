import { coerce, isValid } from '../../../values/coerce.ts'
import type { Cell } from '../../../values/field-type.ts'
import { canonicalOf, standardizer } from '../../../values/standardizer.ts'
import type { QualityField } from '../spec.ts'
import { beginning, type RowCheck, type Suggested, textOf } from './check.ts'
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
    // What rules look after has repairs of its own.
    ...(field.standardized ? {} : { suggest: (row) => suggestedForm(field, noun, row(name)) }),
  }
}

const ruleOf: Partial<Record<QualityField['type'], string>> = { email: 'email', url: 'url', phone: 'phone' }

/** What a value that is not of its type plainly means; undefined where that is not plain. */
function suggestedForm({ name, type, choices }: QualityField, noun: string, cell: Cell): Suggested | undefined {
  const text = textOf(cell)
  if (text === undefined || text.length !== beginning(text).length || type === 'json') return undefined
  const rule = ruleOf[type]
  const value =
    rule === undefined
      ? meantBy(type, text, choices)
      : canonicalOf(standardizer([{ rule, options: {} }], { type }).standardize, text)
  if (value === undefined || value === null || !isValid(type, value, { choices: choices ?? undefined }))
    return undefined
  return { field: name, value, why: `is ${noun} and plainly what was meant` }
}

function meantBy(type: QualityField['type'], text: string, choices: readonly string[] | null): Cell | undefined {
  const read = coerce(type, text, { choices: choices ?? undefined })
  return read.is === 'cell' ? read.cell : undefined
}
