import { foldWords } from '../../../values/fold.ts'
import { companyKey, personKey } from '../../../values/match-key.ts'
import { beginning, type Row, type RowCheck, textOf } from './check.ts'

/**
 * A filled text names another field of its row: in whatever case and accents, a company without its legal form, a person
 * by the first name. Where the other field is empty there is nothing to name.
 */
export function mentions(field: string, mentioned: string): RowCheck {
  return {
    is: 'row',
    id: `${field}.mentions.${mentioned}`,
    field,
    title: `names ${mentioned}`,
    fault: `does not name the row's ${mentioned}`,
    severity: 'medium',
    reads: [field, mentioned],
    remedy: `Write ${field} anew where it does not name the row's own ${mentioned}.`,
    reasonOf: (row) => (isNamed(row, field, mentioned) ? undefined : `does not name the row's ${mentioned}`),
  }
}

function isNamed(row: Row, field: string, mentioned: string): boolean {
  const text = textOf(row(field))
  const name = textOf(row(mentioned))
  if (text === undefined || name === undefined) return true
  const plain = beginning(text)
  // Most texts name it letter for letter.
  if (plain.includes(name)) return true
  const folded = ` ${foldWords(plain)} `
  return formsOf(mentioned, beginning(name)).some((form) => folded.includes(` ${form} `))
}

function formsOf(field: string, name: string): readonly string[] {
  const whole = foldWords(name)
  const forms = [whole]
  if (/company|organi[sz]ation|employer|firm/.test(field)) forms.push(companyKey(name) ?? whole)
  if (/name$/.test(field) && !/company/.test(field)) {
    const [first = ''] = (personKey(name) ?? whole).split(' ')
    if (first.length >= 2) forms.push(first)
  }
  return forms.filter((form) => form !== '')
}
