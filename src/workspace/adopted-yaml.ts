/** The text of a desired state that was made from a database: commented for the person who edits it from here on. Pure. */
import type { AdoptedField } from './adopted-field.ts'
import type { AdoptedMirror } from './adopted-mapping.ts'

export interface AdoptedTable {
  /** Of the entry; {@link table} is what SQLite calls it. */
  readonly name: string
  readonly table: string
  readonly key: string
  readonly fields: readonly AdoptedField[]
  readonly indexes: readonly { readonly on: readonly string[]; readonly unique: boolean }[]
  /** With the field that a column would be under another name, where its own is the reason. */
  readonly leftOut: readonly { readonly column: string; readonly reason: string; readonly renamed?: AdoptedField }[]
  readonly rows: number
  readonly rowsWithoutKey: number
  /** Share of the sampled rows that have a value, by column. */
  readonly filled: ReadonlyMap<string, number>
  /** The table of the base that mirrors it; undefined where none does. */
  readonly mirror?: AdoptedMirror
}

/** A table that is not declared. */
export interface LeftOut {
  readonly table: string
  readonly reason: string
}

/** The base that was looked at. */
export interface AdoptedBase {
  readonly base: string
  readonly tokenVariable: string
  /** Undefined: Airtable itself. */
  readonly endpoint: string | undefined
  /** Tables of the base that mirror nothing. */
  readonly others: readonly string[]
}

interface Content {
  /** The JSON schema for editors, as a path from the workspace. */
  readonly schema: string
  /** Of the database, relative to the workspace. */
  readonly path: string
  /** What of the file is not as Trueup keeps it, so that it is declared to stay as it is. */
  readonly kept: { readonly permissions: string | undefined; readonly journal: string | undefined }
  readonly tables: readonly AdoptedTable[]
  readonly leftOut: readonly LeftOut[]
  readonly airtable: AdoptedBase | undefined
}

/** The whole file. */
export function adoptedYaml({ schema, path, kept, tables, leftOut, airtable }: Content): string {
  const from = airtable === undefined ? path : `${path} --airtable ${airtable.base}`
  const lines = [
    comment(`# yaml-language-server: $schema=${schema}`),
    `# Made by \`trueup init --from ${from}\`: it declares what is there today, so that nothing differs from it.`,
    '# Each line that begins with `# →` proposes a setting with the figure that speaks for it. Put it into the entry above it,',
    '# run `trueup plan` to see what it would change, and `trueup apply` to have it done.',
    'apiVersion: trueup/v1',
    'name: leads',
    '',
    'databases:',
    '  main:',
    `    path: ${quoted(path)}`,
    '    # Reported only: nothing is written to the file. Take the line away to have it kept as declared.',
    '    manage: observe',
    ...(kept.permissions === undefined
      ? []
      : [`    permissions: any  # ${kept.permissions}; take the line away to have it private (0600, its folder 0700)`]),
    ...(kept.journal === undefined
      ? []
      : [
          `    journal: any  # it is ${kept.journal}; take the line away to have WAL, so that nobody waits for readers`,
        ]),
    ...baseLines(airtable),
    '',
    'tables:',
    ...tables.flatMap(tableLines),
    ...(leftOut.length === 0
      ? []
      : ['', '# Not declared:', ...leftOut.map(({ table, reason }) => comment(`#   ${table}: ${reason}`))]),
  ]
  return `${lines.join('\n')}\n`
}

function baseLines(airtable: AdoptedBase | undefined): readonly string[] {
  if (airtable === undefined) return []
  const { base, tokenVariable, endpoint, others } = airtable
  return [
    '',
    'airtable:',
    `  token: { env: ${tokenVariable} }`,
    `  base: ${base}`,
    ...(endpoint === undefined ? [] : [`  endpoint: ${quoted(endpoint)}`]),
    '  # → monthlyCalls: 100000  (what your plan allows; changes are then asked for so often that the month lasts)',
    ...(others.length === 0 ? [] : [comment(`  # Tables of the base that mirror nothing here: ${others.join(', ')}`)]),
  ]
}

function mirrorLines({ mirror }: AdoptedTable): readonly string[] {
  if (mirror === undefined) return []
  return [
    comment(`    # ${mirror.reason}.`),
    '    airtable:',
    `      table: ${quoted(mirror.table)}`,
    comment(`      key: ${quoted(mirror.keyField)}  # ${mirror.keyReason}`),
    '      # The mapping is checked, and nothing is compared, made or synced. Take the line away to have both sides say the',
    '      # same; `trueup plan` then shows what that means, record by record.',
    '      paused: true',
  ]
}

