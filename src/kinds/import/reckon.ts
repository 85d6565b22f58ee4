/**
 * Works out what an import would do: every row of the source is accounted for exactly once, in order, against the log, the
 * table and the rows before it. Reads only; what would be written is left in a spool.
 */
import { createHash, hash } from 'node:crypto'
import type { JsonValue } from '../../json.ts'
import type { IsErased } from '../../targets/erasure/marks.ts'
import type { Account, AccountBook } from './account-book.ts'
import { HashSet } from './hash-index.ts'
import { erasedReason, type ImportLog, type NotedRow, settledHash } from './import-log.ts'
import { erasedVerdict, type FindKnown, Judge, personHashes, type Verdict } from './judge.ts'
import { leadReader, type ReadLead } from './lead-reader.ts'
import type { Mapping } from './mapping.ts'
import { previewOf } from './preview.ts'
import { rowIdentity } from './row-identity.ts'
import { fingerprintOf, type Place, type Source, type SourceProblem, type SourceRow } from './source-row.ts'
import { type ImportResource, rolesOf } from './spec.ts'
import type { Spool } from './spool.ts'
import type { ImportState } from './state.ts'
import { Tally } from './tally.ts'
import type { TargetTable } from './target-table.ts'

export interface ReckonInput {
  readonly spec: ImportResource
  readonly source: Source
  readonly mapping: Mapping
  readonly target: TargetTable
  readonly log: ImportLog
  readonly spool: Spool
  /** Undefined where nobody was erased. */
  readonly isErased: IsErased | undefined
  /** Undefined where nobody is on the list of those who are not to be contacted. */
  readonly isListed?: IsErased | undefined
  /** Undefined where rows are not compared with the leads that are there. */
  readonly findKnown?: FindKnown | undefined
  /** Takes down what became of each row; undefined where nobody asks. */
  readonly book?: AccountBook | undefined
  /** Called every thousand rows; throws to stop. */
  readonly onRows: (done: number) => void
}

/** A row on its way through. */
interface Turn {
  readonly place: Place
  readonly identity: string
  readonly fingerprint: string
  readonly lead: ReadLead
}

/** Refused rows that are kept for a second turn; a source with more of them is told that its mapping is wrong anyway. */
const secondTurnsMax = 20_000

/** Accounts for every row of the source. */
export function reckon(input: ReckonInput): ImportState {
  return new Reckoning(input).run()
}

/** A row that says what an earlier one says; whose lead is told by that one. */
const repeated = { outcome: 'repeated', leadKey: null, reason: null, noted: false } as const
/** What a hash that meets another row's by chance comes to. */
const unknownRow: NotedRow = { outcome: 'unchanged', leadKey: null, reason: null, undoneBy: null }
const nobody = { linkedin: null, email: null, person: null }

class Reckoning {
  private readonly input: ReckonInput
  private readonly tally = new Tally()
  private readonly judge: Judge
  private readonly read: (row: SourceRow) => ReadLead
  private readonly fieldOf: (column: string) => string | null
  /**
   * An import is approved for source rows as they were shown and as they are mapped. Which of them become new leads and
   * which complete one is worked out, and kept, right before it is carried out: it never overwrites a value, and on a table
   * that agents write all the time an approval would otherwise be void before it is given.
   */
  private readonly evidence = createHash('sha256')
  private readonly settled: HashSet
  private readonly erased: ReadonlySet<number>
  private readonly refusedBefore: HashSet
  private readonly columnOf: (field: string) => string
  private readonly seen = new HashSet(64)
  private waiting: { readonly turn: Turn; readonly verdict: Verdict }[] = []

  constructor(input: ReckonInput) {
    this.input = input
    const { spec, mapping, log } = input
    this.judge = new Judge(input)
    this.read = leadReader(spec.into, mapping)
    const fields = new Map(mapping.mapped.map(({ column, field }) => [column, field]))
    const raw = rolesOf(spec.into).raw ?? null
    this.fieldOf = (column) => fields.get(column) ?? raw
    this.settled = new HashSet(log.rows)
    for (const hash of log.settled()) this.settled.add(hash)
    this.erased = new Set(log.erased())
    this.refusedBefore = new HashSet(64)
    for (const hash of log.refused()) this.refusedBefore.add(hash)
    // A refusal names the place in the source, which has another word for the field.
    this.columnOf = (field) => mapping.mapped.find((one) => one.field === field)?.column ?? field
  }

  run(): ImportState {
    const { source, onRows, target, mapping, log, spec, spool } = this.input
    for (const item of source.items()) {
      if (item.is === 'problem') this.problem(item.problem)
      else this.row(item.row)
      if (this.tally.rows % 1000 === 0) onRows(this.tally.rows)
    }
    this.secondTurns()
    return {
      ...this.tally.state(),
      ...previewOf(spool, spec),
      population: target.rows,
      waitingFor: [...target.missing],
      mapping: {
        mapped: [...mapping.mapped],
        unmapped: [...mapping.unmapped],
        problems: [...mapping.problems],
      },
      keepsRest: rolesOf(spec.into).raw !== undefined,
      runs: log.runs.map((run) => ({ ...run, counts: { ...run.counts } })),
      evidence: this.evidence.digest('hex'),
    }
  }

  private problem(problem: SourceProblem): void {
    if (problem.row === null) this.tally.file(problem)
    else {
      this.unreadable(problem, { file: problem.file, row: problem.row, line: problem.line })
    }
  }

