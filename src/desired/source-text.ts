/** From the bytes of the file to text that is safe to parse: UTF-8, of bounded size, without invisible trickery. */
import type { Finding, Position } from './problem.ts'

/** The largest file that is read, in bytes. */
export const fileBytesMax = 1_000_000

export type SourceText =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'unreadable'; readonly findings: readonly Finding[] }

/** Where an offset of a text, in UTF-16 units, stands. */
export type PositionOf = (offset: number) => Position

/**
 * The positions of a text's offsets. LF, CRLF and CR end a line. (The YAML library's own LineCounter misses line breaks
 * inside of tokens that it cannot place.)
 */
export function positionsIn(text: string): PositionOf {
  let starts: readonly number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    const bounded = Math.min(Math.max(offset, 0), text.length)
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= bounded) low = middle
      else high = middle
    }
    return { line: low + 1, column: bounded - (starts[low] ?? 0) + 1 }
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 13 && text.charCodeAt(index + 1) === 10) index++
    if (code === 10 || code === 13) starts.push(index + 1)
  }
  return starts
}

const unreadable = (at: Position, message: string): SourceText => ({
  is: 'unreadable',
  findings: [{ at, path: [], message }],
})

const top: Position = { line: 1, column: 1 }

/** Decodes and checks the bytes, or checks a text that is decoded already. A byte order mark is dropped. */
export function readSourceText(source: string | Uint8Array): SourceText {
  const bytesCount = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength
  if (bytesCount > fileBytesMax) {
    return unreadable(top, `is larger than 1 MB (${bytesCount.toLocaleString('en')} bytes)`)
  }
  const decoded = typeof source === 'string' ? { is: 'text' as const, text: source } : decode(source)
  if (decoded.is === 'unreadable') return decoded
  const text = decoded.text.startsWith('\uFEFF') ? decoded.text.slice(1) : decoded.text
  const findings = invisibleCharacters(text)
  return findings.length > 0 ? { is: 'unreadable', findings } : { is: 'text', text }
}

function decode(bytes: Uint8Array): SourceText {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return unreadable(top, 'is saved as UTF-16; save it as UTF-8')
  }
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  // Encoding it again gives the same bytes exactly when they were UTF-8; the first difference is the first bad byte.
  const again = new TextEncoder().encode(text)
  const bad = again.findIndex((byte, index) => byte !== bytes[index])
  if (bad < 0) return { is: 'text', text }
  const before = new TextDecoder().decode(bytes.subarray(0, bad))
  return unreadable(positionsIn(before)(before.length), 'holds a byte that is not UTF-8; save the file as UTF-8')
}

/**
 * Characters that YAML forbids, and those that make a text look different from what it is to a reviewer
 * (right-to-left overrides, the "Trojan Source" attack).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu

/** How many of them are reported one by one. */
const reportedMax = 20

function invisibleCharacters(text: string): Finding[] {
  const findings: Finding[] = []
  const at = positionsIn(text)
  for (const match of text.matchAll(forbidden)) {
    if (findings.length === reportedMax) break
    findings.push({ at: at(match.index), path: [], message: `holds ${characterName(match[0])}` })
  }
  return findings
}

/** Whether a value, read from an escape such as `"\0"`, holds a character that no file may hold directly. */
export function hasForbiddenCharacter(value: string): boolean {
  return value.search(forbidden) >= 0
}

/** What a person would call a forbidden character. */
export function characterName(text: string): string {
  const code = (text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return code === '0000' ? 'a NUL character' : `the invisible character U+${code}, which is not allowed`
}
