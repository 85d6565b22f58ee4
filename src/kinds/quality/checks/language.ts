import { isInAnotherLanguage, type ToldLanguage } from '../../../values/language.ts'
import { beginning, type RowCheck, textOf } from './check.ts'

const nouns: Readonly<Record<ToldLanguage, string>> = {
  en: 'English',
  de: 'German',
  fr: 'French',
  es: 'Spanish',
  it: 'Italian',
  pt: 'Portuguese',
  nl: 'Dutch',
}

/** A text is not plainly written in another language. Short ones pass. */
export function written(field: string, language: ToldLanguage): RowCheck {
  const noun = nouns[language]
  return {
    is: 'row',
    id: `${field}.language`,
    field,
    title: `is written in ${noun}`,
    fault: `is not written in ${noun}`,
    severity: 'medium',
    reads: [field],
    remedy: `Write ${field} anew in ${noun}, or change quality.language of the field.`,
    reasonOf: (row) => {
      const text = textOf(row(field))
      return text !== undefined && isInAnotherLanguage(beginning(text), language)
        ? `is not written in ${noun}`
        : undefined
    },
  }
}
