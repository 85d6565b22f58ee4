/** One action of the journal: what it was, what became of it, and its undo. */
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import * as shapes from '../api/shapes.ts'
import { useLive } from '../state/live.ts'
import { segments } from '../state/route.ts'
import { may } from '../state/viewer.ts'
import { Ago, Do, Empty, Live, Preview, Tag } from '../ui/parts.tsx'
import { moment, stateText } from '../ui/text.ts'
import { WorkOf } from '../ui/work.tsx'
import { ActionFacts, Given, Reasons } from './action-card.tsx'
import { undoActions } from './undo.ts'

/** Whether an action was carried out and there is something to take back. */
export function canBeUndone({ state, reversible }: shapes.JournaledAction): boolean {
  return (state === 'verified' || state === 'succeeded') && reversible !== 'IRREVERSIBLE' && may('state.reconcile')
}

export function ActionView() {
  const id = segments.value[1] ?? ''
  const loaded = useLive(`action ${id}`, () => ask(documents.action, shapes.oneAction, { id }))
  return (
    <Live of={loaded}>
      {({ action }) => {
        if (action === null) {
          return (
            <Empty>
              There is no action {id}. <a href="/timeline">To the timeline</a>
            </Empty>
          )
        }
        return (
          <article aria-labelledby="action">
            <h1 id="action">{action.summary}</h1>
            <p>
              <Tag word={stateText(action.state)} tone={action.state} /> <Ago at={action.changedAt} /> (
              {moment(action.changedAt)})
              {action.runId !== null && (
                <>
                  {' '}
                  in the run <a href={`/timeline?run=${encodeURIComponent(action.runId)}`}>{action.runId}</a>
                </>
              )}
            </p>
            <WorkOf actionId={action.id} />
            <ActionFacts action={action} />
            {(action.state === 'planned' || action.state === 'approved') && (
              <>
                <Reasons action={action} />
                {action.state === 'planned' ? (
                  <p>
                    It waits; approve or reject it in <a href="/queue">the queue</a>.
                  </p>
                ) : (
                  <p>It is approved, and carried out as soon as nothing above holds it.</p>
                )}
              </>
            )}
            {action.state === 'superseded' && (
              <p>
                What it was planned on changed before it was carried out, so nothing was done. Where it is still needed,
                another action took its place: see <a href="/queue">the queue</a>.
              </p>
            )}
            <Given waiting={action} />
            <Preview of={action} />
            {canBeUndone(action) && (
              <p class="buttons">
                <Do work={() => undoActions(action.id, action.summary)}>Undo</Do>
              </p>
            )}
            {action.result !== null && action.result !== undefined && (
              <details>
                <summary>What the journal keeps of its result</summary>
                <pre>{JSON.stringify(action.result, null, 2)}</pre>
              </details>
            )}
          </article>
        )
      }}
    </Live>
  )
}
