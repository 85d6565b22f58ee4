/** The two steps of the ladder as actions, and what a salvage says in sentences. Pure. */
import type { ActionDraft, Finding } from '../../engine/action.ts'
import type { SalvageReport, TableReport } from '../../targets/sqlite/salvage/report.ts'
import { stopFindings } from '../../targets/sqlite/users.ts'
import { draftOf } from './actions.ts'
import { replaceEvidence } from './quarantine.ts'
import type { DatabaseDeclaration } from './spec.ts'
import type { RecoveryState } from './state.ts'

/** So many damaged states of one database are quarantined; then a person looks who goes on writing it. */
export const quarantinesMax = 5

/** Why the ladder cannot go on by itself; undefined where it can. */
export function recoveryObstacle({ report, others }: RecoveryState): string | undefined {
  if (report === undefined)
    return others >= quarantinesMax
      ? `${others} damaged states of it are quarantined already, since it is written all the while: stop the programs that write it, and remove folders of .trueup/quarantine that nobody needs.`
      : undefined
  if (report.tables.length === 0) return 'nothing of its schema could be read: restore a backup into a folder.'
  return report.problems.length === 0
    ? undefined
    : `what was salvaged is not sound (${report.problems[0]}): see its report.json in .trueup/quarantine.`
}

export function planRecovery(
  spec: DatabaseDeclaration,
  recovery: RecoveryState,
  programs: readonly string[],
): readonly ActionDraft[] {
  if (recoveryObstacle(recovery) !== undefined) return []
  const { report } = recovery
  return [report === undefined ? salvageDraft(spec, recovery) : replaceDraft(spec, recovery, report, programs)]
}

function salvageDraft(spec: DatabaseDeclaration, recovery: RecoveryState): ActionDraft {
  const { signature, quarantine, set, withoutSet } = recovery
  const { name, path, keys } = spec
  const withWhat = set === null ? `nothing else (${withoutSet})` : set.id
  return draftOf(
    name,
    { verb: 'salvage', path, database: name, signature, quarantine, set, withoutSet, keys: { ...keys } },
    {
      summary: `Quarantine a copy of ${path}, and make a sound database of what it still holds and ${withWhat}; the file stays as it is.`,
      // What is stopped is missed by whoever waits for it.
      risk: recovery.services.length === 0 ? 'low' : 'medium',
      findings: stopFindings(recovery.services, 'stopped before it, and started again once the database is repaired'),
      precondition: signature,
      resolves: ['quarantine'],
      order: 25,
    },
  )
}

function replaceDraft(
  spec: DatabaseDeclaration,
  recovery: RecoveryState,
  report: SalvageReport,
  programs: readonly string[],
): ActionDraft {
  const { signature, bareSignature, quarantine } = recovery
  const { path } = spec
  const sum = (of: (table: TableReport) => number) => report.tables.reduce((total, table) => total + of(table), 0)
  const changed = sum(
    (table) => table.fromBackup + table.fromAirtable + table.keptAsInBackup + table.strange + table.refused,
  )
  return draftOf(
    spec.name,
    { verb: 'replace-damaged', path, signature, bareSignature, quarantine },
    {
      summary: `Put the repaired copy in the place of ${path}: ${summaryOf(report)}. The damaged file stays in .trueup/quarantine/${quarantine}.`,
      risk: 'high',
      needsApproval: true,
      findings: [...findingsOf(report, programs), ...stopFindings(recovery.services)],
      precondition: replaceEvidence(signature, report),
      affected: { count: changed, sample: report.tables.flatMap(({ sample }) => sample).slice(0, 20) },
      population: sum(({ rows }) => rows),
      reversible: 'from-checkpoint',
      resolves: ['integrity'],
      order: 30,
    },
  )
}

