/**
 * Where in a desired state a cursor stands: the names that lead there, and whether a name or a value is being written. One pass
 * over the text before it, which knows blocks, `{ }` and `[ ]`, quotes, comments and texts of many lines; total on any text.
 */

/** A name, or `[]` for an entry of a list. */
export type Step = string

export interface YamlPlace {
  readonly is: 'key' | 'value' | 'nothing'
  /** For a key: of the mapping that holds it. For a value: with its own name at the end. */
  readonly path: readonly Step[]
  /** Offset at which the unfinished word begins. */
  readonly from: number
  /** Names that the mapping has already, where a key is written. */
  readonly taken: readonly string[]
}

interface Level {
  /** Column of its names; -1 for what stands between brackets. */
  readonly indent: number
  readonly close: '}' | ']' | undefined
  /** The name whose value is meant now. */
  key: Step | undefined
  readonly names: string[]
}

export const listStep = '[]'
const keyPattern = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#,[\]{}"'][^#,[\]{}:]*?))\s*:(?=\s|$|[,}\]])/

const entryPattern = /^-(\s+|$)/

/** The place of an offset in a text. */
export function placeAt(text: string, offset: number): YamlPlace {
  const levels: Level[] = []
  const before = text.slice(0, offset)
  let blockTextIndent: number | undefined
  let lineStart = 0
  const lines = before.split('\n')
  for (const [at, line] of lines.entries()) {
    const indent = line.length - line.trimStart().length
    const isLast = at === lines.length - 1
    if (blockTextIndent !== undefined && (line.trim() === '' || indent > blockTextIndent)) {
      if (isLast) return { is: 'nothing', path: pathOf(levels), from: offset, taken: [] }
    } else {
      blockTextIndent = undefined
      const read = readLine(line, indent, levels, isLast)
      if (read.textFrom !== undefined) blockTextIndent = read.textFrom
      if (isLast) {
        const { is, from } = read
        const path = is === 'key' ? pathOf(levels.slice(0, -1)) : pathOf(levels)
        return { is, path, from: lineStart + from, taken: is === 'key' ? (levels.at(-1)?.names ?? []) : [] }
      }
    }
    lineStart += line.length + 1
  }
  return { is: 'nothing', path: [], from: offset, taken: [] }
}

function pathOf(levels: readonly Level[]): Step[] {
  return levels.flatMap(({ key }) => (key === undefined ? [] : [key]))
}

interface LineRead {
  readonly is: YamlPlace['is']
  /** Column at which the unfinished word begins. */
  readonly from: number
  /** A text of many lines begins below; it is what stands deeper than this column. */
  readonly textFrom?: number
}

