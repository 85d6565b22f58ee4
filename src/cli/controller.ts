/** Commands that change something go through the API of the controller that runs on the workspace, if one does. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pino } from 'pino'
import { z } from 'zod'
import { isoOf, systemClock } from '../clock.ts'
import { currentLease, type LeaseHolder } from '../engine/lease.ts'
import type { UndoSelection } from '../engine/undo.ts'
import type { UndoChoice } from '../engine/undo-rows.ts'
import { type ErrorCode, errorTable, messageOf, OperationalError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { isHolderAlive } from '../targets/process/holder.ts'
import { createOffload } from '../targets/process/offload.ts'
import { openDatabases } from '../targets/sqlite/databases.ts'
import { readJournal } from '../workspace/read-journal.ts'
import type { CommonOptions } from './command.ts'

/** What became of one id. */
export interface Answered {
  readonly id: string
  readonly is: 'done' | 'refused'
  readonly message: string
}

export interface Controller {
  readonly address: string
  approve(ids: readonly string[], comment: string | undefined): Promise<readonly Answered[]>
  reject(ids: readonly string[], reason: string): Promise<readonly Answered[]>
  /** Undoes an action or a run; as the API tells it. */
  undo(of: UndoSelection, choice: UndoChoice): Promise<RemoteUndo | UndoStopped>
  /** Any operation; gives its `data`. Throws what the API refuses. */
  request<Data>(query: string, variables: JsonObject, schema: z.ZodType<Data>): Promise<Data>
}

export interface RemoteUndo {
  readonly is: 'undoing'
  readonly items: readonly {
    readonly actionId: string
    readonly undoId: string | null
    readonly state: string
    readonly changes: number
    readonly remaining: number
  }[]
  readonly conflicts: readonly string[]
  readonly conflictDetails: readonly RemoteConflict[]
  readonly byHand: readonly { readonly actionId: string; readonly steps: string }[]
  readonly left: readonly { readonly actionId: string; readonly message: string }[]
}

/** Nothing was taken back: records were changed since, and the choice was to stop then. */
export interface UndoStopped {
  readonly is: 'stopped'
  readonly message: string
  readonly conflicts: readonly RemoteConflict[]
}

/** The controller of the workspace; undefined when none runs. Throws CONTROLLER_UNREACHABLE when one runs without an API. */
export async function controllerOf(options: CommonOptions): Promise<Controller | undefined> {
  const ownFolder = join(dirname(resolve(options.state)), '.trueup')
  const held = await leaseHolder(ownFolder)
  if (held === undefined) return undefined
  if (held.address === undefined) {
    throw new OperationalError('LEASE_HELD', `${held.holder} works on this workspace`, {
      hint: 'It is a command that ends by itself: wait for it, then try again.',
    })
  }
  return connect(held.address, tokenOf(ownFolder))
}

async function leaseHolder(ownFolder: string): Promise<LeaseHolder | undefined> {
  const path = join(ownFolder, 'journal.db')
  if (!existsSync(path)) return undefined
  const log = pino({ level: 'silent' })
  const offload = createOffload({ log })
  const databases = openDatabases({ offload, clock: systemClock, log })
  try {
    const journal = await readJournal(path, databases, systemClock)
    if (journal === undefined) return undefined
    try {
      return currentLease(journal, systemClock, isHolderAlive)
    } finally {
      journal.close()
    }
  } finally {
    databases.closeAll()
    await offload.close()
  }
}

function tokenOf(ownFolder: string): string {
  const given = process.env.TRUEUP_TOKEN
  if (given !== undefined && given !== '') return given
  try {
    return readFileSync(join(ownFolder, 'admin.token'), 'utf8').trim()
  } catch (error) {
    throw new OperationalError('UNAUTHENTICATED', 'there is no token for the running controller', {
      hint: 'Set TRUEUP_TOKEN, or run the command as the user that owns .trueup/admin.token.',
      cause: error,
    })
  }
}

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        extensions: z.object({ code: z.string().optional(), hint: z.string().optional() }).loose().optional(),
      }),
    )
    .optional(),
})

function connect(address: string, token: string): Controller {
  const request: Controller['request'] = async (query, variables, schema) => {
    let answer: unknown
    try {
      const response = await fetch(new URL('/graphql', address), {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(120_000),
      })
      if (response.status === 401)
        throw new OperationalError('UNAUTHENTICATED', 'the running controller does not know this token')
      answer = await response.json()
    } catch (error) {
      if (error instanceof OperationalError) throw error
      throw new OperationalError(
        'CONTROLLER_UNREACHABLE',
        `the controller at ${address} does not answer: ${messageOf(error)}`,
        { cause: error },
      )
    }
    return dataOf(answer, schema)
  }
  return { address, request, approve: approveBy(request), reject: rejectBy(request), undo: undoBy(request) }
}

/** The `data` of an answer. Throws what the API refuses, with its code where that is one of ours. */
export function dataOf<Data>(given: unknown, schema: z.ZodType<Data>): Data {
  const answer = answerSchema.parse(given)
  const [refused] = answer.errors ?? []
  if (refused !== undefined) {
    const { code, hint } = refused.extensions ?? {}
    throw new OperationalError(isErrorCode(code) ? code : 'USAGE', refused.message, hint === undefined ? {} : { hint })
  }
  return schema.parse(answer.data)
}

/** Whether a code that the API gave is one of ours. */
export function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorTable, code)
}

type Request = Controller['request']