/** `1,204 rows, of which 38 from nightly-…, in 3 tables; parts of leads are lost`. */
export function summaryOf({ tables, set }: SalvageReport): string {
  const sum = (of: (table: TableReport) => number) => tables.reduce((total, table) => total + of(table), 0)
  const back = sum(({ fromBackup, keptAsInBackup }) => fromBackup + keptAsInBackup)
  const from = set === null ? '' : `, of which ${back} as ${set.id} has them,`
  const mirrored = sum(({ fromAirtable }) => fromAirtable)
  const alsoFrom = mirrored === 0 ? '' : ` ${set === null ? 'of which' : 'and'} ${mirrored} from Airtable,`
  const lossy = tables.filter(({ isWhole }) => !isWhole).map(({ name }) => name)
  const lost = lossy.length === 0 ? 'every page could be read' : `not all of ${lossy.join(', ')} could be read`
  return `${sum(({ rows }) => rows)} rows${from}${set === null && mirrored > 0 ? ',' : ''}${alsoFrom} in ${tables.length} tables; ${lost}`
}

/** What a person decides by: one sentence for each thing that is not plainly as it was. */
export function findingsOf(report: SalvageReport, programs: readonly string[]): readonly Finding[] {
  const findings: Finding[] = []
  const add = (code: string, count: number, message: string) => {
    if (count > 0) findings.push({ code, count, message })
  }
  const setId = report.set?.id ?? ''
  const addAirtable = ({ name, fromAirtable: count, airtableKeys, leftInAirtable }: TableReport) => {
    const more = count > airtableKeys.length ? ', …' : ''
    add('rows-from-airtable', count, `${name}: ${count} rows from Airtable alone (${airtableKeys.join(', ')}${more})`)
    const { erased, deleted } = leftInAirtable
    add(
      'left-in-airtable',
      erased,
      `${name}: ${erased} records of Airtable are of people who were erased, and stay out`,
    )
    add('left-in-airtable', deleted, `${name}: ${deleted} records of Airtable were seen deleted here, and stay out`)
  }
  for (const table of report.tables) {
    const { name } = table
    add('rows-salvaged', table.salvaged, `${name}: ${table.salvaged} rows were read from the damaged file`)
    add('rows-from-backup', table.fromBackup, `${name}: ${table.fromBackup} rows come from ${setId} alone`)
    addAirtable(table)
    add(
      'conflicts-backup',
      table.keptAsInBackup,
      `${name}: ${table.keptAsInBackup} rows are taken as ${setId} has them, since those of the file are doubtful`,
    )
    add(
      'conflicts-file',
      table.keptAsInFile,
      `${name}: ${table.keptAsInFile} rows are taken as the file has them, which is newer than ${setId}`,
    )
    add('rows-doubtful', table.doubtful, `${name}: ${table.doubtful} rows stand on pages that do not fit together`)
    add('rows-deleted', table.deletedSince, `${name}: ${table.deletedSince} rows of ${setId} were deleted since`)
    add(
      'rows-strange',
      table.strange,
      `${name}: ${table.strange} rows have keys that ${setId} does not know, and are left out`,
    )
    add(
      'rows-refused',
      table.refused,
      `${name}: ${table.refused} rows are refused by the table: ${table.problems[0] ?? ''}`,
    )
    for (const text of table.lost) add('rows-lost', 1, `${name}: ${text}`)
    const more = table.lostParts - table.lost.length
    add('rows-lost', more, `${name}: ${more} more such parts, see report.json in the quarantine`)
  }
  for (const { page, rows, tables } of report.strays) {
    const whose = tables.length === 0 ? 'no table' : tables.join(' or ')
    add('rows-stray', rows, `page ${page}: ${rows} rows that could be of ${whose} stay in the quarantine only`)
  }
  for (const note of report.schema) add('schema', 1, note)
  add(
    'foreign-keys',
    report.foreignKeyViolations,
    `${report.foreignKeyViolations} rows point at rows that are not there`,
  )
  if (report.wal === 'contradicts') add('wal-left-out', 1, 'the -wal does not belong to the file, and is left out')
  if (report.withoutSet !== null) add('no-backup', 1, `no backup could be used: ${report.withoutSet}`)
  for (const reason of report.withoutAirtable) add('no-airtable', 1, `nothing comes from Airtable: ${reason}`)
  if (programs.length > 0)
    add('open-in-programs', programs.length, `it waits until these have closed it: ${programs.join(', ')}`)
  return findings
}
