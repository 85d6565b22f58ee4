/** Conflicts with Airtable side by side, and how the sync stands. */
import { useState } from 'preact/hooks'
import * as z from 'zod/mini'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type Conflict, conflicts, outcome, resolved, sync } from '../api/shapes.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { useLive } from '../state/live.ts'
import { askPerson } from '../state/question.ts'
import { address } from '../state/route.ts'
import { may } from '../state/viewer.ts'
import { Ago, Do, Empty, Live, Value } from '../ui/parts.tsx'
import { count, counted, label } from '../ui/text.ts'
import { WorkOf } from '../ui/work.tsx'

const load = async () => {
  const [open, status] = await Promise.all([ask(documents.conflicts, conflicts), ask(documents.sync, sync)])
  return { ...open.conflicts, tables: status.syncStatus }
}

export function Conflicts() {
  const loaded = useLive('conflicts', load)
  return (
    <>
      <h1>Conflicts with Airtable</h1>
      <Live of={loaded}>
        {({ nodes, pageInfo, tables }) => (
          <>
            {nodes.length === 0 && (
              <Empty>
                {tables.length === 0
                  ? 'No table is kept in step with Airtable. Name an Airtable table in desired-state.yaml to have one.'
                  : 'No conflict is open: where both sides changed, the declared rule decided.'}
              </Empty>
            )}
            {nodes.map((conflict) => (
              <Sides key={conflict.id} conflict={conflict} />
            ))}
            {pageInfo.hasNextPage && <p>These are the newest {nodes.length}; the others follow as you decide.</p>}
            {tables.map((table) => (
              <SyncCard key={table.table} table={table} />
            ))}
          </>
        )}
      </Live>
    </>
  )
}

const titles: Readonly<Record<string, string>> = {
  VALUES: 'Both sides changed it',
  DELETED_LOCAL: 'Deleted here, edited in Airtable',
  DELETED_AIRTABLE: 'Deleted in Airtable, edited here',
}

function titleOf({ kind, localChangedAt, airtableChangedAt }: Conflict): string {
  // They may never have agreed on a value.
  if (kind === 'VALUES' && (localChangedAt === null || airtableChangedAt === null)) return 'Here and Airtable differ'
  return titles[kind] ?? kind
}

function Changed({ at }: { at: string | null }) {
  return (
    <p class="quiet">
      {at === null ? (
        'when it was changed is not known'
      ) : (
        <>
          changed <Ago at={at} />
        </>
      )}
    </p>
  )
}

function Sides({ conflict }: { conflict: Conflict }) {
  const field = conflict.field === null ? 'the whole record' : label(conflict.field)
  const mayResolve = may('conflict.resolve')
  const choose = (take: 'LOCAL' | 'AIRTABLE' | 'APART', words: string) => () => resolve(conflict, { take }, words)
  return (
    <article id={conflict.id} class="risk-medium" aria-label={`Conflict in ${field}`}>
      <h3>
        {titleOf(conflict)}: {field}
      </h3>
      <p class="quiet">
        {conflict.table} ·{' '}
        <a href={address('leads', conflict.leadId)}>the record {conflict.leadId.replace(/^.*:/, '')}</a>
        {conflict.airtableUrl !== null && (
          <>
            {' '}
            ·{' '}
            <a href={conflict.airtableUrl} rel="noreferrer">
              in Airtable
            </a>
          </>
        )}{' '}
        · found <Ago at={conflict.foundAt} />
      </p>
      <div class="sides">
        <div>
          <h4>Here</h4>
          <p class="side">
            <Value of={conflict.localValue} />
          </p>
          <Changed at={conflict.localChangedAt} />
          {mayResolve && (
            <Do tone="main" work={choose('LOCAL', 'Take the value that is here for both sides?')}>
              Take this one
            </Do>
          )}
        </div>
        <div>
          <h4>Airtable</h4>
          <p class="side">
            <Value of={conflict.airtableValue} />
          </p>
          <Changed at={conflict.airtableChangedAt} />
          {mayResolve && (
            <Do tone="main" work={choose('AIRTABLE', 'Take the value of Airtable for both sides?')}>
              Take this one
            </Do>
          )}
        </div>
      </div>
      {conflict.baseValue !== null && (
        <p class="quiet">
          Both last agreed on <Value of={conflict.baseValue} />
        </p>
      )}
      {mayResolve && (
        <p class="buttons">
          <Do work={choose('APART', 'Leave both sides as they are, until one of them changes again?')}>
            Leave them apart
          </Do>
          {conflict.field !== null &&
            may('leads.write') &&
            typeof (conflict.localValue ?? conflict.airtableValue ?? '') === 'string' && (
              <Another conflict={conflict} />
            )}
        </p>
      )}
    </article>
  )
}

