/** What a found source would do, and the entries of the desired state that would import it, as YAML to paste. Pure. */
import { relative, sep } from 'node:path'
import { type FoundSource, slugOf } from './discover.ts'
import type { ImportResource } from './spec.ts'
import type { ImportState } from './state.ts'
import type { StatusWord } from './status-words.ts'

export interface Proposal {
  /** Of the entry of `imports`. */
  readonly name: string
  /** `path, table` or the pattern of the files, relative to the workspace. */
  readonly source: string
  readonly into: string
  readonly confidence: number
  /** The declared import that covers it already; null where none does. */
  readonly declaredAs: string | null
  /** What keeps it from being imported as it is; null where nothing does. */
  readonly problem: string | null
  /** What the next run would do; null where the source could not be read to its end. The others add up to `rows`. */
  readonly counts: ProposedCounts | null
  readonly mapped: ImportState['mapping']['mapped']
  readonly unmapped: ImportState['mapping']['unmapped']
  readonly statusWords: readonly StatusWord[]
}

export interface ProposedCounts {
  readonly rows: number
  /** Would become leads. */
  readonly new: number
  /** Are leads already, or of the same person as another row; some would fill blanks of theirs. */
  readonly known: number
  /** Say what another row of the source says, or were dealt with by an earlier run. */
  readonly done: number
  /** Would not be imported: refused, or of leads that were deleted. */
  readonly refused: number
}

/** The counts of a look. */
export function countsOf(state: ImportState): ProposedCounts {
  const { inserted, merged, unchanged, withheld, refused } = state.outcomes
  return {
    rows: state.rows,
    new: inserted ?? 0,
    known: (merged ?? 0) + (unchanged ?? 0),
    done: state.settled + state.repeated,
    refused: (refused ?? 0) + (withheld ?? 0),
  }
}

/** A name for the entry that none of `taken` has. */
export function nameFor({ source }: FoundSource, taken: ReadonlySet<string>): string {
  const own =
    source.is === 'database'
      ? slugOf(`${source.database}-${source.table}`)
      : slugOf(
          `${
            source.pattern
              .split('/')
              .filter((part) => !part.includes('*'))
              .at(-1) ?? 'json'
          }-files`,
        )
  for (let number = 1; ; number++) {
    const name = number === 1 ? own : `${own}-${number}`
    if (!taken.has(name)) return name
  }
}

/** How a source is told to people. */
export function sourceShown(source: ImportResource['source'], workspace: string): string {
  if (source.is === 'files') return source.pattern
  return `${relative(workspace, source.path).split(sep).join('/')}, table ${source.table}`
}

/** The YAML of one proposal together with the database that it needs, undefined where that is declared. */
export interface ProposedEntry {
  readonly proposal: Proposal
  readonly from: ImportResource['source']
  readonly newDatabase: { readonly name: string; readonly path: string } | undefined
}

/** The entries to paste; empty where nothing new was found. */
export function proposalYaml(entries: readonly ProposedEntry[], keepsRest: boolean): string {
  const wanted = entries.filter(({ proposal }) => proposal.declaredAs === null && proposal.problem === null)
  if (wanted.length === 0) return ''
  const databases = new Map(wanted.flatMap(({ newDatabase: one }) => (one === undefined ? [] : [[one.name, one.path]])))
  const lines: string[] = []
  if (databases.size > 0) {
    lines.push('# Add under `databases`. What is only observed is imported from and never changed.', 'databases:')
    for (const [name, path] of databases) lines.push(`  ${name}: { path: ${scalar(path)}, manage: observe }`)
    lines.push('')
  }
  lines.push('# Add under `imports`.', 'imports:')
  for (const { proposal, from } of wanted) lines.push(...entryLines(proposal, from, keepsRest))
  return `${lines.join('\n')}\n`
}

function entryLines(proposal: Proposal, from: ImportResource['source'], keepsRest: boolean): readonly string[] {
  const { name, into, counts, confidence, mapped, unmapped, statusWords } = proposal
  const source =
    from.is === 'files'
      ? `{ files: ${scalar(from.pattern)} }`
      : `{ database: ${from.database}, table: ${scalar(from.table)} }`
  return [
    `  # Confidence ${confidence.toFixed(2)}. ${counts === null ? 'It could not be read to its end.' : countsText(counts)}`,
    `  ${name}:`,
    `    from: ${source}`,
    `    into: ${into}`,
    ...mapLines(mapped),
    ...unmapped.map(
      ({ column, reason }) =>
        `    # ${oneLine(`\`${column}\` ${keepsRest ? 'goes to raw_data' : 'is not imported'}: ${reason}`)}`,
    ),
    ...aliasLines(statusWords),
  ]
}

/** Two columns for one field cannot be declared; `auto` takes the one where the other is blank. */
function mapLines(mapped: Proposal['mapped']): readonly string[] {
  const fields = mapped.map(({ field }) => field)
  if (new Set(fields).size < fields.length)
    return ['    map: auto', ...mapped.map(({ reason }) => `    # ${oneLine(reason)}`)]
  return [
    '    map:',
    ...mapped.map((one) => `      ${scalar(one.column)}: ${one.field}  # ${oneLine(withoutArrow(one.reason))}`),
  ]
}

function withoutArrow(reason: string): string {
  const colon = reason.indexOf(': ')
  return colon < 0 ? reason : reason.slice(colon + 2)
}

function aliasLines(words: readonly StatusWord[]): readonly string[] {
  if (words.length === 0) return []
  const [first] = words
  return [
    `    # Words of \`${first?.column}\` that \`${first?.field}\` does not admit; declare them as aliases of its rule \`choice\`:`,
    ...words.map(
      ({ word, choice, count, reason }) =>
        `    #   ${oneLine(`${scalar(word)}: ${choice ?? '?'}  # ${count} of the sampled values; ${reason}`)}`,
    ),
  ]
}

/** `1,240 rows: 800 new, 400 known, 0 dealt with, 40 refused.` */
export function countsText(counts: ProposedCounts): string {
  const shown = (count: number) => count.toLocaleString('en-US')
  return `${shown(counts.rows)} rows: ${shown(counts.new)} new, ${shown(counts.known)} already known, ${shown(counts.done)} repeated or dealt with, ${shown(counts.refused)} refused.`
}

/** A comment must not end early, whatever a source calls its columns. */
function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** A text as YAML: plain where it means itself, else quoted as JSON, which YAML reads alike. */
export function scalar(text: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$/.test(text)
  return isPlain && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text)
}
