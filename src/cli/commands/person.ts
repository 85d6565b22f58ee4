import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { personExport } from '../../workspace/person-export.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { toFile, toStdout } from '../out-file.ts'
import { withWorkspace } from '../workspace.ts'
import { recordExport } from './export.ts'

interface PersonOptions extends CommonOptions {
  readonly table: string
  readonly out?: string
}

/** What a person may ask to know of themselves. */
export function registerPerson(program: Command): void {
  const person = program
    .command('person')
    .summary('what is kept about one person')
    .description('Exports what is kept about one person. To erase them: trueup leads erase. See docs/erasure.md.')
  common(person.command('export <key>'), [
    'trueup person export 000da055-b49f-4254-9f3d-ad548fd7bc70 --out person.json',
    'trueup person export 000da055-b49f-4254-9f3d-ad548fd7bc70 | jq .records',
  ])
    .summary('all of it as JSON, from every place')
    .description(
      'Follows one record to all others of the same person, as an erasure does, and writes as JSON what is kept: records with all columns and what refers to them, what the sync and the imports remember, earlier values that are kept for undo, entries of the journal that name them, and files and backup sets that hold or may hold them. The export is noted in the journal.',
    )
    .option('--table <name>', 'the declared table of the record', 'leads')
    .option('--out <file>', 'write to this file, which must not exist')
    .action((key: string, options: PersonOptions) => runCommand(options, (run) => exportPerson(key, options, run)))
}

async function exportPerson(key: string, options: PersonOptions, run: CommandRun): Promise<ExitStatus> {
  await recordExport({ ...options, filter: 'one person' }, 'json')
  const document = await withWorkspace(options, 'look', (workspace) =>
    personExport(workspace, { table: options.table, key }, { nowMs: systemClock.nowMs(), signal: run.signal }),
  )
  if (document === undefined) throw new OperationalError('NOT_FOUND', `there is no record ${key} in ${options.table}`)
  const pieces = [{ text: `${JSON.stringify(document, null, 2)}\n`, rows: 1 }]
  if (options.out === undefined) {
    await toStdout(pieces)
    return 0
  }
  const { path } = await toFile(pieces, options.out)
  run.answer({ path }, ({ line, colour }) =>
    line(`${colour.green('✓')} all that is kept of the person to ${options.out}`),
  )
  return 0
}
