/** Silences: of which alerts nobody is told until when, why, and who said so. */
import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import type { Silence } from '../../../clients/alert-shapes.ts'
import { type AlertDesk, alertOutcome } from '../api/alert-shapes.ts'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { askPerson } from '../state/question.ts'
import { may } from '../state/viewer.ts'
import { Ago, Do } from '../ui/parts.tsx'
import { moment } from '../ui/text.ts'

/** The key of an alert that has no instance ends in nothing. */
const shownOf = (of: string) => (of === '*' ? 'all alerts' : of.replace(/[ |]+$/, ''))

/** What the form would silence: an alert, a rule, or `*`. A button beside an alert sets it. */
export const silenceOf = signal('*')

export function Silences({ desk }: { desk: AlertDesk }) {
  const mayAct = may('state.reconcile')
  return (
    <section aria-labelledby="silences">
      <h2 id="silences">Silences ({desk.silences.length})</h2>
      <p class="quiet">Nobody is told meanwhile; what still fires at its end is told then.</p>
      <ul class="rows">
        {desk.silences.map((silence) => (
          <li key={silence.id}>
            <span class="grow">
              <code>{shownOf(silence.of)}</code>, ends <Ago at={silence.until} />{' '}
              <small class="quiet">({moment(silence.until)})</small>, by {silence.by}: {silence.reason}
            </span>
            {mayAct && (
              <Do tone="quiet" label={`End the silence of ${shownOf(silence.of)}`} work={() => end(silence)}>
                End…
              </Do>
            )}
          </li>
        ))}
      </ul>
      {mayAct && desk.rules.length > 0 && <SilenceForm desk={desk} />}
    </section>
  )
}

const durations: readonly (readonly [minutes: number, text: string])[] = [
  [30, '30 minutes'],
  [120, '2 hours'],
  [480, '8 hours'],
  [1440, '1 day'],
  [10_080, '7 days'],
]

function SilenceForm({ desk: { items, rules } }: { desk: AlertDesk }) {
  const [minutes, setMinutes] = useState(120)
  const [reason, setReason] = useState('')
  const whole = [...new Set(rules.map(({ when }) => when))]
  const keys = items.map(({ key }) => key)
  const of = ['*', ...whole, ...keys].includes(silenceOf.value) ? silenceOf.value : '*'
  const make = async (): Promise<Announcement> => {
    const { outcome } = await ask(documents.silenceAlert, alertOutcome, { input: { of, minutes, reason } })
    if (outcome.__typename !== 'AlertSilenced') return refusal(outcome)
    setReason('')
    silenceOf.value = '*'
    return { tone: 'good', text: `Silenced: nobody is told of ${of === '*' ? 'any alert' : shownOf(of)} meanwhile.` }
  }
  return (
    <form class="toolbar" aria-label="Make a silence" onSubmit={(event) => event.preventDefault()}>
      <label>
        Of
        <select
          value={of}
          onChange={(event) => {
            silenceOf.value = event.currentTarget.value
          }}
        >
          <option value="*">all alerts</option>
          {keys.length > 0 && (
            <optgroup label="One alert">
              {keys.map((key) => (
                <option key={key} value={key}>
                  {shownOf(key)}
                </option>
              ))}
            </optgroup>
          )}
          <optgroup label="A rule, whatever it fires for">
            {whole.map((when) => (
              <option key={when} value={when}>
                {when}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      <label>
        For
        <select value={minutes} onChange={(event) => setMinutes(Number(event.currentTarget.value))}>
          {durations.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        Why
        <input
          id="silence-reason"
          value={reason}
          maxLength={1000}
          placeholder="new machine"
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <Do tone="main" isDisabled={reason.trim() === ''} work={make}>
        Silence
      </Do>
    </form>
  )
}

async function end({ id, of }: Silence): Promise<Announcement | undefined> {
  const sure = await askPerson({
    title: `End the silence of ${shownOf(of)}?`,
    text: 'What fires is told at once.',
    yes: 'End it',
  })
  if (sure === null) return undefined
  const { outcome } = await ask(documents.endSilence, alertOutcome, { input: { id } })
  return outcome.__typename === 'AlertSilenceLifted' ? { tone: 'good', text: 'Ended.' } : refusal(outcome)
}
