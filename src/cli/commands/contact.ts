import type { Command } from 'commander'
import { z } from 'zod'
import type { AllowContactOutcome } from '../../api/people-views.ts'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { systemRandom } from '../../random.ts'
import { allowContact } from '../../workspace/allow-contact.ts'
import { contactAnswers } from '../../workspace/contactable.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, Refusal, runCommand } from '../command.ts'
import { type Controller, controllerOf } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { withWorkspace } from '../workspace.ts'

interface AllowOptions extends CommonOptions {
  readonly table: string
  readonly reason: string
}

/** `leads contactable` and `leads allow-contact`. */
export function registerContact(leads: Command): void {
  common(leads.command('contactable <address...>'), [
    'trueup leads contactable ann@acme.example',
    'trueup leads contactable linkedin.com/in/ann-lee bob@x.example --json',
  ])
    .summary('whether somebody may be contacted; exit status 3 where not')
    .description(
      'Asks the lists of those who are not to be contacted and of erased people, by e-mail address or LinkedIn profile. For scripts that are about to write to somebody: 0 where all may be contacted, 3 where somebody may not, or cannot be told.',
    )
    .action((addresses: readonly string[], options: CommonOptions) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async (workspace) => tell(addresses, workspace, run)),
      ),
    )
  common(leads.command('allow-contact <key>'), [
    'trueup leads allow-contact 000da055-b49f-4254-9f3d-ad548fd7bc70 --reason "asked for an offer on the phone"',
  ])
    .summary('let somebody be contacted again who was marked as not to be')
    .description(
      'Takes the person of a record off the list of those who are not to be contacted, and clears the marks of all their records, here and in Airtable. Programs and imports cannot do that.',
    )
    .option('--table <name>', 'the declared table', 'leads')
    .requiredOption('--reason <text>', 'why; kept for ever, so it must not name the person')
    .action((key: string, options: AllowOptions) => runCommand(options, (run) => allow(key, options, run)))
}

type Workspace = Parameters<Parameters<typeof withWorkspace>[2]>[0]

function tell(addresses: readonly string[], workspace: Workspace, run: CommandRun): ExitStatus {
  const answers = contactAnswers(workspace, addresses)
  const items = addresses.map((address, at) => {
    const answer = answers[at] ?? 'unreadable'
    return { id: address, contactable: answer === 'yes', readable: answer !== 'unreadable' }
  })
  run.answer({ items }, ({ line, colour }) => {
    for (const { id, contactable, readable } of items) {
      if (contactable) line(`${colour.green('✓')} ${id} may be contacted`)
      else if (readable) line(`${colour.red('✗')} ${id} is not to be contacted`)
      else line(`${colour.yellow('?')} ${id} is neither an e-mail address nor the LinkedIn profile of a person`)
    }
  })
  return items.every(({ contactable }) => contactable) ? 0 : 3
}

async function allow(key: string, options: AllowOptions, run: CommandRun): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const outcome = await (controller === undefined ? allowHere(key, options) : allowThere(key, options, controller))
  if (outcome.is === 'was-allowed') {
    run.answer({ id: key, wasAllowed: true, records: [] }, ({ line }) =>
      line(`Nobody had said that ${key} is not to be contacted; nothing was done.`),
    )
    return 0
  }
  run.answer({ id: key, wasAllowed: false, records: outcome.records }, ({ line, colour }) => {
    line(`${colour.green('✓')} the person of ${key} may be contacted again`)
    for (const { table, count } of outcome.records) line(`  ${count} of ${table} cleared`)
  })
  return 0
}

type Done = Extract<AllowContactOutcome, { is: 'allowed' | 'was-allowed' }>

function allowHere(key: string, { table, reason, ...options }: AllowOptions): Promise<Done> {
  return withWorkspace(options, 'act', async (workspace): Promise<Done> => {
    if (workspace.generations.inForce().state.tables[table] === undefined)
      throw new OperationalError('NOT_FOUND', `no table is named ${table}`)
    const ports = { clock: systemClock, random: systemRandom }
    const outcome = await allowContact(workspace, { table, key, reason, actor: localActor() }, ports)
    switch (outcome.is) {
      case 'allowed':
      case 'was-allowed':
        return outcome
      case 'not-found':
        throw new OperationalError('NOT_FOUND', `there is no record ${key} in ${table}`)
      case 'reason-names-person':
        throw namesPerson()
      case 'waiting':
        throw new Refusal(
          'WAITING',
          outcome.reasons.join('; '),
          'See `trueup status` and the policy in the desired state.',
        )
      case 'failed':
        throw new OperationalError('ACTION_FAILED', outcome.reason)
    }
  })
}

const recordsSchema = z.array(z.object({ table: z.string(), count: z.number() }))
const answerSchema = z.object({
  allowContact: z.discriminatedUnion('__typename', [
    z.object({ __typename: z.literal('ContactAllowed'), wasAllowed: z.boolean(), records: recordsSchema }),
    z.object({
      __typename: z.enum(['NotFound', 'Forbidden', 'InputInvalid', 'WriteWaiting', 'WriteFailed']),
      message: z.string(),
    }),
  ]),
})

async function allowThere(key: string, { table, reason }: AllowOptions, controller: Controller): Promise<Done> {
  const { allowContact: answer } = await controller.request(
    `mutation ($input: AllowContactInput!) { allowContact(input: $input) { __typename
       ... on ContactAllowed { wasAllowed records { table count } } ... on UserError { message } } }`,
    { input: { table, id: key, reason } },
    answerSchema,
  )
  switch (answer.__typename) {
    case 'ContactAllowed':
      return answer.wasAllowed ? { is: 'was-allowed' } : { is: 'allowed', records: answer.records }
    case 'WriteWaiting':
      throw new Refusal('WAITING', answer.message, 'See `trueup status` and the policy in the desired state.')
    case 'NotFound':
      throw new OperationalError('NOT_FOUND', answer.message)
    case 'Forbidden':
      throw new Refusal('FORBIDDEN', answer.message, 'Use a token whose role has the right contact.allow.')
    case 'InputInvalid':
      throw namesPerson()
    case 'WriteFailed':
      throw new OperationalError('ACTION_FAILED', answer.message)
  }
}

function namesPerson(): OperationalError {
  return new OperationalError('USAGE', '--reason names the person, and would keep that for ever', {
    hint: 'Say why without an address or a name.',
  })
}
