import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { openTokens, type TokenStore } from '../../api/auth/tokens.ts'
import { systemClock } from '../../clock.ts'
import { durationSchema } from '../../desired/schema/scalars.ts'
import { OperationalError } from '../../errors.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import { withWorkspace } from '../workspace.ts'

export function registerToken(program: Command): void {
  const token = program
    .command('token')
    .summary('access for people and programs')
    .description('Makes, lists and revokes tokens. Only their hashes are stored.')

  common(token.command('create'), [
    'trueup token create --role approver --subject ann',
    'trueup token create --role viewer --subject grafana --expires 90d --json',
  ])
    .summary('make a token; it is shown once')
    .requiredOption('--role <role>', 'viewer, editor, operator, approver, admin, or a declared role')
    .option('--subject <person>', 'whose it is: approvals of one subject count once', 'cli')
    .option('--expires <duration>', 'for example 90d; without it the token does not expire')
    .action((options: CommonOptions & { role: string; subject: string; expires?: string }) =>
      runCommand(options, async (run) => {
        const tokens = await tokensOf(options)
        const expiresInMs = options.expires === undefined ? undefined : durationOf(options.expires)
        const { token: secret, record } = tokens.create({ subject: options.subject, role: options.role, expiresInMs })
        const expiresAt = record.expiresAt ?? null
        run.answer(
          { id: record.id, token: secret, role: record.role, subject: record.subject, expiresAt },
          ({ line, colour }) => {
            line(secret)
            line(
              colour.dim(
                `${record.id}: ${record.role} for ${record.subject}${expiresAt === null ? '' : `, until ${expiresAt}`}. It is not shown again.`,
              ),
            )
          },
        )
        return 0
      }),
    )

  common(token.command('list'), ['trueup token list'])
    .summary('all tokens, without their secrets')
    .action((options: CommonOptions) =>
      runCommand(options, async (run) => {
        const items = (await tokensOf(options)).list()
        run.answer({ items }, (terminal) =>
          terminal.table(
            ['id', 'subject', 'role', 'until'],
            items.map((item) => [
              item.id,
              item.subject,
              item.role,
              item.revokedAt == null ? (item.expiresAt ?? 'no end') : 'revoked',
            ]),
          ),
        )
        return 0
      }),
    )

  common(token.command('revoke <id>'), ['trueup token revoke 3fa91c0b'])
    .summary('end a token at once')
    .action((id: string, options: CommonOptions) =>
      runCommand(options, async (run) => {
        const record = (await tokensOf(options)).revoke(id)
        if (record === undefined)
          throw new OperationalError('NOT_FOUND', `no token has the id ${id}`, { hint: 'See `trueup token list`.' })
        run.answer({ id: record.id, revoked: true }, ({ line }) =>
          line(`${record.id} of ${record.subject} is revoked.`),
        )
        return 0
      }),
    )
}

function tokensOf(options: CommonOptions): Promise<TokenStore> {
  return withWorkspace(options, 'look', async ({ generations }) => {
    const { file } = generations.inForce().state.access.tokens
    return openTokens(resolve(dirname(resolve(options.state)), file), systemClock)
  })
}

function durationOf(text: string): number {
  const parsed = durationSchema.safeParse(text)
  if (!parsed.success)
    throw new OperationalError('USAGE', `--expires ${text} is no duration`, { hint: 'Write it as 24h or 90d.' })
  return parsed.data
}
