/** Backups as a ladder: every set, and which of them was really restored to prove that it can be. */
import type * as z from 'zod/mini'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type Backup, backupCreated, backupPruned, backups, backupVerified, restoreAsked } from '../api/shapes.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { useLive } from '../state/live.ts'
import { askPerson } from '../state/question.ts'
import { address } from '../state/route.ts'
import { may } from '../state/viewer.ts'
import { Ago, Do, Empty, Live, Tag } from '../ui/parts.tsx'
import { Table } from '../ui/table.tsx'
import { bytes, counted } from '../ui/text.ts'
import { WorkOf } from '../ui/work.tsx'

export function Backups() {
  const loaded = useLive('backups', () => ask(documents.backups, backups))
  return (
    <>
      <h1>Backups</h1>
      <Live of={loaded}>
        {({ backups: all }) => (
          <>
            {all.length === 0 && (
              <Empty>
                No backup is declared. Give desired-state.yaml a section `backups`; without one, nothing can be
                restored.
              </Empty>
            )}
            {all.map((backup) => (
              <Ladder key={backup.name} backup={backup} />
            ))}
          </>
        )}
      </Live>
    </>
  )
}

function lastRestored({ sets }: Backup): string | null {
  const moments = sets.flatMap(({ verifiedAt, verifiedHow }) =>
    verifiedHow === 'restored' && verifiedAt !== null ? [verifiedAt] : [],
  )
  return moments.sort().at(-1) ?? null
}

