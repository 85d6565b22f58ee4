/** Words that people and programs write where they have nothing to say. */

const placeholders = new Set([
  'n/a',
  'n.a.',
  '#n/a',
  'none',
  'null',
  '(null)',
  'nil',
  'nan',
  'undefined',
  'unknown',
  'unbekannt',
  'not available',
  'not applicable',
  'not provided',
  'no name',
  'tbd',
  'tba',
  'todo',
  'xxx',
  'empty',
  '[object object]',
])

/** Whether the value says that there is no value. */
export function isPlaceholder(value: string): boolean {
  return placeholders.has(value.toLowerCase())
}
