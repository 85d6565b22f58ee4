/**
 * Child process: checks a database, which may be hostile or so large that the check must be killed. Every command starts one,
 * so it loads nothing that it can do without.
 */
import { invariant } from '../../errors.ts'
import { serve } from '../process/serve.ts'
import { openReading } from './connection.ts'
import type { IntegrityReply } from './integrity.ts'

export interface IntegrityOrder {
  readonly path: string
  readonly depth: 'quick' | 'full'
}

const samplesMax = 20

serve((input): IntegrityReply => {
  const { path, depth } = parseInput(input)
  const db = openReading(path)
  try {
    const check = depth === 'quick' ? 'quick_check' : 'integrity_check'
    const problems = db.prepare<[], string>(`PRAGMA ${check}(${samplesMax})`).pluck().all()
    if (problems.length !== 1 || problems[0] !== 'ok') return { is: 'broken', problems }
    const violations = db
      .prepare<[], { table: string; rows: number }>(
        'SELECT "table", count(*) AS rows FROM pragma_foreign_key_check GROUP BY "table" ORDER BY rows DESC',
      )
      .all()
    return {
      is: 'sound',
      foreignKeyViolations: violations.reduce((sum, one) => sum + one.rows, 0),
      violatingTables: violations.slice(0, samplesMax).map((one) => one.table),
    }
  } finally {
    db.close()
  }
})

function parseInput(input: unknown): IntegrityOrder {
  invariant(typeof input === 'object' && input !== null, 'the parent sends an order')
  invariant('path' in input && typeof input.path === 'string', 'the order names a path')
  invariant('depth' in input && (input.depth === 'quick' || input.depth === 'full'), 'the order names a depth')
  return { path: input.path, depth: input.depth }
}
