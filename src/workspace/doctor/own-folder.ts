/** The workspace: its databases as files, and `.trueup` with the journal and the lease. Nothing is changed or created. */
import { accessSync, constants, lstatSync, readdirSync, type Stats, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Clock } from '../../clock.ts'
import { isoOf } from '../../clock.ts'
import type { DesiredState } from '../../desired/schema.ts'
import { currentLease, type LeaseHolder } from '../../engine/lease.ts'
import { messageOf, OperationalError } from '../../errors.ts'
import type { JournalStore } from '../../journal/store.ts'
import { leftScratchIn } from '../../kinds/backup/index.ts'
import { isHolderAlive } from '../../targets/process/holder.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { databasePathOf } from '../paths.ts'
import { readJournal } from '../read-journal.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, warn, fail } = checksOf('workspace')

export interface WorkspaceFinding {
  readonly checks: readonly DoctorCheck[]
  /** Who works on it, if anybody does. */
  readonly holder: LeaseHolder | undefined
}

/** A clock may be set back by so much by its own service. */
const clockToleranceMs = 60_000
/** How many files of a fault are named. */
const namedMax = 5

export interface WorkspaceLook {
  readonly directory: string
  readonly ownFolder: string
  /** Undefined where the file is not valid: its databases are not looked at. */
  readonly state: DesiredState | undefined
  readonly databases: Databases
  readonly clock: Clock
}

export async function checkWorkspace(look: WorkspaceLook): Promise<WorkspaceFinding> {
  const folder = folderCheck(look.directory)
  const databases = look.state === undefined ? [] : databaseChecks(look.state, look.directory)
  if (statOf(look.ownFolder) === undefined) {
    const none = ok('own', 'no .trueup yet: it is made by the first `trueup apply` or `trueup run`')
    return { checks: [folder, ...databases, none], holder: undefined }
  }
  const journal = await journalChecks(look)
  return {
    checks: [folder, ...databases, ...ownFileChecks(look), ...journal.checks, scratchCheck(look.ownFolder)],
    holder: journal.holder,
  }
}

