/**
 * Works out what an import would do: every row of the source is accounted for exactly once, in order, against the log, the
 * table and the rows before it. Reads only; what would be written is left in a spool.
 */
import { createHash } from 'node:crypto'
import type { JsonValue } from '../../json.ts'
import { coerce } from '../../values/coerce.ts'
import type { Cell } from '../../values/field-type.ts'
import { HashSet, hash53 } from './hash-index.ts'
import { type ImportLog, type LogRow, type Outcome, settledHash } from './import-log.ts'
import { LeadFinder, type Match } from './lead-finder.ts'
import { coerceFieldOf, leadReader, type ReadLead } from './lead-reader.ts'
import type { Mapping } from './mapping.ts'
import { derivedKey, rowIdentity } from './row-identity.ts'
import { fingerprintOf, type Source, type SourceProblem, type SourceRow } from './source-row.ts'
import { type ImportResource, rolesOf } from './spec.ts'
import type { NewLead, Spool } from './spool.ts'
import type { ImportState } from './state.ts'
import { Tally } from './tally.ts'
import { type TargetTable, uniqueText } from './target-table.ts'

export interface ReckonInput {
  readonly spec: ImportResource
  readonly source: Source
  readonly mapping: Mapping
  readonly target: TargetTable
  readonly log: ImportLog
  readonly spool: Spool
  /** Called every thousand rows; throws to stop. */
  readonly onRows: (done: number) => void
}

/** What a row comes to. */
interface Verdict {
  readonly outcome: Outcome
  readonly leadKey: string | null
  readonly reason: string | null
}

/** Accounts for every row of the source. */
export function reckon(input: ReckonInput): ImportState {
  return new Reckoning(input).run()
}

class Reckoning {
  private readonly input: ReckonInput
  private readonly tally = new Tally()
  private readonly read: (row: SourceRow) => ReadLead
  private readonly fieldOf: (column: string) => string | null
  private readonly evidence = createHash('sha256')
  private readonly settled: HashSet
  private readonly seen = new HashSet(64)
  private readonly roles: ReturnType<typeof rolesOf>
  private readonly defaults: ReadonlyMap<string, Cell>
  private readonly required: ReadonlySet<string>
  private finder: LeadFinder | undefined
  private persons: HashSet | undefined

  constructor(input: ReckonInput) {
    this.input = input
    const { spec, mapping, log, target } = input
    this.read = leadReader(spec.into, mapping)
    this.roles = rolesOf(spec.into)
    const fields = new Map(mapping.mapped.map(({ column, field }) => [column, field]))
    this.fieldOf = (column) => fields.get(column) ?? this.roles.raw ?? null
    this.settled = new HashSet(log.rows)
    for (const hash of log.settled()) this.settled.add(hash)
    this.defaults = defaultsOf(spec)
    this.required = new Set([
      ...spec.into.fields.filter((field) => field.required).map((field) => field.name),
      ...target.demanded,
    ])
    this.required = new Set(
      [...this.required].filter((field) => field !== spec.into.key && !isFilledByNow(spec, field)),
    )
  }

  run(): ImportState {
    const { source, onRows, target, mapping, log } = this.input
    for (const item of source.items()) {
      if (item.is === 'problem') this.problem(item.problem)
      else this.row(item.row)
      if (this.tally.rows % 1000 === 0) onRows(this.tally.rows)
    }
    return {
      ...this.tally.state(),
      ...this.written(),
      population: target.rows,
      waitingFor: [...target.missing],
      mapping: {
        mapped: [...mapping.mapped],
        unmapped: [...mapping.unmapped],
        problems: [...mapping.problems],
      },
      keepsRest: this.roles.raw !== undefined,
      runs: log.runs.map((run) => ({ ...run, counts: { ...run.counts } })),
      evidence: this.evidence.digest('hex'),
    }
  }

  private written(): Pick<ImportState, 'inserts' | 'fills' | 'preview'> {
    const { spool, spec } = this.input
    const counts = spool.counts()
    const fills = firstOf(spool.fills(), sampleMax)
    const leads = firstOf(spool.leads(), sampleMax)
    const preview = [
      ...fills.slice(0, counts.inserts > 0 ? sampleMax / 2 : sampleMax).map((fill) => ({
        key: String(fill.key ?? ''),
        field: fill.field,
        before: shown(fill.before),
        after: shown(fill.after),
      })),
      ...leads.flatMap((lead) => previewOf(lead, spec)),
    ]
    return {
      inserts: { count: counts.inserts, sample: leads.map((lead) => lead.key) },
      fills: {
        leads: counts.filledLeads,
        cells: counts.filledCells,
        sample: [...new Set(fills.map((fill) => String(fill.key ?? '')))],
      },
      preview: preview.slice(0, sampleMax),
    }
  }

