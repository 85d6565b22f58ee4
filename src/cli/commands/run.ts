import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { ensureDemoWorkspace } from '../../demo/demo-workspace.ts'
import { verdictOf } from '../../engine/verdict.ts'
import { needsPerson, viewOf } from '../../engine/view.ts'
import { OperationalError } from '../../errors.ts'
import { type Log, openLog } from '../../log.ts'
import { systemRandom } from '../../random.ts'
import { type Controller, startController } from '../../workspace/controller.ts'
import { runningServices } from '../../workspace/program-port.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { createNarrator, createWaitingTeller } from '../narrator.ts'

interface RunOptions extends CommonOptions {
  readonly port: string
  readonly host: string
  readonly hosts: string
  readonly demo: boolean
  readonly standby: boolean
}

export function registerRun(program: Command): void {
  common(program.command('run'), [
    'trueup run',
    'trueup run --port 4100 --state /srv/leads/desired-state.yaml',
    'trueup run --demo',
  ])
    .summary('the controller with API and page; keeps running')
    .description(
      'Keeps everything true to the desired state until it is stopped with Ctrl-C. Reacts to the file, to writes by other programs, to timers and to the API.',
    )
    .option('--port <n>', 'port of the API; 0 takes a free one', '4000')
    .option(
      '--host <address>',
      'address to listen on; anything but loopback needs a reverse proxy with TLS before it',
      '127.0.0.1',
    )
    .option('--hosts <names>', 'further names that it answers to, with commas: trueup.local:4000', '')
    .option('--demo', 'first make the sample databases that are absent', false)
    .option('--standby', 'wait for the lease when another controller has it, then take over', false)
    .action((options: RunOptions) => runCommand(options, (run) => keepRunning(options, run)))
}

async function keepRunning(options: RunOptions, run: CommandRun): Promise<ExitStatus> {
  const log = openLog(process.env.TRUEUP_LOG ?? 'warn')
  if (options.demo) {
    const { created } = await ensureDemoWorkspace({ directory: dirname(resolve(options.state)), log })
    if (created && !options.json)
      run.terminal.line(
        'Made the sample workspace: four databases and JSON files in data/, about 5,000 leads, messy on purpose; and three services in services/ that work on them.',
      )
  }
  const controller = await start(options, run, log)
  if (controller === undefined) return 0
  const endTelling = tellAsItGoes(controller, run, log)
  try {
    run.answer(
      {
        url: controller.url,
        signIn: controller.signInUrl,
        adminToken: controller.adminTokenPath,
        sandbox: controller.workspace.sandboxUrl() ?? null,
        pid: process.pid,
      },
      (terminal) => {
        terminal.line(`Trueup keeps ${options.state} true. Open ${terminal.colour.bold(controller.signInUrl)}`)
        terminal.line(
          terminal.colour.dim(
            `(the link signs a browser in once; programs use the token in ${controller.adminTokenPath})`,
          ),
        )
        const sandbox = controller.workspace.sandboxUrl()
        if (sandbox !== undefined)
          terminal.line(`The Airtable sandbox answers at ${sandbox}; edit cells there as a colleague would.`)
      },
    )
    await Promise.race([controller.firstLook(), stopped(run.signal), controller.failure])
    if (!options.json && !run.signal.aborted) await tellWaiting(controller, run)
    await Promise.race([stopped(run.signal), controller.failure])
    return 0
  } finally {
    endTelling()
    const running = await runningServices(controller.workspace)
    await controller.close()
    if (running.length > 0 && !options.json) tellWhatRuns(running, options, run)
  }
}

/** What was started stays: a restart of Trueup is no reason to stop working. */
function tellWhatRuns(names: readonly string[], options: RunOptions, { terminal }: CommandRun): void {
  const state = options.state === 'desired-state.yaml' ? '' : ` --state ${options.state}`
  const these = names.length === 1 ? 'The service' : `The ${names.length} services`
  terminal.line(`${these} ${names.join(', ')} ${names.length === 1 ? 'goes' : 'go'} on running without Trueup.`)
  terminal.line(`To stop ${names.length === 1 ? 'it' : 'them'}: trueup service stop --all${state}`)
}

