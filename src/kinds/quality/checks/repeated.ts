import { foldWords } from '../../../values/fold.ts'
import { hashText } from '../../../values/text-hash.ts'
import { beginning, type GroupCheck, inOneWay, textOf } from './check.ts'

/** Shorter texts repeat by nature. */
const wordsMin = 4

/** No more rows than `max` hold one text; case, accents and punctuation do not count. */
export function repeated(field: string, max: number): GroupCheck {
  const rows = max === 1 ? 'one row' : `${max} rows`
  return {
    is: 'group',
    id: `${field}.repeated`,
    field,
    title: `stands in ${rows} at most`,
    fault: `stands in more than ${rows}`,
    severity: 'medium',
    reads: [field],
    remedy: `Write ${field} anew where the same text stands in several rows.`,
    rule: { is: 'repeated', max },
    reason: `is the same text as in other rows`,
    ...inOneWay((row) => {
      const text = textOf(row(field))
      if (text === undefined) return undefined
      const folded = foldWords(beginning(text))
      return folded.split(' ', wordsMin).length < wordsMin ? undefined : { group: hashText(folded), value: 0 }
    }),
  }
}