function Another({ conflict }: { conflict: Conflict }) {
  const [value, setValue] = useState<string | undefined>(undefined)
  if (value === undefined) {
    return (
      <button
        type="button"
        class="quiet"
        onClick={() => setValue(String(conflict.localValue ?? conflict.airtableValue ?? ''))}
      >
        Another value…
      </button>
    )
  }
  return (
    <span class="toolbar">
      <label>
        Value for both sides
        <input value={value} onInput={(event) => setValue(event.currentTarget.value)} />
      </label>
      <Do work={() => resolve(conflict, { value: value === '' ? null : value }, 'Write this value to both sides?')}>
        Save it
      </Do>
    </span>
  )
}

async function resolve(
  conflict: Conflict,
  choice: { take: 'LOCAL' | 'AIRTABLE' | 'APART' } | { value: string | null },
  title: string,
): Promise<Announcement | undefined> {
  const comment = await askPerson({ title, label: 'Comment', yes: 'Do it' })
  if (comment === null) return undefined
  const { resolveConflict: answer } = await ask(documents.resolve, resolved, {
    input: { id: conflict.id, ...choice, ...(comment === '' ? {} : { comment }) },
  })
  if (answer.__typename === 'ConflictStale') {
    return {
      tone: 'bad',
      text: 'A value changed since you saw it, or somebody has chosen already. Look at it again as it is now.',
    }
  }
  return answer.__typename === 'Resolved'
    ? { tone: 'good', text: 'Chosen; the next look carries it out.' }
    : refusal(answer)
}

type SyncTable = z.output<typeof sync>['syncStatus'][number]

function SyncCard({ table }: { table: SyncTable }) {
  const { calls } = table
  return (
    <section aria-label={`Sync of ${table.table}`}>
      <h2>Sync of {table.table}</h2>
      <p>
        {table.summary}; <a href={address('resources', 'sync', table.table)}>how it stands, and why</a>
      </p>
      {table.error !== null && (
        <p class="notice bad">
          {table.error.message} {table.error.hint}
        </p>
      )}
      <ul>
        <li>
          {count(table.localCount)} records here, {count(table.airtableCount)} in Airtable:{' '}
          {table.counts.map((one) => `${count(one.count)} ${one.status.toLowerCase()}`).join(', ') || 'none met yet'}
        </li>
        <li>
          Asked for changes <Ago at={table.lastPullAt} />, compared in full <Ago at={table.lastFullAt} />
          {table.webhook ? '; a webhook tells of changes' : '; changes are asked for by time'}
        </li>
        {calls !== null && (
          <li>
            {counted(calls.made, 'call')} to Airtable in {calls.month}
            {calls.limit !== null && ` of ${count(calls.limit)}`}
            {calls.forecast !== null && `, ${count(calls.forecast)} expected by the month's end`}
            {calls.exhaustedSince !== null && (
              <>
                ; refused for the month's quota since <Ago at={calls.exhaustedSince} />
              </>
            )}
          </li>
        )}
        {table.waitingActions > 0 && (
          <li>
            <a href="/queue?kind=sync">{counted(table.waitingActions, 'action')} of it to approve</a>
          </li>
        )}
      </ul>
      <WorkOf kind="sync" name={table.table} />
      {may('sync.run') && (
        <p class="buttons">
          <Do work={() => move('push', table.table)}>Push now</Do>
          <Do work={() => move('pull', table.table)}>Pull now</Do>
        </p>
      )}
    </section>
  )
}

async function move(way: 'push' | 'pull', table: string): Promise<Announcement> {
  const answer = await ask(documents[way], z.record(z.string(), outcome), { input: { table } })
  const one = answer[way]
  if (one?.__typename !== 'SyncReceipt') return refusal(one ?? { __typename: '' })
  return {
    tone: 'good',
    text: way === 'push' ? 'Asked for: changes go to Airtable now.' : 'Asked for: Airtable is asked for changes now.',
  }
}
