/** Records that may be one person, side by side with the record that would stay. */
import { useState } from 'preact/hooks'
import { ask } from '../api/client.ts'
import {
  apartDocument,
  type Column,
  type DuplicateGroup,
  groupsDocument,
  groupsShape,
  mergeDocument,
  type RecordTable,
  writtenShape,
} from '../api/records.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { useLive } from '../state/live.ts'
import { askPerson } from '../state/question.ts'
import { address, query, setQuery } from '../state/route.ts'
import { loadTable } from '../state/tables.ts'
import { may } from '../state/viewer.ts'
import { ActionLink, Do, Empty, Live, Value } from '../ui/parts.tsx'
import { Wide } from '../ui/table.tsx'
import { count, isEmpty, label } from '../ui/text.ts'

async function load(type: string | null, state: string) {
  const known = await loadTable(type, 'groups')
  if (known === undefined) return undefined
  const { groups } = await ask(groupsDocument(known.table, known.columns), groupsShape, state === '' ? {} : { state })
  return { ...known, groups }
}

/** The API's name of a list is that of its table where nothing in it had to be changed. */
function timelineOf(kind: string, list: string): string {
  return /^[a-z0-9]+$/.test(list) ? `/timeline?of=${kind}/${list}` : '/timeline'
}

export function Duplicates() {
  const type = query.value.get('table')
  const state = query.value.get('state') ?? 'REVIEW'
  const loaded = useLive(`duplicates ${type} ${state}`, () => load(type, state === 'ALL' ? '' : state))
  return (
    <>
      <h1>Duplicates</h1>
      <Live of={loaded}>
        {(data) => {
          if (data === undefined) {
            return (
              <Empty>
                No table declares what a duplicate is. Give one a section `duplicates` in desired-state.yaml.
              </Empty>
            )
          }
          const { groups, table, tables, columns } = data
          return (
            <>
              <div class="toolbar">
                {tables.length > 1 && (
                  <label>
                    Table
                    <select value={table.type} onChange={(event) => setQuery({ table: event.currentTarget.value })}>
                      {tables.map((one) => (
                        <option key={one.type} value={one.type}>
                          {one.list}
                        </option>
                      ))}
                    </select>
                  </label>
                )}
                <label>
                  Show
                  <select value={state} onChange={(event) => setQuery({ state: event.currentTarget.value })}>
                    <option value="REVIEW">those that wait for a person ({count(groups.reviewCount)})</option>
                    <option value="MERGE">those that are merged unasked ({count(groups.mergeCount)})</option>
                    <option value="ALL">all</option>
                  </select>
                </label>
              </div>
              {groups.nodes.length === 0 && (
                <Empty>
                  {state === 'REVIEW'
                    ? 'No pair waits for you: nothing else looks like one person.'
                    : 'Nothing here looks like a duplicate.'}{' '}
                  What was merged is in the timeline, to see and to undo:{' '}
                  <a href={timelineOf('rows', table.list)}>by people</a>,{' '}
                  <a href={timelineOf('duplicates', table.list)}>by itself</a>.
                </Empty>
              )}
              {groups.nodes.map((group) => (
                <Group key={group.id} group={group} table={table} columns={columns} />
              ))}
              {groups.pageInfo.hasNextPage && (
                <p>The surest {groups.nodes.length} are shown; the next ones follow as you decide.</p>
              )}
            </>
          )
        }}
      </Live>
    </>
  )
}

