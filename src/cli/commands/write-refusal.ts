/** What the API answers where a write of a record was not done, and what a command says then. */
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import { Refusal } from '../command.ts'

export const refusalSchema = z.object({
  __typename: z.enum([
    'VersionConflict',
    'DuplicateValue',
    'LeadSuppressed',
    'WriteWaiting',
    'WriteFailed',
    'NotFound',
    'Forbidden',
    'InputInvalid',
  ]),
  message: z.string(),
  fieldErrors: z.array(z.object({ message: z.string() })).optional(),
})

/** What a query asks of a refusal. */
export const refusalFields = '... on UserError { message } ... on InputInvalid { fieldErrors { message } }'

/** Throws what the refusal is on the command line. */
export function refused({ __typename, message, fieldErrors = [] }: z.output<typeof refusalSchema>): never {
  switch (__typename) {
    case 'VersionConflict':
      throw new Refusal('CONFLICT', message, 'Look again and repeat the command.')
    case 'WriteWaiting':
      throw new Refusal('WAITING', message, 'See `trueup approvals`.')
    case 'Forbidden':
      throw new Refusal('FORBIDDEN', message, 'Use a token whose role may write leads.')
    case 'NotFound':
      throw new OperationalError('NOT_FOUND', message, { hint: 'List records: trueup leads list.' })
    case 'DuplicateValue':
      throw new OperationalError('LEAD_DUPLICATE', message)
    case 'LeadSuppressed':
      throw new OperationalError('LEAD_SUPPRESSED', message)
    case 'InputInvalid':
      throw new OperationalError('LEAD_INVALID', fieldErrors.map((one) => one.message).join('; ') || message)
    case 'WriteFailed':
      throw new OperationalError('ACTION_FAILED', message)
  }
}
