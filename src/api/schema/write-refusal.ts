/** A refused write of a record as the member of the result union that it is. */
import type { WriteRefusal } from '../../leads/editor.ts'
import { InputInvalidError } from './errors.ts'
import type { TableNames } from './lead-names.ts'
import { encodeNodeId } from './node-id.ts'

const changedSince = 'The record was changed since it was read; nothing was written.'

/** @param id the record that was named. Throws {@link InputInvalidError} for values that are not allowed. */
export function refusalOf(result: WriteRefusal, { type, single }: TableNames, id: string, conflict = changedSince) {
  switch (result.is) {
    case 'invalid':
      throw new InputInvalidError(result.problems.map(({ path, message }) => ({ path: ['input', ...path], message })))
    case 'not-found':
      return { is: 'not-found' as const, message: `There is no ${single} ${id}.` }
    case 'duplicate': {
      const { field, existingKey, explanation } = result
      const existingId = encodeNodeId(type, existingKey)
      const message =
        explanation === undefined
          ? `${field} must be unique; ${existingId} has it.`
          : `It is ${existingId} already: ${explanation}.`
      return { is: 'duplicate' as const, message, field, existingId }
    }
    case 'suppressed':
      return { is: 'suppressed' as const, message: 'These are the values of a person who was erased.' }
    case 'conflict':
      return { ...result, message: conflict }
    case 'waiting':
      return { ...result, message: result.reasons.join('; ') }
    case 'failed':
      return { is: 'failed' as const, actionId: result.actionId, message: result.reason }
  }
}