  /** A row that cannot be read has no identity but its place. */
  private unreadable(problem: SourceProblem, place: Place): void {
    const { message } = problem
    const identity = `!${place.file}#${place.row}`
    const fingerprint = hash('sha256', message, 'hex').slice(0, 32)
    const isNoted = this.refusedBefore.has(settledHash(identity, fingerprint))
    this.tally.row()
    this.tally.refused(problem, false, isNoted)
    this.witness(['unreadable', place.file, place.row, message])
    const noted = { outcome: 'refused', leadKey: null, reason: message } as const
    this.input.spool.note({ sourceRow: identity, fingerprint, ...noted, ...nobody, ...place })
    this.input.book?.add({ place, field: problem.field, identity, fingerprint, ...noted, noted: isNoted })
  }

  private row(row: SourceRow): void {
    this.tally.row()
    const identity = rowIdentity(row)
    const fingerprint = fingerprintOf(row, this.fieldOf)
    const known = settledHash(identity, fingerprint)
    const turn = () => ({ place: row.place, identity, fingerprint, lead: this.read(row) })
    if (this.settled.has(known)) this.settledRow(row.place, identity, fingerprint)
    else if (this.seen.has(known)) {
      this.tally.repeated()
      this.account({ place: row.place, identity, fingerprint }, repeated)
    } else {
      this.seen.add(known)
      this.newRow(turn(), known)
    }
  }

  private newRow(turn: Turn, known: number): void {
    const { place, identity, fingerprint, lead } = turn
    const isErased = this.judge.isErased(identity, lead)
    if (isErased && this.erased.has(known)) {
      this.tally.settled()
      this.account(turn, { outcome: 'withheld', leadKey: null, reason: erasedReason, noted: true })
      return
    }
    this.witness([identity, fingerprint])
    if (isErased) {
      this.settle(turn, erasedVerdict)
      return
    }
    for (const { column, message } of lead.problems) this.tally.value({ ...place, field: column, message })
    this.take(turn)
  }

  /** A row that the log has. Of several equal ones the first is meant. */
  private settledRow(place: Place, identity: string, fingerprint: string): void {
    this.tally.settled()
    if (this.input.book === undefined) return
    const known = settledHash(identity, fingerprint)
    if (this.seen.has(known)) {
      this.account({ place, identity, fingerprint }, { ...repeated, noted: true })
      return
    }
    this.seen.add(known)
    const row = this.input.log.noted(identity, fingerprint)
    const { outcome, leadKey, reason, undoneBy } = row ?? unknownRow
    const undone = { outcome: 'withheld', leadKey: null, reason: `its import was undone by ${undoneBy}` } as const
    const isUndone = undoneBy !== null && (outcome === 'inserted' || outcome === 'merged')
    this.account(
      { place, identity, fingerprint },
      { ...(isUndone ? undone : { outcome, leadKey, reason }), noted: true },
    )
  }

  private account(
    { place, identity, fingerprint }: Pick<Turn, 'place' | 'identity' | 'fingerprint'>,
    became: Pick<Account, 'outcome' | 'leadKey' | 'reason' | 'noted'> & { readonly field?: string | null },
  ): void {
    this.input.book?.add({ field: null, ...became, place, identity, fingerprint })
  }

  private take(turn: Turn): void {
    const verdict = this.judge.judge(turn.identity, turn.lead)
    if (verdict.outcome === 'refused' && this.waiting.length < secondTurnsMax) this.waiting.push({ turn, verdict })
    else this.settle(turn, verdict)
  }

  /**
   * A row that cannot be a lead by itself may complete one that came after it. It gets another turn, until none of them
   * adds anything, so that the next look finds nothing that this one could have done.
   */
  private secondTurns(): void {
    for (let added = true; added; ) {
      added = false
      const still: typeof this.waiting = []
      for (const one of this.waiting) {
        const verdict = this.judge.merge(one.turn.identity, one.turn.lead)
        if (verdict === undefined) still.push(one)
        else {
          this.settle(one.turn, verdict)
          added = true
        }
      }
      this.waiting = still
    }
    for (const { turn, verdict } of this.waiting) this.settle(turn, verdict)
  }

  private settle(turn: Turn, verdict: Verdict): void {
    const { place, identity, fingerprint, lead } = turn
    const { outcome, leadKey, reason, fields, byTable } = verdict
    const field = verdict.about === undefined ? null : this.columnOf(verdict.about)
    const isNoted = outcome === 'refused' && this.refusedBefore.has(settledHash(identity, fingerprint))
    if (outcome === 'refused') this.tally.refused({ ...place, field, message: reason ?? '' }, byTable, isNoted)
    else this.tally.outcome(outcome)
    if (verdict.alike !== undefined) this.tally.alike(verdict.alike)
    if (outcome === 'inserted') {
      const message = 'is left out, since another lead has it and it must be unique'
      for (const [field] of fields) this.tally.value({ ...place, field, message })
    }
    // Of an erased person nothing is noted but that the row is withheld.
    const hashes = reason === erasedReason ? nobody : personHashes(identity, lead)
    this.input.spool.note({ sourceRow: identity, fingerprint, outcome, leadKey, reason, ...hashes, ...place })
    this.account(turn, { outcome, leadKey, reason, field, noted: isNoted })
  }

  private witness(fact: JsonValue): void {
    this.evidence.update(`${JSON.stringify(fact)}\n`)
  }
}
