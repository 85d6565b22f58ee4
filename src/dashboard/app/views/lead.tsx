/** One record: its fields, how good they are, how it stands with Airtable, what was moved, and an editor. */
import { useState } from 'preact/hooks'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type RecordView, recordDocument, recordShape } from '../api/records.ts'
import { syncHistory } from '../api/shapes.ts'
import { useLive } from '../state/live.ts'
import type { KnownTable } from '../state/tables.ts'
import { may } from '../state/viewer.ts'
import { ActionLink, Ago, Empty, Live, Tag, Value } from '../ui/parts.tsx'
import { Table, Wide } from '../ui/table.tsx'
import { label } from '../ui/text.ts'
import { LeadEditor } from './lead-editor.tsx'
import { LeadHistory } from './lead-history.tsx'
import { LeadQuality } from './lead-quality.tsx'

export function LeadDetail({ id, known }: { id: string; known: KnownTable }) {
  const { table, columns, judged } = known
  const loaded = useLive(`lead ${id}`, async () => {
    const [{ record }, history] = await Promise.all([
      ask(recordDocument(table, columns, judged), recordShape, { id }),
      judged.includes('syncStatus') && may('sync.read')
        ? ask(documents.syncHistory, syncHistory, { leadId: id })
        : undefined,
    ])
    return { record, moves: history?.syncHistory.nodes ?? [] }
  })
  const [isEditing, setEditing] = useState(false)
  // The version that an edit has just replaced: nobody begins from it again.
  const [replaced, setReplaced] = useState<string | undefined>(undefined)
  return (
    <>
      <p class="quiet">
        <a href={table.type === 'Lead' ? '/leads' : `/leads?table=${table.type}`}>{label(table.list)}</a>
      </p>
      <Live of={loaded}>
        {({ record, moves }) => {
          if (record === null) {
            return <Empty>There is no such record: it was deleted, merged into another, or erased.</Empty>
          }
          const [first] = columns
          return (
            <>
              <h1>{String(record[first?.name ?? ''] ?? record.recordKey)}</h1>
              {isEditing ? (
                <LeadEditor
                  record={record}
                  known={known}
                  onDone={(version) => {
                    setEditing(false)
                    setReplaced(version)
                    loaded.reload()
                  }}
                />
              ) : (
                <>
                  {may('leads.write') && table.update !== undefined && (
                    <p class="buttons">
                      <button
                        type="button"
                        class="main"
                        disabled={record.rowVersion === replaced}
                        onClick={() => setEditing(true)}
                      >
                        Edit
                      </button>
                    </p>
                  )}
                  <Fields record={record} known={known} />
                </>
              )}
              <LeadQuality record={record} table={table} />
              <SyncState record={record} />
              {record.history !== null && record.history !== undefined && <LeadHistory of={record.history} />}
              <Moves moves={moves} />
            </>
          )
        }}
      </Live>
    </>
  )
}

function Fields({ record, known }: { record: RecordView; known: KnownTable }) {
  const { dataQuality: quality } = record
  const scores = new Map(quality?.fields.map(({ field, score }) => [field, score]))
  const unreadable = new Map(record.unreadableValues.map(({ field, text }) => [field, text]))
  return (
    <>
      <Wide label="Fields">
        <table class="fields">
          <tbody>
            {known.columns.map(({ name }) => {
              const issues = quality?.issues.filter(({ field }) => field === name) ?? []
              const text = unreadable.get(name)
              return (
                <tr key={name}>
                  <th scope="row">{label(name)}</th>
                  <td>
                    <Value of={text ?? record[name]} />
                    {text !== undefined && <p class="warn">The stored text is no value of the declared type.</p>}
                    {issues.map((issue) => (
                      <p class="warn" key={issue.check}>
                        <Tag word={issue.severity} /> {issue.reason}
                      </p>
                    ))}
                  </td>
                  <td class="quiet">{scores.has(name) && `${Math.round(scores.get(name) ?? 0)} of 100`}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </Wide>
      <p class="quiet">
        Key <code>{record.recordKey}</code>
      </p>
    </>
  )
}

function SyncState({ record }: { record: RecordView }) {
  const sync = record.syncStatus
  if (sync === null || sync === undefined) return null
  return (
    <section aria-labelledby="sync">
      <h2 id="sync">
        Airtable <Tag word={sync.status} tone={sync.status === 'SYNCED' ? 'converged' : 'waiting'} />
      </h2>
      <p>
        {sync.detail}{' '}
        {sync.recordId !== null && (
          <>
            Record <code>{sync.recordId}</code>.
          </>
        )}{' '}
        {sync.airtableUrl !== null && (
          <a href={sync.airtableUrl} rel="noreferrer">
            Open it in Airtable
          </a>
        )}
      </p>
      <p class="quiet">
        Changed here <Ago at={sync.localChangedAt} />, there <Ago at={sync.airtableChangedAt} />
        {sync.status === 'CONFLICT' && (
          <>
            ; <a href="/conflicts">choose between the values</a>
          </>
        )}
      </p>
    </section>
  )
}

type Moves = (typeof syncHistory)['_zod']['output']['syncHistory']['nodes']

function Moves({ moves }: { moves: Moves }) {
  if (moves.length === 0) return null
  return (
    <section aria-labelledby="moves">
      <h2 id="moves">What the sync moved</h2>
      <Table label="Moves, cell by cell" columns={['When', 'Way', 'Field', 'Before', 'After', 'Why', 'Action']}>
        {moves.flatMap((move) =>
          move.cells.map((cell) => (
            <tr key={`${move.id} ${cell.field}`}>
              <td>
                <Ago at={move.at} />
              </td>
              <td>
                {move.direction === 'PUSH' ? 'to Airtable' : 'from Airtable'}
                {move.state === 'REFUSED' && `, refused: ${move.note ?? ''}`}
              </td>
              <th scope="row">{label(cell.field)}</th>
              <td class="before">
                <Value of={cell.before} />
                {cell.lost && <Tag word="overruled" tone="high" />}
              </td>
              <td class="after">
                <Value of={cell.after} />
              </td>
              <td>{cell.reason.replaceAll('_', ' ')}</td>
              <td>{move.actionId !== null && <ActionLink id={move.actionId} />}</td>
            </tr>
          )),
        )}
      </Table>
    </section>
  )
}
