/** Entry of a worker thread: fills a full-text index from its table, so that a million rows do not stop the program. */
import Database from 'better-sqlite3'
import { z } from 'zod'
import { serve } from '../../targets/process/serve.ts'
import { fillWindow } from './index-file.ts'

const inputSchema = z.strictObject({
  source: z.string(),
  search: z.string(),
  layout: z.strictObject({ table: z.string(), sqlName: z.string(), key: z.string(), fields: z.array(z.string()) }),
})

serve(async (input, { signal }) => {
  const { source: sourcePath, search: searchPath, layout } = inputSchema.parse(input)
  const source = new Database(sourcePath, { readonly: true, fileMustExist: true })
  const search = new Database(searchPath, { fileMustExist: true, timeout: 10_000 })
  try {
    while (!signal.aborted && !fillWindow(search, source, layout, 500)) await new Promise(setImmediate)
    return !signal.aborted
  } finally {
    search.close()
    source.close()
  }
})
