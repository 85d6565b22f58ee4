/** How a record came to be as it is: every change of a cell that is known, by whom, and plainly where that is not known. */
import { useState } from 'preact/hooks'
import type { RecordHistory } from '../api/records.ts'
import { nowMs } from '../state/live.ts'
import { ActionLink, Ago, Empty, Value } from '../ui/parts.tsx'
import { Table } from '../ui/table.tsx'
import { label, moment, span } from '../ui/text.ts'

type RecordEvent = RecordHistory['events'][number]

export function LeadHistory({ of: history }: { of: RecordHistory }) {
  const [field, setField] = useState('')
  const fields = [...new Set(history.events.flatMap((event) => event.field ?? []))]
  const shown = field === '' ? history.events : history.events.filter((event) => event.field === field)
  return (
    <section aria-labelledby="history">
      <h2 id="history">History of its cells</h2>
      {history.events.length === 0 ? (
        <Empty>
          Nothing that Trueup did to this record is kept. What it holds was there before, or another program wrote it:
          by which, and when, is not known.
        </Empty>
      ) : (
        <>
          <div class="toolbar">
            <label>
              Field
              <select value={field} onChange={(event) => setField(event.currentTarget.value)}>
                <option value="">all fields</option>
                {fields.map((name) => (
                  <option key={name} value={name}>
                    {label(name)}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <Table label="Changes, cell by cell" columns={['When', 'Field', 'Before', 'After', 'By whom']}>
            {shown.map((event, at) => (
              <tr key={`${at} ${event.field}`}>
                <td>
                  <When of={event} />
                </td>
                <th scope="row">{event.field === null ? wholeRecord[event.kind] : label(event.field)}</th>
                <td class="before">{event.field !== null && <Value of={event.before} />}</td>
                <td class="after">{event.field !== null && <Value of={event.after} />}</td>
                <td>
                  <ByWhom of={event} />
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
      <p class="quiet">
        Changes of Trueup, of people through it, and of the sync are kept since {moment(history.keptSince)} at most.
        Other programs leave no note: where one wrote, that shows by the value alone.
        {!history.isComplete && ' Older changes were not searched.'}
      </p>
    </section>
  )
}

const wholeRecord: Readonly<Record<string, string>> = { MADE: 'the record was made', REMOVED: 'the record was removed' }

function When({ of: { at, notBefore, notAfter } }: { of: RecordEvent }) {
  if (at !== null) return <Ago at={at} />
  if (notBefore === null) return <span>not known</span>
  if (notAfter === null) return <span>some time in the last {span(nowMs.value - Date.parse(notBefore))}</span>
  return (
    <span>
      between <Ago at={notBefore} /> and <Ago at={notAfter} />
    </span>
  )
}

function ByWhom({ of: { by, who, actionId, summary, isCertain, isUndone } }: { of: RecordEvent }) {
  if (by === 'OTHER_PROGRAM') return <span>another program; which one is not known</span>
  const name = writers[by] ?? by
  return (
    <>
      {by === 'PERSON' && who !== null ? who.replace(/^(token|local):/, '') : name}
      {actionId !== null && (
        <>
          {': '}
          <ActionLink id={actionId}>{summary ?? 'the action'}</ActionLink>
        </>
      )}
      {isUndone && <small class="quiet"> (taken back since)</small>}
      {!isCertain && <small class="quiet"> (the action left some records alone; whether this one is not known)</small>}
    </>
  )
}

const writers: Readonly<Record<string, string>> = {
  PERSON: 'a person',
  TRUEUP: 'Trueup',
  AIRTABLE: 'Airtable, by the sync',
  IMPORT: 'an import',
}
