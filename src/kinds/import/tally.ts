/** Counts what becomes of the rows of a source, so that each is counted exactly once, and lists the first problems. */
import type { Outcome } from './import-log.ts'
import type { Alike } from './judge.ts'
import type { SourceProblem } from './source-row.ts'
import type { ImportState } from './state.ts'

const listedMax = 100

/** The first hundred problems and how many there are. */
class ProblemList {
  private count = 0
  private readonly first: SourceProblem[] = []

  add(problem: SourceProblem): void {
    this.count++
    if (this.first.length < listedMax) this.first.push(problem)
  }

  state(): { count: number; first: SourceProblem[] } {
    return { count: this.count, first: [...this.first] }
  }
}

export class Tally {
  /** Rows seen so far. */
  rows = 0
  private settledCount = 0
  private repeatedCount = 0
  private refusedByTable = 0
  private unnotedRefusals = 0
  private readonly counts: Record<Outcome, number> = { inserted: 0, merged: 0, unchanged: 0, withheld: 0, refused: 0 }
  private readonly alikes: Record<Alike, number> = { merged: 0, refused: 0, flagged: 0 }
  private readonly files = new ProblemList()
  private readonly refusals = new ProblemList()
  private readonly values = new ProblemList()

  /** A problem of a file as a whole: no row. */
  file(problem: SourceProblem): void {
    this.files.add(problem)
  }

  /** One more row; what becomes of it is told by exactly one of the following. */
  row(): void {
    this.rows++
  }

  /** A row that is noted already. */
  settled(): void {
    this.settledCount++
  }

  /** A row that says what an earlier one says. */
  repeated(): void {
    this.repeatedCount++
  }

  outcome(outcome: Exclude<Outcome, 'refused'>): void {
    this.counts[outcome]++
  }

  /** What was done about a lead that the row means although nothing exact says so; its outcome is counted, too. */
  alike(what: Alike): void {
    this.alikes[what]++
  }

  /** @param isNoted whether the log says so already */
  refused(problem: SourceProblem, byTable: boolean, isNoted: boolean): void {
    this.counts.refused++
    if (!isNoted) this.unnotedRefusals++
    if (byTable) this.refusedByTable++
    this.refusals.add(problem)
  }

  /** A value that fills no field although its column should: the row is counted elsewhere. */
  value(problem: SourceProblem): void {
    this.values.add(problem)
  }

  state(): Pick<
    ImportState,
    'rows' | 'settled' | 'repeated' | 'outcomes' | 'alike' | 'refusedByTable' | 'toNote' | 'problems'
  > {
    return {
      rows: this.rows,
      settled: this.settledCount,
      repeated: this.repeatedCount,
      outcomes: { ...this.counts },
      alike: { ...this.alikes },
      refusedByTable: this.refusedByTable,
      toNote: this.counts.unchanged + this.counts.withheld + this.unnotedRefusals,
      problems: { files: this.files.state(), rows: this.refusals.state(), values: this.values.state() },
    }
  }
}
