/** All that is declared, as a tree: what depends on a thing hangs below it. */

import * as z from 'zod/mini'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { outcome, type ResourceRow, resources } from '../api/shapes.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { useLive } from '../state/live.ts'
import { query, setQuery } from '../state/route.ts'
import { rulingOf, type TreeNode, treeOf } from '../state/tree.ts'
import { may } from '../state/viewer.ts'
import { Ago, Do, Empty, Live, ResourceLink, Tag } from '../ui/parts.tsx'
import { counted } from '../ui/text.ts'

export function Resources() {
  const loaded = useLive('resources', () => ask(documents.resources, resources))
  const status = query.value.get('status') ?? ''
  return (
    <>
      <h1>Resources</h1>
      <Live of={loaded}>
        {({ resources: rows }) => {
          const statuses = [...new Set(rows.map((row) => row.status))].sort()
          const flat = rows.filter((row) => row.status === status)
          return (
            <>
              <div class="toolbar">
                <label>
                  Show
                  <select value={status} onChange={(event) => setQuery({ status: event.currentTarget.value })}>
                    <option value="">all {rows.length} as a tree</option>
                    {statuses.map((one) => (
                      <option key={one} value={one}>
                        {one.toLowerCase()} ({rows.filter((row) => row.status === one).length})
                      </option>
                    ))}
                  </select>
                </label>
                {may('state.reconcile') && <Do work={() => reconcile()}>Look at everything now</Do>}
              </div>
              {rows.length === 0 && (
                <Empty>Nothing is declared yet. Add a database and a table to desired-state.yaml.</Empty>
              )}
              {status === '' ? (
                <ul class="tree">
                  {treeOf(rows).map((node) => (
                    <Branch key={node.resource.id} node={node} />
                  ))}
                </ul>
              ) : (
                <ul class="tree">
                  {flat.map((resource) => (
                    <li key={resource.id}>
                      <Row of={resource} />
                    </li>
                  ))}
                </ul>
              )}
            </>
          )
        }}
      </Live>
    </>
  )
}

function Branch({ node }: { node: TreeNode }) {
  return (
    <li>
      <Row of={node.resource} />
      {node.children.length > 0 && (
        <ul>
          {node.children.map((child) => (
            <Branch key={child.resource.id} node={child} />
          ))}
        </ul>
      )}
    </li>
  )
}

function Row({ of }: { of: ResourceRow }) {
  const condition = rulingOf(of.conditions)[0]
  const [first] = of.drift
  const why = of.error?.message ?? condition?.message ?? (first === undefined ? undefined : first.message)
  const next = of.error?.hint ?? condition?.nextStep
  return (
    <div class="resource">
      <Tag word={of.status} />
      <ResourceLink of={of} />
      <span>{of.summary}</span>{' '}
      {why !== undefined && (
        <p>
          {why}{' '}
          {condition !== undefined && (
            <span class="quiet">
              since <Ago at={condition.since} />
            </span>
          )}
          {next !== undefined && next !== null && (
            <>
              {' '}
              <b>Next:</b> {next}
            </>
          )}
        </p>
      )}
      <small class="quiet">
        looked at <Ago at={of.lookedAt} />
        {of.drift.length > 0 && ` · ${counted(of.drift.length, 'difference')}`}
        {of.actions.length > 0 && ` · ${counted(of.actions.length, 'action')} planned`}
      </small>
    </div>
  )
}

/** Asks for a look at one resource, or at everything. */
export async function reconcile(of?: { kind: string; name: string }): Promise<Announcement> {
  const { reconcile: answer } = await ask(documents.reconcile, z.object({ reconcile: outcome }), {
    input: of === undefined ? {} : { kind: of.kind, name: of.name },
  })
  return answer.__typename === 'ReconcileReceipt'
    ? { tone: 'good', text: 'It is being looked at now; this page shows what is found.' }
    : refusal(answer)
}
