/**
 * The patterns of an import's `files`: `*`, `?`, `**` and `{a,b}`, relative to the workspace, `/` between the parts. A
 * pattern can only name what lies inside the workspace.
 */

/** A pattern, ready to be matched: one list of parts for each way its braces can be read. */
export type Glob = readonly (readonly string[])[]

const alternativesMax = 256

/**
 * Reads a pattern. Gives the reason, as text, where it is empty, absolute, leaves the workspace with `..`, has an
 * unclosed brace, or stands for more than 256 alternatives.
 */
export function parseGlob(pattern: string): { readonly glob: Glob } | { readonly reason: string } {
  const expanded = expandBraces(pattern)
  if (expanded === undefined) return { reason: 'has a brace that is not closed, or stands for more than 256 patterns' }
  const glob = expanded.map((text) => text.split('/').filter((part) => part !== '' && part !== '.'))
  if (pattern.startsWith('/') || expanded.some((text) => text.startsWith('/')))
    return { reason: 'is absolute; it must be relative to the workspace' }
  if (glob.some((parts) => parts.includes('..'))) return { reason: 'leaves the workspace with ".."' }
  if (glob.some((parts) => parts.length === 0)) return { reason: 'names nothing' }
  return { glob }
}

/** Whether a path relative to the workspace, parts joined by `/`, matches. */
export function matchesGlob(glob: Glob, path: string): boolean {
  const names = path.split('/')
  return glob.some((parts) => matchesParts(parts, names))
}

/** Whether a part without `/` matches a name. As in shells, `*` and `?` do not match the dot that a hidden name starts with. */
export function matchesPart(part: string, name: string): boolean {
  if (name.startsWith('.') && !part.startsWith('.')) return false
  return matchesWild(
    [...part],
    [...name],
    (one, other) => one === '?' || one === other,
    (one) => one === '*',
  )
}

function matchesParts(parts: readonly string[], names: readonly string[]): boolean {
  const deep = (name: string | undefined) => name !== undefined && !name.startsWith('.')
  return matchesWild(parts, names, matchesPart, (part) => part === '**', deep)
}

/** Wildcard matching with one place to go back to: at worst quadratic, whatever the pattern. */
function matchesWild(
  pattern: readonly string[],
  text: readonly string[],
  one: (pattern: string, text: string) => boolean,
  isStar: (pattern: string) => boolean,
  starTakes: (text: string | undefined) => boolean = () => true,
): boolean {
  let at = 0
  let star = -1
  let starAt = 0
  for (let i = 0; i < text.length; ) {
    const want = pattern[at]
    const have = text[i] ?? ''
    if (want !== undefined && isStar(want)) {
      star = at++
      starAt = i
    } else if (want !== undefined && one(want, have)) {
      at++
      i++
    } else if (star >= 0 && starTakes(text[starAt])) {
      i = ++starAt
      at = star + 1
    } else return false
  }
  while (at < pattern.length && isStar(pattern[at] ?? '')) at++
  return at === pattern.length
}

function expandBraces(pattern: string): readonly string[] | undefined {
  const open = pattern.indexOf('{')
  if (open < 0) return pattern.includes('}') ? undefined : [pattern]
  let depth = 0
  let from = open + 1
  const choices: string[] = []
  for (let i = open; i < pattern.length; i++) {
    const char = pattern[i]
    if (char === '{') depth++
    else if (char === '}') depth--
    if ((char === ',' && depth === 1) || depth === 0) {
      choices.push(pattern.slice(from, i))
      from = i + 1
    }
    if (depth === 0) return combine(pattern.slice(0, open), choices, pattern.slice(i + 1))
  }
  return undefined
}

function combine(head: string, choices: readonly string[], tail: string): readonly string[] | undefined {
  const all: string[] = []
  for (const choice of choices) {
    const some = expandBraces(head + choice + tail)
    if (some === undefined || all.length + some.length > alternativesMax) return undefined
    all.push(...some)
  }
  return [...new Set(all)]
}
