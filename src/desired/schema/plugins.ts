/** Plug-ins: modules that add kinds, standardization rules and alert channels. */
import { z } from 'zod'
import { pathSchema } from './scalars.ts'

export const pluginSchema = z.strictObject({
  module: pathSchema.meta({
    description:
      'The JavaScript module, inside the workspace. It is run as part of Trueup, with all that Trueup may do.',
    examples: ['plugins/file-mode.mjs'],
  }),
  settings: z
    .record(z.string(), z.json())
    .default({})
    .describe('What the plug-in is told; what it takes is its own affair. Never a secret.'),
})
