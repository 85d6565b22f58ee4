/**
 * Finds the lead that a source row speaks of, among the table's rows and those that this run adds: by its own key, by
 * LinkedIn profile, by e-mail address. Found by hash, believed only after the real values agree.
 */
import type { Cell } from '../../values/field-type.ts'
import { isRoleMailbox } from '../../values/role-mailbox.ts'
import { HashIndex, HashSet, hash53 } from './hash-index.ts'
import { type Identity, identityOf, isGlobalKey, type ReadLead } from './lead-reader.ts'
import { isBlankValue } from './source-row.ts'
import type { Spool } from './spool.ts'
import type { TargetTable } from './target-table.ts'

/** A lead that a row matches, with what the row may still fill. */
export interface Match {
  readonly by: string
  readonly key: Cell
  /** Undefined for a lead of this run. */
  readonly rowId: number | undefined
  isBlank(field: string): boolean
  /** The value as it is by now, fills included. */
  readonly value: (field: string) => Cell
  fill(field: string, after: Cell): void
  /** Called once after the last fill. */
  done(): void
}

interface Found extends Identity {
  /** Twice the rowid, or an odd number: twice the number in the spool and one. */
  readonly reference: number
  readonly key: Cell
  readonly cells: ReadonlyMap<string, Cell>
}

export interface FinderFields {
  readonly linkedin: string | undefined
  readonly email: string | undefined
  readonly person: string | undefined
}

export class LeadFinder {
  private readonly target: TargetTable
  private readonly spool: Spool
  private readonly fields: FinderFields
  private readonly byKey: HashIndex
  private readonly byLinkedin: HashIndex
  private readonly byEmail: HashIndex
  /** Leads that rows of this run were found to speak of, by the rows' identities, which need not be unique in a source. */
  private readonly byRow = new HashIndex(64)
  /** Further ones of the same identity, the latest first: few sources have rows that share one and mean several leads. */
  private readonly alsoByRow = new Map<number, readonly number[]>()
  private readonly taken: HashSet

  constructor(target: TargetTable, spool: Spool, fields: FinderFields) {
    this.target = target
    this.spool = spool
    this.fields = fields
    this.byKey = new HashIndex(target.rows)
    this.byLinkedin = new HashIndex(fields.linkedin === undefined ? 0 : target.rows)
    this.byEmail = new HashIndex(fields.email === undefined ? 0 : target.rows)
    this.taken = new HashSet(target.rows * target.uniques.length)
    for (const row of target.keys()) {
      this.learn(row.rowId * 2, row.key, row)
      this.claim(row.uniques)
    }
  }

  /**
   * The lead of a row: `identity` names the row, `own` is the key that it would be given, `before` are the keys of leads
   * that it became earlier.
   */
  find(identity: string, lead: ReadLead, own: string, before: readonly string[]): Match | undefined {
    const itself = this.byKeyOf(own)
    if (itself !== undefined) return this.match(itself, 'source row', identity)
    for (const found of this.becameBefore(identity, before))
      if (!contradict(lead, found)) return this.match(found, 'source row', identity)
    const keyed = lead.key === undefined ? undefined : this.byKeyOf(lead.key)
    if (keyed !== undefined && lead.key !== undefined && (isGlobalKey(lead.key) || !contradict(lead, keyed)))
      return this.match(keyed, 'key', identity)
    const linked = this.byHash(this.byLinkedin, lead.linkedin, (found) => found.linkedin === lead.linkedin)
    if (linked !== undefined) return this.match(linked, 'LinkedIn profile', identity)
    const mailed = this.byHash(this.byEmail, lead.email, (found) => found.email === lead.email)
    return mailed === undefined || shareMailbox(lead, mailed)
      ? undefined
      : this.match(mailed, 'e-mail address', identity)
  }

  /** The leads that rows of this identity became, in this run and in earlier ones: what is known at the next look is known now. */
  private *becameBefore(identity: string, keys: readonly string[]): Generator<Found> {
    const hash = hash53(identity)
    const first = this.byRow.get(hash)
    for (const reference of first === undefined ? [] : [first, ...(this.alsoByRow.get(hash) ?? [])]) {
      const found = this.load(reference)
      if (found !== undefined) yield found
    }
    for (const key of keys) {
      const found = this.byKeyOf(key)
      if (found !== undefined) yield found
    }
  }

  private noteRow(identity: string, reference: number): void {
    const hash = hash53(identity)
    const first = this.byRow.get(hash)
    if (first === undefined) this.byRow.add(hash, reference)
    if (first === undefined || first === reference) return
    const others = (this.alsoByRow.get(hash) ?? []).filter((one) => one !== reference)
    // With the first one as many as the log is asked for.
    this.alsoByRow.set(hash, [reference, ...others].slice(0, 4))
  }

  /** The lead at a place, where comparing found it; undefined where it is gone. */
  matchAt(rowId: number, identity: string): Match | undefined {
    const found = this.loadExisting(rowId, rowId * 2)
    return found === undefined ? undefined : this.match(found, 'record', identity)
  }

