/**
 * What people type into a search box, as an FTS5 expression: words, `prefix*` and `"phrases"`, all of which must be
 * found. Whatever is typed, the result is an expression that FTS5 parses and that means nothing but text.
 */

const wordsMax = 32

/** The expression; undefined when the text holds nothing that can be searched for. */
export function searchExpression(text: string): string | undefined {
  const parts: string[] = []
  for (const match of text.normalize('NFC').matchAll(/"([^"]*)"?|([^\s"]+)/g)) {
    const [, phrase, word] = match
    const isPrefix = word?.endsWith('*') === true
    const body = (phrase ?? word ?? '').replaceAll('\0', ' ')
    // FTS5 lets a phrase without any token match nothing, and with it the whole expression.
    if (/[\p{L}\p{N}\p{Co}]/u.test(body)) parts.push(`"${body.replace(/\*+$/, '')}"${isPrefix ? '*' : ''}`)
    if (parts.length === wordsMax) break
  }
  return parts.length === 0 ? undefined : parts.join(' AND ')
}
