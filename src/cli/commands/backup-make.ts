/** Sets that are made and put aside, here or by the controller that runs. */
import { z } from 'zod'
import type { BackupRefusal } from '../../api/backup-port.ts'
import { OperationalError } from '../../errors.ts'
import { createBackupPort } from '../../workspace/backup-port.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CommandRun, CommonOptions, ExitStatus } from '../command.ts'
import { type Controller, controllerOf, isErrorCode } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { withWorkspace } from '../workspace.ts'

const refusalSchema = z.object({
  __typename: z.enum(['BackupRefused', 'NotFound', 'Forbidden', 'InputInvalid']),
  message: z.string(),
  code: z.string(),
  hint: z.string().optional(),
})
/** What every refusal is asked for. */
const refusalFields = '... on UserError { message code } ... on BackupRefused { hint }'
const heldSchema = z.object({ __typename: z.literal('BackupHeld'), actionId: z.string(), message: z.string() })
const createdSchema = z.object({
  createBackup: z.discriminatedUnion('__typename', [
    z.object({
      __typename: z.literal('BackupCreated'),
      actionId: z.string(),
      id: z.string(),
      path: z.string(),
      verified: z.boolean(),
      verifiedHow: z.string().nullable(),
    }),
    heldSchema,
    refusalSchema,
  ]),
})

type Made =
  | { readonly is: 'held'; readonly actionId: string; readonly message: string }
  | {
      readonly is: 'made'
      readonly id: string
      readonly path: string
      readonly verified: boolean
      readonly how: string | null
      readonly actionId: string
    }

export async function create(name: string | null, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const made = controller === undefined ? await createHere(name, options, run) : await createThere(name, controller)
  if (made.is === 'held') return printHeld(made, run)
  const { id, path, verified, how, actionId } = made
  run.answer({ id, path, verified, how, actionId }, ({ line, colour }) => {
    line(`${verified ? colour.green('✓') : colour.yellow('!')} ${id}: ${verified ? howText(how) : 'not verified'}`)
    line(colour.dim(`  ${path}`))
  })
  return verified ? 0 : 2
}

function createHere(name: string | null, options: CommonOptions, run: CommandRun): Promise<Made> {
  return withWorkspace(options, 'act', async (workspace) => {
    const answer = await portOf(workspace, run).create({ name, actor: localActor() })
    if (answer.is === 'held') return answer
    if (answer.is !== 'created') throw errorOf(answer)
    const { id, paths, verifiedHow } = answer.set
    return {
      is: 'made',
      id,
      path: paths[0] ?? '',
      verified: verifiedHow !== null,
      how: verifiedHow,
      actionId: answer.actionId,
    }
  })
}

async function createThere(name: string | null, controller: Controller): Promise<Made> {
  const { createBackup: answer } = await controller.request(
    `mutation ($input: BackupInput!) { createBackup(input: $input) { __typename
       ... on BackupCreated { actionId id path verified verifiedHow } ... on BackupHeld { actionId message }
       ${refusalFields} } }`,
    { input: { name } },
    createdSchema,
  )
  if (answer.__typename === 'BackupHeld') return { is: 'held', ...answer }
  if (answer.__typename !== 'BackupCreated') throw refusedThere(answer)
  return { is: 'made', ...answer, how: answer.verifiedHow }
}

function refusedThere({ code, message, hint }: z.output<typeof refusalSchema>): OperationalError {
  return new OperationalError(isErrorCode(code) ? code : 'USAGE', message, hint === undefined ? {} : { hint })
}

function errorOf(answer: BackupRefusal): OperationalError {
  if (answer.is === 'not-found')
    return new OperationalError('NOT_FOUND', answer.message, { hint: 'See `trueup backup list`.' })
  return answer.error
}

function printHeld(held: { actionId: string; message: string }, run: CommandRun): ExitStatus {
  run.answer({ actionId: held.actionId, waits: held.message }, ({ line }) => line(`○ it waits: ${held.message}`))
  return 2
}

export function portOf(workspace: Workspace, run: CommandRun) {
  return createBackupPort({ workspace, signal: run.signal, wake: () => undefined })
}

const prunedSchema = z.object({
  pruneBackup: z.discriminatedUnion('__typename', [
    z.object({ __typename: z.literal('BackupPruned'), actionId: z.string().nullable(), ids: z.array(z.string()) }),
    heldSchema,
    refusalSchema,
  ]),
})

export async function prune(name: string | null, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const answer =
    controller === undefined
      ? await withWorkspace(options, 'act', (workspace) => portOf(workspace, run).prune({ name, actor: localActor() }))
      : await pruneThere(name, controller)
  if (answer.is === 'held') return printHeld(answer, run)
  if (answer.is !== 'pruned') throw errorOf(answer)
  run.answer({ items: answer.ids.map((id) => ({ id })), actionId: answer.actionId }, ({ line, colour }) => {
    if (answer.actionId === null) line('Nothing is older than is kept.')
    for (const id of answer.ids) line(`${colour.green('✓')} ${id} put aside`)
    if (answer.actionId !== null)
      line(colour.dim(`Gone for good after 48 hours; until then: trueup undo ${answer.actionId}`))
  })
  return 0
}

async function pruneThere(name: string | null, controller: Controller) {
  const { pruneBackup: answer } = await controller.request(
    `mutation ($input: BackupInput!) { pruneBackup(input: $input) { __typename
       ... on BackupPruned { actionId ids } ... on BackupHeld { actionId message } ${refusalFields} } }`,
    { input: { name } },
    prunedSchema,
  )
  if (answer.__typename === 'BackupHeld') return { is: 'held' as const, ...answer }
  if (answer.__typename !== 'BackupPruned') throw refusedThere(answer)
  return { is: 'pruned' as const, ...answer }
}

export function howText(how: string | null): string {
  return how === 'without-key' ? 'verified without the private key' : 'verified by restoring it'
}
