import { type RowCheck, textOf } from './check.ts'

/** A filled text has as many characters as it should. Characters as people count them, not UTF-16 units. */
export function length(field: string, min: number | null, max: number | null): RowCheck {
  const wanted = [min === null ? undefined : `${min} or more`, max === null ? undefined : `at most ${max}`]
  return {
    is: 'row',
    id: `${field}.length`,
    field,
    title: `has ${wanted.filter((part) => part !== undefined).join(', ')} characters`,
    fault: `does not have ${wanted.filter((part) => part !== undefined).join(', ')} characters`,
    severity: 'medium',
    reads: [field],
    remedy: `Write ${field} anew where its length is off, or change minLength and maxLength.`,
    reasonOf: (row) => {
      const text = textOf(row(field))
      if (text === undefined) return undefined
      const trimmed = text.trim()
      if (min !== null && isShorter(trimmed, min)) return `has fewer than ${min} characters`
      return max !== null && !isShorter(trimmed, max + 1) ? `has more than ${max} characters` : undefined
    },
  }
}

/** Whether a text has fewer characters than a number; a long one is not counted to its end. */
function isShorter(text: string, than: number): boolean {
  if (text.length < than) return true
  if (text.length >= than * 2) return false
  let characters = 0
  for (const _ of text) {
    characters += 1
    if (characters >= than) return false
  }
  return true
}