function Ladder({ backup }: { backup: Backup }) {
  const restored = lastRestored(backup)
  const mayAct = may('state.reconcile')
  return (
    <section aria-labelledby={`backup-${backup.name}`}>
      <h2 id={`backup-${backup.name}`}>
        {backup.name} <Tag word={backup.due ? 'due' : 'in time'} tone={backup.due ? 'waiting' : 'converged'} />
      </h2>
      <p>{backup.summary}</p>
      <p>
        <b>
          Last restored to prove it: <Ago at={restored} />
        </b>{' '}
        <span class="quiet">
          · of {backup.of.join(', ')} · {backup.schedule} {backup.timezone}
          {backup.nextAt !== null && (
            <>
              , next <Ago at={backup.nextAt} />
            </>
          )}
        </span>
      </p>
      {backup.places.map(({ place, problem }) => (
        <p key={place} class={problem === null ? 'quiet' : 'notice bad'}>
          {place}
          {problem !== null && `: ${problem}`}
        </p>
      ))}
      <WorkOf kind="backup" name={backup.name} />
      {mayAct && (
        <p class="buttons">
          <Do tone="main" work={() => create(backup.name)}>
            Make one now
          </Do>
          <Do tone="quiet" work={() => prune(backup.name)}>
            Put old ones aside
          </Do>
        </p>
      )}
      {backup.sets.length === 0 ? (
        <Empty>There is no set yet{mayAct ? '; make one now.' : '.'}</Empty>
      ) : (
        <Table label={`Sets of ${backup.name}`} columns={['Made', 'Proved', 'Size', 'Set']} hasActions>
          {backup.sets.map((set) => (
            <tr key={set.id}>
              <td>
                <Ago at={set.createdAt} />
              </td>
              <td>
                {set.verified ? (
                  <>
                    <Tag word={set.verifiedHow === 'restored' ? 'restored' : 'bytes compared'} tone="converged" />{' '}
                    <Ago at={set.verifiedAt} />
                  </>
                ) : (
                  <Tag word="not proved" tone="waiting" />
                )}
                {set.problems.map((problem) => (
                  <p key={problem}>{problem}</p>
                ))}
              </td>
              <td>
                {bytes(set.bytes)}
                {set.encrypted && ' encrypted'}
              </td>
              <th scope="row">
                <code title={set.paths.join('\n')}>{set.id}</code>
              </th>
              <td class="buttons">
                {mayAct && (
                  <>
                    <Do tone="quiet" label={`Prove ${set.id}`} work={() => verify(set.id)}>
                      Prove
                    </Do>
                    <Do tone="quiet" label={`Restore ${set.id}`} work={() => restore(set.id, backup.of)}>
                      Restore…
                    </Do>
                  </>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  )
}

async function create(name: string): Promise<Announcement> {
  const { createBackup: outcome } = await ask(documents.createBackup, backupCreated, { input: { name } })
  if (outcome.__typename === 'BackupCreated')
    return { tone: 'good', text: `The set ${outcome.id ?? ''} is there, and was restored to prove it.` }
  return heldOr(outcome)
}

async function verify(id: string): Promise<Announcement> {
  const { verifyBackup: outcome } = await ask(documents.verifyBackup, backupVerified, { input: { id } })
  if (outcome.__typename !== 'BackupVerified') return refusal(outcome)
  return outcome.verified === true
    ? {
        tone: 'good',
        text:
          outcome.how === 'restored'
            ? 'It was restored and compared: it is good.'
            : 'Its bytes are as they were written.',
      }
    : { tone: 'bad', text: 'It is not good.', details: outcome.problems ?? [] }
}

async function prune(name: string): Promise<Announcement | undefined> {
  const sure = await askPerson({
    title: 'Put old sets aside?',
    text: 'What is older than is kept. For 48 hours an undo takes them back.',
    yes: 'Put aside',
  })
  if (sure === null) return undefined
  const { pruneBackup: outcome } = await ask(documents.pruneBackup, backupPruned, { input: { name } })
  if (outcome.__typename !== 'BackupPruned') return heldOr(outcome)
  return { tone: 'good', text: `${counted(outcome.ids?.length ?? 0, 'set')} put aside.` }
}

const intoFolder = 'into a folder beside the others; nothing else changes'

async function restore(id: string, of: readonly string[]): Promise<Announcement | undefined> {
  const databases = of.filter((one) => one !== 'airtable').map((one) => one.replace(/^database\//, ''))
  const choice = await askPerson({
    title: 'Restore from this set?',
    text: 'In place nothing is changed yet: you are shown what would change, and it then waits for approval in the queue.',
    label: 'What is restored',
    choices: [...databases.map(inPlace), intoFolder],
    yes: 'Restore',
  })
  if (choice === null) return undefined
  const database = databases.find((one) => inPlace(one) === choice)
  const input = database === undefined ? { id, intoFolder: true } : { id, database }
  const { restoreBackup: outcome } = await ask(documents.restoreBackup, restoreAsked, { input })
  if (outcome.__typename === 'RestoredIntoFolder') return restoredInto(outcome)
  return outcome.__typename === 'RestoreAsked' ? restoreIsAsked(outcome) : refusal(outcome)
}

const inPlace = (database: string) => `${database}, in place`

type Restored = z.output<typeof restoreAsked>['restoreBackup']

function restoredInto({ folder, files = [], withheld = 0 }: Restored): Announcement {
  return {
    tone: 'good',
    text: `It lies in ${folder ?? ''} now. Nothing else was changed.`,
    details: [
      ...files.map(({ file, rows }) => (rows === 0 ? file : `${file}: ${counted(rows, 'row')}`)),
      ...(withheld > 0 ? [`${counted(withheld, 'record')} of erased people left out`] : []),
    ],
  }
}

function restoreIsAsked({ actionId, message, tables = [], passedOver = [] }: Restored): Announcement {
  return {
    tone: 'good',
    text: actionId === null ? 'Nothing differs from the set.' : `It waits for approval: ${message ?? ''}`,
    details: [
      ...tables.map((one) => `${one.table}: ${one.added} come back, ${one.changed} change, ${one.removed} go`),
      ...passedOver.map((one) => `${one.table} stays as it is: ${one.reason}`),
    ],
    ...(actionId == null ? {} : { link: { to: address('actions', actionId), text: 'What would be done' } }),
  }
}

function heldOr(outcome: Parameters<typeof refusal>[0]): Announcement {
  if (outcome.__typename !== 'BackupHeld') return refusal(outcome)
  return { tone: 'good', text: outcome.message ?? 'It waits.', link: { to: '/queue', text: 'To the queue' } }
}
