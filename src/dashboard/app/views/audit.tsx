/** The audit log: who did what, newest first. Each entry's hash covers the one before. */
import { useEffect, useState } from 'preact/hooks'
import type * as z from 'zod/mini'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { audit } from '../api/shapes.ts'
import { useLive } from '../state/live.ts'
import { query, setQuery } from '../state/route.ts'
import { may, viewer } from '../state/viewer.ts'
import { ActionLink, Do, Empty, Live, Tag } from '../ui/parts.tsx'
import { Table } from '../ui/table.tsx'
import { moment } from '../ui/text.ts'

type Entry = z.output<typeof audit>['auditLog']['entries'][number]

export function Audit() {
  const actor = query.value.get('actor') ?? ''
  const resource = query.value.get('resource') ?? ''
  const by = { ...(actor === '' ? {} : { actor }), ...(resource === '' ? {} : { resource }) }
  const newest = useLive(`audit ${actor} ${resource}`, () =>
    may('audit.read') ? ask(documents.audit, audit, by) : Promise.resolve(undefined),
  )
  const [older, setOlder] = useState<readonly Entry[]>([])
  const [hasMore, setMore] = useState(true)
  useEffect(() => {
    setOlder([])
    setMore(true)
  }, [actor, resource])

  async function loadOlder(before: number) {
    const { auditLog } = await ask(documents.audit, audit, { ...by, before })
    setOlder([...older, ...auditLog.entries])
    setMore(auditLog.hasMore)
    return undefined
  }

  return (
    <>
      <h1>Audit log</h1>
      <form
        class="toolbar"
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          setQuery({ actor: String(form.get('actor') ?? ''), resource: String(form.get('resource') ?? '') })
        }}
      >
        <label>
          Who <input name="actor" defaultValue={actor} placeholder="token:ann" />
        </label>
        <label>
          Resource <input name="resource" defaultValue={resource} placeholder="table/leads" />
        </label>
        <button type="submit">Show</button>
        {(actor !== '' || resource !== '') && <a href="/audit">All</a>}
      </form>
      <Live of={newest}>
        {(data) => {
          if (data === undefined) return <Empty>The role {viewer.value?.role} does not read the audit log.</Empty>
          const known = new Set(data.auditLog.entries.map(({ seq }) => seq))
          const all = [...data.auditLog.entries, ...older.filter(({ seq }) => !known.has(seq))]
          const last = all.at(-1)
          if (last === undefined) return <Empty>There is no such entry.</Empty>
          return (
            <>
              <Table label="Entries" columns={['Nr', 'When', 'Who', 'What', 'Resource', 'Action', 'Content']}>
                {all.map((entry) => (
                  <tr key={entry.seq}>
                    <td>{entry.seq}</td>
                    <td class="key">{moment(entry.at)}</td>
                    <td>{entry.actor}</td>
                    <td>
                      <Tag word={entry.type} />
                    </td>
                    <td>{entry.resource}</td>
                    <td>{entry.actionId !== null && <ActionLink id={entry.actionId} />}</td>
                    <td>
                      <details>
                        <summary>show</summary>
                        <pre>{JSON.stringify(entry.body, null, 2)}</pre>
                        <small>hash {entry.hash}</small>
                      </details>
                    </td>
                  </tr>
                ))}
              </Table>
              {(older.length === 0 ? data.auditLog.hasMore : hasMore) && (
                <Do work={() => loadOlder(last.seq)}>Older entries</Do>
              )}
            </>
          )
        }}
      </Live>
    </>
  )
}
