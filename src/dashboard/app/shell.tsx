/** The frame of every view: who and where, the verdict, the menu, answers to what was done, and one view. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ask } from './api/client.ts'
import { documents } from './api/documents.ts'
import * as shapes from './api/shapes.ts'
import { pages } from './pages.ts'
import { announcement } from './state/announce.ts'
import { lastAnswerMs, nowMs, signedOut, silentSinceMs, streamIsOpen, useLive } from './state/live.ts'
import { path, segments } from './state/route.ts'
import { may, viewer } from './state/viewer.ts'
import { Empty } from './ui/parts.tsx'
import { QuestionDialog } from './ui/question-dialog.tsx'
import { span } from './ui/text.ts'
import { UndoDialog } from './ui/undo-dialog.tsx'
import { UnderWay } from './ui/work.tsx'
import { Access } from './views/access.tsx'
import { ActionView } from './views/action.tsx'
import { Alerts } from './views/alerts.tsx'
import { Audit } from './views/audit.tsx'
import { Backups } from './views/backups.tsx'
import { Conflicts } from './views/conflicts.tsx'
import { DesiredStateView } from './views/desired-state.tsx'
import { Duplicates } from './views/duplicates.tsx'
import { Leads } from './views/leads.tsx'
import { Overview } from './views/overview.tsx'
import { Quality } from './views/quality.tsx'
import { Queue } from './views/queue.tsx'
import { ResourceDetail } from './views/resource.tsx'
import { Resources } from './views/resources.tsx'
import { Services } from './views/services.tsx'
import { Timeline } from './views/timeline.tsx'
import { Trends } from './views/trends.tsx'

const views: Readonly<Record<string, ComponentType>> = {
  '': Overview,
  queue: Queue,
  alerts: Alerts,
  conflicts: Conflicts,
  duplicates: Duplicates,
  resources: () => (segments.value.length === 3 ? <ResourceDetail /> : <Resources />),
  'desired-state': DesiredStateView,
  leads: Leads,
  timeline: Timeline,
  services: Services,
  backups: Backups,
  quality: Quality,
  trends: Trends,
  audit: Audit,
  access: Access,
  actions: ActionView,
}

async function loadFrame(): Promise<shapes.Controller | undefined> {
  const who = await ask(documents.viewer, shapes.viewer)
  viewer.value = who.viewer
  if (!may('state.read')) return undefined
  return (await ask(documents.controller, shapes.controller)).controller
}

export function Shell() {
  const frame = useLive('frame', loadFrame)
  const first = segments.value[0] ?? ''
  const title = pages.find((page) => page.path === first)?.title ?? 'Action'
  const View = views[first]
  const name = frame.data?.name ?? 'Trueup'
  useEffect(() => {
    document.title = `${title} · ${name}`
  }, [title, name])
  return (
    <>
      <a class="skip" href="#main" data-leave>
        To the content
      </a>
      <header class="top">
        <a class="name" href="/">
          {name}
        </a>
        {/* The overview has the sentence as its heading. */}
        <p class="verdict">{first === '' ? '' : (frame.data?.verdict ?? '')}</p>
        <Who />
        {may('state.read') && <UnderWay />}
      </header>
      <div class="frame">
        <Menu current={first} />
        <main id="main" tabIndex={-1}>
          <Connection />
          <Answer />
          {viewer.value !== undefined && View !== undefined && <View key={path.value.split('/')[1] ?? ''} />}
          {viewer.value === undefined && !signedOut.value && <p class="quiet">Loading…</p>}
          {View === undefined && (
            <Empty>
              There is nothing at this address. <a href="/">To the overview</a>
            </Empty>
          )}
        </main>
      </div>
      <QuestionDialog />
      <UndoDialog />
    </>
  )
}

function Who() {
  const who = viewer.value
  if (who === undefined) return null
  return (
    <div class="who">
      <span>
        {who.subject} ({who.role})
      </span>
      <a href="/graphql" data-leave>
        GraphiQL
      </a>
      <form method="post" action="/sign-out">
        <button type="submit" class="quiet">
          Sign out
        </button>
      </form>
    </div>
  )
}

function Menu({ current }: { current: string }) {
  const [isOpen, setOpen] = useState(false)
  const now = pages.find((page) => page.path === current)
  return (
    <nav aria-label="Views" class={isOpen ? 'open' : ''}>
      <button type="button" class="menu" aria-expanded={isOpen} aria-controls="views" onClick={() => setOpen(!isOpen)}>
        ☰ {now?.title ?? 'Menu'}
      </button>
      <ul id="views">
        {pages.map(({ path: to, title }) => (
          <li key={to}>
            <a href={`/${to}`} aria-current={to === current ? 'page' : undefined} onClick={() => setOpen(false)}>
              {title}
            </a>
          </li>
        ))}
        {may('state.read') && (
          <li>
            <a href="/report?days=7" target="_blank" rel="noreferrer">
              Report <small class="quiet">for printing</small>
            </a>
          </li>
        )}
      </ul>
    </nav>
  )
}

/** Says when what is shown may no longer be true, and what to do about it. */
function Connection() {
  if (signedOut.value) {
    return (
      <div class="notice bad" role="alert">
        <p>
          Your session is over; nothing here is being refreshed.{' '}
          <a href="/sign-in" target="_blank" rel="noreferrer">
            Sign in
          </a>{' '}
          in another tab, and this page goes on by itself. A new link is printed when the program starts; a token works
          too.
        </p>
      </div>
    )
  }
  if (silentSinceMs.value !== null) {
    return (
      <div class="notice bad" role="alert">
        <p>
          The controller has not answered for {span(nowMs.value - lastAnswerMs.value)}. What is shown is as old; it is
          tried again every few seconds. If it stays so, look whether <code>trueup run</code> is still running.
        </p>
      </div>
    )
  }
  return streamIsOpen.value ? null : <p class="quiet">Not live at the moment: this is asked for every few seconds.</p>
}

function Answer() {
  const said = announcement.value
  return (
    <div aria-live="polite" class="answers">
      {said !== undefined && (
        <div class={`notice ${said.tone}`} data-answer={said.tone}>
          <p>
            {said.text} {said.link !== undefined && <a href={said.link.to}>{said.link.text}</a>}
          </p>
          {said.details !== undefined && said.details.length > 0 && (
            <ul>
              {said.details.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          )}
          <button
            type="button"
            class="quiet"
            aria-label="Close this answer"
            onClick={() => {
              announcement.value = undefined
            }}
          >
            ×
          </button>
        </div>
      )}
    </div>
  )
}
