/**
 * Every way in which the API refuses a request, with the exact status and body. The tag after each says how well it is
 * known: [D] documentation, [R] recorded traffic, [O] seen by third parties, [?] a choice of this sandbox.
 */
import type { JsonValue } from '../../json.ts'

/** Ends the handling of a request with a status and body of Airtable's. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal'
  readonly status: number
  readonly body: JsonValue
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: JsonValue, headers: Readonly<Record<string, string>> = {}) {
    super(`${status} ${JSON.stringify(body)}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

function typed(status: number, type: string, message?: string): ApiRefusal {
  return new ApiRefusal(status, { error: message === undefined ? { type } : { type, message } })
}

/** Which of the two bodies of a 429 is sent: the documented one, or the one that is seen in the wild [O]. */
export type RateLimitBody = 'documented' | 'seen'

const rateLimitMessage = 'Rate limit exceeded. Please try again later'

export const refusals = {
  /** 400 [D]; the body is [?]. */
  unparsableJson: () => typed(400, 'INVALID_REQUEST_BODY', 'Could not parse request body'),
  /** 401 [R]. */
  authenticationRequired: () => typed(401, 'AUTHENTICATION_REQUIRED', 'Authentication required'),
  /** 403 [D]: unknown base or table, or a token without the scope. */
  notFoundOrNotPermitted: () =>
    typed(
      403,
      'INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND',
      'Invalid permissions, or the requested model was not found. Check that both your user and your token have the required permissions, and that the model names and/or ids are correct.',
    ),
  /** 403 [D]: the person's own permission is too low. */
  notPermitted: (what = 'to perform this operation') =>
    typed(403, 'INVALID_PERMISSIONS', `You are not permitted ${what}`),
  /** 404 [R]: a bad route or a malformed base id; `error` is a text here. */
  noRoute: () => new ApiRefusal(404, { error: 'NOT_FOUND' }),
  /** 404 [R]. */
  notFound: () => typed(404, 'NOT_FOUND'),
  /** 404 [R]. */
  recordNotFound: () => typed(404, 'MODEL_ID_NOT_FOUND', 'Record not found'),
  /** 404 [R], 2022 only: see `behaviour` of the sandbox. */
  tableNotFound: (table: string, base: string) =>
    typed(404, 'TABLE_NOT_FOUND', `Could not find table ${table} in application ${base}`),
  /** 413 [D]; the body is [?]. */
  tooLarge: () => typed(413, 'REQUEST_TOO_LARGE', 'Request body is too large'),
  /** 414 [?]: the documentation only says to use POST above 16,000 characters. */
  addressTooLong: () =>
    typed(414, 'URI_TOO_LONG', 'The URL of this request is too long. Use POST listRecords instead.'),
  /** 422 [D]. */
  invalidRequest: (message = 'Invalid request: parameter validation failed. Check your request data.') =>
    typed(422, 'INVALID_REQUEST_UNKNOWN', message),
  /** 422 [O]. */
  unknownField: (name: string) => typed(422, 'UNKNOWN_FIELD_NAME', `Unknown field name: "${name}"`),
  /** 422 [O]. */
  invalidValue: (name: string) =>
    typed(422, 'INVALID_VALUE_FOR_COLUMN', `Field "${name}" cannot accept the provided value`),
  /** 422 [R]. */
  computedField: (name: string) =>
    typed(422, 'INVALID_VALUE_FOR_COLUMN', `Field "${name}" cannot accept a value because the field is computed`),
  /** 422 [O]; the inner quotes are doubled. */
  unknownChoice: (name: string) =>
    typed(422, 'INVALID_MULTIPLE_CHOICE_OPTIONS', `Insufficient permissions to create new select option ""${name}""`),
  /** 422 [O]. */
  invalidFormula: (why: string) =>
    typed(422, 'INVALID_FILTER_BY_FORMULA', `The formula for filtering records is invalid: ${why}`),
  /** 422 [O]. */
  invalidRecords: () =>
    typed(
      422,
      'INVALID_RECORDS',
      'You must provide an array of up to 10 record objects, each with an "id" ID field and a "fields" object for cell values.',
    ),
  /** 422 [O] for names; the type for ids is [O] too. */
  viewNotFound: (view: string, byId: boolean) =>
    typed(422, byId ? 'VIEW_ID_NOT_FOUND' : 'VIEW_NAME_NOT_FOUND', `View ${view} not found`),
  /** 422 [O]: a linked record, or a record of a batch, that is not there. */
  rowMissing: (id: string) => typed(422, 'ROW_DOES_NOT_EXIST', `Record ID ${id} does not exist in this table`),
  /** 422 [O]. */
  invalidOffset: (offset: string) => typed(422, 'INVALID_OFFSET_VALUE', `The value of offset ${offset} is invalid`),
  /** 422 [D]; without a message. */
  iteratorGone: () => typed(422, 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE'),
  /** 422; type and text are [?]: classify by the status and bisect. */
  severalMatches: (count: number) =>
    typed(422, 'INVALID_REQUEST_UNKNOWN', `Cannot update more than one record: ${count} records match fieldsToMergeOn`),
  /** 422 [O]. */
  duplicateFieldName: (name: string) =>
    typed(422, 'DUPLICATE_OR_EMPTY_FIELD_NAME', `Field names must be unique and not empty: "${name}"`),
  /** 422; the type is [?]. */
  duplicateTableName: (name: string) =>
    typed(422, 'DUPLICATE_TABLE_NAME', `Table names must be unique and not empty: "${name}"`),
  /** 422 [O]. */
  unsupportedType: (table: string, field: string, type: string) =>
    typed(
      422,
      'UNSUPPORTED_FIELD_TYPE_FOR_CREATE',
      `Invalid options for ${table}.${field}: Creating ${type} fields is not supported at this time`,
    ),
  /** 422; the type is [?]. */
  invalidOptions: (table: string, field: string, why: string) =>
    typed(422, 'INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE', `Invalid options for ${table}.${field}: ${why}`),
  /** 422 [O]. */
  tooManyWebhooks: () => typed(422, 'TOO_MANY_WEBHOOKS_IN_BASE', 'This base has reached its limit of 10 webhooks'),
  /** 422 [D] for the limit; type and text are [?]. */
  tooManyRecords: (table: string) =>
    typed(422, 'MAX_RECORDS_EXCEEDED', `Table ${table} has reached its limit of records`),
  /** 429 [D] and [O]. */
  rateLimited: (body: RateLimitBody, headers: Readonly<Record<string, string>> = {}) =>
    body === 'documented'
      ? new ApiRefusal(429, { error: { type: 'RATE_LIMIT_REACHED', message: rateLimitMessage } }, headers)
      : new ApiRefusal(429, { errors: [{ error: 'RATE_LIMIT_REACHED', message: rateLimitMessage }] }, headers),
  /** 429 [O]: waiting does not help until the month is over. */
  monthlyQuota: () =>
    new ApiRefusal(429, {
      errors: [
        {
          error: 'PUBLIC_API_BILLING_LIMIT_EXCEEDED',
          message:
            "API billing plan limit exceeded. You've reached the maximum number of requests allowed for this month.",
        },
      ],
    }),
  /** 500; the body is [?]. */
  serverError: () => typed(500, 'SERVER_ERROR', 'Internal server error'),
  /** 503 [D]; the message is [?]. */
  retriable: (headers: Readonly<Record<string, string>> = {}) =>
    new ApiRefusal(
      503,
      {
        error: {
          type: 'RETRIABLE_ERROR',
          message: 'The server could not process your request in time. Please try again.',
        },
      },
      headers,
    ),
} as const
