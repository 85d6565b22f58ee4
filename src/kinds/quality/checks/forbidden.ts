import { beginning, type RowCheck, textOf } from './check.ts'

/** A text holds nothing of a list, in whatever case. */
export function forbidden(field: string, texts: readonly string[]): RowCheck {
  const wanted = texts.map((text) => ({ text, lower: text.toLowerCase() }))
  return {
    is: 'row',
    id: `${field}.forbids`,
    field,
    title: `holds none of ${texts.map((text) => JSON.stringify(text)).join(', ')}`,
    fault: `holds one of ${texts.map((text) => JSON.stringify(text)).join(', ')}`,
    severity: 'medium',
    reads: [field],
    remedy: `Write ${field} anew where it holds what it must not.`,
    reasonOf: (row) => {
      const text = textOf(row(field))
      if (text === undefined) return undefined
      const lower = beginning(text).toLowerCase()
      const found = wanted.find((one) => lower.includes(one.lower))
      return found === undefined ? undefined : `holds ${JSON.stringify(found.text)}`
    },
  }
}