const approvedSchema = z.object({
  approveActions: z.discriminatedUnion('__typename', [
    z.object({
      __typename: z.literal('Approved'),
      actions: z.array(z.object({ actionId: z.string(), approvalsGiven: z.number(), approvalsNeeded: z.number() })),
    }),
    z.object({
      __typename: z.enum(['PlanStale', 'PlanExpired', 'SelfApprovalForbidden', 'Forbidden']),
      message: z.string(),
    }),
  ]),
})

/** Each id by itself, so that one that is stale does not hold up the others. */
function approveBy(request: Request): Controller['approve'] {
  return async (ids, comment) => {
    const answered: Answered[] = []
    for (const id of ids) {
      const { approveActions: outcome } = await request(
        `mutation ($input: ApproveActionsInput!) { approveActions(input: $input) { __typename
           ... on Approved { actions { actionId approvalsGiven approvalsNeeded } } ... on UserError { message } } }`,
        { input: { actionIds: [id], comment: comment ?? null } },
        approvedSchema,
      )
      if (outcome.__typename !== 'Approved') answered.push({ id, is: 'refused', message: outcome.message })
      else {
        const [action] = outcome.actions
        const left = action === undefined ? 0 : action.approvalsNeeded - action.approvalsGiven
        answered.push({
          id,
          is: 'done',
          message:
            left > 0 ? `approved; ${left} more person has to approve` : 'approved; the controller carries it out',
        })
      }
    }
    return answered
  }
}

const rejectedSchema = z.object({
  rejectActions: z.union([
    z.object({ actionIds: z.array(z.string()), notPending: z.array(z.string()) }),
    z.object({ message: z.string() }),
  ]),
})

function rejectBy(request: Request): Controller['reject'] {
  return async (ids, reason) => {
    const { rejectActions: outcome } = await request(
      `mutation ($input: RejectActionsInput!) { rejectActions(input: $input) { ... on Rejected { actionIds notPending } ... on UserError { message } } }`,
      { input: { actionIds: [...ids], reason } },
      rejectedSchema,
    )
    if ('message' in outcome) return ids.map((id) => ({ id, is: 'refused', message: outcome.message }))
    return ids.map((id) =>
      outcome.notPending.includes(id)
        ? { id, is: 'refused', message: 'it is not pending' }
        : { id, is: 'done', message: 'rejected' },
    )
  }
}

const jsonSchema: z.ZodType<JsonValue> = z.json()
const conflictSchema = z
  .object({
    actionId: z.string(),
    table: z.string(),
    key: z.string(),
    kind: z.enum(['CHANGED', 'GONE', 'BACK']),
    cells: z.array(z.object({ field: z.string(), before: jsonSchema, made: jsonSchema, now: jsonSchema })),
    outcome: z.enum(['KEPT', 'TAKEN']),
    chosen: z.boolean(),
    changedBy: z
      .object({ actionId: z.string(), actor: z.string(), resource: z.string(), summary: z.string(), at: z.string() })
      .nullable(),
  })
  .transform(({ kind, outcome, chosen, ...rest }) => ({
    ...rest,
    is: kindOfConflict[kind],
    outcome: outcome === 'TAKEN' ? ('taken' as const) : ('kept' as const),
    isChosen: chosen,
  }))
const kindOfConflict = { CHANGED: 'changed', GONE: 'gone', BACK: 'back' } as const

/** A conflict as the API shows it to the holder of the token: personal values may be masked. */
export type RemoteConflict = z.output<typeof conflictSchema>

const undoneSchema = z.object({
  undo: z.union([
    z.object({
      actions: z.array(
        z.object({
          actionId: z.string().nullable(),
          undoes: z.string(),
          state: z.string(),
          changes: z.number(),
          remaining: z.number(),
        }),
      ),
      conflicts: z.array(z.string()),
      conflictDetails: z.array(conflictSchema),
      byHand: z.array(z.object({ actionId: z.string(), steps: z.string() })),
      left: z.array(z.object({ actionId: z.string(), message: z.string() })),
    }),
    z.object({ message: z.string(), stopping: z.array(conflictSchema) }),
    z.object({ message: z.string(), hint: z.string().optional() }),
  ]),
})
const conflictFields = `actionId table key kind cells { field before made now } outcome chosen
  changedBy { actionId actor resource summary at }`
const undoMutation = `mutation ($input: UndoInput!) { undo(input: $input) {
  ... on Undoing { actions { actionId undoes state changes remaining } conflicts conflictDetails { ${conflictFields} }
    byHand { actionId steps } left { actionId message } }
  ... on UserError { message } ... on NotUndoable { hint } ... on UndoConflicts { stopping: conflicts { ${conflictFields} } } } }`

function undoBy(request: Request): Controller['undo'] {
  return async (of, { keys, onConflict, keepTheirs, take }) => {
    const input = {
      ...(of.is === 'id' ? { id: of.id } : { since: isoOf(of.sinceMs) }),
      ...(of.resource === undefined ? {} : { resource: of.resource }),
      ...(keys === null ? {} : { keys }),
      onConflict: onConflict.toUpperCase(),
      keepTheirs,
      take,
    }
    const { undo: outcome } = await request(undoMutation, { input }, undoneSchema)
    if ('stopping' in outcome) return { is: 'stopped', message: outcome.message, conflicts: outcome.stopping }
    if ('message' in outcome) {
      const { message, hint } = outcome
      throw new OperationalError('ACTION_NOT_UNDOABLE', message, hint === undefined ? {} : { hint })
    }
    const { actions, ...rest } = outcome
    return {
      is: 'undoing',
      ...rest,
      items: actions.map(({ actionId, undoes, ...action }) => ({ actionId: undoes, undoId: actionId, ...action })),
    }
  }
}
