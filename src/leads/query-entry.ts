/** Runs one reading statement of a person in a child process, which is killed when it takes too long. */
import { z } from 'zod'
import { OperationalError } from '../errors.ts'
import { serve } from '../targets/process/serve.ts'
import { openReading } from '../targets/sqlite/connection.ts'

const inputSchema = z.object({ path: z.string(), sql: z.string(), rowsMax: z.number() })

serve(async (input) => {
  const { path, sql, rowsMax } = inputSchema.parse(input)
  const db = openReading(path)
  try {
    const statement = prepareOne(db, sql)
    const columns = statement.columns().map((column) => column.name)
    const rows: unknown[][] = []
    let more = false
    for (const row of statement.raw().iterate()) {
      if (rows.length === rowsMax) {
        more = true
        break
      }
      rows.push(z.array(z.unknown()).parse(row).map(shown))
    }
    return { columns, rows, more }
  } finally {
    db.close()
  }
})

function prepareOne(db: ReturnType<typeof openReading>, sql: string) {
  try {
    const statement = db.prepare(sql)
    if (!statement.reader || !statement.readonly)
      throw new OperationalError('QUERY_REFUSED', 'only a statement that reads is allowed, such as SELECT')
    return statement
  } catch (error) {
    if (error instanceof OperationalError) throw error
    throw new OperationalError('QUERY_REFUSED', error instanceof Error ? error.message : String(error))
  }
}

/** Cells as JSON can carry them. */
function shown(cell: unknown): unknown {
  if (typeof cell === 'bigint') return cell.toString()
  return cell instanceof Uint8Array ? `0x${Buffer.from(cell).toString('hex')}` : cell
}
