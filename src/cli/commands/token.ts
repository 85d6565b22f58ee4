import { dirname, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { openTokens, type TokenStore } from '../../api/auth/tokens.ts'
import { systemClock } from '../../clock.ts'
import { durationSchema } from '../../desired/schema/scalars.ts'
import { OperationalError } from '../../errors.ts'
import { withApi } from '../api.ts'
import { type CommandRun, type CommonOptions, common, Refusal, runCommand } from '../command.ts'
import { withWorkspace } from '../workspace.ts'

interface CreateOptions extends CommonOptions {
  readonly role: string
  readonly subject: string
  readonly expires?: string
  readonly scope?: readonly string[]
}

export function registerToken(program: Command): void {
  const token = program
    .command('token')
    .summary('access for people and programs')
    .description(
      'Makes, rotates, lists and revokes tokens. Only their hashes are stored, and each change is in the journal.',
    )

  common(token.command('create'), [
    'trueup token create --role approver --subject ann',
    'trueup token create --role viewer --subject grafana --expires 90d --json',
    'trueup token create --role operator --subject nightly --scope sync.read,sync.run',
  ])
    .summary('make a token; it is shown once')
    .requiredOption('--role <role>', 'viewer, editor, operator, approver, admin, or a declared role')
    .option('--subject <person>', 'whose it is: approvals of one subject count once', 'cli')
    .option(
      '--scope <rights>',
      'which of the rights of its role it has, with commas between them; left out: all',
      rights,
    )
    .option('--expires <duration>', 'whole days, for example 90d; without it the token does not expire')
    .action((options: CreateOptions) => runCommand(options, (run) => create(options, run)))

  common(token.command('rotate <id>'), [
    'trueup token rotate 3fa91c0b2d4e',
    'trueup token rotate 3fa91c0b2d4e --overlap 2h',
  ])
    .summary('replace a token by another one like it')
    .description(
      'Makes a token of the same subject, role, scope and length of life. The old one holds for the overlap.',
    )
    .option('--overlap <duration>', 'how long both hold, in whole hours; 0h ends the old one at once', '24h')
    .action((id: string, options: CommonOptions & { overlap: string }) =>
      runCommand(options, (run) => rotate(id, options, run)),
    )

  common(token.command('list'), ['trueup token list'])
    .summary('all tokens, without their secrets')
    .action((options: CommonOptions) =>
      runCommand(options, async (run) => {
        const items = (await tokensOf(options)).list()
        run.answer({ items }, (terminal) =>
          terminal.table(
            ['id', 'subject', 'role', 'scope', 'until'],
            items.map((item) => [
              item.id,
              item.subject,
              item.role,
              item.scope?.join(' ') ?? 'all',
              item.revokedAt == null ? (item.expiresAt ?? 'no end') : 'revoked',
            ]),
          ),
        )
        return 0
      }),
    )

  common(token.command('revoke <id>'), ['trueup token revoke 3fa91c0b'])
    .summary('end a token at once')
    .action((id: string, options: CommonOptions) => runCommand(options, (run) => revoke(id, options, run)))
}

const recordSchema = z.object({
  id: z.string(),
  role: z.string(),
  subject: z.string(),
  scope: z.array(z.string()).nullable(),
  expiresAt: z.string().nullable(),
})
const madeSchema = z.object({
  result: z.union([
    z.object({ token: z.string(), record: recordSchema }),
    z.object({ code: z.string(), message: z.string() }),
  ]),
})
const made = 'token record { id role subject scope expiresAt }'

async function create(options: CreateOptions, run: CommandRun) {
  const { role, subject, scope, expires } = options
  const expiresInDays = expires === undefined ? null : wholeOf('--expires', expires, dayMs)
  const { result } = await withApi(options, 'act', (api) =>
    api.request(
      `mutation ($input: CreateTokenInput!) { result: createToken(input: $input) { ... on TokenCreated { ${made} } ... on UserError { code message } } }`,
      { input: { role, subject, scope: scope ?? null, expiresInDays } },
      madeSchema,
    ),
  )
  return show(result, run)
}

async function rotate(id: string, options: CommonOptions & { overlap: string }, run: CommandRun) {
  const { result } = await withApi(options, 'act', (api) =>
    api.request(
      `mutation ($input: RotateTokenInput!) { result: rotateToken(input: $input) { ... on TokenRotated { ${made} } ... on UserError { code message } } }`,
      { input: { id, overlapHours: wholeOf('--overlap', options.overlap, hourMs) } },
      madeSchema,
    ),
  )
  return show(result, run)
}

function show(result: z.output<typeof madeSchema>['result'], run: CommandRun) {
  if ('code' in result) throw refused(result)
  const { token, record } = result
  const until = record.expiresAt === null ? '' : `, until ${record.expiresAt}`
  run.answer({ ...record, token }, ({ line, colour }) => {
    line(token)
    line(colour.dim(`${record.id}: ${record.role} for ${record.subject}${until}. It is not shown again.`))
  })
  return 0 as const
}

const revokedSchema = z.object({
  result: z.union([
    z.object({ record: z.object({ id: z.string(), subject: z.string() }) }),
    z.object({ code: z.string(), message: z.string() }),
  ]),
})

async function revoke(id: string, options: CommonOptions, run: CommandRun) {
  const record = await withApi(options, 'act', async (api) => {
    const { result } = await api.request(
      'mutation ($input: RevokeTokenInput!) { result: revokeToken(input: $input) { ... on TokenRevoked { record { id subject } } ... on UserError { code message } } }',
      { input: { id } },
      revokedSchema,
    )
    if ('code' in result) throw refused(result)
    return result.record
  }).catch(async (error: unknown) => {
    // To end a token must not wait for anybody: the file itself is what everybody reads.
    const isHeld = error instanceof OperationalError && /^(LEASE_HELD|CONTROLLER_UNREACHABLE)$/.test(error.code)
    const ended = isHeld ? (await tokensOf(options)).revoke(id) : undefined
    if (ended === undefined) throw error
    return ended
  })
  run.answer({ id: record.id, revoked: true }, ({ line }) => line(`${record.id} of ${record.subject} is revoked.`))
  return 0 as const
}

function refused({ code, message }: { readonly code: string; readonly message: string }): Error {
  if (code === 'NOT_FOUND') return new OperationalError('NOT_FOUND', message, { hint: 'See `trueup token list`.' })
  if (code === 'FORBIDDEN') return new Refusal(code, message, 'Ask somebody who may do all of that.')
  return new OperationalError('USAGE', message)
}

function tokensOf(options: CommonOptions): Promise<TokenStore> {
  return withWorkspace(options, 'look', async ({ generations }) => {
    const { file } = generations.inForce().state.access.tokens
    return openTokens(resolve(dirname(resolve(options.state)), file), systemClock)
  })
}

const hourMs = 3_600_000
const dayMs = 86_400_000

/** A duration as a number of whole units, rounded up. */
function wholeOf(option: string, text: string, unitMs: number): number {
  const parsed = durationSchema.safeParse(text)
  if (!parsed.success)
    throw new OperationalError('USAGE', `${option} ${text} is no duration`, { hint: 'Write it as 24h or 90d.' })
  return Math.ceil(parsed.data / unitMs)
}

function rights(text: string): readonly string[] {
  const given = text.split(',').map((one) => one.trim())
  if (given.includes('')) throw new InvalidArgumentError('Name rights such as leads.read, with commas between them.')
  return given
}
