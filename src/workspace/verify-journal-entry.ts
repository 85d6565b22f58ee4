/** Worker thread: walks the whole chain of a journal and compares it with its signed heads. */
import { z } from 'zod'
import { readHeads, verifyJournal } from '../journal/heads.ts'
import { withChain } from '../journal/read-chain.ts'
import { serve } from '../targets/process/serve.ts'

const orderSchema = z.strictObject({
  /** Where the file, or a copy of it, may be opened. */
  at: z.string(),
  /** The text of the heads, read before the journal: one that grows meanwhile holds all that they vouch for. */
  heads: z.string(),
  key: z.string().optional(),
})

serve((given) => {
  const { at, heads, key } = orderSchema.parse(given)
  return withChain(at, (chain) => verifyJournal(chain, readHeads(heads), key))
})