  private problem(problem: SourceProblem): void {
    if (problem.row === null) this.tally.file(problem)
    else {
      this.tally.refused(problem, false)
      this.witness(['unreadable', problem.file, problem.row, problem.message])
    }
  }

  private row(row: SourceRow): void {
    const identity = rowIdentity(row)
    const fingerprint = fingerprintOf(row, this.fieldOf)
    const hash = settledHash(identity, fingerprint)
    if (this.settled.has(hash)) this.tally.settled()
    else if (this.seen.has(hash)) this.tally.repeated()
    else {
      this.seen.add(hash)
      this.unsettled(row, identity, fingerprint)
    }
  }

  private unsettled(row: SourceRow, identity: string, fingerprint: string): void {
    const lead = this.read(row)
    const verdict = this.judge(row, identity, lead)
    for (const problem of lead.problems)
      this.tally.value({ ...row.place, field: problem.column, message: problem.message })
    if (verdict.outcome !== 'refused') this.tally.outcome(verdict.outcome)
    this.witness([identity, fingerprint, verdict.outcome, verdict.leadKey])
    this.input.spool.note({ ...verdict, ...this.logRow(identity, fingerprint, lead) })
  }

  private logRow(identity: string, fingerprint: string, lead: ReadLead): Omit<LogRow, keyof Verdict> {
    const [linkedin = null, email = null, person = null] = personHashes(identity, lead)
    return { sourceRow: identity, fingerprint, linkedin, email, person }
  }

  private judge(row: SourceRow, identity: string, lead: ReadLead): Verdict {
    if (lead.fields.size === 0) return this.refuse(row, 'no field can be filled from it', false)
    const finder = this.finderOf()
    const own = derivedKey(this.input.spec.name, identity)
    const match = finder.find(lead, own, this.input.log.leadKeysOf(identity))
    if (match !== undefined) return this.merge(lead, match)
    if (this.wasImported(identity, lead))
      return { outcome: 'withheld', leadKey: null, reason: 'its lead was deleted since it was imported' }
    return this.insert(row, lead, own)
  }

  private merge(lead: ReadLead, match: Match): Verdict {
    const key = match.key === null ? null : String(match.key)
    const filled: string[] = []
    for (const [field, after] of this.offered(lead)) {
      if (!match.isBlank(field) || this.collides(field, after, match)) continue
      match.fill(field, after)
      this.claim(field, after, match)
      filled.push(field)
      this.witness([key, field, cellText(after)])
    }
    match.done()
    if (filled.length === 0) return { outcome: 'unchanged', leadKey: key, reason: `same ${match.by}` }
    return { outcome: 'merged', leadKey: key, reason: `same ${match.by}; filled ${filled.join(', ')}` }
  }

  private insert(row: SourceRow, lead: ReadLead, own: string): Verdict {
    const finder = this.finderOf()
    const cells: Record<string, Cell> = Object.fromEntries(this.defaults)
    const dropped: string[] = []
    for (const [field, cell] of this.offered(lead)) {
      if (this.collides(field, cell, undefined)) dropped.push(field)
      else cells[field] = cell
    }
    const lacking = [...this.required].find((field) => cells[field] === undefined)
    if (lacking !== undefined) {
      const taken = dropped.includes(lacking)
      return this.refuse(
        row,
        taken ? `another lead has its ${lacking}` : `has no usable ${lacking}, which is required`,
        taken,
      )
    }
    const together = this.input.target.uniques
      .filter((group) => group.length > 1)
      .find((group) => finder.isTaken(uniqueText(group, (field) => cells[field])))
    if (together !== undefined) return this.refuse(row, `another lead has its ${together.join(' and ')}`, true)
    for (const field of dropped)
      this.tally.value({ ...row.place, field, message: 'is left out, since another lead has it and it must be unique' })
    const key = lead.key !== undefined && finder.isFree(lead.key) ? lead.key : own
    const number = this.input.spool.insert({ key, cells: { [this.input.spec.into.key]: key, ...cells } })
    finder.added(number, key, lead, this.uniqueTexts(cells))
    this.witness(['left out', ...dropped])
    return { outcome: 'inserted', leadKey: key, reason: null }
  }

  private refuse(row: SourceRow, reason: string, byTable: boolean): Verdict {
    this.tally.refused({ ...row.place, field: null, message: reason }, byTable)
    return { outcome: 'refused', leadKey: null, reason }
  }

  /** The lead's values and, where it is declared, what is left over. */
  private *offered(lead: ReadLead): Generator<readonly [string, Cell]> {
    yield* lead.fields
    if (lead.raw !== null && this.roles.raw !== undefined) yield [this.roles.raw, lead.raw]
  }

