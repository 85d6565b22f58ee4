/** A table that is read, with a ledger that is true of it. */
import type { Database } from 'better-sqlite3'
import type { LedgerPlan } from '../../targets/sqlite/row-ledger-plan.ts'
import type { Check } from './checks/check.ts'
import type { QualityLayout } from './layout.ts'

export interface Ready {
  readonly view: Database
  readonly ledger: Database
  readonly layout: QualityLayout
  readonly checks: readonly Check[]
  readonly plan: LedgerPlan
  readonly rows: number
}
