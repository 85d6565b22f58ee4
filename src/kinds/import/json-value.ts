/**
 * Reads one JSON value and tells what a plain parser hides: names given twice, `NaN` and `Infinity` as Python writes them,
 * integers beyond 2^53 (kept as text), and where nesting goes too deep. Never throws, whatever the text.
 */
import type { JsonValue } from '../../json.ts'

/** One place in a value that is not as it should be, although the rest can be used. */
export interface JsonFlaw {
  /** Names and positions from the value's root. */
  readonly path: readonly string[]
  readonly message: string
  /** The earlier value, of a name that was given twice with different values. */
  readonly earlier?: JsonValue
}

/** What reading gave: the value and its flaws, or why there is none and where (offset in UTF-16 units). */
export type JsonRead =
  | { readonly is: 'value'; readonly value: JsonValue; readonly flaws: readonly JsonFlaw[] }
  | { readonly is: 'error'; readonly message: string; readonly offset: number }

/** Nesting deeper than this is refused; SQLite's own limit for JSON is 1000. */
export const depthMax = 100

class JsonError extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** Reads the whole text as one value. */
export function readJson(text: string): JsonRead {
  const reader = new Reader(text)
  try {
    const value = reader.whole()
    return { is: 'value', value, flaws: reader.flaws }
  } catch (error) {
    if (error instanceof JsonError) return { is: 'error', message: error.message, offset: error.offset }
    throw error
  }
}

const space = /[ \t\n\r]*/y
const quote = 0x22
const backslash = 0x5c
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const word = /-?[A-Za-z]+/y

class Reader {
  readonly flaws: JsonFlaw[] = []
  private readonly text: string
  private readonly path: string[] = []
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  whole(): JsonValue {
    const value = this.value(0)
    this.take(space)
    if (this.at < this.text.length) throw new JsonError(`${this.here()} follows after the end of the value`, this.at)
    return value
  }

  private value(depth: number): JsonValue {
    if (depth > depthMax) throw new JsonError(`is nested deeper than ${depthMax} levels`, this.at)
    this.take(space)
    const char = this.text[this.at]
    if (char === '{') return this.object(depth)
    if (char === '[') return this.list(depth)
    if (char === '"') return this.string()
    const digits = this.take(number)
    if (digits !== undefined) return numberOf(digits)
    const name = this.take(word)
    if (name === 'true') return true
    if (name === 'false') return false
    if (name === 'null') return null
    if (name !== undefined && /^-?(NaN|Infinity)$/.test(name)) {
      this.flaws.push({ path: [...this.path], message: `${name} is no JSON value` })
      return null
    }
    this.at -= name?.length ?? 0
    throw new JsonError(
      char === undefined ? 'ends in the middle of a value' : `${this.here()} where a value should be`,
      this.at,
    )
  }

  private object(depth: number): JsonValue {
    // Without a prototype a member named __proto__ is a member like any other.
    const members: Record<string, JsonValue> = Object.create(null)
    this.at++
    for (let first = true; ; first = false) {
      this.take(space)
      if (first && this.skip('}')) return members
      if (this.text[this.at] !== '"') throw this.expected('a name in quotes')
      const name = this.string()
      this.take(space)
      if (!this.skip(':')) throw this.expected('":"')
      this.path.push(name)
      const value = this.value(depth + 1)
      const earlier = members[name]
      if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(value))
        this.flaws.push({ path: [...this.path], message: 'is given twice with different values', earlier })
      members[name] = value
      this.path.pop()
      this.take(space)
      if (this.skip('}')) return members
      if (!this.skip(',')) throw this.expected('"," or "}"')
    }
  }

  private list(depth: number): JsonValue {
    const values: JsonValue[] = []
    this.at++
    for (;;) {
      this.take(space)
      if (values.length === 0 && this.skip(']')) return values
      this.path.push(String(values.length))
      values.push(this.value(depth + 1))
      this.path.pop()
      this.take(space)
      if (this.skip(']')) return values
      if (!this.skip(',')) throw this.expected('"," or "]"')
    }
  }

  private string(): string {
    const start = this.at
    for (let i = start + 1; i < this.text.length; i++) {
      const unit = this.text.charCodeAt(i)
      if (unit === backslash) i++
      else if (unit === quote) {
        this.at = i + 1
        return this.unescaped(start)
      }
    }
    throw new JsonError('ends in the middle of a text', start)
  }

  private unescaped(start: number): string {
    try {
      return String(JSON.parse(this.text.slice(start, this.at)))
    } catch {
      throw new JsonError('a text holds a control character or an unknown escape', start)
    }
  }

  private skip(char: string): boolean {
    if (this.text[this.at] !== char) return false
    this.at++
    return true
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)?.[0]
    if (match !== undefined) this.at += match.length
    return match
  }

  private here(): string {
    const char = this.text.codePointAt(this.at)
    return char === undefined ? 'nothing' : JSON.stringify(String.fromCodePoint(char))
  }

  private expected(what: string): JsonError {
    const ended = this.at >= this.text.length
    return new JsonError(ended ? 'ends in the middle of a value' : `${this.here()} where ${what} should be`, this.at)
  }
}

/** A number, or its digits as text where a number would lose some of them. */
function numberOf(digits: string): JsonValue {
  const value = Number(digits)
  if (!Number.isFinite(value)) return digits
  return /^-?\d+$/.test(digits) && !Number.isSafeInteger(value) ? digits : value
}
