import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { runQuery } from '../../leads/query.ts'
import type { LeadStatistics } from '../../leads/statistics/layout.ts'
import { systemRandom } from '../../random.ts'
import { leadsOf } from '../../workspace/lead-access.ts'
import { databasePathOf } from '../../workspace/paths.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import { withWorkspace } from '../workspace.ts'

export function registerQuery(program: Command): void {
  common(program.command('query <sql>'), [
    'trueup query "SELECT engagement_status, count(*) FROM leads GROUP BY 1"',
    'trueup query --database campaigns "SELECT * FROM campaigns" --json',
  ])
    .summary('read-only SQL on a declared database')
    .option('--database <name>', 'which one; default the first declared')
    .option('--limit <rows>', 'rows at most', '1000')
    .option('--seconds <n>', 'how long it may take', '30')
    .action((sql: string, options: CommonOptions & { database?: string; limit: string; seconds: string }) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async ({ generations, directory, databases, offload }) => {
          const { state } = generations.inForce()
          const name = options.database ?? Object.keys(state.databases)[0]
          if (name === undefined) throw new OperationalError('NOT_FOUND', 'the desired state declares no database')
          const limits = {
            rowsMax: wholeNumber('--limit', options.limit),
            deadlineMs: wholeNumber('--seconds', options.seconds) * 1000,
            signal: run.signal,
          }
          const answer = await runQuery(databasePathOf(state, name, directory), sql, limits, { databases, offload })
          const items = answer.rows.map((row) =>
            Object.fromEntries(answer.columns.map((column, index) => [column, row[index]])),
          )
          run.answer({ columns: answer.columns, items, more: answer.more }, (terminal) => {
            terminal.table(
              answer.columns,
              answer.rows.map((row) => row.map((cell) => (cell === null ? '' : String(cell)))),
            )
            if (answer.more) terminal.line(terminal.colour.yellow(`There is more; --limit ${options.limit} cut it.`))
          })
          return 0
        }),
      ),
    )

  common(program.command('stats [table]'), ['trueup stats', 'trueup stats leads --json'])
    .summary('how many records there are, how full their fields, how choices are spread')
    .action((table: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async (workspace) => {
          const leads = leadsOf(workspace, { clock: systemClock, random: systemRandom })
          try {
            const items: ({ readonly id: string } & LeadStatistics)[] = []
            for (const name of table === undefined ? leads.tables : [table]) {
              const repository = leads.of(name)
              if (repository === undefined)
                throw new OperationalError('NOT_FOUND', `no table is named ${name}`, {
                  hint: `Declared are: ${leads.tables.join(', ')}`,
                })
              items.push({ id: name, ...(await repository.statistics()) })
            }
            run.answer({ items }, (terminal) => {
              for (const item of items) {
                terminal.line(terminal.colour.bold(`${item.id}: ${item.total.toLocaleString('en')} records`))
                terminal.table(
                  ['field', 'filled', 'share'],
                  item.filled.map(({ field, count }) => [
                    field,
                    count.toLocaleString('en'),
                    item.total === 0 ? '' : `${Math.round((count / item.total) * 1000) / 10} %`,
                  ]),
                )
                if (item.spread.length > 0)
                  terminal.table(
                    ['field', 'value', 'records'],
                    item.spread.map(({ field, value, count }) => [
                      field,
                      value ?? '(empty)',
                      count.toLocaleString('en'),
                    ]),
                  )
              }
            })
            return 0
          } finally {
            await leads.close()
          }
        }),
      ),
    )
}

/** A whole number above 0. Throws USAGE. */
export function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new OperationalError('USAGE', `${option} ${text} is no whole number above 0`)
  return value
}