/** Takes one line into the levels; for the last one says what is being written at its end. */
function readLine(line: string, indent: number, levels: Level[], isLast: boolean): LineRead {
  let at = indent
  const isFlow = () => levels.at(-1)?.close !== undefined
  if (!isFlow()) {
    if (line.trim() !== '' || isLast) leave(levels, at, entryPattern.test(line.slice(at)))
    // Entries of a list, which may stand one behind the other: `- - a`.
    for (let dash = entryPattern.exec(line.slice(at)); dash !== null; dash = entryPattern.exec(line.slice(at))) {
      const top = levels.at(-1)
      if (top?.indent !== at || top.key !== listStep) {
        levels.push({ indent: at, close: undefined, key: listStep, names: [] })
      }
      at += dash[0].length
    }
    const key = keyPattern.exec(line.slice(at))
    if (key !== null) {
      enterName(levels, at, nameOf(key))
      at += key[0].length
    } else if (isLast && !/["'[\]{}#]/.test(line.slice(at))) {
      return enterUnfinished(levels, at)
    }
  }
  return readRest(line, at, levels)
}

/** What follows a name, or goes on between brackets. */
function readRest(line: string, start: number, levels: Level[]): LineRead {
  let at = start
  let from = skipSpaces(line, at)
  let isKeyPlace = levels.at(-1)?.close === '}' && levels.at(-1)?.key === undefined
  while (at < line.length) {
    const top = levels.at(-1)
    const character = line[at]
    if (character === '#' && (at === 0 || /\s/.test(line[at - 1] ?? ''))) return { is: 'nothing', from: at }
    if (character === '"' || character === "'") {
      const end = line.indexOf(character, at + 1)
      if (end === -1) return { is: isKeyPlace ? 'nothing' : 'value', from: at }
      const quoted = isKeyPlace ? keyPattern.exec(line.slice(at)) : null
      if (quoted !== null && top !== undefined) {
        take(top, nameOf(quoted))
        isKeyPlace = false
      }
      at += quoted === null ? end + 1 - at : quoted[0].length
      from = skipSpaces(line, at)
    } else if (character === '{' || character === '[') {
      levels.push({
        indent: -1,
        close: character === '{' ? '}' : ']',
        key: character === '[' ? listStep : undefined,
        names: [],
      })
      isKeyPlace = character === '{'
      at += 1
      from = skipSpaces(line, at)
    } else if (top?.close !== undefined && (character === '}' || character === ']')) {
      levels.pop()
      isKeyPlace = false
      at += 1
      from = skipSpaces(line, at)
    } else if (top?.close !== undefined && character === ',') {
      if (top.close === '}') {
        top.key = undefined
        isKeyPlace = true
      }
      at += 1
      from = skipSpaces(line, at)
    } else if (isKeyPlace && top !== undefined && !/\s/.test(character ?? '')) {
      const key = keyPattern.exec(line.slice(at))
      if (key === null) return { is: 'key', from: at }
      take(top, nameOf(key))
      isKeyPlace = false
      at += key[0].length
      from = skipSpaces(line, at)
    } else at += 1
  }
  if (isKeyPlace) return { is: 'key', from }
  const opens = /^[|>][+-]?\d*\s*$/.test(line.slice(start).trim())
  const block = levels.at(-1)?.indent
  const isFinished = from >= line.length && /[}\]"']\s*$/.test(line) && levels.at(-1)?.close === undefined
  return {
    is: isFinished ? 'nothing' : 'value',
    from,
    ...(opens && block !== undefined && block >= 0 ? { textFrom: block } : {}),
  }
}

/** Leaves what stands deeper than a column; with `deeperOnly`, a name at that very column is still the one that is meant. */
function leave(levels: Level[], column: number, deeperOnly: boolean): void {
  for (let top = levels.at(-1); top !== undefined && top.indent > column; top = levels.at(-1)) levels.pop()
  const top = levels.at(-1)
  if (!deeperOnly && top !== undefined && top.indent === column && top.key !== listStep) top.key = undefined
}

function enterName(levels: Level[], column: number, name: string): void {
  const top = levels.at(-1)
  // A list may stand at the column of the name that holds it: the next name ends it.
  if (top?.indent === column && top.key === listStep) levels.pop()
  const level = levels.at(-1)
  if (level?.indent === column) take(level, name)
  else levels.push({ indent: column, close: undefined, key: name, names: [name] })
}

/** A word that may become a name, at its column. */
function enterUnfinished(levels: Level[], column: number): LineRead {
  const isInList = levels.at(-1)?.indent === column && levels.at(-1)?.key === listStep
  // A list may stand at the column of the name that holds it; deeper in, only another entry may follow.
  if (isInList && levels.at(-2)?.indent !== column) return { is: 'nothing', from: column }
  if (isInList) levels.pop()
  const level = levels.at(-1)
  if (level?.indent === column) level.key = undefined
  else levels.push({ indent: column, close: undefined, key: undefined, names: [] })
  return { is: 'key', from: column }
}

function take(level: Level, name: string): void {
  level.key = name
  level.names.push(name)
}

function nameOf([, double, single, plain]: RegExpExecArray): string {
  return double ?? single ?? plain ?? ''
}

function skipSpaces(line: string, at: number): number {
  let next = at
  while (next < line.length && /\s/.test(line[next] ?? '')) next += 1
  return next
}
