import { acceptedPattern } from '../../../values/linear-pattern.ts'
import { beginning, type RowCheck, textOf } from './check.ts'

/** A filled text matches a regular expression of the owner. */
export function pattern(field: string, source: string): RowCheck {
  const wanted = acceptedPattern(source)
  return {
    is: 'row',
    id: `${field}.pattern`,
    field,
    title: `matches ${source}`,
    fault: `does not match ${source}`,
    severity: 'medium',
    reads: [field],
    remedy: `Correct ${field} where it does not match, or change the pattern.`,
    reasonOf: (row) => {
      const text = textOf(row(field))
      return text === undefined || wanted.test(beginning(text)) ? undefined : 'does not match its pattern'
    },
  }
}
