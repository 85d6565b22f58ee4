/**
 * What becomes of one row, given the table, the log and the rows before it: it completes a lead that is there, becomes a
 * new one, or neither. What would be written is left in the spool.
 */
import type { IsErased } from '../../targets/erasure/marks.ts'
import { coerce } from '../../values/coerce.ts'
import { isMarked } from '../../values/contact-mark.ts'
import type { Cell } from '../../values/field-type.ts'
import { identitiesOf, keyIdentity, type PersonFields, personFieldsOf, personTextsOf } from '../../values/identity.ts'
import { HashSet, hash53 } from './hash-index.ts'
import { erasedReason, type ImportLog, type Outcome } from './import-log.ts'
import type { KnownLead } from './known-leads.ts'
import { LeadFinder, type Match } from './lead-finder.ts'
import { coerceFieldOf, type ReadLead } from './lead-reader.ts'
import { derivedKey } from './row-identity.ts'
import { type ImportResource, rolesOf } from './spec.ts'
import type { Spool } from './spool.ts'
import { type TargetTable, uniqueText } from './target-table.ts'

/** What a row comes to. */
export interface Verdict {
  readonly outcome: Outcome
  readonly leadKey: string | null
  readonly reason: string | null
  /** Values that are filled or, in a new lead, left out since another lead has them. */
  readonly fields: readonly (readonly [field: string, cell: Cell])[]
  /** Refused by what is in the table rather than by the row's own values. */
  readonly byTable: boolean
  /** The field that a refusal is about, where it is about one. */
  readonly about?: string
  /** What was done about a lead that the row means although nothing exact says so. */
  readonly alike?: Alike
}

export type Alike = 'merged' | 'refused' | 'flagged'

export interface JudgeInput {
  readonly spec: ImportResource
  readonly target: TargetTable
  readonly log: ImportLog
  readonly spool: Spool
  /** Undefined where nobody was erased. */
  readonly isErased: IsErased | undefined
  /** Undefined where nobody is on the list of those who are not to be contacted. */
  readonly isListed?: IsErased | undefined
  /** Undefined where rows are not compared with the leads that are there. */
  readonly findKnown?: FindKnown | undefined
}

/** The lead that a row means although nothing exact says so. */
export type FindKnown = (lead: ReadLead) => KnownLead | undefined

export class Judge {
  private readonly input: JudgeInput
  private readonly raw: string | undefined
  /** The field of type `doNotContact`. */
  private readonly mark: string | undefined
  private readonly defaults: ReadonlyMap<string, Cell>
  private readonly required: readonly string[]
  private readonly personFields: PersonFields
  private finder: LeadFinder | undefined
  private persons: HashSet | undefined

  constructor(input: JudgeInput) {
    this.input = input
    const { into } = input.spec
    this.raw = rolesOf(into).raw
    this.mark = into.fields.find((field) => field.doNotContact)?.name
    this.defaults = defaultsOf(input.spec)
    this.personFields = personFieldsOf(into.fields)
    const required = into.fields.filter((field) => field.required).map((field) => field.name)
    this.required = [...new Set([...required, ...input.target.demanded])].filter(
      (name) => name !== into.key && !isFilledByNow(input.spec, name),
    )
  }

  /** Whether the row speaks of a person who was erased: by what it says, or by the lead that it became before. */
  isErased(identity: string, lead: ReadLead): boolean {
    const { spec, isErased } = this.input
    return isErased?.(this.identitiesIn(lead, [lead.key, derivedKey(spec.name, identity)])) === true
  }

  private identitiesIn(lead: ReadLead, keys: readonly (string | undefined)[]): readonly string[] {
    const own = keys.flatMap((key) => (key === undefined ? [] : [keyIdentity(this.input.spec.into.table, key)]))
    const texts = personTextsOf(this.personFields, (field) => lead.fields.get(field))
    return [...own.filter((key) => key !== undefined), ...identitiesOf(texts)]
  }

