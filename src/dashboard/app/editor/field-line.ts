/** Puts a field into the text of a desired state, where somebody would write it: after the last one of its table. Pure. */

/** A field as the form asks for it. */
export interface FieldWish {
  readonly table: string
  readonly name: string
  readonly type: string
  /** What a field of type choice or choices can hold. */
  readonly choices: readonly string[]
  /** Its name in Airtable; empty for a field that is not kept there. */
  readonly airtable: string
}

/** Types of which the values are named. */
export const choiceTypes: readonly string[] = ['choice', 'choices']
/** What a field can hold, as the desired state calls it. */
export const fieldTypes: readonly string[] = [
  ...['text', 'longtext', 'email', 'url', 'phone', ...choiceTypes, 'boolean', 'integer', 'number', 'date', 'datetime'],
  ...['json', 'doNotContact'],
]

interface Block {
  /** Lines of the entries below the key, from and up to. */
  readonly from: number
  readonly to: number
  readonly indent: number
}

/** Tables whose fields stand below one another, so that one can be added. */
export function tablesIn(text: string): readonly string[] {
  const lines = text.split(/\r?\n/)
  const tables = blockOf(lines, 'tables', { from: 0, to: lines.length, indent: 0 })
  if (tables === undefined) return []
  return namesIn(lines, tables).filter((name) => fieldsOf(lines, name) !== undefined)
}

/** The text with the field in it, and the number of its line; undefined where the table has no place for it. */
export function withField(text: string, wish: FieldWish): { readonly text: string; readonly line: number } | undefined {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text.split(/\r?\n/)
  const fields = fieldsOf(lines, wish.table)
  if (fields === undefined) return undefined
  const last = lastEntryLine(lines, fields)
  const line = `${' '.repeat(fields.indent)}${lineOf(wish)}`
  return { text: [...lines.slice(0, last + 1), line, ...lines.slice(last + 1)].join(lineEnd), line: last + 2 }
}

function lineOf({ name, type, choices, airtable }: FieldWish): string {
  const parts = [
    `type: ${type}`,
    ...(choiceTypes.includes(type) ? [`choices: [${choices.map(scalar).join(', ')}]`] : []),
    ...(airtable === '' ? [] : [`airtable: ${scalar(airtable)}`]),
  ]
  return `${name}: { ${parts.join(', ')} }`
}

/** Quoted where it could be read as something else. */
function scalar(text: string): string {
  return /^[A-Za-z][\w ]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text.trim()
    : JSON.stringify(text)
}

function fieldsOf(lines: readonly string[], table: string): Block | undefined {
  const tables = blockOf(lines, 'tables', { from: 0, to: lines.length, indent: 0 })
  const one = tables === undefined ? undefined : blockOf(lines, table, tables)
  return one === undefined ? undefined : blockOf(lines, 'fields', one)
}

/** What stands below a key of a block. */
function blockOf(lines: readonly string[], key: string, within: Block): Block | undefined {
  for (let at = within.from; at < within.to; at += 1) {
    const line = lines[at] ?? ''
    if (indentOf(line) !== within.indent || keyOf(line) !== key) continue
    if (!/:\s*(#.*)?$/.test(line)) return undefined
    let end = at + 1
    while (end < within.to && (isEmpty(lines[end] ?? '') || indentOf(lines[end] ?? '') > within.indent)) end += 1
    const first = lines.slice(at + 1, end).find((one) => !isEmpty(one))
    return first === undefined ? undefined : { from: at + 1, to: end, indent: indentOf(first) }
  }
  return undefined
}

function namesIn(lines: readonly string[], { from, to, indent }: Block): readonly string[] {
  return lines.slice(from, to).flatMap((line) => {
    const name = indentOf(line) === indent && !isEmpty(line) ? keyOf(line) : undefined
    return name === undefined ? [] : [name]
  })
}

function lastEntryLine(lines: readonly string[], { from, to }: Block): number {
  for (let at = to - 1; at >= from; at -= 1) if (!isEmpty(lines[at] ?? '')) return at
  return from
}

function keyOf(line: string): string | undefined {
  return /^\s*["']?([\w.-]+)["']?\s*:/.exec(line)?.[1]
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}

/** Nothing but space or a comment. */
function isEmpty(line: string): boolean {
  return /^\s*(#.*)?$/.test(line)
}
