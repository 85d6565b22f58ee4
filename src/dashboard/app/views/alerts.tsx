/** Alerts: what fires and what to do about it, of what nobody is told, who is told, and what arrived. */
import type { Alert, Channel, Delivery } from '../../../clients/alert-shapes.ts'
import { type AlertDesk, alertOutcome, alerts } from '../api/alert-shapes.ts'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { useLive } from '../state/live.ts'
import { may } from '../state/viewer.ts'
import { Ago, Do, Empty, Live, Tag } from '../ui/parts.tsx'
import { Table } from '../ui/table.tsx'
import { counted, span } from '../ui/text.ts'
import { Silences, silenceOf } from './silences.tsx'

export function Alerts() {
  const loaded = useLive('alerts', () => ask(documents.alerts, alerts))
  return (
    <>
      <h1>Alerts</h1>
      <Live of={loaded}>
        {({ alerts: desk }) => (
          <>
            <Firing desk={desk} />
            <Silences desk={desk} />
            <Channels channels={desk.channels} />
            <Deliveries of={desk.deliveries} channels={desk.channels} />
            <Rules desk={desk} />
          </>
        )}
      </Live>
    </>
  )
}

const stateWords: Readonly<Record<string, string>> = {
  firing: 'fires',
  pending: 'not for long enough yet',
  calming: 'over, if it stays so',
}
const order = ['firing', 'calming', 'pending']

function Firing({ desk }: { desk: AlertDesk }) {
  const sorted = [...desk.items].sort(
    (one, other) => order.indexOf(one.state) - order.indexOf(other.state) || one.since.localeCompare(other.since),
  )
  return (
    <section aria-labelledby="firing">
      <h2 id="firing">What fires ({desk.items.filter(({ state }) => state === 'firing').length})</h2>
      {sorted.length === 0 && (
        <Empty>
          {desk.rules.length === 0
            ? 'No channel is declared, so that nobody is told. Give desired-state.yaml a section `alerts` with a channel; the usual rules then hold for it.'
            : 'No rule holds. The report has what happened meanwhile.'}
        </Empty>
      )}
      {sorted.map((alert) => (
        <AlertCard key={alert.key} alert={alert} />
      ))}
      <p>
        <a href="/report?days=7" target="_blank" rel="noreferrer">
          Report of the last week
        </a>{' '}
        <span class="quiet">for reading and printing, in another tab</span>
      </p>
    </section>
  )
}

function AlertCard({ alert }: { alert: Alert }) {
  return (
    <article class={`risk-${alert.severity.toLowerCase()}`} aria-label={alert.key}>
      <header>
        <h3>
          <code>{alert.rule}</code>
          {alert.instance !== '' && ` for ${alert.instance}`}: {alert.valueText}
        </h3>
        <Tag word={stateWords[alert.state] ?? alert.state} tone={alert.state === 'firing' ? alert.severity : 'quiet'} />
        <Tag word={alert.severity} />
        {alert.silenced && <Tag word="silenced" tone="waiting" />}
      </header>
      <p>
        <b>Next:</b> {alert.next}
      </p>
      <p class="quiet">
        Since <Ago at={alert.since} /> · {toldText(alert)} {alert.toldAt !== null && <Ago at={alert.toldAt} />}
      </p>
      {may('state.reconcile') && !alert.silenced && (
        <p class="buttons">
          <button
            type="button"
            class="quiet"
            aria-label={`Silence ${alert.key}`}
            onClick={() => {
              silenceOf.value = alert.key
              document.getElementById('silence-reason')?.focus()
            }}
          >
            Silence…
          </button>
        </p>
      )}
    </article>
  )
}

function toldText({ toldAt, channel, silenced }: Alert): string {
  if (toldAt !== null) return `${channel} was told`
  return silenced ? `${channel} is not told while it is silenced` : `${channel} was not told yet`
}

function Channels({ channels }: { channels: readonly Channel[] }) {
  return (
    <section aria-labelledby="channels">
      <h2 id="channels">Channels</h2>
      {channels.length === 0 && (
        <Empty>
          None is declared. Name one under `alerts.channels` of desired-state.yaml: a webhook, Slack or mail.
        </Empty>
      )}
      <ul class="rows">
        {channels.map((channel) => (
          <li key={channel.name}>
            <Tag word={channel.kind} />
            <span class="grow">
              <b>{channel.name}</b>{' '}
              {channel.waiting === 0 && channel.problem === null ? (
                <span class="quiet">nothing waits</span>
              ) : (
                <>
                  {counted(channel.waiting, 'message')} {channel.waiting === 1 ? 'waits' : 'wait'}
                  {channel.nextTryAt !== null && (
                    <>
                      , tried again <Ago at={channel.nextTryAt} />
                    </>
                  )}
                  {channel.problem !== null && <span class="wrong">: {channel.problem}</span>}
                </>
              )}
            </span>
            {may('state.reconcile') && (
              <Do tone="quiet" label={`Test the channel ${channel.name}`} work={() => test(channel.name)}>
                Test
              </Do>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

async function test(channel: string): Promise<Announcement> {
  const { outcome } = await ask(documents.testChannel, alertOutcome, { input: { channel } })
  return outcome.__typename === 'AlertChannelTested'
    ? { tone: 'good', text: `${channel} has taken the test. Look whether it arrived where people read it.` }
    : refusal(outcome)
}

/** How an entry of the log is told: a failure is tried again unless the message was given up. */
const deliveryWords: Readonly<Record<string, readonly [word: string, tone: string]>> = {
  delivered: ['delivered', 'ok'],
  failed: ['failed, tried again', 'waiting'],
  'given-up': ['given up', 'critical'],
}

function Deliveries({ of, channels }: { of: readonly Delivery[]; channels: readonly Channel[] }) {
  const waiting = channels.filter((channel) => channel.waiting > 0)
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries">Deliveries</h2>
      {waiting.length > 0 && (
        <p>
          Not taken yet: {waiting.map(({ name, waiting: count }) => `${count} by ${name}`).join(', ')}. What nobody
          takes for a week is given up.
        </p>
      )}
      {of.length === 0 ? (
        <Empty>Nothing was sent yet. Test a channel to see that it arrives.</Empty>
      ) : (
        <Table label="Log of deliveries" columns={['When', 'Channel', 'Outcome', 'Messages', 'Answer']}>
          {of.map((one, at) => {
            const [word, tone] = deliveryWords[one.outcome] ?? [one.outcome, 'quiet']
            return (
              <tr key={`${one.at} ${one.channel} ${at}`}>
                <td>
                  <Ago at={one.at} />
                </td>
                <th scope="row">{one.channel}</th>
                <td>
                  <Tag word={word} tone={tone} />
                </td>
                <td>{one.items}</td>
                <td>
                  {one.detail} <small class="quiet">{Math.round(one.tookMs)} ms</small>
                </td>
              </tr>
            )
          })}
        </Table>
      )}
    </section>
  )
}

function Rules({ desk: { rules } }: { desk: AlertDesk }) {
  if (rules.length === 0) return null
  return (
    <details>
      <summary>{counted(rules.length, 'rule')}</summary>
      <ul>
        {rules.map((rule) => (
          <li key={`${rule.channel} ${rule.when}`}>
            <code>{rule.when}</code>
            {rule.forSeconds > 0 && ` for ${span(rule.forSeconds * 1000)}`}, <Tag word={rule.severity} />, tells{' '}
            {rule.channel}
          </li>
        ))}
      </ul>
    </details>
  )
}
