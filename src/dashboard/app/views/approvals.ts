/** What approving and rejecting comes to, in words. */
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type Action, approved, rejected } from '../api/shapes.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { askPerson } from '../state/question.ts'
import { address } from '../state/route.ts'
import { counted, reversal } from '../ui/text.ts'

export function isWaitingForApproval({ gate }: Action): boolean {
  return (gate.decision === 'APPROVE' || gate.decision === 'APPROVE_TWICE') && !gate.runnable
}

/** Asks for a comment and approves all of the actions or none. */
export async function approveActions(planId: string, actions: readonly Action[]): Promise<Announcement | undefined> {
  const final = actions.filter(({ reversible }) => reversible === 'IRREVERSIBLE')
  const comment = await askPerson({
    title: actions.length === 1 ? 'Approve this action?' : `Approve ${counted(actions.length, 'action')}?`,
    ...(final.length > 0
      ? { text: `${counted(final.length, 'action')} of these cannot be undone.`, isDangerous: true }
      : {}),
    details: actions.slice(0, 10).map(({ summary, reversible }) => `${summary} (${reversal(reversible)})`),
    label: 'Comment',
    yes: 'Approve',
  })
  if (comment === null) return undefined
  const actionIds = actions.map(({ id }) => id)
  const { approveActions: outcome } = await ask(documents.approve, approved, {
    input: { planId, actionIds, ...(comment === '' ? {} : { comment }) },
  })
  if (outcome.__typename !== 'Approved') return refusal(outcome)
  const waiting = (outcome.actions ?? []).filter((one) => one.approvalsGiven < one.approvalsNeeded)
  const [only] = actionIds
  const link =
    only === undefined || actionIds.length > 1
      ? { to: '/timeline', text: 'See the timeline' }
      : { to: address('actions', only), text: 'See it' }
  return {
    tone: 'good',
    text:
      waiting.length === 0
        ? `Approved; ${actionIds.length === 1 ? 'it is' : 'they are'} carried out now, if nothing changes first.`
        : `Approved by you. ${counted(waiting.length, 'action')} still ${waiting.length === 1 ? 'needs' : 'need'} another person.`,
    link,
  }
}

/** Asks for the reason and rejects. */
export async function rejectActions(actions: readonly Action[]): Promise<Announcement | undefined> {
  const reason = await askPerson({
    title: actions.length === 1 ? 'Reject this action?' : `Reject ${counted(actions.length, 'action')}?`,
    text: 'It is not proposed again until its evidence changes.',
    details: actions.slice(0, 10).map(({ summary }) => summary),
    label: 'Why',
    isRequired: true,
    yes: 'Reject',
  })
  if (reason === null) return undefined
  const { rejectActions: outcome } = await ask(documents.reject, rejected, {
    input: { actionIds: actions.map(({ id }) => id), reason },
  })
  if (outcome.__typename !== 'Rejected') return refusal(outcome)
  const late = outcome.notPending?.length ?? 0
  if (late === actions.length) return { tone: 'bad', text: 'Nothing was rejected: it did not wait any more.' }
  return { tone: 'good', text: late === 0 ? 'Rejected.' : `Rejected; ${late} of them did not wait any more.` }
}