  /** Decides over a row at its turn. */
  judge(identity: string, lead: ReadLead): Verdict {
    if (lead.fields.size === 0) return refused('no field can be filled from it', false)
    const merged = this.merge(identity, lead)
    if (merged !== undefined) return merged
    if (this.wasImported(identity, lead)) {
      const reason = 'its lead was deleted since it was imported'
      return { outcome: 'withheld', leadKey: null, reason, fields: [], byTable: false }
    }
    const known = this.input.findKnown?.(lead)
    const answer = known === undefined ? undefined : this.answer(identity, lead, known)
    if (answer !== undefined) return answer
    const inserted = this.insert(lead, derivedKey(this.input.spec.name, identity))
    if (known === undefined || inserted.outcome !== 'inserted') return inserted
    return { ...inserted, reason: `may be ${known.key} (${known.why})`, alike: 'flagged' }
  }

  /** Merges or refuses a row that means a lead which is there, as declared; undefined where it is inserted and flagged. */
  private answer(identity: string, lead: ReadLead, known: KnownLead): Verdict | undefined {
    switch (this.input.spec.into.duplicates?.onInsert) {
      case 'merge': {
        const match = this.finderOf().matchAt(known.rowId, identity)
        return match === undefined ? undefined : { ...this.complete(match, lead, known.why), alike: 'merged' }
      }
      case 'refuse': {
        const verdict = refused(`means ${known.key}, which is there (${known.why})`, true)
        return { ...verdict, leadKey: known.key, alike: 'refused' }
      }
      default:
        return undefined
    }
  }

  /** What the row adds to the lead that it matches; undefined where it matches none. */
  merge(identity: string, lead: ReadLead): Verdict | undefined {
    const { spec, log } = this.input
    if (lead.fields.size === 0) return undefined
    const own = derivedKey(spec.name, identity)
    const match = this.finderOf().find(identity, lead, own, log.leadKeysOf(identity))
    return match === undefined ? undefined : this.complete(match, lead, `same ${match.by}`)
  }

  /** Fills what the lead lacks. @param why the row speaks of it */
  private complete(match: Match, lead: ReadLead, why: string): Verdict {
    const fields: [string, Cell][] = []
    for (const [field, cell] of this.offered(lead)) {
      if (!this.takes(match, field, cell) || this.collides(field, cell, match)) continue
      match.fill(field, cell)
      this.claim(field, match)
      fields.push([field, cell])
    }
    match.done()
    const leadKey = match.key === null ? null : String(match.key)
    const names = fields.map(([field]) => field)
    return names.length === 0
      ? { outcome: 'unchanged', leadKey, reason: why, fields, byTable: false }
      : { outcome: 'merged', leadKey, reason: `${why}; filled ${names.join(', ')}`, fields, byTable: false }
  }

  /** What a lead has stays, but for one thing: that somebody is not to be contacted is taken over from whoever says it. */
  private takes(match: Match, field: string, cell: Cell): boolean {
    if (field === this.mark && isMarked(cell) && this.input.target.present.has(field))
      return !isMarked(match.value(field))
    return match.isBlank(field)
  }

  private insert(lead: ReadLead, own: string): Verdict {
    const finder = this.finderOf()
    const taken = [...lead.fields].filter(([field, cell]) => this.collides(field, cell, undefined))
    const cells: Record<string, Cell> = Object.fromEntries([...this.defaults, ...lead.fields])
    for (const [field] of taken) delete cells[field]
    if (this.mark !== undefined && this.input.isListed?.(this.identitiesIn(lead, [lead.key, own])) === true)
      cells[this.mark] = 1
    // Named as NULL, since the column's own default would stand in otherwise; a required one cannot do without.
    for (const field of lead.undecided) if (!this.required.includes(field)) cells[field] = null
    const lacking = this.required.find((field) => cells[field] === undefined)
    if (lacking !== undefined) {
      return taken.some(([field]) => field === lacking)
        ? refused(`another lead has its ${lacking}`, true, lacking)
        : refused(`has no usable ${lacking}, which is required`, false, lacking)
    }
    const together = this.input.target.uniques
      .filter((group) => group.length > 1)
      .find((group) => finder.isTaken(uniqueText(group, (field) => cells[field])))
    if (together !== undefined) return refused(`another lead has its ${together.join(' and ')}`, true, together[0])
    const raw = withTaken(lead.raw, taken)
    if (this.raw !== undefined && raw !== null) cells[this.raw] = raw
    const key = lead.key !== undefined && finder.isFree(lead.key) ? lead.key : own
    const number = this.input.spool.insert({ key, cells: { [this.input.spec.into.key]: key, ...cells } })
    const uniques = this.input.target.uniques.map((group) => uniqueText(group, (field) => cells[field]))
    finder.added(number, key, { ...lead, email: taken.length > 0 ? undefined : lead.email }, uniques)
    return { outcome: 'inserted', leadKey: key, reason: null, fields: taken, byTable: false }
  }

