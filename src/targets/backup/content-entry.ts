/** Child process: counts and hashes the tables of a database as the manifest of a set does, so that both can be compared. */
import { z } from 'zod'
import { serve } from '../process/serve.ts'
import { contentOf } from './content.ts'
import type { TableFacts } from './manifest.ts'

const orderSchema = z.strictObject({ path: z.string() })

serve((input): TableFacts[] => {
  const { path } = orderSchema.parse(input)
  return contentOf(path, path, 'quick')
})
