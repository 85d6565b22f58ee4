import { beginning, type RowCheck, textOf } from './check.ts'

const nouns =
  '(?:first|last|full|your|their|company|recipient|lead|contact)?[ _-]?(?:name|company|title|role|industry|city|insert[^\\]>]{0,40})'

/** What programs leave behind when a template was not filled in, or a model spoke of itself. */
const signs: readonly { readonly pattern: RegExp; readonly name: string }[] = [
  { pattern: /\{\{|\}\}/, name: 'a placeholder in double braces' },
  { pattern: /\$\{[^}\n]{0,60}\}|\{%|%\}/, name: 'a placeholder of a template' },
  { pattern: /\{[ ]?[A-Za-z_][A-Za-z0-9_ ]{0,30}\}/, name: 'a placeholder in braces' },
  { pattern: /%[A-Z][A-Z_]{2,30}%/, name: 'a placeholder in percent signs' },
  { pattern: new RegExp(`\\[\\s?${nouns}\\s?\\]`, 'i'), name: 'a placeholder in brackets' },
  { pattern: new RegExp(`<\\s?${nouns}\\s?>`, 'i'), name: 'a placeholder in angle brackets' },
  { pattern: /\bundefined\b|\[object Object\]|\bNaN\b/, name: 'what a program writes for no value' },
  { pattern: /\b(?:hi|hello|hey|dear)\s+(?:null|none|nan|n\/a|unknown)\b/i, name: 'a greeting to nobody' },
  { pattern: /\blorem ipsum\b/i, name: 'filler text' },
  {
    pattern: /\bas an ai\b|\bas a language model\b|\bi cannot (?:fulfil|assist)/i,
    name: 'what a model says of itself',
  },
]

/** What any of the signs holds a part of: most texts hold none, which one look tells. */
const suspicious = /[{}[<%$]|undefined|nan\b|null|none|n\/a|unknown|lorem|language model|\ban ai\b|cannot/i

/** A text has no placeholder that was to be filled in. */
export function placeholder(field: string): RowCheck {
  return {
    is: 'row',
    id: `${field}.placeholder`,
    field,
    title: 'has no unfilled placeholder',
    fault: 'has an unfilled placeholder',
    severity: 'medium',
    reads: [field],
    remedy: `Write ${field} anew where a placeholder was left in it; look at the program that fills the template.`,
    reasonOf: (row) => {
      const text = textOf(row(field))
      if (text === undefined || !suspicious.test(beginning(text))) return undefined
      const found = signs.find(({ pattern }) => pattern.test(beginning(text)))
      return found === undefined ? undefined : `holds ${found.name}`
    },
  }
}
