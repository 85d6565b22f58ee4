import type { Command } from 'commander'
import { z } from 'zod'
import { isoOf, systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { followLog } from '../../targets/process/supervision/follow-log.ts'
import { outputOfProgram } from '../../workspace/program-output.ts'
import { createProgramPort, type programRequests, runningServices } from '../../workspace/program-port.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { type Controller, controllerOf } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { withWorkspace } from '../workspace.ts'

/** `service …`: programs that are kept running, and jobs. */
export function registerService(program: Command): void {
  const service = program
    .command('service')
    .summary('services and jobs')
    .description(
      'Shows and moves the programs that the desired state declares. Services go on running when Trueup ends; `stop --all` ends them.',
    )

  common(service.command('list'), ['trueup service list', 'trueup service list --json'])
    .summary('what runs, and how jobs stand')
    .action((options: CommonOptions) => runCommand(options, (run) => listPrograms(options, run)))

  for (const [name, request, summary] of [
    ['restart', 'restart', 'end services and start them at once'],
    ['start', 'start', 'start services that are stopped or pause after failures'],
  ] as const) {
    common(service.command(`${name} <name...>`), [`trueup service ${name} website-scraper`])
      .summary(summary)
      .action((names: string[], options: CommonOptions) =>
        runCommand(options, (run) => requestAll(names, request, options, run)),
      )
  }

  common(service.command('stop [name...]'), ['trueup service stop website-scraper', 'trueup service stop --all'])
    .summary('end services')
    .description(
      'Ends services with all that they started. They stay stopped until they are started again, or until Trueup itself is.',
    )
    .option('--all', 'every service that runs, also those that are not declared any more', false)
    .action((names: string[], options: CommonOptions & { all: boolean }) =>
      runCommand(options, async (run) => {
        if (options.all === names.length > 0)
          throw new OperationalError('USAGE', 'name services, or give --all', {
            hint: 'See `trueup service list`.',
          })
        const wanted = options.all ? await withWorkspace(options, 'look', runningServices) : names
        if (wanted.length > 0) return requestAll(wanted, 'stop', options, run)
        run.answer({ items: [] }, ({ line }) => line('No service runs.'))
        return 0
      }),
    )

  common(service.command('run <name...>'), ['trueup service run daily-sync'])
    .summary('run jobs now, beside their schedule')
    .action((names: string[], options: CommonOptions) =>
      runCommand(options, (run) => requestAll(names, 'run', options, run)),
    )

  common(service.command('logs <name>'), [
    'trueup service logs website-scraper --follow',
    'trueup service logs daily-sync',
  ])
    .summary('what a service, or the newest run of a job, wrote')
    .option('--lines <n>', 'so many lines from the end', '50')
    .option('--follow', 'go on with what comes, until Ctrl-C', false)
    .action((name: string, options: LogOptions) => runCommand(options, (run) => showLog(name, options, run)))
}

interface LogOptions extends CommonOptions {
  readonly lines: string
  readonly follow: boolean
}

const moment = z.string().nullable()
const listSchema = z.object({
  services: z.array(
    z.object({
      name: z.string(),
      driver: z.string(),
      managed: z.boolean(),
      state: z.string(),
      summary: z.string(),
      pid: z.number().nullable(),
      startedAt: moment,
      processes: z.number(),
      memoryBytes: z.number(),
      cpuSeconds: z.number(),
      starts: z.number(),
      crashes: z.number(),
      failures: z.number(),
      nextTryAt: moment,
      logPath: z.string().nullable(),
    }),
  ),
  jobs: z.array(
    z.object({
      name: z.string(),
      managed: z.boolean(),
      state: z.string(),
      summary: z.string(),
      schedule: z.string().nullable(),
      timezone: z.string().nullable(),
      nextRunAt: moment,
      lastSuccessAt: moment,
      pingPath: z.string().nullable(),
    }),
  ),
})
type Listed = z.output<typeof listSchema>

const listQuery = `{
  services { name driver managed state summary pid startedAt processes memoryBytes cpuSeconds starts crashes failures nextTryAt logPath }
  jobs { name managed state summary schedule timezone nextRunAt lastSuccessAt pingPath }
}`

async function listPrograms(options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const { services, jobs } =
    controller === undefined ? await listHere(options) : await controller.request(listQuery, {}, listSchema)
  const items = [
    ...services.map((one) => ({ id: `service/${one.name}`, ...one })),
    ...jobs.map((one) => ({ id: `job/${one.name}`, ...one })),
  ]
  run.answer({ items }, (terminal) => {
    if (items.length === 0) terminal.line('No service and no job is declared.')
    if (services.length > 0)
      terminal.table(
        ['service', 'state', 'process', 'memory', 'CPU', 'starts', 'crashes', 'what is there'],
        services.map((one) => [
          one.name,
          one.managed ? one.state : `${one.state} (observed)`,
          one.pid === null ? '' : String(one.pid),
          one.pid === null ? '' : `${Math.round(one.memoryBytes / 1e6)} MB`,
          one.pid === null ? '' : `${Math.round(one.cpuSeconds)} s`,
          String(one.starts),
          String(one.crashes),
          one.nextTryAt === null || one.pid !== null ? one.summary : `${one.summary}; next try ${one.nextTryAt}`,
        ]),
      )
    if (jobs.length > 0)
      terminal.table(
        ['job', 'state', 'schedule', 'last success', 'next run', 'report to'],
        jobs.map((one) => [
          one.name,
          one.state,
          one.schedule === null ? '' : `${one.schedule} ${one.timezone}`,
          one.lastSuccessAt ?? 'never',
          one.nextRunAt ?? '',
          one.pingPath === null ? '' : `${controller?.address.replace(/\/$/, '') ?? ''}${one.pingPath}`,
        ]),
      )
  })
  return 0
}

/** Without a controller: a look by this command. */
function listHere(options: CommonOptions): Promise<Listed> {
  return withWorkspace(options, 'look', async (workspace) => {
    const port = createProgramPort({ workspace, wake: () => undefined })
    const iso = (ms: number | null) => (ms === null ? null : isoOf(ms))
    const services = (await port.services()).map((one) => ({
      ...one,
      startedAt: iso(one.startedAtMs),
      cpuSeconds: one.cpuMs / 1000,
      nextTryAt: iso(one.nextTryAtMs),
    }))
    const jobs = (await port.jobs()).map((one) => ({
      ...one,
      nextRunAt: iso(one.nextRunAtMs),
      lastSuccessAt: iso(one.lastSuccessAtMs),
    }))
    return listSchema.parse({ services, jobs })
  })
}

type RequestName = (typeof programRequests)[number]

interface Answered {
  readonly id: string
  readonly is: 'requested' | 'unchanged' | 'held' | 'refused' | 'not-found'
  readonly actionId: string | null
  readonly message: string
}

async function requestAll(
  names: readonly string[],
  request: RequestName,
  options: CommonOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const items =
    controller === undefined
      ? await requestHere(names, request, options)
      : await requestThere(names, request, controller)
  run.answer({ items }, ({ line, colour }) => {
    for (const { id, is, message } of items) {
      const mark = is === 'requested' || is === 'unchanged' ? colour.green('✓') : is === 'held' ? '○' : colour.red('✗')
      line(`${mark} ${id}: ${message}`)
    }
  })
  const [missing] = items.filter(({ is }) => is === 'not-found')
  if (missing !== undefined && items.length === 1)
    throw new OperationalError('NOT_FOUND', missing.message, { hint: 'See `trueup service list`.' })
  if (items.some(({ is }) => is === 'not-found')) return 1
  if (items.some(({ is }) => is === 'refused')) return 3
  return items.some(({ is }) => is === 'held') ? 2 : 0
}

function requestHere(
  names: readonly string[],
  request: RequestName,
  options: CommonOptions,
): Promise<readonly Answered[]> {
  return withWorkspace(options, 'act', async (workspace) => {
    const port = createProgramPort({ workspace, wake: () => undefined })
    return Promise.all(
      names.map(async (name): Promise<Answered> => {
        const outcome = await port.request({ name, request, actor: localActor() })
        return {
          id: name,
          is: outcome.is,
          actionId: 'actionId' in outcome ? outcome.actionId : null,
          message: outcome.message,
        }
      }),
    )
  })
}

const mutationOf = {
  restart: 'restartService',
  start: 'startService',
  stop: 'stopService',
  run: 'runJob',
} as const satisfies Record<RequestName, string>

const outcomeSchema = z.object({
  outcome: z.discriminatedUnion('__typename', [
    z.object({
      __typename: z.literal('ProgramRequested'),
      state: z.enum(['requested', 'unchanged', 'held']),
      actionId: z.string().nullable(),
      message: z.string(),
    }),
    z.object({
      __typename: z.enum(['ProgramRefused', 'NotFound', 'Forbidden', 'InputInvalid']),
      message: z.string(),
    }),
  ]),
})

function requestThere(
  names: readonly string[],
  request: RequestName,
  controller: Controller,
): Promise<readonly Answered[]> {
  return Promise.all(
    names.map(async (name): Promise<Answered> => {
      const { outcome } = await controller.request(
        `mutation ($input: ProgramInput!) { outcome: ${mutationOf[request]}(input: $input) { __typename
           ... on ProgramRequested { state actionId message } ... on UserError { message } } }`,
        { input: { name } },
        outcomeSchema,
      )
      if (outcome.__typename === 'ProgramRequested')
        return { id: name, is: outcome.state, actionId: outcome.actionId, message: outcome.message }
      const is = outcome.__typename === 'NotFound' ? 'not-found' : 'refused'
      return { id: name, is, actionId: null, message: outcome.message }
    }),
  )
}

/** Long enough for what people read; more is in the file itself. */
const tailBytesMax = 2_000_000
const followEveryMs = 250

async function showLog(name: string, options: LogOptions, run: CommandRun): Promise<ExitStatus> {
  const lines = Number(options.lines)
  if (!Number.isInteger(lines) || lines < 0)
    throw new OperationalError('USAGE', `--lines ${options.lines} is no number of lines`)
  return withWorkspace(options, 'look', async (workspace) => {
    const { programs, generations } = workspace
    const { state } = generations.inForce()
    const known = [...programs.services.list(state), ...programs.jobs.list(state)].some((one) => one.key.name === name)
    if (!known)
      throw new OperationalError('NOT_FOUND', `no service and no job is named ${name}`, {
        hint: 'See `trueup service list`.',
      })
    const output = await outputOfProgram(name, workspace)
    const text = output === undefined ? '' : lastLines(output.tail(tailBytesMax), lines)
    const follower = output === undefined ? undefined : followLog(output.path)
    run.answer({ id: name, path: output?.path ?? null, text }, () => process.stdout.write(text))
    while (options.follow && !options.json && output !== undefined && follower !== undefined && !run.signal.aborted) {
      process.stdout.write(((await outputOfProgram(name, workspace)) ?? output).redact(follower.read()))
      await systemClock.sleep(followEveryMs, run.signal)
    }
    return 0
  })
}

function lastLines(text: string, count: number): string {
  if (count === 0) return ''
  const lines = text.replace(/\n$/, '').split('\n')
  const last = lines.slice(-count).join('\n')
  return last === '' ? '' : `${last}\n`
}
