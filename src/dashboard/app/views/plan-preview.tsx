/** What a text would lead to if it were saved: first what follows from it, then what stands without it as well. */
import type { Preview } from '../api/desired-state-shapes.ts'
import type { Action, Drift } from '../api/shapes.ts'
import { Preview as Cells, Empty, ResourceLink, Tag } from '../ui/parts.tsx'
import { counted, keyText, reversal } from '../ui/text.ts'

interface Led {
  readonly actions: readonly Action[]
  readonly byHand: readonly Drift[]
}

/** Parts what is new from what is there already. An action of a changed resource has another id and may be the same all the same. */
export function partsOf({ actions, drift, now }: Preview): { readonly fresh: Led; readonly known: Led } {
  const knownActions = new Set(now.plan.actions.map(({ summary, resource }) => `${keyText(resource)} ${summary}`))
  const knownDrift = new Set(now.driftReport.drift.map(({ path, resource }) => `${keyText(resource)} ${path}`))
  const mended = new Set(actions.flatMap(({ resolves }) => resolves))
  const byHand = drift.filter((one) => one.byHand !== null && !mended.has(one.id))
  const isKnownAction = (one: Action) => knownActions.has(`${keyText(one.resource)} ${one.summary}`)
  const isKnownDrift = (one: Drift) => knownDrift.has(`${keyText(one.resource)} ${one.path}`)
  return {
    fresh: {
      actions: actions.filter((one) => !isKnownAction(one)),
      byHand: byHand.filter((one) => !isKnownDrift(one)),
    },
    known: { actions: actions.filter(isKnownAction), byHand: byHand.filter(isKnownDrift) },
  }
}

export function PlanPreview({ of }: { of: Preview }) {
  const { fresh, known } = partsOf(of)
  const knownCount = known.actions.length + known.byHand.length
  return (
    <section aria-labelledby="preview" data-preview>
      <h3 id="preview">If you saved it</h3>
      <p class="quiet">
        Looked up on the world as it is now; nothing was changed. Steps that follow from these show once these are done.
      </p>
      {fresh.actions.length + fresh.byHand.length === 0 && (
        <Empty>Nothing new would be done: this text asks for nothing that is not so, or planned, already.</Empty>
      )}
      <All of={fresh} />
      {knownCount > 0 && (
        <details>
          <summary>{counted(knownCount, 'thing')} that stand without this text too</summary>
          <All of={known} />
        </details>
      )}
    </section>
  )
}

function All({ of: { actions, byHand } }: { of: Led }) {
  const alone = actions.filter(({ gate }) => gate.runnable)
  const held = actions.filter(({ gate }) => !gate.runnable)
  return (
    <>
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
    </>
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