  /** The lead's values and, where it is declared, what is left over. */
  private *offered(lead: ReadLead): Generator<readonly [string, Cell]> {
    yield* lead.fields
    if (lead.raw !== null && this.raw !== undefined) yield [this.raw, lead.raw]
  }

  /** Whether a value would stand twice where it must be unique. */
  private collides(field: string, cell: Cell, match: Match | undefined): boolean {
    const finder = this.finderOf()
    return this.input.target.uniques
      .filter((group) => group.includes(field) && (match !== undefined || group.length === 1))
      .some((group) => finder.isTaken(uniqueText(group, (one) => (one === field ? cell : match?.value(one)))))
  }

  private claim(field: string, match: Match): void {
    const groups = this.input.target.uniques.filter((group) => group.includes(field))
    this.finderOf().claim(groups.map((group) => uniqueText(group, match.value)))
  }

  /** Whether this person became a lead by this import before that is gone now; only asked of rows that match no lead. */
  private wasImported(identity: string, lead: ReadLead): boolean {
    const { log } = this.input
    if (log.rows === 0) return false
    const finder = this.finderOf()
    this.persons ??= goneOf(log, finder)
    const known = this.persons
    const { linkedin, email, person } = personHashes(identity, lead)
    // A mailbox or key that some lead still has belongs to somebody else, or the row would have matched.
    return (
      (linkedin !== null && known.has(linkedin)) ||
      (email !== null && known.has(email) && !finder.hasEmail(lead.email)) ||
      (person !== null && known.has(person)) ||
      (lead.key !== undefined && known.has(hash53(`key:${lead.key}`)) && finder.isFree(lead.key))
    )
  }

  /** The table is read only once a row needs it: most looks find every row settled. */
  private finderOf(): LeadFinder {
    this.finder ??= new LeadFinder(this.input.target, this.input.spool, rolesOf(this.input.spec.into))
    return this.finder
  }
}

/** What a row of an erased person comes to. */
export const erasedVerdict: Verdict = {
  outcome: 'withheld',
  leadKey: null,
  reason: erasedReason,
  fields: [],
  byTable: false,
}

function refused(reason: string, byTable: boolean, about?: string): Verdict {
  return { outcome: 'refused', leadKey: null, reason, fields: [], byTable, ...(about === undefined ? {} : { about }) }
}

/** Persons of the log whose leads are gone, by their hashes and their leads' keys. */
function goneOf(log: ImportLog, finder: LeadFinder): HashSet {
  const gone = new HashSet(64)
  for (const { leadKey, hashes } of log.persons()) {
    if (leadKey !== null && !finder.isFree(leadKey)) continue
    for (const hash of hashes) if (hash !== null) gone.add(hash)
    if (leadKey !== null) gone.add(hash53(`key:${leadKey}`))
  }
  return gone
}

/** What a person can be recognised by when their lead is gone: LinkedIn, e-mail, and the source row with the same name. */
export function personHashes(
  identity: string,
  lead: ReadLead,
): { readonly linkedin: number | null; readonly email: number | null; readonly person: number | null } {
  const hash = (kind: string, text: string | undefined) => (text === undefined ? null : hash53(`${kind}:${text}`))
  return {
    linkedin: hash('linkedin', lead.linkedin),
    email: hash('email', lead.email),
    person: hash('row', lead.person === undefined ? undefined : `${identity}\0${lead.person}`),
  }
}

/** What is left over, with the values that cannot stand in their fields. */
function withTaken(raw: string | null, taken: readonly (readonly [string, Cell])[]): string | null {
  if (taken.length === 0) return raw
  const rest: unknown = raw === null ? {} : JSON.parse(raw)
  const values = taken.map(([field, cell]) => [field, typeof cell === 'bigint' ? cell.toString() : cell])
  return JSON.stringify(Object.assign(Object.fromEntries(values), rest))
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
