import { foldLetters } from '../../../values/fold.ts'
import { nameTitles } from '../../../values/person-name-words.ts'
import { type RowCheck, textOf } from './check.ts'
import { mayBeOneName, namesOf } from './related-names.ts'

const openings =
  'hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen)|liebe|lieber|hola|estimad[oa]|bonjour|bonsoir|cher|chère|ciao|buongiorno|gentile|car[oa]|olá|prezad[oa]|beste|geachte|hej'
/** One to three words that begin with a capital letter, after a greeting and before a stop. */
const greeting = new RegExp(
  `^\\s*(?:${openings})\\s+((?:\\p{Lu}[\\p{L}\\p{M}'’-]*\\.?\\s+){0,3}\\p{Lu}[\\p{L}\\p{M}'’-]*)\\s*[,!.:;\\n–—]`,
  'u',
)
const greetingAnyCase = new RegExp(`^\\s*(?:${openings})\\s`, 'iu')
/** Who is greeted where nobody is. */
const nobody = new Set(
  'there team all everyone everybody folks friend friends sir madam sirs ladies gentlemen colleague colleagues customer partner hiring manager world zusammen leute again hr it ceo cto founder founders'.split(
    ' ',
  ),
)
/** A greeting stands at the beginning. */
const lookedAtMax = 120

/** A text greets nobody else than the person that another field of its row names; one without a greeting passes. */
export function greets(field: string, name: string): RowCheck {
  return {
    is: 'row',
    id: `${field}.greets.${name}`,
    field,
    title: `greets ${name}, or nobody by name`,
    fault: `greets somebody else than ${name}`,
    severity: 'medium',
    reads: [field, name],
    remedy: `Write ${field} anew where it greets somebody else: it may have been written for another record.`,
    reasonOf: (row) => {
      const text = textOf(row(field))
      const person = text === undefined ? undefined : textOf(row(name))
      if (text === undefined || person === undefined) return undefined
      const greeted = greetedIn(text.slice(0, lookedAtMax))
      // Most texts greet by the name as it is written.
      if (greeted.length === 0 || greeted.some((word) => person.includes(word))) return undefined
      const words = greeted.map(foldLetters)
      if (words.some((word) => nobody.has(word) || word.length < 2 || !/^[a-z'’-]+$/.test(word))) return undefined
      const names = namesOf(person)
      return names.length === 0 || words.some((word) => names.some((one) => mayBeOneName(word, one)))
        ? undefined
        : `greets somebody else than ${name}`
    },
  }
}

/** The words of the name that a text greets, without titles; none where it greets nobody by name. */
function greetedIn(beginning: string): readonly string[] {
  if (!greetingAnyCase.test(beginning)) return []
  // Only the greeting itself is written in whatever case; a name begins with a capital letter.
  const lowered = beginning.replace(greetingAnyCase, (found) => found.toLowerCase())
  return (greeting.exec(lowered)?.[1] ?? '')
    .split(/\s+/)
    .map((word) => word.replace(/\.$/, ''))
    .filter((word) => word !== '' && !nameTitles.has(word.toLowerCase()))
}
