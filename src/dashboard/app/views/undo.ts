/** Taking back an action or a run: what would happen is asked first, and a person decides on what was changed since. */
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type Undone, undone } from '../api/undo-shapes.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { askPerson } from '../state/question.ts'
import { address } from '../state/route.ts'
import { askUndoChoice, type UndoChoice } from '../state/undo-choice.ts'
import { counted } from '../ui/text.ts'

/** Asks, and takes an action or a whole run back. */
export async function undoActions(id: string, what: string): Promise<Announcement | undefined> {
  const { undo: preview } = await ask(documents.undo, undone, { input: { id, dryRun: true } })
  if (preview.__typename !== 'Undoing') return refusal(preview)
  const choice = await decided(preview, what)
  if (choice === null) return undefined
  if (preview.actions?.length === 0 && choice.onConflict === 'SKIP' && choice.take?.length === 0)
    return { tone: 'good', text: 'Nothing was taken back: every record that it changed stays as it is now.' }
  const { undo: outcome } = await ask(documents.undo, undone, { input: { id, ...choice } })
  return outcome.__typename === 'Undoing' ? told(outcome) : refusal(outcome)
}

/** What becomes of records that were changed since; null where the person went back. */
async function decided(preview: Undone, what: string): Promise<UndoChoice | null> {
  const { conflicts = [], conflictDetails = [] } = preview
  const decidable = new Set(conflictDetails.map(({ actionId }) => actionId))
  const notes = [
    ...byHand(preview),
    ...(preview.left ?? []).filter(({ actionId }) => !decidable.has(actionId)).map(({ message }) => message),
  ]
  if (conflictDetails.length > 0) {
    const unlisted = Math.max(0, conflicts.length - conflictDetails.length)
    return askUndoChoice({ what, conflicts: conflictDetails, unlisted, notes })
  }
  const sure = await askPerson({
    title: 'Undo?',
    text: what,
    details: [
      ...notes,
      'Records that are changed before it is carried out stay as they are, and are listed.',
      'What was undone is not done again behind your back.',
    ],
    yes: 'Undo',
  })
  return sure === null ? null : {}
}

function told(outcome: Undone): Announcement {
  const { actions = [], conflicts = [], conflictDetails = [] } = outcome
  const [first] = actions
  const taken = conflictDetails.filter((one) => one.outcome === 'TAKEN')
  const kept =
    conflictDetails.length < conflicts.length
      ? conflicts
      : conflictDetails.filter((one) => one.outcome !== 'TAKEN').map(({ table, key }) => `${table} ${key}`)
  const remaining = actions.reduce((sum, one) => sum + one.remaining, 0)
  return {
    tone: (outcome.left ?? []).length > 0 ? 'bad' : 'good',
    text: actions.length === 0 ? 'Nothing was taken back.' : `${counted(actions.length, 'action')} taken back.`,
    details: [
      ...byHand(outcome),
      ...left(outcome),
      ...(taken.length > 0 ? [`Taken back over a later change: ${listed(taken.map((one) => one.key))}`] : []),
      ...(kept.length > 0 ? [`Changed since, left as they are: ${listed(kept)}`] : []),
      ...(remaining > 0 ? [`${counted(remaining, 'record')} can still be taken back: undo it again.`] : []),
    ],
    ...(first?.actionId == null ? {} : { link: { to: address('actions', first.actionId), text: 'See it' } }),
  }
}

const byHand = ({ byHand: all = [] }: Undone) => all.map(({ steps }) => `By hand: ${steps}`)
const left = ({ left: all = [] }: Undone) => all.map(({ message }) => message)
const listedMax = 20

function listed(names: readonly string[]): string {
  const more = names.length - listedMax
  return `${names.slice(0, listedMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
