import type { Command } from 'commander'
import type { BackupView } from '../../api/backup-port.ts'
import { isoOf } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { verifyWith } from '../../workspace/restore-set.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { withWorkspace } from '../workspace.ts'
import { create, howText, portOf, prune } from './backup-make.ts'
import { type RestoreOptions, readIdentities, restore } from './backup-restore.ts'

interface VerifyOptions extends CommonOptions {
  readonly all: boolean
  readonly identity?: string
}

const identityHelp = 'file with the age private key, for sets that are encrypted; it stays in this process'
const collect = (value: string, before: readonly string[]) => [...before, value]

/** `backup …`: sets that are made, listed, verified, restored from and put aside. */
export function registerBackup(program: Command): void {
  const backup = program
    .command('backup')
    .summary('backups')
    .description('Makes, verifies and restores the sets of the declared backups.')

  common(backup.command('create [name]'), ['trueup backup create', 'trueup backup create nightly --json'])
    .summary('make a set now, and verify it')
    .description(
      'Copies every declared database as of one moment while others write, the journal, the suppression list, the desired state and the mirrored tables of Airtable; packs and, where declared, encrypts them; and verifies the set by restoring it. A set is whole or not there.',
    )
    .action((name: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => create(name ?? null, options, run)),
    )

  common(backup.command('list [name]'), ['trueup backup list', 'trueup backup list nightly --json'])
    .summary('the sets that are there, the newest first')
    .description('Exit status 2 when a set is due, damaged, or the newest one is not verified.')
    .action((name: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => list(name, options, run)),
    )

  common(backup.command('verify [id...]'), [
    'trueup backup verify                    # the newest set of each backup',
    'trueup backup verify nightly-20261126T030000Z-0a1b2c3d',
    'trueup backup verify --all --identity ~/backup-key.txt',
  ])
    .summary('restore sets into a scratch folder and compare')
    .description(
      'Compares every byte with the manifest, restores each file into a scratch folder, checks each database and compares rows and hashes of every table. Of an encrypted set without --identity only the bytes can be compared, and it says so. Exit status 2 when a set is damaged; the file is named.',
    )
    .option('--all', 'every set', false)
    .option('--identity <file>', identityHelp)
    .action((ids: string[], options: VerifyOptions) => runCommand(options, (run) => verify(ids, options, run)))

  common(backup.command('restore [id]'), [
    'trueup backup restore nightly-20261126T030000Z-0a1b2c3d --into restored',
    'trueup backup restore nightly-20261126T030000Z-0a1b2c3d --database main --table leads',
    'trueup backup restore nightly-20261126T030000Z-0a1b2c3d --database main --table leads --key 17 --key 18',
    'trueup backup restore --at 2026-11-26T09:30:00Z --database main    # the newest verified set until then',
    'trueup backup restore --at 2h --airtable leads --key 17',
    'trueup backup restore --at 2h --backup nightly --into restored',
  ])
    .summary('restore a set into a folder, or ask to restore in place')
    .description(
      'Takes the set of that id, or with --at the newest verified one that was made until then; which one that is, and how much older, is said. With --into the whole set is restored into a new folder, and nothing else is touched. With --database what would change is shown and becomes an action that waits for approval: records come back, are changed and are removed so that the tables are as in the set; other programs go on meanwhile, and `trueup undo` takes it back. People who were erased stay erased either way. With --airtable the same is done for a mirrored table in Airtable: records come back with other record ids and are changed, and those that the set does not have stay unless --remove-others takes them away. A restore of a database writes nothing to Airtable: the sync pushes what was restored. Exit status 2 when the restore waits.',
    )
    .option(
      '--at <time>',
      'restore to this moment: a date, a moment of ISO 8601, or how long ago it was (2h); in place of the id',
    )
    .option('--backup <name>', 'with --at: only sets of this backup')
    .option('--into <dir>', 'a folder that is not there yet, or is empty')
    .option('--database <name>', 'the declared database to restore in place')
    .option('--airtable <table>', 'the mirrored table to restore in Airtable, by its name in the desired state')
    .option('--remove-others', 'with --airtable: records that the set does not have go; else they stay', false)
    .option('--table <name>', 'only this table of it; may be repeated', collect, [])
    .option('--key <key>', 'only the record with this key; may be repeated', collect, [])
    .option('--identity <file>', identityHelp)
    .action((id: string | undefined, options: RestoreOptions) =>
      runCommand(options, (run) => restore(id, options, run)),
    )

  common(backup.command('prune [name]'), ['trueup backup prune', 'trueup backup prune nightly --json'])
    .summary('put aside what is older than is kept')
    .description(
      'Puts sets aside that `keep` does not ask for; they are gone for good after 48 hours, and until then `trueup undo` takes them back. Two verified sets are left at least. Trueup does this by itself when sets are made.',
    )
    .action((name: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => prune(name ?? null, options, run)),
    )
}

