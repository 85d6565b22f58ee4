/** Ahead of the work of each thread: the rules of the declared plug-ins, which that thread has to know too. */
import { z } from 'zod'
import { systemClock } from '../clock.ts'
import { serve } from '../targets/process/serve.ts'
import { builtInRules } from '../values/rules/index.ts'
import { loadPlugins } from './plugins.ts'

const inputSchema = z.object({
  workspace: z.string(),
  entries: z.array(z.object({ name: z.string(), module: z.string() })),
  kinds: z.array(z.string()),
})

serve(async (input) => {
  const { workspace, entries, kinds } = inputSchema.parse(input)
  const taken = { kinds: new Set(kinds), rules: builtInRules }
  await loadPlugins({ entries, workspace, clock: systemClock, taken })
})
