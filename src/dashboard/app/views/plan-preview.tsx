/** What a text would lead to if it were saved: what would be done at once, what would wait, and what a person would have to do. */
import type { Preview } from '../api/desired-state-shapes.ts'
import type { Action } from '../api/shapes.ts'
import { Preview as Cells, Empty, ResourceLink, Tag } from '../ui/parts.tsx'
import { counted, reversal } from '../ui/text.ts'

export function PlanPreview({ of }: { of: Preview }) {
  const actions = of.plan?.actions ?? []
  const alone = actions.filter(({ gate }) => gate.runnable)
  const held = actions.filter(({ gate }) => !gate.runnable)
  const mended = new Set(actions.flatMap(({ resolves }) => resolves))
  const byHand = (of.drift ?? []).filter(({ id, byHand: steps }) => steps !== null && !mended.has(id))
  return (
    <section aria-labelledby="preview" data-preview>
      <h3 id="preview">If you saved it</h3>
      <p class="quiet">
        Looked up on the world as it is now; nothing was changed. Steps that follow from these show once these are done.
      </p>
      {actions.length + byHand.length === 0 && (
        <Empty>Nothing would be done: everything is as this text declares it.</Empty>
      )}
      <Actions title={`${counted(alone.length, 'action')} would run at once`} actions={alone} />
      <Actions title={`${counted(held.length, 'action')} would wait`} actions={held} />
      {byHand.length > 0 && (
        <>
          <h4>{counted(byHand.length, 'thing')} to do by hand</h4>
          <ul class="rows">
            {byHand.map((one) => (
              <li key={one.id}>
                <Tag word={one.severity} />
                <span class="grow">
                  {one.message} <b>To do:</b> {one.byHand}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

function Actions({ title, actions }: { title: string; actions: readonly Action[] }) {
  if (actions.length === 0) return null
  return (
    <>
      <h4>{title}</h4>
      <ul class="rows">
        {actions.map((action) => (
          <li key={action.id}>
            <Tag word={action.risk} />
            <div class="grow">
              <b>{action.summary}</b>{' '}
              <small class="quiet">
                <ResourceLink of={action.resource} /> · {reversal(action.reversible)}
                {action.cause === 'DESIRED_CHANGED' && ' · because of the desired state'}
              </small>
              {action.gate.reasons.length > 0 && (
                <p class="warn">{action.gate.reasons.map(({ message }) => message).join('; ')}</p>
              )}
              {action.preview.length > 0 && (
                <details>
                  <summary>Before and after</summary>
                  <Cells of={action} />
                </details>
              )}
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}
