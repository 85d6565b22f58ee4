/** The state of everything: what needs a person, what goes on by itself, what differs, and what happened last. */
import { firing } from '../api/alert-shapes.ts'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import * as shapes from '../api/shapes.ts'
import { useLive } from '../state/live.ts'
import { may, viewer } from '../state/viewer.ts'
import { ActionLink, Ago, DriftTable, Empty, Live, ResourceLink, Tag } from '../ui/parts.tsx'
import { counted, moment } from '../ui/text.ts'
import { isWaitingForApproval } from './approvals.ts'

const driftShown = 100

async function load() {
  const [{ controller }, all, told, sync] = await Promise.all([
    ask(documents.controller, shapes.controller),
    ask(documents.overview, shapes.overview),
    ask(documents.firing, firing),
    may('sync.read') ? ask(documents.openConflicts, shapes.openConflicts) : { syncStatus: [] },
  ])
  return {
    controller,
    ...all,
    alerts: told.alerts.items,
    conflicts: sync.syncStatus.reduce((sum, { openConflicts }) => sum + openConflicts, 0),
  }
}

export function Overview() {
  if (!may('state.read')) {
    return (
      <Empty>
        The role {viewer.value?.role ?? ''} does not see the state. <a href="/leads">See the leads</a>, or ask an
        administrator for another role.
      </Empty>
    )
  }
  return <State />
}

function State() {
  const loaded = useLive('overview', load)
  return (
    <Live of={loaded}>
      {({ controller, plan, resources, desiredState, driftReport, events, conflicts, alerts }) => {
        const approvals = plan.actions.filter(isWaitingForApproval)
        const held = plan.actions.filter((action) => !action.gate.runnable && !isWaitingForApproval(action))
        const mended = new Set(plan.actions.flatMap(({ resolves }) => resolves))
        const byHand = driftReport.drift.filter(
          (one) => one.byHand !== null && one.severity !== 'LOW' && !mended.has(one.id),
        )
        const unreadable = resources.filter(({ status }) => status === 'UNREADABLE')
        return (
          <>
            <h1>{controller.verdict}</h1>
            <Firing alerts={alerts} />
            <p class="quiet">
              Generation {controller.generation} since {moment(desiredState.acceptedAt)}, mode {controller.mode}, last
              full look <Ago at={controller.lastFullLookAt} />, version {controller.version}, running since{' '}
              <Ago at={controller.startedAt} />.
            </p>
            <ul class="cards">
              <Card to="/queue" number={approvals.length} text="to approve" />
              <Card to="/queue#by-hand" number={byHand.length + unreadable.length} text="to do by hand" />
              <Card to="/conflicts" number={conflicts} text="conflicts to decide" />
              <Card
                to="/resources"
                number={resources.filter(({ status }) => status !== 'CONVERGED').length}
                text={`of ${resources.length} resources not as declared`}
              />
            </ul>
            {(desiredState.problems.length > 0 || desiredState.waiting !== null) && (
              <section aria-labelledby="file">
                <h2 id="file">The desired state</h2>
                {desiredState.waiting !== null && <p>{desiredState.waiting}</p>}
                <ul>
                  {desiredState.problems.map((one) => (
                    <li key={`${one.line}:${one.column}:${one.message}`}>
                      <code>
                        {one.file}:{one.line}:{one.column}
                      </code>{' '}
                      {one.path}: {one.message}
                    </li>
                  ))}
                </ul>
                <p class="quiet">Generation {desiredState.generation} stays in force until the file is right.</p>
              </section>
            )}
            {held.length > 0 && <Held actions={held} />}
            <section aria-labelledby="drift">
              <h2 id="drift">Drift ({driftReport.total})</h2>
              <p class="quiet">What is there and is not as declared, the worst first.</p>
              {driftReport.total === 0 ? (
                <Empty>
                  Everything that was looked at is as declared. To change what is right, edit desired-state.yaml.
                </Empty>
              ) : (
                <DriftTable drift={driftReport.drift.slice(0, driftShown)} showResource />
              )}
              {driftReport.total > driftShown && (
                <p>
                  and {driftReport.total - driftShown} more; <a href="/resources">by resource</a>
                </p>
              )}
            </section>
            <section aria-labelledby="events">
              <h2 id="events">Last events</h2>
              {events.events.length === 0 && <Empty>None yet.</Empty>}
              <ol class="plain">
                {events.events.map((event) => (
                  <li key={event.cursor}>
                    <Ago at={event.at} /> <Tag word={event.type} /> {event.message}
                    {event.count > 1 && ` (${event.count} times)`}{' '}
                    {event.resource !== null && <ResourceLink of={event.resource} />}{' '}
                    {event.actionId !== null && <ActionLink id={event.actionId} />}
                  </li>
                ))}
              </ol>
              <p>
                <a href="/timeline">All runs and actions</a>
              </p>
            </section>
          </>
        )
      }}
    </Live>
  )
}

/** What fires right now, in one line below the verdict; nothing where nothing does. */
function Firing({ alerts }: { alerts: Awaited<ReturnType<typeof load>>['alerts'] }) {
  const now = alerts.filter(({ state }) => state === 'firing')
  const [first] = [...now].sort((one, other) => one.since.localeCompare(other.since))
  if (first === undefined) return null
  const silenced = now.filter((one) => one.silenced).length
  return (
    <p class="notice bad">
      <span>
        <a href="/alerts">
          {counted(now.length, 'alert')} {now.length === 1 ? 'fires' : 'fire'}
        </a>
        , the longest <code>{first.rule}</code> since <Ago at={first.since} />
        {silenced > 0 &&
          `; of ${silenced === now.length ? (now.length === 1 ? 'it' : 'them') : silenced} nobody is told`}
        .
      </span>
    </p>
  )
}

function Card({ to, number, text }: { to: string; number: number; text: string }) {
  return (
    <li>
      <a class={number > 0 ? 'card wants' : 'card'} href={to}>
        <b>{number}</b> {text}
      </a>
    </li>
  )
}

/** Actions that wait for a moment or are refused, which no approval changes. */
export function Held({ actions }: { actions: readonly shapes.Action[] }) {
  return (
    <section aria-labelledby="held">
      <h2 id="held">{counted(actions.length, 'action')} held back</h2>
      <p class="quiet">They go on by themselves, or need a change of the desired state; no approval helps now.</p>
      <ul>
        {actions.map((action) => (
          <li key={action.id}>
            <ActionLink id={action.id}>{action.summary}</ActionLink>{' '}
            {action.gate.reasons.map(({ message }) => message).join('; ')}
            {action.gate.wakeUpAt !== null && (
              <>
                , until <Ago at={action.gate.wakeUpAt} />
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