/** What only the base has, each with the entry that would take it over. */
function otherLines({ mirror }: AdoptedTable): readonly string[] {
  return (mirror?.others ?? []).map(({ remote, reason, proposal }) => {
    if (proposal === undefined) return comment(`      # Airtable field ${quoted(remote)} is not mapped: ${reason}`)
    const { name, type, pull } = proposal
    const to = pull ? `{ field: ${quoted(remote)}, direction: pull }` : quoted(remote)
    return comment(`      # → ${name}: { type: ${type}, airtable: ${to} }  (in Airtable only: ${reason})`)
  })
}

function tableLines(table: AdoptedTable): readonly string[] {
  return [
    `  ${table.name}:  # ${table.rows.toLocaleString('en-US')} ${table.rows === 1 ? 'row' : 'rows'}`,
    '    database: main',
    ...(table.table === table.name ? [] : [`    table: ${quoted(table.table)}`]),
    `    key: ${table.key}${keylessText(table)}`,
    ...mirrorLines(table),
    '    fields:',
    ...table.fields.flatMap((field) => fieldLines(field, table.mirror?.fields.get(field.name))),
    ...otherLines(table),
    ...table.leftOut.flatMap(leftOutLines),
    ...(table.indexes.length === 0 ? [] : ['    indexes:', ...table.indexes.map(indexLine)]),
    ...tableProposals(table),
  ]
}

/** A rename is only proposed: programs that use the old name must follow. */
function leftOutLines({ column, reason, renamed }: AdoptedTable['leftOut'][number]): readonly string[] {
  if (renamed === undefined) return [comment(`      # column ${column} is not declared: ${reason}`)]
  const settings = [...settingsOf(renamed), `renamedFrom: ${quoted(column)}`]
  return [
    comment(
      `      # → ${renamed.name}: { ${settings.join(', ')} }  (${reason}; this renames the column, and programs must follow)`,
    ),
  ]
}

function keylessText({ rowsWithoutKey }: AdoptedTable): string {
  return rowsWithoutKey === 0 ? '' : `  # ${rowsWithoutKey} rows without one get a UUID once the file is managed`
}

function fieldLines(
  field: AdoptedField,
  mapped: { readonly remote: string; readonly reason: string } | undefined,
): readonly string[] {
  const settings = [...settingsOf(field), ...(mapped === undefined ? [] : [`airtable: ${quoted(mapped.remote)}`])]
  return [
    comment(
      `      ${field.name}: { ${settings.join(', ')} }${mapped === undefined ? '' : `  # Airtable: ${mapped.reason}`}`,
    ),
    ...field.proposals.map(({ setting, reason }) => comment(`      # → ${setting}  (${reason})`)),
  ]
}

function settingsOf(field: AdoptedField): readonly string[] {
  return [
    `type: ${field.type}`,
    ...(field.required ? ['required: true'] : []),
    ...(field.unique ? ['unique: true'] : []),
    ...(field.default === undefined
      ? []
      : [`default: ${typeof field.default === 'number' ? field.default : quoted(field.default)}`]),
  ]
}

function indexLine({ on, unique }: AdoptedTable['indexes'][number]): string {
  return `      - { on: [${on.join(', ')}]${unique ? ', unique: true' : ''} }`
}

/** Rules that concern the whole table, where it holds people. */
function tableProposals({ fields, filled }: AdoptedTable): readonly string[] {
  const named = (pattern: RegExp) => fields.find(({ name }) => pattern.test(name))
  const email = fields.find(({ type }) => type === 'email')
  const linkedin = named(/linkedin/)
  const person = named(/^(full_?name|name|lead_name)$/)
  const company = named(/^(company|company_name|organi[sz]ation)$/)
  if (email === undefined && linkedin === undefined) return []
  const shares = [email, linkedin, company].flatMap((field) => {
    if (field === undefined) return []
    return [`${field.name}: ${Math.floor(100 * (filled.get(field.name) ?? 0))}%`]
  })
  const rules = [
    ...(linkedin === undefined ? [] : [`{ name: linkedin, exact: ${linkedin.name}, confidence: 1.0 }`]),
    ...(email === undefined ? [] : [`{ name: email, exact: ${email.name}, confidence: 0.97 }`]),
    ...(person === undefined || company === undefined
      ? []
      : [`{ name: name-company, fuzzy: [${person.name}, ${company.name}], threshold: 0.85 }`]),
  ]
  return [
    `    # → quality: { completeness: { ${shares.join(', ')} } }  (what is filled today; raise it to what you want)`,
    '    # → duplicates: (one person, one row; without `mergeAutomaticallyFrom` every merge waits for you)',
    '    #     rules:',
    ...rules.map((rule) => `    #       - ${rule}`),
  ]
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

/** A comment stays on its line, whatever the database calls its columns. */
function comment(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
}
