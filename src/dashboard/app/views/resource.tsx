/** One resource: what is true of it and why, how it differs now, what is planned, and what was done to it. */
import * as z from 'zod/mini'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type Condition, outcome, resource as shape } from '../api/shapes.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { useLive } from '../state/live.ts'
import { askPerson } from '../state/question.ts'
import { segments } from '../state/route.ts'
import { rulingOf } from '../state/tree.ts'
import { may } from '../state/viewer.ts'
import { ActionLink, Ago, Do, DriftTable, Empty, Live, ResourceLink, Tag } from '../ui/parts.tsx'
import { keyText } from '../ui/text.ts'
import { WorkOf } from '../ui/work.tsx'
import { Reasons } from './action-card.tsx'
import { reconcile } from './resources.tsx'
import { ActionRows } from './timeline.tsx'

export function ResourceDetail() {
  const [, kind = '', name = ''] = segments.value
  const of = { kind, name }
  const loaded = useLive(`resource ${keyText(of)}`, () => ask(documents.resource, shape, of))
  return (
    <Live of={loaded}>
      {({ resource, actions }) => {
        if (resource === null) {
          return (
            <Empty>
              {keyText(of)} is not declared. <a href="/resources">To the resources</a>
            </Empty>
          )
        }
        const ruling = rulingOf(resource.conditions)
        const isSuspended = resource.conditions.some(({ type, status }) => type === 'Suspended' && status === 'true')
        return (
          <>
            <p class="quiet">
              <a href="/resources">Resources</a> / {kind}
            </p>
            <h1>
              {keyText(of)} <Tag word={resource.status} />
            </h1>
            <p>
              {resource.summary}
              <span class="quiet">
                {' '}
                Looked at <Ago at={resource.lookedAt} />, in full <Ago at={resource.fullLookAt} />, generation{' '}
                {resource.generation}.
              </span>
            </p>
            <WorkOf {...of} />
            {resource.error !== null && (
              <p class="notice bad">
                {resource.error.message} <b>Next:</b> {resource.error.hint}
              </p>
            )}
            {may('state.reconcile') && (
              <p class="buttons">
                <Do tone="main" work={() => reconcile(of)}>
                  Look now
                </Do>
                {kind === 'table' && may('state.apply') && <a href="/desired-state#add-field">Add a field…</a>}
                {isSuspended ? <Do work={() => resume(of)}>Resume</Do> : <Do work={() => suspend(of)}>Suspend…</Do>}
              </p>
            )}
            <Conditions of={ruling} />
            {ruling.length < resource.conditions.length && (
              <details>
                <summary class="quiet">
                  {resource.conditions.length - ruling.length} conditions that are as they should be
                </summary>
                <Conditions of={resource.conditions.filter((one) => !ruling.includes(one))} />
              </details>
            )}
            <section aria-labelledby="differs">
              <h2 id="differs">What differs</h2>
              {resource.drift.length === 0 ? (
                <Empty>Nothing: it is as declared.</Empty>
              ) : (
                <DriftTable drift={resource.drift} showResource={false} />
              )}
            </section>
            {resource.actions.length > 0 && (
              <section aria-labelledby="planned">
                <h2 id="planned">Planned</h2>
                {resource.actions.map((action) => (
                  <div key={action.id}>
                    <p>
                      <Tag
                        word={action.gate.runnable ? 'runs by itself' : 'held'}
                        tone={action.gate.runnable ? 'drifted' : 'waiting'}
                      />{' '}
                      <ActionLink id={action.id}>{action.summary}</ActionLink>
                    </p>
                    <Reasons action={action} />
                  </div>
                ))}
                <p>
                  <a href={`/queue?kind=${encodeURIComponent(kind)}`}>Decide in the queue</a>
                </p>
              </section>
            )}
            {resource.checks.length > 0 && (
              <details>
                <summary>
                  {resource.checks.length} checks, {resource.checks.filter(({ status }) => status !== 'OK').length} not
                  fine
                </summary>
                <ul class="rows">
                  {resource.checks.map((check) => (
                    <li key={check.name}>
                      <Tag word={check.status} />{' '}
                      <span class="grow">
                        {check.name}: {check.message}
                      </span>
                    </li>
                  ))}
                </ul>
              </details>
            )}
            {resource.dependsOn.length > 0 && (
              <p>
                Depends on{' '}
                {resource.dependsOn.map((one, at) => (
                  <span key={keyText(one)}>
                    {at > 0 && ', '}
                    <ResourceLink of={one} />
                  </span>
                ))}
              </p>
            )}
            <section aria-labelledby="history">
              <h2 id="history">History</h2>
              {actions.length === 0 ? (
                <Empty>Nothing was done to it yet.</Empty>
              ) : (
                <ActionRows actions={actions} showResource={false} />
              )}
              {may('audit.read') && (
                <p>
                  <a href={`/audit?resource=${encodeURIComponent(keyText(of))}`}>Its entries in the audit log</a>
                </p>
              )}
            </section>
          </>
        )
      }}
    </Live>
  )
}

function Conditions({ of }: { of: readonly Condition[] }) {
  return (
    <ul class="rows">
      {of.map((one) => (
        <li key={one.type}>
          <Tag
            word={`${one.type}: ${one.status}`}
            tone={(one.type === 'Ready') === (one.status === 'true') ? 'converged' : 'waiting'}
          />
          <span class="grow">
            {one.message}{' '}
            <small class="quiet">
              ({one.reason}, since <Ago at={one.since} />)
            </small>
            {one.nextStep !== null && (
              <>
                {' '}
                <b>Next:</b> {one.nextStep}
              </>
            )}
            {one.wakeUpAt !== null && (
              <>
                {' '}
                Tried again <Ago at={one.wakeUpAt} />.
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}

interface Address {
  readonly kind: string
  readonly name: string
}

async function suspend({ kind, name }: Address): Promise<Announcement | undefined> {
  const reason = await askPerson({
    title: `Suspend ${kind}/${name}?`,
    text: 'It is still looked at, but nothing is done to it until it is resumed.',
    label: 'Why',
    isRequired: true,
    yes: 'Suspend',
  })
  if (reason === null) return undefined
  const { suspendResource: answer } = await ask(documents.suspend, z.object({ suspendResource: outcome }), {
    input: { kind, name, reason },
  })
  return answer.__typename === 'SuspensionChanged' ? { tone: 'good', text: 'Suspended.' } : refusal(answer)
}

async function resume({ kind, name }: Address): Promise<Announcement> {
  const { resumeResource: answer } = await ask(documents.resume, z.object({ resumeResource: outcome }), {
    input: { kind, name },
  })
  return answer.__typename === 'SuspensionChanged'
    ? { tone: 'good', text: 'Resumed; it is looked at now.' }
    : refusal(answer)
}
