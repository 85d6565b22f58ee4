/** How good one record is and why; what would mend it; and what a person says is right all the same. */
import { ask } from '../api/client.ts'
import {
  acceptDocument,
  type RecordTable,
  type RecordView,
  type Suggestion,
  type Waiver,
  waiveDocument,
  writtenShape,
} from '../api/records.ts'
import type { Announcement } from '../state/announce.ts'
import { askPerson } from '../state/question.ts'
import { address } from '../state/route.ts'
import { may } from '../state/viewer.ts'
import { Ago, Do, Tag, Value } from '../ui/parts.tsx'
import { counted, label, shown } from '../ui/text.ts'
import { waitingOr } from './duplicates.tsx'
import { undoActions } from './undo.ts'

type Quality = NonNullable<RecordView['dataQuality']>

export function LeadQuality({ record, table }: { record: RecordView; table: RecordTable }) {
  const { dataQuality: quality } = record
  if (quality === null || quality === undefined) return null
  return (
    <section aria-labelledby="record-quality">
      <h2 id="record-quality">Quality: {Math.round(quality.score)} of 100</h2>
      {quality.issues.length === 0 && <p>Every declared check passes.</p>}
      {quality.issues.length > 0 && (
        <>
          <p>{counted(quality.issues.length, 'check fails', 'checks fail')}:</p>
          <ul class="rows">
            {quality.issues.map((issue) => (
              <Failing
                key={issue.check}
                issue={issue}
                suggestion={quality.suggestions.find(({ check }) => check === issue.check)}
                record={record}
                table={table}
              />
            ))}
          </ul>
        </>
      )}
      <Waived waivers={quality.waived} />
    </section>
  )
}

interface FailingProps {
  readonly issue: Quality['issues'][number]
  readonly suggestion: Suggestion | undefined
  readonly record: RecordView
  readonly table: RecordTable
}

function Failing({ issue, suggestion, record, table }: FailingProps) {
  const mayWrite = may('leads.write')
  const name = issue.field === null ? issue.check : label(issue.field)
  return (
    <li>
      <Tag word={issue.severity} />
      <div class="grow">
        <b>{name}</b> {issue.reason}
        {suggestion !== undefined && (
          <p class="warn">
            Would be mended by <Value of={suggestion.after} /> instead of <Value of={suggestion.before} />:{' '}
            {suggestion.why}
          </p>
        )}
      </div>
      {mayWrite && suggestion !== undefined && table.accept !== undefined && (
        <Do label={`Take the suggested value: ${name}`} work={() => accept(table, record, suggestion)}>
          Take it
        </Do>
      )}
      {mayWrite && table.waive !== undefined && (
        <Do tone="quiet" label={`It is right as it is: ${name}`} work={() => waive(table, record, issue)}>
          It is right as it is…
        </Do>
      )}
    </li>
  )
}

/** What was said to be right. It counts for nothing until the value changes, or somebody takes it back. */
function Waived({ waivers }: { waivers: readonly Waiver[] }) {
  if (waivers.length === 0) return null
  return (
    <>
      <h3>Said to be right as it is</h3>
      <ul class="rows">
        {waivers.map(({ check, by, at, reason, actionId }) => (
          <li key={check + at}>
            <span class="grow">
              <code>{check}</code>, by {by} <Ago at={at} />
              {reason !== '' && `: ${reason}`}
            </span>
            {actionId !== null && may('state.reconcile') && (
              <Do
                tone="quiet"
                label={`Take back: ${check}`}
                work={() => undoActions(actionId, `The check ${check} counts again.`)}
              >
                Take back
              </Do>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

async function waive(
  table: RecordTable,
  record: RecordView,
  { check, reason }: Quality['issues'][number],
): Promise<Announcement | undefined> {
  const why = await askPerson({
    title: 'Is it right as it is?',
    text: 'The check then counts for this record no more, until one of the values that it looks at changes, or somebody takes this back.',
    details: [`${check}: ${reason}`],
    label: 'Why',
    isRequired: true,
    yes: 'It is right',
  })
  if (why === null) return undefined
  const { outcome } = await ask(waiveDocument(table), writtenShape, {
    input: { id: record.id, checks: [check], changeReason: why },
  })
  return outcome.__typename === 'CheckWaived' ? done('It counts no more.', outcome.actionId) : waitingOr(outcome)
}

async function accept(
  table: RecordTable,
  record: RecordView,
  { id, check, field, before, after, why }: Suggestion,
): Promise<Announcement | undefined> {
  const sure = await askPerson({
    title: 'Take the suggested value?',
    details: [`${label(field)}: ${shown(before)} becomes ${shown(after)}`, why],
    yes: 'Take it',
  })
  if (sure === null) return undefined
  const { outcome } = await ask(acceptDocument(table), writtenShape, {
    input: { id: record.id, check, ...(id === null ? {} : { suggestionId: id }) },
  })
  return outcome.__typename === 'SuggestionAccepted' ? done('Written.', outcome.actionId) : waitingOr(outcome)
}

function done(text: string, actionId: string | null | undefined): Announcement {
  return {
    tone: 'good',
    text,
    ...(actionId === null || actionId === undefined
      ? {}
      : { link: { to: address('actions', actionId), text: 'See it, or undo it' } }),
  }
}
