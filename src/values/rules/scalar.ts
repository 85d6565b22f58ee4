import { z } from 'zod'
import { readBoolean } from '../boolean-words.ts'
import { readNumberText } from '../number-text.ts'
import { defineRule, settled, unmendable } from '../rule.ts'
import { clean } from '../whitespace.ts'

/** Booleans: `1` or `0`, as SQLite keeps them. */
export const boolean = defineRule({
  name: 'boolean',
  version: 1,
  summary: 'Words such as yes, TRUE and off become 1 or 0.',
  options: z.strictObject({}),
  prepare: () => (value) => {
    const read = readBoolean(clean(value))
    if (read === undefined) return unmendable('is no word for yes or no')
    return settled(value, read ? '1' : '0', 'a word for yes or no')
  },
})

/** Numbers: digits, a point, nothing else. */
export const number = defineRule({
  name: 'number',
  version: 1,
  summary: 'Thousands separators, currency signs and decimal commas go: 1,234.50 € becomes 1234.5.',
  options: z.strictObject({}),
  prepare: () => (value) => {
    const read = readNumberText(clean(value))
    if (read === undefined) return unmendable('cannot be read as a number')
    return settled(value, `${read}`, 'a plain number')
  },
})