  /** Whether a lead has the mailbox. */
  hasEmail(email: string | undefined): boolean {
    return email !== undefined && this.byEmail.get(hash53(email)) !== undefined
  }

  /** Whether no lead has the key. */
  isFree(key: string): boolean {
    return this.byKey.get(hash53(key)) === undefined
  }

  /** Whether a lead has these unique values; undefined is never taken. */
  isTaken(unique: string | undefined): boolean {
    return unique !== undefined && this.taken.has(hash53(unique))
  }

  claim(uniques: readonly (string | undefined)[]): void {
    for (const unique of uniques) if (unique !== undefined) this.taken.add(hash53(unique))
  }

  /** Makes a lead of the spool known to the rows after it. */
  added(number: number, key: string, identity: Identity, uniques: readonly (string | undefined)[]): void {
    this.learn(number * 2 + 1, key, identity)
    this.claim(uniques)
  }

  private learn(
    reference: number,
    key: string | undefined,
    identity: { readonly linkedin: string | undefined; readonly email: string | undefined },
  ): void {
    if (key !== undefined) this.byKey.add(hash53(key), reference)
    if (identity.linkedin !== undefined) this.byLinkedin.add(hash53(identity.linkedin), reference)
    if (identity.email !== undefined) this.byEmail.add(hash53(identity.email), reference)
  }

  private byKeyOf(key: string): Found | undefined {
    return this.byHash(this.byKey, key, (found) => found.key !== null && String(found.key) === key)
  }

  private byHash(index: HashIndex, text: string | undefined, verify: (found: Found) => boolean): Found | undefined {
    const reference = text === undefined ? undefined : index.get(hash53(text))
    const found = reference === undefined ? undefined : this.load(reference)
    return found !== undefined && verify(found) ? found : undefined
  }

  private load(reference: number): Found | undefined {
    if (reference % 2 === 0) {
      return this.loadExisting(reference / 2, reference)
    }
    const lead = this.spool.lead((reference - 1) / 2)
    if (lead === undefined) return undefined
    return this.found(reference, lead.key, new Map(Object.entries(lead.cells)))
  }

  private loadExisting(rowId: number, reference: number): Found | undefined {
    const lead = this.target.lead(rowId)
    if (lead === undefined) return undefined
    // What earlier rows of this run fill counts as if it were written.
    const cells = new Map(lead.cells)
    for (const { field, after } of this.spool.filled(rowId)) cells.set(field, after)
    return this.found(reference, lead.key, cells)
  }

  private found(reference: number, key: Cell, cells: ReadonlyMap<string, Cell>): Found {
    return { reference, key, cells, ...this.identity(cells) }
  }

  private identity(cells: ReadonlyMap<string, Cell>): Identity {
    const text = (field: string | undefined) => {
      const cell = field === undefined ? undefined : cells.get(field)
      return typeof cell === 'string' ? cell : undefined
    }
    const { linkedin, email, person } = this.fields
    return identityOf({ linkedin: text(linkedin), email: text(email), person: text(person) })
  }

  private match(found: Found, by: string, identity: string): Match {
    const added = found.reference % 2 !== 0
    const number = (found.reference - 1) / 2
    const rowId = added ? undefined : found.reference / 2
    const cells = new Map(found.cells)
    let changed = false
    return {
      by,
      key: found.key,
      rowId,
      value: (field) => cells.get(field) ?? null,
      isBlank: (field) => this.target.present.has(field) && isBlankValue(cells.get(field)),
      fill: (field, after) => {
        changed = true
        cells.set(field, after)
        if (rowId === undefined) return
        this.spool.fill({ rowId, key: found.key, field, before: found.cells.get(field) ?? null, after })
      },
      done: () => {
        this.noteRow(identity, found.reference)
        if (!changed) return
        if (rowId === undefined) this.spool.extend(number, { key: String(found.key), cells: Object.fromEntries(cells) })
        // A lead whose LinkedIn profile or e-mail address was filled can be found by it from now on.
        this.learn(found.reference, undefined, this.identity(cells))
      },
    }
  }
}

/** Whether two records that share a key nevertheless speak of different people. */
function contradict(one: Identity, other: Identity): boolean {
  if (one.linkedin !== undefined && other.linkedin !== undefined) return one.linkedin !== other.linkedin
  if (one.email !== undefined && one.email === other.email) return false
  if (one.person !== undefined && other.person !== undefined) return one.person !== other.person
  return one.email !== undefined && other.email !== undefined
}

/** Whether two records with one mailbox speak of two people: they have profiles of their own, or the names of an office's staff. */
function shareMailbox(one: Identity, other: Identity): boolean {
  // Found by the mailbox, so two known profiles are two different ones.
  if (one.linkedin !== undefined && other.linkedin !== undefined) return true
  if (one.person === undefined || other.person === undefined || one.person === other.person) return false
  return one.email !== undefined && isRoleMailbox(one.email)
}