async function list(name: string | undefined, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const all = await withWorkspace(options, 'look', (workspace) => portOf(workspace, run).backups())
  const views = name === undefined ? all : all.filter((one) => one.name === name)
  if (name !== undefined && views.length === 0)
    throw new OperationalError('NOT_FOUND', `no backup is named ${name}`, {
      hint: `Declared are: ${all.map((one) => one.name).join(', ') || 'none'}.`,
    })
  run.answer({ items: views.flatMap(setsJson), backups: views.map(backupJson) }, (terminal) => {
    if (views.length === 0) terminal.line('No backup is declared.')
    for (const view of views) printBackup(view, terminal)
  })
  const isTrue = views.every(
    ({ due, sets, places }) =>
      !due &&
      sets[0]?.verifiedAtMs !== null &&
      sets.every(({ problems }) => problems.length === 0) &&
      places.every(({ problem }) => problem === null),
  )
  return isTrue ? 0 : 2
}

function setsJson({ name, sets }: BackupView) {
  return sets.map(({ id, createdAtMs, bytes, encrypted, paths, problems, verifiedAtMs, verifiedHow }) => ({
    id,
    backup: name,
    createdAt: isoOf(createdAtMs),
    bytes,
    encrypted,
    paths,
    problems,
    verified: verifiedAtMs !== null,
    verifiedAt: verifiedAtMs === null ? null : isoOf(verifiedAtMs),
    how: verifiedHow,
  }))
}

function backupJson({ name, summary, of, schedule, timezone, nextAtMs, due, places }: BackupView) {
  return { name, summary, of, schedule, timezone, nextAt: nextAtMs === null ? null : isoOf(nextAtMs), due, places }
}

function printBackup({ name, summary, sets, places, due }: BackupView, terminal: Terminal): void {
  const { line, colour } = terminal
  line(`${colour.bold(name)}: ${summary}${due ? colour.yellow('; a set is due') : ''}`)
  for (const { place, problem } of places) if (problem !== null) line(colour.red(`  ✗ ${place}: ${problem}`))
  if (sets.length === 0) return
  terminal.table(
    ['set', 'made', 'size', 'verified'],
    sets.map(({ id, createdAtMs, bytes, encrypted, problems, verifiedHow }) => [
      id,
      isoOf(createdAtMs),
      `${(bytes / 1e6).toFixed(1)} MB${encrypted ? ', encrypted' : ''}`,
      problems.length > 0 ? `damaged: ${problems.join('; ')}` : verifiedHow === null ? 'no' : howText(verifiedHow),
    ]),
  )
}

async function verify(ids: readonly string[], options: VerifyOptions, run: CommandRun): Promise<ExitStatus> {
  const identities = readIdentities(options.identity)
  const items = await withWorkspace(options, 'look', async (workspace) => {
    const views = await portOf(workspace, run).backups()
    const chosen = views.flatMap(({ sets }) => (options.all ? sets : sets.slice(0, 1)).map(({ id }) => id))
    const results = []
    for (const id of ids.length > 0 ? ids : chosen)
      results.push({ id, ...(await verifyWith(workspace, { id, identities }, run)) })
    return results
  })
  run.answer({ items }, ({ line, colour }) => {
    if (items.length === 0) line('There is no set.')
    for (const { id, verified, how, problems } of items) {
      line(`${verified ? colour.green('✓') : colour.red('✗')} ${id}: ${verified ? howText(how) : 'damaged'}`)
      for (const problem of problems) line(colour.red(`    ${problem}`))
      if (verified && how === 'without-key')
        line(colour.dim('    its bytes are those that were written; that a private key opens it takes --identity'))
    }
  })
  return items.every(({ verified }) => verified) ? 0 : 2
}
