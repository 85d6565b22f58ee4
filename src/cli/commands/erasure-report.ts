/** The report of an erasure on the terminal, and whether it is the one that the record vouches for. */
import type { Command } from 'commander'
import { z } from 'zod'
import { isoOf } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { hashOfReport, type ReportLine, reportLineSchema } from '../../targets/erasure/report.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { withWorkspace } from '../workspace.ts'

type Workspace = Parameters<Parameters<typeof withWorkspace>[2]>[0]

export const reportSchema = z.array(reportLineSchema)

export function registerErasureReport(suppressions: Command): void {
  common(suppressions.command('report <id>'), [
    'trueup leads suppressions report 3fa91c0b2d4e',
    'trueup leads suppressions report 3fa91c0b2d4e --json > erasure.json',
  ])
    .summary('where an erased person was looked for, what was done there, and what may hold them still')
    .description(
      'Shows the report of an erasure as it was made, and compares its hash with the journal. It holds no personal data, so it can be given away.',
    )
    .action((id: string, options: CommonOptions) =>
      runCommand(options, (run) => withWorkspace(options, 'look', async (workspace) => report(id, workspace, run))),
    )
}

/** 3 where the report is not the one that the record names. */
function report(id: string, { suppressions, journal }: Workspace, run: CommandRun): ExitStatus {
  const found = suppressions.list().find((one) => one.id === id)
  if (found === undefined)
    throw new OperationalError('NOT_FOUND', `there is no suppression ${id}`, {
      hint: 'List them with `trueup leads suppressions list`.',
    })
  const lines = found.outcome?.report ?? []
  const sha256 = hashOfReport(lines)
  const noted = journal
    .entries({ actionId: id, limit: 1000 })
    .flatMap(({ type, body }) => (type === 'action.verified' && typeof body.report === 'string' ? [body.report] : []))
    .at(-1)
  const recorded = noted === undefined ? 'not recorded' : noted === sha256 ? 'as recorded' : 'not as recorded'
  const { table, atMs, by, reason, identities, outcome } = found
  const state = outcome === undefined ? 'under way' : 'erased'
  run.answer(
    { id, table, at: isoOf(atMs), by, reason, state, identities, sha256, recorded, report: lines },
    (terminal) => {
      terminal.line(`Erased at ${isoOf(atMs)} by ${by}: ${reason}`)
      tellLines(lines, terminal, 'all')
      const text = `SHA-256 of the report: ${sha256} (${recorded})`
      terminal.line(recorded === 'not as recorded' ? terminal.colour.red(text) : terminal.colour.dim(text))
    },
  )
  return recorded === 'not as recorded' ? 3 : 0
}

/** All lines, or those alone that leave something to be done or to be waited for. */
export function tellLines(lines: readonly ReportLine[], { line, colour }: Terminal, which: 'all' | 'open'): void {
  for (const { kind, place, looked, removed, holds, until, note } of lines) {
    if (holds === 'no' && which === 'open') continue
    const done = removed > 0 ? `${removed} removed` : 'nothing removed'
    if (holds === 'no') {
      line(
        `${colour.green('✓')} ${place}: ${kind === 'table' || kind === 'kept' ? `${done}, none left` : 'does not hold them'}`,
      )
    } else {
      const word = holds === 'yes' ? 'still in' : holds === 'maybe' ? 'may be in' : 'not known of'
      line(colour.yellow(`  ${word} ${place}${until === null ? '' : ` until ${until.slice(0, 10)} at the latest`}`))
    }
    if (which === 'all') line(colour.dim(`    looked at: ${looked}`))
    if (note !== '') line(colour.dim(`    ${note}`))
  }
}
