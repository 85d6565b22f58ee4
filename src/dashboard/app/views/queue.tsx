/** What waits for a person: actions to approve with all that is known of them, and things to do by hand. */
import { useState } from 'preact/hooks'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import * as shapes from '../api/shapes.ts'
import { useLive } from '../state/live.ts'
import { query, setQuery } from '../state/route.ts'
import { may, viewer } from '../state/viewer.ts'
import { Do, Empty, Live, ResourceLink, Tag } from '../ui/parts.tsx'
import { counted } from '../ui/text.ts'
import { ActionCard } from './action-card.tsx'
import { approveActions, isWaitingForApproval, rejectActions } from './approvals.ts'
import { Held } from './overview.tsx'

const byRisk: Readonly<Record<string, number>> = { CRITICAL: 0, HIGH: 1, MEDIUM: 2, LOW: 3 }

async function load() {
  const [queue, { actions }] = await Promise.all([
    ask(documents.queue, shapes.queue),
    ask(documents.waitingActions, shapes.waitingActions),
  ])
  return { ...queue, waiting: new Map(actions.map((one) => [one.id, one])) }
}

export function Queue() {
  const loaded = useLive('queue', load)
  return (
    <>
      <h1>Queue</h1>
      <Live of={loaded}>
        {({ plan, interventionQueue, driftReport, waiting }) => (
          <>
            <Approvals
              planId={plan.id}
              actions={plan.actions
                .filter(isWaitingForApproval)
                .sort((one, other) => (byRisk[one.risk] ?? 9) - (byRisk[other.risk] ?? 9))}
              drift={new Map(driftReport.drift.map((one) => [one.id, one]))}
              waiting={waiting}
            />
            <ByHand items={interventionQueue.filter(({ action }) => action === null)} />
            <HeldBack actions={plan.actions} />
          </>
        )}
      </Live>
    </>
  )
}

function HeldBack({ actions }: { actions: readonly shapes.Action[] }) {
  const held = actions.filter((action) => !action.gate.runnable && !isWaitingForApproval(action))
  return held.length === 0 ? null : <Held actions={held} />
}

interface ApprovalsProps {
  readonly planId: string
  readonly actions: readonly shapes.Action[]
  readonly drift: ReadonlyMap<string, shapes.Drift>
  readonly waiting: ReadonlyMap<string, shapes.Waiting>
}

function Approvals({ planId, actions, drift, waiting }: ApprovalsProps) {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const kinds = [...new Set(actions.map(({ resource }) => resource.kind))].sort()
  const kind = query.value.get('kind')
  const listed = kind === null ? actions : actions.filter(({ resource }) => resource.kind === kind)
  const selected = listed.filter(({ id }) => picked.has(id))
  const toggle = (id: string) => {
    const next = new Set(picked)
    if (!next.delete(id)) next.add(id)
    setPicked(next)
  }
  if (actions.length === 0) return <Empty>Nothing waits for an approval.</Empty>
  return (
    <section aria-labelledby="approvals">
      <h2 id="approvals">{counted(actions.length, 'action')} to approve</h2>
      <div class="toolbar">
        <label>
          Kind
          <select value={kind ?? ''} onChange={(event) => setQuery({ kind: event.currentTarget.value })}>
            <option value="">all kinds</option>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {one} ({actions.filter(({ resource }) => resource.kind === one).length})
              </option>
            ))}
          </select>
        </label>
        {may('actions.approve') ? (
          <>
            <label class="check">
              <input
                type="checkbox"
                checked={selected.length === listed.length}
                onChange={() => setPicked(new Set(selected.length === listed.length ? [] : listed.map(({ id }) => id)))}
              />
              {kind === null ? `all ${listed.length}` : `all ${listed.length} of ${kind}`}
            </label>
            <Do tone="main" isDisabled={selected.length === 0} work={() => approveActions(planId, selected)}>
              Approve {selected.length} selected
            </Do>
            <Do isDisabled={selected.length === 0} work={() => rejectActions(selected)}>
              Reject {selected.length} selected
            </Do>
          </>
        ) : (
          <p class="quiet">The role {viewer.value?.role} may not approve.</p>
        )}
      </div>
      {listed.map((action) => (
        <ActionCard
          key={action.id}
          action={action}
          evidence={action.resolves.flatMap((id) => drift.get(id) ?? [])}
          waiting={waiting.get(action.id)}
          {...(may('actions.approve')
            ? { choice: { planId, isPicked: picked.has(action.id), toggle: () => toggle(action.id) } }
            : {})}
        />
      ))}
    </section>
  )
}

function ByHand({ items }: { items: readonly shapes.Intervention[] }) {
  if (items.length === 0) return null
  const small = items.filter(({ severity }) => severity === 'LOW')
  const grave = items.filter(({ severity }) => severity !== 'LOW')
  return (
    <section aria-labelledby="by-hand">
      <h2 id="by-hand">{counted(grave.length, 'thing')} to do by hand</h2>
      <p class="quiet">No action can mend these. Each closes by itself once it is done.</p>
      {grave.map((item) => (
        <ItemByHand key={keyOf(item)} item={item} />
      ))}
      {small.length > 0 && (
        <details>
          <summary>{counted(small.length, 'thing')} of low severity</summary>
          {small.map((item) => (
            <ItemByHand key={keyOf(item)} item={item} />
          ))}
        </details>
      )}
    </section>
  )
}

const keyOf = (item: shapes.Intervention) =>
  `${item.drift?.id ?? item.conflict?.id ?? item.resource.name} ${item.message}`

function ItemByHand({ item }: { item: shapes.Intervention }) {
  return (
    <article class={`risk-${item.severity.toLowerCase()}`}>
      <h3>{item.message}</h3>
      <p>
        <Tag word={item.severity} /> <ResourceLink of={item.resource} />
        {item.drift !== null && item.drift.affected.count > 0 && ` · ${counted(item.drift.affected.count, 'record')}`}
      </p>
      <p>
        <b>To do:</b> {item.nextStep}{' '}
        {item.conflict !== null && <a href={`/conflicts#${item.conflict.id}`}>Choose between the values</a>}
      </p>
      {item.drift !== null && item.drift.affected.sample.length > 0 && (
        <details>
          <summary>Records</summary>
          <p>
            <code>{item.drift.affected.sample.join(', ')}</code>
          </p>
        </details>
      )}
    </article>
  )
}
