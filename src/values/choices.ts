/** Finding the declared choice that a text means, whatever its case, spaces and underscores. */
import { foldChoice } from './fold.ts'

/** The declared spelling of a text, or undefined when it means none of the choices, or more than one. */
export type ChoiceFinder = (text: string) => string | undefined

/**
 * Prepares the search. Aliases map other words to declared choices; they never overrule a choice itself. Where two
 * choices differ only in case, only their exact spellings are found.
 */
export function choiceFinder(choices: readonly string[], aliases: Readonly<Record<string, string>> = {}): ChoiceFinder {
  const exact = new Set(choices)
  const folded = new Map<string, string | undefined>()
  for (const choice of choices) {
    const key = foldChoice(choice)
    folded.set(key, folded.has(key) ? undefined : choice)
  }
  for (const [alias, choice] of Object.entries(aliases)) {
    if (!folded.has(foldChoice(alias))) folded.set(foldChoice(alias), choice)
  }
  return (text) => (exact.has(text) ? text : folded.get(foldChoice(text)))
}

/** The parts of a list: a JSON array of texts, or text with commas, semicolons or bars between. */
export function listParts(text: string): readonly string[] {
  const trimmed = text.trim()
  const array = trimmed.startsWith('[') ? parsedArray(trimmed) : undefined
  return (
    array ??
    trimmed
      .split(/[,;|]/u)
      .map((part) => part.trim())
      .filter((part) => part !== '')
  )
}

function parsedArray(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value)) return undefined
    return value.filter((part) => part !== null).map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
  } catch {
    return undefined
  }
}