async function start(options: RunOptions, run: CommandRun, log: Log): Promise<Controller | undefined> {
  const port = Number(options.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new OperationalError('USAGE', `--port ${options.port} is no port`)
  let told = false
  while (!run.signal.aborted) {
    try {
      return await startController({
        stateFile: options.state,
        host: options.host,
        port,
        hosts: options.hosts.split(',').filter((name) => name !== ''),
        environment: process.env,
        clock: systemClock,
        random: systemRandom,
        log,
      })
    } catch (error) {
      if (!options.standby || !(error instanceof OperationalError) || error.code !== 'LEASE_HELD')
        throw portError(error, options)
      if (!told) run.terminal.line(`Standing by: ${error.message}.`)
      told = true
      await systemClock.sleep(2000, run.signal)
    }
  }
  return undefined
}

function portError(error: unknown, { port, host }: RunOptions): unknown {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  return isTaken
    ? new OperationalError('USAGE', `port ${port} of ${host} is taken by another program`, {
        hint: 'Choose another with --port, or stop that program.',
      })
    : error
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolveStopped) => {
    if (signal.aborted) resolveStopped()
    else signal.addEventListener('abort', () => resolveStopped(), { once: true })
  })
}

/** Says from now on what becomes of edits: to a person on the terminal with all else that happens, else in the log. */
function tellAsItGoes({ workspace }: Controller, run: CommandRun, log: Log): () => void {
  const { events, generations } = workspace
  if (run.options.json) {
    return generations.onEdit((edit) => {
      if (edit.is === 'invalid')
        log.warn(
          { problems: edit.problems },
          'the desired state has problems; the last valid generation stays in force',
        )
    })
  }
  const narrator = createNarrator(run.terminal, run.options.state, systemClock)
  const ends = [events.onEvent(narrator.event), generations.onEdit(narrator.edit), narrator.end]
  return () => {
    for (const end of ends) end()
  }
}

/** What waits once things are quiet, and from then on what is added. */
async function tellWaiting(controller: Controller, run: CommandRun): Promise<void> {
  await settled(controller, run.signal)
  if (run.signal.aborted) return
  const { statuses } = controller.workspace.engine
  const { line, colour } = run.terminal
  const views = statuses.all().map(viewOf)
  const teller = createWaitingTeller(run.terminal)
  const first = views.flatMap((view) => view.actions).find(needsPerson)
  line()
  for (const view of views) teller(view)
  if (first !== undefined) line()
  line(colour.bold(verdictOf(views, Date.now(), true).sentence))
  line('Try:')
  if (first !== undefined) {
    line(`  trueup approvals                        what waits for you`)
    line(`  trueup approve ${first.id.padEnd(24)} let one run`)
  }
  line(
    `  edit ${run.options.state} and save: add a field, and the column, the Airtable field and the GraphQL field are there within a second`,
  )
  line()
  statuses.onChange((status) => teller(viewOf(status)))
}

/** Waits until nothing runs that may run, for half a minute at most. */
async function settled({ workspace }: Controller, signal: AbortSignal): Promise<void> {
  const untilMs = systemClock.monotonicMs() + 30_000
  let quietSinceMs = systemClock.monotonicMs()
  let last = -1
  while (!signal.aborted && systemClock.monotonicMs() < untilMs) {
    const entries =
      workspace.journal.db.prepare<[], { n: number | null }>('SELECT max(seq) AS n FROM entries').get()?.n ?? 0
    if (entries !== last) quietSinceMs = systemClock.monotonicMs()
    last = entries
    if (systemClock.monotonicMs() - quietSinceMs > 1500) return
    await systemClock.sleep(100, signal)
  }
}
