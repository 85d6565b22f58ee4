/** The declaration of a base in the plain form that a resource's spec and an action's input hold. */
import { z } from 'zod'
import type { AirtableDeclaration } from './ports.ts'

/** As JSON, with null for what is not declared. The token is a reference, never the secret. */
export const plainDeclarationSchema = z.strictObject({
  base: z.string(),
  token: z.union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })]),
  endpoint: z.string().nullable(),
  requestsPerSecond: z.number(),
  monthlyCalls: z.number().nullable(),
  retry: z.strictObject({ attempts: z.number(), delayMs: z.number() }),
})
export type PlainDeclaration = z.output<typeof plainDeclarationSchema>

/** What {@link AirtableTargets.of} takes. */
export function declarationOf(plain: PlainDeclaration): AirtableDeclaration {
  return { ...plain, endpoint: plain.endpoint ?? undefined, monthlyCalls: plain.monthlyCalls ?? undefined }
}
