/**
 * Works out what an import would do: every row of the source is accounted for exactly once, in order, against the log, the
 * table and the rows before it. Reads only; what would be written is left in a spool.
 */
import { createHash } from 'node:crypto'
import type { JsonValue } from '../../json.ts'
import type { IsErased } from '../../targets/erasure/marks.ts'
import { HashSet } from './hash-index.ts'
import { erasedReason, type ImportLog, settledHash } from './import-log.ts'
import { erasedVerdict, Judge, personHashes, type Verdict } from './judge.ts'
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
      this.tally.row()
      this.tally.refused(problem, false)
      this.witness(['unreadable', problem.file, problem.row, problem.message])
    }
  }

  private row(row: SourceRow): void {
    this.tally.row()
    const identity = rowIdentity(row)
    const fingerprint = fingerprintOf(row, this.fieldOf)
    const hash = settledHash(identity, fingerprint)
    if (this.settled.has(hash)) this.tally.settled()
    else if (this.seen.has(hash)) this.tally.repeated()
    else {
      this.seen.add(hash)
      const turn = { place: row.place, identity, fingerprint, lead: this.read(row) }
      const isErased = this.judge.isErased(identity, turn.lead)
      if (isErased && this.erased.has(hash)) {
        this.tally.settled()
        return
      }
      this.witness([identity, fingerprint])
      if (isErased) {
        this.settle(turn, erasedVerdict)
        return
      }
      for (const { column, message } of turn.lead.problems) this.tally.value({ ...row.place, field: column, message })
      this.take(turn)
    }
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
    if (outcome === 'refused') this.tally.refused({ ...place, field: null, message: reason ?? '' }, byTable)
    else this.tally.outcome(outcome)
    if (outcome === 'inserted') {
      const message = 'is left out, since another lead has it and it must be unique'
      for (const [field] of fields) this.tally.value({ ...place, field, message })
    }
    // Of an erased person nothing is noted but that the row is withheld.
    const hashes = reason === erasedReason ? nobody : personHashes(identity, lead)
    this.input.spool.note({ sourceRow: identity, fingerprint, outcome, leadKey, reason, ...hashes })
  }

  private witness(fact: JsonValue): void {
    this.evidence.update(`${JSON.stringify(fact)}\n`)
  }
}
