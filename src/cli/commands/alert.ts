import type { Command } from 'commander'
import { z } from 'zod'
import {
  alertFields,
  alertShape,
  channelShape,
  deliveryFields,
  deliveryShape,
  ruleShape,
  silenceShape,
} from '../../clients/alert-shapes.ts'
import { durationSchema } from '../../desired/schema/scalars.ts'
import { OperationalError } from '../../errors.ts'
import { withApi } from '../api.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import type { Terminal } from '../terminal.ts'

const listSchema = z.object({
  alerts: z.object({
    items: z.array(alertShape),
    rules: z.array(ruleShape),
    channels: z.array(channelShape),
    silences: z.array(silenceShape),
  }),
})
type Listed = z.output<typeof listSchema>['alerts']

const listQuery = `{ alerts { ${alertFields} } }`

/** `alert list|test|silence|unsilence|log`. */
export function registerAlert(program: Command): void {
  const alert = program
    .command('alert')
    .summary('what fires, who is told, and whether it arrived')
    .description('Alerts of the desired state. See docs/alerts.md.')

  common(alert.command('list'), ['trueup alert list', 'trueup alert list --json'])
    .summary('what fires, the rules, the channels and the silences')
    .action((options: CommonOptions) =>
      runCommand(options, (run) =>
        withApi(options, 'look', async (api) => {
          const { alerts } = await api.request(listQuery, {}, listSchema)
          const { items, ...rest } = alerts
          run.answer({ items: items.map((item) => ({ id: item.key, ...item })), ...rest }, (terminal) =>
            print(alerts, terminal),
          )
          return items.some(({ state, silenced }) => state === 'firing' && !silenced) ? 2 : 0
        }),
      ),
    )

  common(alert.command('test <channel>'), ['trueup alert test ops'])
    .summary('sends a test by a channel, now')
    .action((channel: string, options: CommonOptions) =>
      runCommand(options, (run) =>
        withApi(options, 'act', async (api) => {
          await api.request(
            `mutation ($channel: String!) { testAlertChannel(input: { channel: $channel }) { __typename ... on UserError { message } } }`,
            { channel },
            z.object({ testAlertChannel: z.object({ __typename: z.literal('AlertChannelTested') }) }),
          )
          run.answer({ channel, delivered: true }, ({ line, colour }) =>
            line(colour.green(`The target of ${channel} has taken a test. Look whether it arrived with people.`)),
          )
          return 0
        }),
      ),
    )

  common(alert.command('silence <rule>'), [
    'trueup alert silence "backupAge > 26h" --for 2h --reason "new machine"',
    'trueup alert silence "*" --for 30m --reason "maintenance"',
  ])
    .summary('nobody is told of a rule for a while')
    .description(
      'Of a rule as it is written, of one alert by its id, or of all (*). What still fires afterwards is told then.',
    )
    .option('--for <duration>', 'how long', '1h')
    .requiredOption('--reason <text>', 'why; it is shown and journaled')
    .action((rule: string, options: CommonOptions & { for: string; reason: string }) =>
      runCommand(options, (run) =>
        withApi(options, 'act', async (api) => {
          const minutes = minutesOf(options.for)
          const { silenceAlert } = await api.request(
            `mutation ($of: String!, $minutes: Int!, $reason: String!) { silenceAlert(input: { of: $of, minutes: $minutes, reason: $reason }) {
               ... on AlertSilenced { silence { id of until by reason } } ... on UserError { message } } }`,
            { of: rule, minutes, reason: options.reason },
            z.object({
              silenceAlert: z.union([
                z.object({ silence: z.object({ id: z.string(), of: z.string(), until: z.string() }) }),
                z.object({ message: z.string() }),
              ]),
            }),
          )
          if ('message' in silenceAlert) throw new OperationalError('USAGE', silenceAlert.message)
          const { silence } = silenceAlert
          run.answer(silence, ({ line }) =>
            line(
              `Nobody is told of ${silence.of} until ${silence.until}. End it with: trueup alert unsilence ${silence.id}`,
            ),
          )
          return 0
        }),
      ),
    )

  common(alert.command('unsilence <id>'), ['trueup alert unsilence 1a2b3c4d'])
    .summary('ends a silence')
    .action((id: string, options: CommonOptions) =>
      runCommand(options, (run) =>
        withApi(options, 'act', async (api) => {
          const { liftAlertSilence } = await api.request(
            `mutation ($id: String!) { liftAlertSilence(input: { id: $id }) { ... on AlertSilenceLifted { id } ... on UserError { message } } }`,
            { id },
            z.object({ liftAlertSilence: z.union([z.object({ id: z.string() }), z.object({ message: z.string() })]) }),
          )
          if ('message' in liftAlertSilence) throw new OperationalError('NOT_FOUND', liftAlertSilence.message)
          run.answer({ id, lifted: true }, ({ line }) => line('People are told again.'))
          return 0
        }),
      ),
    )

  common(alert.command('log'), ['trueup alert log', 'trueup alert log --limit 200 --json'])
    .summary('what was delivered, and what was not')
    .option('--limit <n>', 'how many at most, the newest', '50')
    .action((options: CommonOptions & { limit: string }) =>
      runCommand(options, (run) =>
        withApi(options, 'look', async (api) => {
          const limit = Number(options.limit)
          if (!Number.isInteger(limit) || limit < 1 || limit > 500)
            throw new OperationalError('USAGE', `--limit ${options.limit} is no number from 1 to 500`)
          const { alerts } = await api.request(
            `query ($limit: Int!) { alerts { deliveries(limit: $limit) { ${deliveryFields} } } }`,
            { limit },
            z.object({ alerts: z.object({ deliveries: z.array(deliveryShape) }) }),
          )
          run.answer({ items: alerts.deliveries }, (terminal) => {
            if (alerts.deliveries.length === 0)
              terminal.line('Nothing was sent yet. Try a channel: trueup alert test CHANNEL')
            else
              terminal.table(
                ['when', 'channel', 'outcome', 'what'],
                alerts.deliveries.map(({ at, channel, outcome, detail }) => [at, channel, outcome, detail]),
              )
          })
          return 0
        }),
      ),
    )
}