function folderCheck(directory: string): DoctorCheck {
  const refusal = refusalOf(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  return refusal === undefined
    ? ok('folder', `${directory} can be written`)
    : fail(
        'folder',
        `${directory} cannot be written (${refusal})`,
        'Give the user that runs Trueup read and write permission on the folder.',
      )
}

function databaseChecks(state: DesiredState, directory: string): readonly DoctorCheck[] {
  return Object.entries(state.databases).map(([name, { manage }]) => {
    const path = databasePathOf(state, name, directory)
    const id = `databases.${name}`
    const found = statOf(path)
    const isWritten = manage !== 'observe'
    if (found === undefined && isWritten) return ok(id, `${id}: ${path} is not there yet; it is made`)
    if (found === undefined)
      return fail(id, `${id}: there is no ${path}`, 'Correct the path in the desired state, or restore the file.')
    if (!found.isFile()) return fail(id, `${id}: ${path} is no file`, 'Move it away, or correct the path.')
    const refusal = refusalOf(path, constants.R_OK | (isWritten ? constants.W_OK : 0))
    if (refusal === undefined) return ok(id, `${id}: ${path} can be ${isWritten ? 'written' : 'read'}`)
    return fail(
      id,
      `${id}: ${path} cannot be ${isWritten ? 'written' : 'read'} (${refusal})`,
      'Correct owner and mode: 0600 for the file and 0700 for its folder, owned by the user that runs Trueup.',
    )
  })
}

/** All that lies in `.trueup` is private to the user that runs Trueup. */
function ownFileChecks({ directory, ownFolder }: WorkspaceLook): readonly DoctorCheck[] {
  const shown = (path: string) => relative(directory, path)
  const paths = [ownFolder, ...readdirSync(ownFolder).map((name) => join(ownFolder, name))]
  // A file may go between the listing and the look: the -wal of a journal that is closed.
  const facts = paths.flatMap((path) => {
    const stat = statOf(path)
    return stat === undefined ? [] : [{ path, stat }]
  })
  const open = facts.filter(({ stat }) => (stat.mode & 0o077) !== 0).map(({ path }) => shown(path))
  const uid = process.getuid?.()
  const foreign = facts.filter(({ stat }) => uid !== undefined && uid !== 0 && stat.uid !== uid)
  const checks: DoctorCheck[] = []
  if (open.length > 0)
    checks.push(fail('own.mode', `${named(open)} can be read by others`, `chmod -R go-rwx ${shown(ownFolder)}`))
  if (foreign.length > 0)
    checks.push(
      fail(
        'own.owner',
        `${named(foreign.map(({ path }) => shown(path)))} belong to another user`,
        `Run Trueup as that user, or: chown -R ${uid} ${shown(ownFolder)}`,
      ),
    )
  return checks.length > 0 ? checks : [ok('own', `${shown(ownFolder)} is private`)]
}

async function journalChecks(look: WorkspaceLook): Promise<WorkspaceFinding> {
  const path = join(look.ownFolder, 'journal.db')
  const none = { checks: [ok('journal', 'no journal yet')], holder: undefined }
  if (statOf(path) === undefined) return none
  let journal: JournalStore | undefined
  try {
    journal = await readJournal(path, look.databases, look.clock)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { checks: [fail('journal', `the journal: ${error.message}`, error.hint)], holder: undefined }
  }
  if (journal === undefined) return none
  try {
    const holder = currentLease(journal, look.clock, isHolderAlive)
    return { checks: [chainCheck(journal), clockCheck(journal, look.clock), leaseCheck(holder)], holder }
  } finally {
    journal.close()
  }
}

function chainCheck(journal: JournalStore): DoctorCheck {
  const chain = journal.check()
  return chain.is === 'whole'
    ? ok('journal', `the journal is whole: ${chain.entries.toLocaleString('en')} entries`)
    : fail(
        'journal',
        `the journal is broken at entry ${chain.seq}: ${chain.problem}`,
        'Keep a copy, find out who changed it, and run `trueup audit verify`.',
      )
}

/** A clock that is behind what was written is wrong now, or was wrong then: schedules and expiries go by it. */
function clockCheck(journal: JournalStore, clock: Clock): DoctorCheck {
  const newest = journal.db.prepare<[], { at: number | null }>('SELECT max(at_ms) AS at FROM entries').get()?.at ?? 0
  const nowMs = clock.nowMs()
  return newest > nowMs + clockToleranceMs
    ? fail(
        'clock',
        `the clock says ${isoOf(nowMs)}, but the journal holds an entry of ${isoOf(newest)}`,
        'Set the clock by NTP (`timedatectl set-ntp true`); approvals, schedules and leases go by it.',
      )
    : ok('clock', `the clock says ${isoOf(nowMs)}`)
}

function leaseCheck(holder: LeaseHolder | undefined): DoctorCheck {
  if (holder === undefined) return ok('lease', 'nobody works on this workspace')
  const where = holder.address === undefined ? 'a command' : `a controller at ${holder.address}`
  return ok('lease', `${where} works on this workspace, until ${isoOf(holder.untilMs)} unless it renews`)
}

function scratchCheck(ownFolder: string): DoctorCheck {
  const left = leftScratchIn(ownFolder)
  return left.length === 0
    ? ok('scratch', 'no left-over scratch folders')
    : warn(
        'scratch',
        `${left.length} scratch folders of processes that ended hold plain copies: ${named(left)}`,
        `The next backup removes them; at once: rm -r ${left.slice(0, namedMax).join(' ')}`,
      )
}

function named(paths: readonly string[]): string {
  const more = paths.length - namedMax
  return `${paths.slice(0, namedMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function statOf(path: string): Stats | undefined {
  try {
    // A link is looked at itself: what it leads to may be private while the link is not what was made.
    const stat = lstatSync(path)
    return stat.isSymbolicLink() ? statSync(path) : stat
  } catch {
    // Absent, or in a folder that may not be looked into: the caller tells that it is not to be had.
    return undefined
  }
}

function refusalOf(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode)
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
  }
}