function Group({ group, table, columns }: { group: DuplicateGroup; table: RecordTable; columns: readonly Column[] }) {
  const [survivor, setSurvivor] = useState(group.survivorId)
  const isDeclared = survivor === group.survivorId
  const changes = new Map(group.changes.map((change) => [change.field, change]))
  const fields = columns.filter(({ name }) => group.records.some((record) => !isEmpty(record[name])))
  const title = `${group.records.length} records, ${Math.round(group.confidence * 100)} % sure by ${group.rule}`
  return (
    <article class="risk-medium" aria-label={title} data-group={group.id}>
      <h3>{title}</h3>
      <ul class="quiet">
        {group.pairs.slice(0, 5).map((pair) => (
          <li key={pair.oneId + pair.otherId}>{pair.explanation}</li>
        ))}
      </ul>
      {group.actionId !== null && (
        <p>
          A merge is planned: <ActionLink id={group.actionId} />
        </p>
      )}
      <Wide label="The records side by side">
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              {group.records.map((record) => (
                <th scope="col" key={record.id}>
                  <a href={address('leads', record.id)}>{String(record.recordKey ?? 'record')}</a>
                  {table.merge !== undefined && may('leads.write') && (
                    <label class="check">
                      <input
                        type="radio"
                        name={`stays-${group.id}`}
                        checked={record.id === survivor}
                        onChange={() => setSurvivor(record.id)}
                      />
                      stays
                    </label>
                  )}
                </th>
              ))}
              <th scope="col">After a merge</th>
            </tr>
          </thead>
          <tbody>
            {fields.map(({ name }) => {
              const values = group.records.map((record) => JSON.stringify(record[name] ?? null))
              const kept = group.records.find(({ id }) => id === survivor)?.[name]
              const change = isDeclared ? changes.get(name) : undefined
              return (
                <tr key={name} class={new Set(values).size > 1 ? 'differs' : ''}>
                  <th scope="row">{label(name)}</th>
                  {group.records.map((record) => (
                    <td key={record.id}>{isEmpty(record[name]) ? '' : <Value of={record[name]} />}</td>
                  ))}
                  <td class={change === undefined ? '' : 'after'}>
                    {change === undefined ? isEmpty(kept) ? '' : <Value of={kept} /> : <Value of={change.after} />}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </Wide>
      {!isDeclared && (
        <p class="quiet">With another survivor, empty fields and declared rules still fill it from the others.</p>
      )}
      {may('leads.write') && (
        <p class="buttons">
          {table.merge !== undefined && (
            <Do tone="main" work={() => merge(table, group, survivor)}>
              Merge
            </Do>
          )}
          {table.markApart !== undefined && <Do work={() => tellApart(table, group)}>Not a duplicate</Do>}
        </p>
      )}
    </article>
  )
}

const idsOf = ({ records }: DuplicateGroup) => records.map(({ id }) => id)

async function merge(table: RecordTable, group: DuplicateGroup, survivorId: string): Promise<Announcement | undefined> {
  const changeReason = await askPerson({
    title: `Merge ${group.records.length} records into one?`,
    text: 'References follow. What is lost is kept in the history, and undo splits them again.',
    label: 'Why',
    yes: 'Merge',
  })
  if (changeReason === null) return undefined
  const { outcome } = await ask(mergeDocument(table), writtenShape, {
    input: { ids: idsOf(group), survivorId, ...(changeReason === '' ? {} : { changeReason }) },
  })
  if (outcome.__typename !== `${table.type}Merged`) return waitingOr(outcome)
  return { tone: 'good', text: 'Merged.', ...linkTo(outcome.actionId) }
}

async function tellApart(table: RecordTable, group: DuplicateGroup): Promise<Announcement | undefined> {
  const changeReason = await askPerson({
    title: 'Not a duplicate?',
    text: 'No two of these records are proposed as one again, until that is undone.',
    label: 'Why',
    yes: 'Not a duplicate',
  })
  if (changeReason === null) return undefined
  const { outcome } = await ask(apartDocument(table), writtenShape, {
    input: { ids: idsOf(group), ...(changeReason === '' ? {} : { changeReason }) },
  })
  if (outcome.__typename !== 'MarkedNotDuplicate') return waitingOr(outcome)
  return { tone: 'good', text: 'Kept apart.', ...linkTo(outcome.actionId) }
}

function linkTo(actionId: string | null | undefined) {
  return actionId === null || actionId === undefined
    ? {}
    : { link: { to: address('actions', actionId), text: 'See it, or undo it' } }
}

/** A write that a gate holds is no failure: it waits in the queue. */
export function waitingOr(outcome: {
  __typename: string
  message?: string | undefined
  reasons?: readonly string[] | undefined
  actionId?: string | null | undefined
}): Announcement {
  if (outcome.__typename !== 'WriteWaiting') return refusal(outcome)
  return {
    tone: 'good',
    text: 'It is planned, and waits.',
    details: [...(outcome.reasons ?? [])],
    link: { to: '/queue', text: 'To the queue' },
  }
}
