import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { openLog } from '../../log.ts'
import { systemRandom } from '../../random.ts'
import type { DoctorCheck } from '../../workspace/doctor/check.ts'
import { examine } from '../../workspace/doctor/doctor.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import type { Terminal } from '../terminal.ts'

interface DoctorOptions extends CommonOptions {
  readonly host: string
  readonly port: string
  readonly quiet: boolean
}

/** `doctor`: what keeps Trueup from working well on this machine, and how to mend it. */
export function registerDoctor(program: Command): void {
  common(program.command('doctor'), [
    'trueup doctor',
    'trueup doctor --quiet --state /srv/leads/desired-state.yaml',
    'trueup doctor --json',
  ])
    .summary('check machine, file, permissions, keys, programs and network; how to mend each')
    .description(
      'Looks at the machine (Node.js, SQLite, disk, memory, open files), the desired state, the workspace with its journal and lease, the secrets that are referred to, the programs of services and jobs, the port, and Airtable where it is declared. Changes nothing, and prints no secret. Exit status 2 when something has to be mended.',
    )
    .option('--port <n>', 'port that the controller has or shall have', '4000')
    .option('--host <address>', 'address that it listens on', '127.0.0.1')
    .option('--quiet', 'print only what is not well', false)
    .action((options: DoctorOptions) => runCommand(options, (run) => doctor(options, run)))
}

async function doctor(options: DoctorOptions, run: CommandRun): Promise<ExitStatus> {
  const port = Number(options.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new OperationalError('USAGE', `--port ${options.port} is no port`)
  const checks = await examine({
    stateFile: options.state,
    host: options.host,
    port,
    environment: process.env,
    clock: systemClock,
    random: systemRandom,
    // What would be logged is told as a finding.
    log: openLog(process.env.TRUEUP_LOG ?? 'silent'),
  })
  const count = (status: DoctorCheck['status']) => checks.filter((check) => check.status === status).length
  const summary = { ok: count('ok'), warn: count('warn'), fail: count('fail') }
  run.answer({ summary, items: checks }, (terminal) => {
    for (const check of checks) if (!options.quiet || check.status !== 'ok') print(check, terminal)
    const { line, colour } = terminal
    const rest = summary.warn > 0 ? `${summary.warn} to look at` : 'nothing to look at'
    line(
      summary.fail > 0
        ? colour.red(`${summary.fail} to mend, ${rest}, ${summary.ok} well.`)
        : colour.green(`Nothing to mend, ${rest}, ${summary.ok} well.`),
    )
  })
  return summary.fail > 0 ? 2 : 0
}

function print({ status, message, remedy }: DoctorCheck, { line, colour }: Terminal): void {
  const sign = { ok: colour.green('ok  '), warn: colour.yellow('warn'), fail: colour.red('fail') }[status]
  line(`${sign}  ${message}`)
  if (remedy !== null) line(`      → ${remedy}`)
}
