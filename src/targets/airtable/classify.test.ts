import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorTable } from '../../errors.ts'
import { type CallNature, classify, type Failure } from './classify.ts'
import { retryAfterMsOf, type Sent } from './transport.ts'

const writing: CallNature = { doing: 'writing', writesRecords: true, again: 'never' }
const reading: CallNature = { doing: 'reading', writesRecords: false, again: 'whenever' }

const answer = (
  status: number,
  body?: Sent extends { body: infer Body } ? Body : unknown,
  retryAfterMs?: number,
): Sent => ({
  is: 'answer',
  status,
  body: JSON.parse(JSON.stringify(body ?? null)) ?? undefined,
  isJson: body !== undefined,
  retryAfterMs,
})
const typed = (type: string, message?: string) => ({ error: { type, ...(message === undefined ? {} : { message }) } })

function failureOf(sent: Sent, nature = reading): Failure {
  const verdict = classify(sent, nature)
  if (verdict.is === 'ok') throw new Error('it was taken for a success')
  return verdict
}

describe('an answer', () => {
  it.each([
    [401, typed('AUTHENTICATION_REQUIRED'), 'AIRTABLE_UNAUTHORIZED', 'never'],
    [403, typed('INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND'), 'AIRTABLE_FORBIDDEN', 'never'],
    [404, { error: 'NOT_FOUND' }, 'AIRTABLE_NOT_FOUND', 'never'],
    [404, typed('NOT_FOUND'), 'AIRTABLE_NOT_FOUND', 'never'],
    [400, typed('INVALID_REQUEST_BODY'), 'AIRTABLE_REFUSED', 'never'],
    [413, typed('REQUEST_TOO_LARGE'), 'AIRTABLE_REFUSED', 'never'],
    [422, typed('INVALID_REQUEST_UNKNOWN'), 'AIRTABLE_REFUSED', 'never'],
    [422, typed('LIST_RECORDS_ITERATOR_NOT_AVAILABLE'), 'AIRTABLE_ITERATOR_EXPIRED', 'never'],
    [422, typed('INVALID_OFFSET_VALUE', 'The value of offset x is invalid'), 'AIRTABLE_ITERATOR_EXPIRED', 'never'],
    [429, typed('RATE_LIMIT_REACHED'), 'AIRTABLE_RATE_LIMITED', 'rest'],
    [429, { errors: [{ error: 'RATE_LIMIT_REACHED', message: 'x' }] }, 'AIRTABLE_RATE_LIMITED', 'rest'],
    [429, undefined, 'AIRTABLE_RATE_LIMITED', 'rest'],
    [429, { errors: [{ error: 'PUBLIC_API_BILLING_LIMIT_EXCEEDED' }] }, 'AIRTABLE_QUOTA_EXHAUSTED', 'never'],
    [429, typed('PUBLIC_API_BILLING_LIMIT_EXCEEDED'), 'AIRTABLE_QUOTA_EXHAUSTED', 'never'],
    [500, typed('SERVER_ERROR'), 'AIRTABLE_UNREACHABLE', 'backoff'],
    [502, undefined, 'AIRTABLE_UNREACHABLE', 'backoff'],
    [200, undefined, 'AIRTABLE_UNREACHABLE', 'backoff'],
    [302, undefined, 'AIRTABLE_UNREACHABLE', 'backoff'],
    [418, undefined, 'AIRTABLE_PROTOCOL', 'never'],
  ])('%i with %j is %s, then %s', (status, body, code, treatment) => {
    expect(failureOf(answer(status, body))).toMatchObject({ code, treatment })
  })

  it('to a write of records blames the records where it can, so that a batch is taken apart', () => {
    const judged = (type: string, status = 422) => failureOf(answer(status, typed(type)), writing).code
    expect(judged('INVALID_VALUE_FOR_COLUMN')).toBe('AIRTABLE_RECORD_REFUSED')
    expect(judged('INVALID_REQUEST_UNKNOWN')).toBe('AIRTABLE_RECORD_REFUSED')
    expect(judged('SOMETHING_NEW')).toBe('AIRTABLE_RECORD_REFUSED')
    expect(judged('REQUEST_TOO_LARGE', 413)).toBe('AIRTABLE_RECORD_REFUSED')
    expect(judged('MODEL_ID_NOT_FOUND', 404)).toBe('AIRTABLE_RECORD_REFUSED')
    expect(judged('UNKNOWN_FIELD_NAME')).toBe('AIRTABLE_REFUSED')
  })

  it('names field and record where it does', () => {
    const invalid = typed('INVALID_VALUE_FOR_COLUMN', 'Field "My "own" field" cannot accept the provided value')
    expect(failureOf(answer(422, invalid), writing)).toMatchObject({ field: 'My "own" field' })
    const missing = typed('ROW_DOES_NOT_EXIST', 'Record ID recABCDEFGHIJKLMN does not exist in this table')
    expect(failureOf(answer(422, missing), writing)).toMatchObject({ missingRecordId: 'recABCDEFGHIJKLMN' })
  })

  it('with a time to wait is waited for, a rest never less than 30 s', () => {
    expect(failureOf(answer(429, undefined, 5000)).restMs).toBe(30_000)
    expect(failureOf(answer(429, undefined, 90_000)).restMs).toBe(90_000)
    expect(failureOf(answer(503, typed('RETRIABLE_ERROR'), 7000)).restMs).toBe(7000)
  })

  it('that is empty on purpose is a success', () => {
    expect(classify(answer(204), reading)).toEqual({ is: 'ok', body: undefined })
  })

  it('of any status and form is judged, with a code of the table and no word of its message', () => {
    const body = fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      fc.record({
        error: fc.record({ type: fc.constantFrom('A_TYPE', 'x y', ''), message: fc.constant('secret-cell') }),
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), fc.option(body, { nil: undefined }), (status, given) => {
        const verdict = classify(answer(status, given), writing)
        if (verdict.is === 'ok') return
        expect(errorTable).toHaveProperty(verdict.code)
        expect(JSON.stringify(verdict)).not.toContain('secret-cell')
      }),
    )
  })
})

describe('no answer', () => {
  it('is unreachable; whether it may have been done depends on how far it came', () => {
    const refused: Sent = { is: 'failure', reason: 'connection', detail: 'ECONNREFUSED', mayHaveArrived: false }
    const late: Sent = {
      is: 'failure',
      reason: 'deadline',
      detail: 'no whole answer within 30 s',
      mayHaveArrived: true,
    }
    expect(failureOf(refused)).toMatchObject({ code: 'AIRTABLE_UNREACHABLE', mayBeDone: false })
    expect(failureOf(late)).toMatchObject({ code: 'AIRTABLE_UNREACHABLE', mayBeDone: true, treatment: 'backoff' })
  })
})

describe('Retry-After', () => {
  it('is seconds or a date, and nothing else', () => {
    const nowMs = Date.parse('2026-11-26T00:00:00Z')
    expect(retryAfterMsOf('7', nowMs)).toBe(7000)
    expect(retryAfterMsOf('Thu, 26 Nov 2026 00:01:00 GMT', nowMs)).toBe(60_000)
    expect(retryAfterMsOf('Thu, 26 Nov 2020 00:01:00 GMT', nowMs)).toBe(0)
    expect([null, undefined, '', 'soon'].map((header) => retryAfterMsOf(header, nowMs))).toEqual(
      Array(4).fill(undefined),
    )
  })
})
