/** Programs that run and jobs that must succeed, with what they write: personal data perhaps, so not everybody reads it. */
import { useEffect, useRef } from 'preact/hooks'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { output, programOutcome, programs } from '../api/shapes.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { useLive } from '../state/live.ts'
import { askPerson } from '../state/question.ts'
import { address, segments } from '../state/route.ts'
import { may } from '../state/viewer.ts'
import { Ago, Do, Empty, Live, Tag } from '../ui/parts.tsx'
import { bytes, counted, span } from '../ui/text.ts'

const good = new Set(['running', 'done', 'Ok', 'Running'])

export function Services() {
  const name = segments.value[1]
  return name === undefined ? <List /> : <Output name={name} />
}

function List() {
  const loaded = useLive('programs', () => ask(documents.programs, programs))
  return (
    <>
      <h1>Services and jobs</h1>
      <Live of={loaded}>
        {({ services, jobs }) => (
          <>
            {services.length + jobs.length === 0 && (
              <Empty>
                No program is declared. Give desired-state.yaml a section `services` or `jobs` to have some kept
                running.
              </Empty>
            )}
            {services.map((service) => (
              <article key={service.name} aria-labelledby={`service-${service.name}`}>
                <h2 id={`service-${service.name}`}>
                  {service.name} <Tag word={service.state} tone={good.has(service.state) ? 'converged' : 'waiting'} />
                </h2>
                <p>{service.summary}</p>
                <p class="quiet">
                  {service.startedAt !== null && (
                    <>
                      up since <Ago at={service.startedAt} />,{' '}
                    </>
                  )}
                  {bytes(service.memoryBytes)} of memory, {Math.round(service.cpuSeconds)} s of CPU time,{' '}
                  {counted(service.starts, 'start')}, {counted(service.crashes, 'crash', 'crashes')}
                  {service.nextTryAt !== null && (
                    <>
                      , tried again <Ago at={service.nextTryAt} />
                    </>
                  )}
                </p>
                {service.lastExits.length > 0 && (
                  <details>
                    <summary>Ended {counted(service.lastExits.length, 'time')} lately</summary>
                    <ul>
                      {service.lastExits.map((exit) => (
                        <li key={exit.at}>
                          <Ago at={exit.at} />: {exit.reason}
                          {exit.code !== null && `, exit status ${exit.code}`}, after {span(exit.ranSeconds * 1000)}
                        </li>
                      ))}
                    </ul>
                  </details>
                )}
                <p class="buttons">
                  {may('state.reconcile') && <a href={address('services', service.name)}>Its output</a>}
                  {may('state.reconcile') && service.managed && (
                    <>
                      {service.pid === null ? (
                        <Do work={() => ofProgram('startService', service.name)}>Start</Do>
                      ) : (
                        <Do work={() => ofProgram('restartService', service.name, `Restart ${service.name}?`)}>
                          Restart
                        </Do>
                      )}
                      {service.pid !== null && (
                        <Do work={() => ofProgram('stopService', service.name, `Stop ${service.name}?`)}>Stop</Do>
                      )}
                    </>
                  )}
                </p>
              </article>
            ))}
            {jobs.map((job) => (
              <article key={job.name} aria-labelledby={`job-${job.name}`}>
                <h2 id={`job-${job.name}`}>
                  {job.name}{' '}
                  <Tag
                    word={job.state}
                    tone={good.has(job.state) ? 'converged' : job.state === 'New' ? 'unknown' : 'waiting'}
                  />
                </h2>
                <p>{job.summary}</p>
                <p class="quiet">
                  {job.schedule !== null && `${job.schedule} ${job.timezone ?? ''}, `}last succeeded{' '}
                  <Ago at={job.lastSuccessAt} />
                  {job.nextRunAt !== null && (
                    <>
                      , next <Ago at={job.nextRunAt} />
                    </>
                  )}
                </p>
                {job.runs.length > 0 && (
                  <details>
                    <summary>Last runs</summary>
                    <ul>
                      {job.runs.map((run) => (
                        <li key={run.number}>
                          <Ago at={run.startedAt} />: {run.state}
                          {run.code !== null && `, exit status ${run.code}`} ({run.trigger}) {run.reason}
                        </li>
                      ))}
                    </ul>
                  </details>
                )}
                <p class="buttons">
                  {may('state.reconcile') && <a href={address('services', job.name)}>Its output</a>}
                  {may('state.reconcile') && job.managed && <Do work={() => ofProgram('runJob', job.name)}>Run now</Do>}
                </p>
              </article>
            ))}
          </>
        )}
      </Live>
    </>
  )
}

type Verb = 'startService' | 'stopService' | 'restartService' | 'runJob'

async function ofProgram(verb: Verb, name: string, title?: string): Promise<Announcement | undefined> {
  if (title !== undefined && (await askPerson({ title, yes: title.split(' ')[0] ?? 'Do it' })) === null)
    return undefined
  const { outcome } = await ask(documents[verb], programOutcome, { input: { name } })
  if (outcome.__typename !== 'ProgramRequested') return refusal(outcome)
  return {
    tone: 'good',
    text: outcome.message ?? 'Asked for.',
    ...(outcome.state === 'held' ? { link: { to: '/queue', text: 'It waits in the queue' } } : {}),
  }
}

function Output({ name }: { name: string }) {
  const loaded = useLive(`output ${name}`, () => ask(documents.output, output, { name }))
  const end = useRef<HTMLElement>(null)
  const text = loaded.data?.programOutput
  // A log is read from its end, and new text moves it.
  useEffect(() => {
    const box = end.current
    if (box !== null) box.scrollTop = box.scrollHeight
  }, [text])
  useEffect(() => {
    const timer = setInterval(loaded.reload, 3_000)
    return () => clearInterval(timer)
  }, [name])
  return (
    <>
      <p class="quiet">
        <a href="/services">Services and jobs</a>
      </p>
      <h1>Output of {name}</h1>
      <Live of={loaded}>
        {({ programOutput }) =>
          programOutput === null || programOutput === '' ? (
            <Empty>It has written nothing yet. What it writes appears here within seconds.</Empty>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
            <section class="log" ref={end} tabIndex={0} aria-label={`Output of ${name}`}>
              <pre>{programOutput}</pre>
            </section>
          )
        }
      </Live>
    </>
  )
}
