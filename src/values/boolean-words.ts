/** The words that people and programs write for true and false. */

const words: ReadonlyMap<string, boolean> = new Map([
  ...['1', '1.0', 'true', 't', 'yes', 'y', 'on', 'checked', 'ja', 'oui', 'si', 'sí', '✓', '✔', '☑'].map(
    (word) => [word, true] as const,
  ),
  ...['0', '0.0', 'false', 'f', 'no', 'n', 'off', 'unchecked', 'nein', 'non', '✗', '✘', '☐'].map(
    (word) => [word, false] as const,
  ),
])

/** What a word means, whatever its case; undefined when it is none of them. */
export function readBoolean(value: string): boolean | undefined {
  return words.get(value.trim().toLowerCase())
}
