/** The errors that leave this folder: those of the one table, with what Airtable's own word told besides. */
import { OperationalError } from '../../errors.ts'
import type { AirtableErrorCode, CallNature, Failure } from './classify.ts'

/** What may be known of a refusal besides its code. */
export interface AirtableErrorDetails {
  readonly hint?: string
  readonly retryAtMs?: number | undefined
  readonly airtableType?: string | undefined
  readonly field?: string | undefined
  readonly missingRecordId?: string | undefined
  readonly mayBeDone?: boolean
  readonly isForAnew?: boolean
}

/** An error of a call to Airtable. Holds neither token nor cell value. */
export class AirtableError extends OperationalError {
  /** Airtable's own word, such as `INVALID_VALUE_FOR_COLUMN`; not to be built on where the status suffices. */
  readonly airtableType: string | undefined
  /** Name or id of the field that the refusal names; undefined where it names none. */
  readonly field: string | undefined
  /** The record that is not there, where the refusal names it. */
  readonly missingRecordId: string | undefined
  /** True when the call may have been carried out all the same. */
  readonly mayBeDone: boolean
  /** True of a write that a pause may help, and that was not sent again: `AirtableBase.insisting` does the work anew. */
  readonly isForAnew: boolean

  constructor(code: AirtableErrorCode, message: string, details: AirtableErrorDetails = {}) {
    super(code, message, {
      ...(details.hint === undefined ? {} : { hint: details.hint }),
      ...(details.retryAtMs === undefined ? {} : { retryAtMs: details.retryAtMs }),
    })
    this.airtableType = details.airtableType
    this.field = details.field
    this.missingRecordId = details.missingRecordId
    this.mayBeDone = details.mayBeDone ?? false
    this.isForAnew = details.isForAnew ?? false
  }
}

/** The error of a judged failure. */
export function errorOf(failure: Failure, { again }: CallNature, retryAtMs?: number): AirtableError {
  const { code, message, airtableType, field, missingRecordId, mayBeDone, treatment } = failure
  const isForAnew = again === 'never' && treatment !== 'never'
  return new AirtableError(code, message, { airtableType, field, missingRecordId, mayBeDone, isForAnew, retryAtMs })
}

/** What a call throws that its caller ended: the signal's reason where that is one of ours, as in other targets. */
export function stoppedBy(signal: AbortSignal, doing: string): OperationalError {
  const reason: unknown = signal.reason
  return reason instanceof OperationalError
    ? reason
    : new OperationalError('ACTION_DEADLINE', `${doing}: the call to Airtable was stopped`, { cause: reason })
}