function minutesOf(text: string): number {
  const read = durationSchema.safeParse(text)
  if (!read.success || read.data < 60_000)
    throw new OperationalError('USAGE', `--for ${text} is no duration of a minute or more`, {
      hint: 'Write it as 30m, 2h or 7d.',
    })
  return Math.round(read.data / 60_000)
}

function print({ items, rules, channels, silences }: Listed, { line, table, colour }: Terminal): void {
  if (items.length === 0) line(colour.green('No rule holds.'))
  for (const { severity, rule, instance, state, valueText, since, next, silenced } of items) {
    const mark = state === 'firing' ? colour.red(severity) : colour.yellow(state)
    line(
      `${mark} ${rule}${instance === '' ? '' : ` (${instance})`}: ${valueText} since ${since}${silenced ? ', silenced' : ''}`,
    )
    if (state === 'firing') line(colour.dim(`  next: ${next}`))
  }
  for (const { id, of, until, by, reason } of silences)
    line(colour.dim(`silence ${id}: ${of} until ${until} by ${by}: ${reason}`))
  line()
  if (channels.length === 0) {
    line('No channel is declared, so nobody is told. Declare one under alerts.channels; see docs/alerts.md.')
    return
  }
  table(
    ['channel', 'kind', 'waiting', 'last try'],
    channels.map(({ name, kind, waiting, problem }) => [name, kind, String(waiting), problem ?? 'well']),
  )
  line()
  table(
    ['rule', 'for', 'severity', 'to'],
    rules.map(({ when, forSeconds, severity, channel }) => [
      when,
      forSeconds === 0 ? '' : forSeconds < 60 ? `${forSeconds} s` : `${Math.round(forSeconds / 60)} min`,
      severity.toLowerCase(),
      channel,
    ]),
  )
}
