/** What rows are grouped by in `quality.consistent`: a field, or a function of one, such as `domain(email)`. */

export const groupingFunctions = ['domain'] as const

export interface Grouping {
  readonly field: string
  readonly function?: (typeof groupingFunctions)[number]
}

/** Reads `company` or `domain(email)`; undefined when the text has another form or the function is unknown. */
export function parseGrouping(text: string): Grouping | undefined {
  const call = /^\s*([A-Za-z_]+)\s*\(\s*([a-z][a-z0-9_]*)\s*\)\s*$/.exec(text)
  if (call === null) {
    const field = text.trim()
    return /^[a-z][a-z0-9_]*$/.test(field) ? { field } : undefined
  }
  const known = groupingFunctions.find((name) => name === call[1])
  return known === undefined || call[2] === undefined ? undefined : { field: call[2], function: known }
}
