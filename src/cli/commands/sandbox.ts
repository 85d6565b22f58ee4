import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { openLog } from '../../log.ts'
import { systemRandom } from '../../random.ts'
import { serveSandbox } from '../../sandbox/serve.ts'
import { runningSandbox, writeSandboxNote } from '../../workspace/sandbox-note.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'

export function registerSandbox(program: Command): void {
  common(program.command('sandbox'), ['trueup sandbox', 'trueup sandbox --port 4100'])
    .summary('an Airtable-compatible server on this machine, for trying and testing')
    .description(
      'Behaves as the Web API of Airtable does, keeps its data in .trueup/sandbox.db, and shows its tables on a page where cells can be edited. Runs until it is stopped.',
    )
    .option('--port <n>', 'port; 0 takes a free one', '4001')
    .action((options: CommonOptions & { port: string }) =>
      runCommand(options, async (run) => {
        const port = Number(options.port)
        if (!Number.isInteger(port) || port < 0 || port > 65_535)
          throw new OperationalError('USAGE', `--port ${options.port} is no port`)
        const ownFolder = join(dirname(resolve(options.state)), '.trueup')
        const running = runningSandbox(ownFolder)
        if (running !== undefined)
          throw new OperationalError('USAGE', `the sandbox of this workspace answers at ${running.url} already`, {
            hint: 'Open that address; the controller of the workspace runs it.',
          })
        const path = join(ownFolder, 'sandbox.db')
        const { sandbox, url } = await serveSandbox({
          path,
          port,
          clock: systemClock,
          random: systemRandom,
          log: openLog(process.env.TRUEUP_LOG ?? 'warn'),
        })
        writeSandboxNote(ownFolder, { url, controlToken: sandbox.controlToken })
        run.answer({ url, controlToken: sandbox.controlToken, path }, ({ line, colour }) => {
          line(`The sandbox answers at ${colour.bold(url)}; open it in a browser to see and edit its tables.`)
          line(colour.dim('Point a client at it with endpointUrl; any token is accepted.'))
        })
        await new Promise<void>((resolveStopped) =>
          run.signal.addEventListener('abort', () => resolveStopped(), { once: true }),
        )
        await sandbox.close()
        return 0
      }),
    )
}
