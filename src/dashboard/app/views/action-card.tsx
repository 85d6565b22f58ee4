/** One gated action with all that a person needs to say yes or no. */
import type { Action, Drift, Waiting } from '../api/shapes.ts'
import { ActionLink, Ago, Do, Preview, ResourceLink, Tag, Value } from '../ui/parts.tsx'
import { causeText, counted, reversal } from '../ui/text.ts'
import { WorkOf } from '../ui/work.tsx'
import { approveActions, rejectActions } from './approvals.ts'

export interface ActionCardProps {
  readonly action: Action
  /** The drift that it mends. */
  readonly evidence: readonly Drift[]
  readonly waiting: Waiting | undefined
  /** Left out for who may not approve. */
  readonly choice?: { readonly planId: string; readonly isPicked: boolean; readonly toggle: () => void }
}

export function ActionCard({ action, evidence, waiting, choice }: ActionCardProps) {
  return (
    <article class={`risk-${action.risk.toLowerCase()}`} data-action={action.id} aria-labelledby={`title-${action.id}`}>
      <header>
        {choice !== undefined && (
          <input
            type="checkbox"
            checked={choice.isPicked}
            aria-label={`Select: ${action.summary}`}
            onChange={choice.toggle}
          />
        )}
        <h3 id={`title-${action.id}`}>{action.summary}</h3>
      </header>
      <WorkOf actionId={action.id} />
      <ActionFacts action={action} />
      <Reasons action={action} />
      {evidence.length > 0 && (
        <details open={evidence.length <= 3}>
          <summary>Evidence: {counted(evidence.length, 'difference')}</summary>
          <ul>
            {evidence.map((one) => (
              <li key={one.id}>
                {one.message}
                {(one.desired !== null || one.observed !== null) && (
                  <span class="quiet">
                    {' '}
                    declared <Value of={one.desired} />, observed <Value of={one.observed} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
      <Preview of={action} />
      {waiting !== undefined && <Given waiting={waiting} />}
      {choice !== undefined && (
        <p class="buttons">
          <Do tone="main" label={`Approve: ${action.summary}`} work={() => approveActions(choice.planId, [action])}>
            Approve
          </Do>
          <Do label={`Reject: ${action.summary}`} work={() => rejectActions([action])}>
            Reject
          </Do>
        </p>
      )}
    </article>
  )
}

export function ActionFacts({ action }: { action: Action }) {
  return (
    <p>
      <Tag word={action.risk} /> risk · <ResourceLink of={action.resource} /> ·{' '}
      {counted(action.affected.count, 'record')}
      {action.population > 0 && ` of ${action.population.toLocaleString('en')}`} · {reversal(action.reversible)} ·{' '}
      {approvalsText(action)} · planned <Ago at={action.plannedAt} />, since {causeText(action.cause)}
      {action.requestedBy !== null && ` (${action.requestedBy})`} · <ActionLink id={action.id} />
    </p>
  )
}

function approvalsText({ gate: { approvalsGiven, approvalsNeeded } }: Action): string {
  if (approvalsNeeded === 0) return 'needs no approval'
  return `needs ${counted(approvalsNeeded, 'approval')}, has ${approvalsGiven}`
}

export function Reasons({ action }: { action: Action }) {
  return (
    <ul>
      {action.gate.reasons.map((reason) => (
        <li key={reason.code + reason.message}>
          <b>{reason.code === 'backup-first' ? 'First:' : 'Held:'}</b> {reason.message}
          {reason.until !== null && (
            <>
              {' '}
              until <Ago at={reason.until} />
            </>
          )}
        </li>
      ))}
      {action.findings.map((finding) => (
        <li key={finding.code + finding.message}>{finding.message}</li>
      ))}
    </ul>
  )
}

/** Who approved so far, and until when that holds. */
export function Given({ waiting }: { waiting: Waiting }) {
  if (waiting.approvals.length === 0 && waiting.expiresAt === null) return null
  return (
    <ul>
      {waiting.approvals.map((one) => (
        <li key={one.at}>
          Approved by {one.approver} <Ago at={one.at} />; the approval ends <Ago at={one.expiresAt} />
          {one.comment !== null && `: ${one.comment}`}
        </li>
      ))}
      {waiting.expiresAt !== null && (
        <li>
          Expires <Ago at={waiting.expiresAt} />
        </li>
      )}
    </ul>
  )
}