  /** Whether a value would stand twice where it must be unique. */
  private collides(field: string, cell: Cell, match: Match | undefined): boolean {
    const finder = this.finderOf()
    return this.input.target.uniques
      .filter((group) => group.includes(field) && (match !== undefined || group.length === 1))
      .some((group) => finder.isTaken(uniqueText(group, (one) => (one === field ? cell : match?.before(one)))))
  }

  private claim(field: string, cell: Cell, match: Match): void {
    const groups = this.input.target.uniques.filter((group) => group.includes(field))
    this.finderOf().claim(groups.map((group) => uniqueText(group, (one) => (one === field ? cell : match.before(one)))))
  }

  private uniqueTexts(cells: Readonly<Record<string, Cell>>): readonly (string | undefined)[] {
    return this.input.target.uniques.map((group) => uniqueText(group, (field) => cells[field]))
  }

  /** Whether this person became a lead by this import before; only asked of rows that match no lead now. */
  private wasImported(identity: string, lead: ReadLead): boolean {
    const { log } = this.input
    if (log.rows === 0) return false
    if (this.persons === undefined) {
      this.persons = new HashSet(log.rows * 3)
      for (const hash of log.persons()) this.persons.add(hash)
    }
    const finder = this.finderOf()
    const known = this.persons
    const [linkedin, email, person] = personHashes(identity, lead)
    // A mailbox or key that some lead still has belongs to somebody else, or the row would have matched.
    return (
      (linkedin !== null && known.has(linkedin)) ||
      (email !== null && known.has(email) && !finder.hasEmail(lead.email)) ||
      (person !== null && known.has(person) && log.leadKeysOf(identity).every((key) => finder.isFree(key))) ||
      (lead.key !== undefined && known.has(hash53(`key:${lead.key}`)) && finder.isFree(lead.key))
    )
  }

  /** The table is read only once a row needs it: most looks find every row settled. */
  private finderOf(): LeadFinder {
    this.finder ??= new LeadFinder(this.input.target, this.input.spool, this.roles)
    return this.finder
  }

  private witness(fact: JsonValue): void {
    this.evidence.update(`${JSON.stringify(fact)}\n`)
  }
}

const sampleMax = 20
const shownCharactersMax = 200

/** The cells of a new lead that tell who it is; the rest of a row would crowd out other rows. */
function previewOf(lead: NewLead, spec: ImportResource): ImportState['preview'] {
  const telling = spec.into.fields.filter((field) => field.type !== 'json' && field.type !== 'longtext')
  return telling
    .filter((field) => lead.cells[field.name] !== undefined && String(lead.cells[field.name]) !== String(field.default))
    .slice(0, 4)
    .map((field) => ({ key: lead.key, field: field.name, before: null, after: shown(lead.cells[field.name] ?? null) }))
}

function firstOf<Item>(items: Iterable<Item>, count: number): readonly Item[] {
  const first: Item[] = []
  for (const item of items) {
    first.push(item)
    if (first.length === count) break
  }
  return first
}

/** A cell for people, cut where it is long. */
function shown(cell: Cell): string | number | null {
  const value = cellText(cell)
  if (typeof value !== 'string' || value.length <= shownCharactersMax) return value
  return `${value.slice(0, shownCharactersMax)}…`
}

/** What a person can be recognised by when their lead is gone: LinkedIn, e-mail, and the source row with the same name. */
function personHashes(identity: string, lead: ReadLead): readonly [number | null, number | null, number | null] {
  const hash = (kind: string, text: string | undefined) => (text === undefined ? null : hash53(`${kind}:${text}`))
  return [
    hash('linkedin', lead.linkedin),
    hash('email', lead.email),
    hash('row', lead.person === undefined ? undefined : `${identity}\0${lead.person}`),
  ]
}

function isFilledByNow(spec: ImportResource, name: string): boolean {
  return spec.into.fields.find((field) => field.name === name)?.default === 'now'
}

/** Declared defaults as cells. `now` is the moment of writing, so that the evidence does not change with every look. */
function defaultsOf(spec: ImportResource): ReadonlyMap<string, Cell> {
  const defaults = new Map<string, Cell>()
  for (const field of spec.into.fields) {
    if (field.default === null || isFilledByNow(spec, field.name)) continue
    const outcome = coerce(field.type, field.default, coerceFieldOf(field))
    if (outcome.is === 'cell' && outcome.cell !== null) defaults.set(field.name, outcome.cell)
  }
  return defaults
}

function cellText(cell: Cell): string | number | null {
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64')
  return typeof cell === 'bigint' ? cell.toString() : cell
}
