/** Child process: checks a database, which may be hostile or so large that the check must be killed. */
import { z } from 'zod'
import { serve } from '../process/serve.ts'
import { openReading } from './connection.ts'
import type { IntegrityReply } from './integrity.ts'

const orderSchema = z.strictObject({ path: z.string(), depth: z.enum(['quick', 'full']) })
const samplesMax = 20

serve((input): IntegrityReply => {
  const { path, depth } = orderSchema.parse(input)
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
