/** What is prepared once for each connection that a table is read through, and anew when its shape changes. */
import type { Database, Statement } from 'better-sqlite3'
import type { Cell } from '../values/field-type.ts'
import { createFewMatches, type FewMatches } from './few-matches.ts'
import { type PlanCost, planCost } from './plan-cost.ts'
import type { CellRow, LeadReads } from './ports.ts'
import { limitStatements, type StatementLimit } from './statement-limit.ts'
import type { LeadTable } from './table.ts'
import { createShapeReader, type TableShape } from './table-shape.ts'

/** Statements, query plans or counts that are kept for a connection; with one more it begins anew. */
export const preparedMax = 300

export interface Prepared {
  readonly shapes: ReturnType<typeof createShapeReader>
  readonly statements: Map<string, Statement<Cell[], CellRow>>
  readonly costs: Map<string, PlanCost>
  /** Moves with commits of other connections, and with changes on this one. */
  readonly dataVersion: Statement<[], string>
  readonly counts: Map<string, { readonly dataVersion: string; readonly count: number }>
  readonly fewMatches: FewMatches
  schema: TableShape | undefined
  readonly limit: StatementLimit
}

export function createPreparedReads(table: LeadTable, reads: LeadReads) {
  const preparedOf = new WeakMap<Database, Prepared>()

  async function open(): Promise<{ db: Database; prepared: Prepared; shape: TableShape }> {
    const db = await reads.acquire()
    let prepared = preparedOf.get(db)
    if (prepared === undefined) {
      prepared = {
        shapes: createShapeReader(db, table),
        statements: new Map(),
        costs: new Map(),
        dataVersion: db
          .prepare<[], string>("SELECT data_version || ' ' || total_changes() FROM pragma_data_version")
          .pluck(),
        counts: new Map(),
        fewMatches: createFewMatches(),
        schema: undefined,
        limit: limitStatements(db),
      }
      preparedOf.set(db, prepared)
    }
    const shape = prepared.shapes.read()
    if (prepared.schema !== shape) {
      prepared.statements.clear()
      prepared.costs.clear()
      prepared.schema = shape
    }
    return { db, prepared, shape }
  }

  function statementOf(db: Database, prepared: Prepared, sql: string): Statement<Cell[], CellRow> {
    const known = prepared.statements.get(sql)
    if (known !== undefined) return known
    if (prepared.statements.size >= preparedMax) prepared.statements.clear()
    const statement = db.prepare<Cell[], CellRow>(sql)
    prepared.statements.set(sql, statement)
    return statement
  }

  function costOf(db: Database, prepared: Prepared, sql: string, parameters: readonly Cell[]): PlanCost {
    const known = prepared.costs.get(sql)
    if (known !== undefined) return known
    if (prepared.costs.size >= preparedMax) prepared.costs.clear()
    const cost = planCost(db, sql, parameters)
    prepared.costs.set(sql, cost)
    return cost
  }

  return { open, statementOf, costOf }
}
